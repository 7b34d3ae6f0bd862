#include "gradus/data/column_methods.h"

#include "gradus/base/error.h"
#include "gradus/base/params.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

struct Exception {
  static constexpr std::string_view kShorthand = "method";
  std::string method;
  Value value;
  const std::vector<std::string>& choices;

  void fields(Fields& f) {
    f("method", method, choices, "the column's method");
    f("value", value, "a number or a text", "what \"constant\" puts in");
  }
};

}  // namespace

ColumnMethods::ColumnMethods(std::string place, std::string default_method, Value exceptions,
                             const std::vector<std::string>& choices)
    : place_(std::move(place)), default_method_(std::move(default_method)), exceptions_(Value::table()) {
  if (exceptions.is_null()) return;
  for (const auto& [column, given] : exceptions.as_table(place_ + ".columns")) {
    Exception exception{default_method_, {}, choices};
    read_params(exception, given, place_ + ".columns." + column);
    exceptions_.set(column, write_params(exception));
  }
}

const std::string& ColumnMethods::of(const std::string& column) const {
  const Value* exception = exceptions_.find(column);
  return exception ? exception->at("method").as_string() : default_method_;
}

const Value* ColumnMethods::value(const std::string& column) const {
  const Value* exception = exceptions_.find(column);
  const Value* value = exception ? exception->find("value") : nullptr;
  return value && !value->is_null() ? value : nullptr;
}

void ColumnMethods::check_names(const Table& table, const char* noun) const {
  for (const auto& [column, exception] : exceptions_.as_table()) {
    if (table.find(column)) continue;
    std::string close = nearest(column, table.names());
    throw Error(ErrorKind::config, place_ + ".columns." + column,
                std::string("there is no ") + noun + " " + quoted(column),
                close.empty() ? "" : "did you mean " + quoted(close) + "?");
  }
}

}  // namespace gradus
