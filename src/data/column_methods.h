#pragma once

#include <string>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/data/table.h"

namespace gradus {

// A method per column: a default, and exceptions by column name, each a method or a table { method = ..., value = ...
// }.
class ColumnMethods {
 public:
  // `place` is the configuration key, for errors. Throws Error{config} for methods that are not among `choices`.
  ColumnMethods(std::string place, std::string default_method, Value exceptions,
                const std::vector<std::string>& choices);

  const std::string& place() const { return place_; }
  const std::string& of(const std::string& column) const;
  bool is_exception(const std::string& column) const { return exceptions_.find(column) != nullptr; }
  // The `value` given with a column's method, or null.
  const Value* value(const std::string& column) const;
  // Throws Error{config} when an exception names no column of the table, whose columns are of the kind `noun`.
  void check_names(const Table& table, const char* noun = "feature") const;

 private:
  std::string place_;
  std::string default_method_;
  Value exceptions_;  // column -> { method, value }
};

}  // namespace gradus
