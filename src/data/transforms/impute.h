#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/column_methods.h"
#include "gradus/data/transform.h"

namespace gradus {

struct ImputeParams {
  static constexpr std::string_view kShorthand = "default";
  std::string method = "error";
  Value value;
  Value columns = Value::table();

  void fields(Fields& f);
};

// Puts values where they are missing:
// - error: refuses missing values
// - drop_column: drops the columns in which a training row lacks a value
// - drop_row: only complete rows are usable; apply refuses the others
// - constant: `value`, a number or a category
// - mean, median: of the training rows' numbers; categorical columns take most_frequent, unless they ask for it
// - most_frequent: the value most training rows have; of equally frequent ones the first in order
// Throws Error{data} for a column without any value in the training rows (other than for constant and drop_column).
class Impute : public TableTransform {
 public:
  using Params = ImputeParams;
  explicit Impute(Params params);

  void fit(const Table& table, const RowIndices& rows) override;
  void apply(Table& table) const override;
  RowIndices usable_rows(const Table& table, const RowIndices& rows) const override;
  Value state() const override;
  void restore(const Value& state) override;

 private:
  // What happens to a column's missing values.
  struct Rule {
    std::string column;
    ColumnKind kind = ColumnKind::numeric;
    std::string method;
    bool fills = false;
    double number = 0;
    std::string level = {};
  };

  Rule learn(const Column& column, const RowIndices& rows) const;
  void learn_constant(Rule& rule) const;
  [[noreturn]] void refuse(const Rule& rule, const Column& column) const;

  Params params_;
  ColumnMethods methods_;
  std::vector<Rule> rules_;
};

}  // namespace gradus
