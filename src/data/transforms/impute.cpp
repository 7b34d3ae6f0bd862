#include "gradus/data/transforms/impute.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

const char* const kPlace = "prepare.missing";
const std::vector<std::string> kMethods = {"error", "drop_column", "drop_row",     "constant",
                                           "mean",  "median",      "most_frequent"};

std::vector<double> present_numbers(const Column& column, const RowIndices& rows) {
  std::span<const double> cells = column.numbers();
  std::vector<double> present;
  present.reserve(rows.size());
  for (std::uint32_t row : rows)
    if (!std::isnan(cells[row])) present.push_back(cells[row]);
  return present;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double x : values) sum += x;
  return sum / static_cast<double>(values.size());
}

double median_of(std::vector<double> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

double most_frequent_number(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double best = values.front();
  std::size_t most = 0;
  for (auto first = values.begin(); first != values.end();) {
    auto last = std::upper_bound(first, values.end(), *first);
    auto count = static_cast<std::size_t>(last - first);
    if (count > most) {
      most = count;
      best = *first;
    }
    first = last;
  }
  return best;
}

// The most frequent code, -1 when all are missing.
std::int32_t most_frequent_code(const Column& column, const RowIndices& rows) {
  std::vector<std::size_t> counts(column.levels().size());
  for (std::uint32_t row : rows)
    if (column.codes()[row] >= 0) ++counts[static_cast<std::size_t>(column.codes()[row])];
  auto most = std::max_element(counts.begin(), counts.end());
  return most == counts.end() || *most == 0 ? -1 : static_cast<std::int32_t>(most - counts.begin());
}

bool lacks_values(const Column& column, const RowIndices& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](std::uint32_t row) { return column.is_missing(row); });
}

Column with_number(const Column& column, double number) {
  std::vector<double> cells(column.numbers().begin(), column.numbers().end());
  for (double& cell : cells)
    if (std::isnan(cell)) cell = number;
  return Column::numeric(column.name(), std::move(cells));
}

Column with_level(const Column& column, const std::string& level) {
  std::vector<std::string> levels = column.levels();
  auto at = std::find(levels.begin(), levels.end(), level) - levels.begin();
  if (at == static_cast<std::ptrdiff_t>(levels.size())) levels.push_back(level);
  std::vector<std::int32_t> codes(column.codes().begin(), column.codes().end());
  std::replace(codes.begin(), codes.end(), std::int32_t{-1}, static_cast<std::int32_t>(at));
  return Column::categorical(column.name(), std::move(codes), std::move(levels));
}

std::string column_place(const std::string& name) { return fmt::format("{}: column {}", kPlace, quoted(name)); }

}  // namespace

void ImputeParams::fields(Fields& f) {
  f("default", method, kMethods, "what happens to missing values");
  f("value", value, "a number or a text", "what \"constant\" puts in");
  f("columns", columns, "a table column = method or { method = ..., value = ... }", "exceptions to the default");
}

Impute::Impute(Params params)
    : params_(std::move(params)), methods_(kPlace, params_.method, params_.columns, kMethods) {}

void Impute::fit(const Table& table, const RowIndices& rows) {
  methods_.check_names(table);
  rules_.clear();
  for (std::size_t c = 0; c < table.columns(); ++c) rules_.push_back(learn(table.column(c), rows));
}

Impute::Rule Impute::learn(const Column& column, const RowIndices& rows) const {
  Rule rule{column.name(), column.kind(), methods_.of(column.name())};
  if (rule.method == "drop_column" || rule.method == "drop_row" || rule.method == "error") {
    bool lacks = lacks_values(column, rows);
    if (rule.method == "error" && lacks) refuse(rule, column);
    if (rule.method == "drop_column" && !lacks) rule.method = "error";
    return rule;
  }
  rule.fills = true;
  bool averages = rule.method == "mean" || rule.method == "median";
  if (averages && !column.is_numeric()) {
    if (methods_.is_exception(column.name()))
      throw Error(ErrorKind::config, column_place(column.name()), "it is categorical and has no " + rule.method,
                  "use \"most_frequent\" or \"constant\"");
    rule.method = "most_frequent";
  }
  if (rule.method == "constant") {
    learn_constant(rule);
    return rule;
  }
  std::vector<double> present = column.is_numeric() ? present_numbers(column, rows) : std::vector<double>();
  std::int32_t code = column.is_numeric() ? -1 : most_frequent_code(column, rows);
  if (present.empty() && code < 0)
    throw Error(ErrorKind::data, column_place(column.name()),
                "no training row has a value to take the " +
                    (rule.method == "most_frequent" ? std::string("most frequent") : rule.method) + " of",
                "leave the column out of the features, or use \"drop_column\" or \"constant\" for it");
  if (rule.method == "mean") rule.number = mean_of(present);
  if (rule.method == "median") rule.number = median_of(present);
  if (rule.method == "most_frequent") {
    if (column.is_numeric())
      rule.number = most_frequent_number(std::move(present));
    else
      rule.level = column.levels()[static_cast<std::size_t>(code)];
  }
  return rule;
}

void Impute::learn_constant(Rule& rule) const {
  const Value* own = methods_.value(rule.column);
  const Value& value = own ? *own : params_.value;
  if (value.is_null())
    throw Error(ErrorKind::config, column_place(rule.column), "method \"constant\" needs a value",
                "write { default = \"constant\", value = 0 }");
  if (rule.kind == ColumnKind::categorical)
    rule.level = value.is_number() ? number_text(value.as_real()) : value.as_string(column_place(rule.column));
  else
    rule.number = value.as_real(column_place(rule.column));
}

void Impute::refuse(const Rule& rule, const Column& column) const {
  std::size_t row = 0;
  while (!column.is_missing(row)) ++row;
  throw Error(ErrorKind::data, column_place(column.name()),
              fmt::format("{} missing, the first in row {}",
                          count_text(column.missing_count(), "value is", "values are"), row + 1),
              rule.method == "drop_row" ? "the model knows complete rows only: leave such rows out"
                                        : "train with missing = \"median\" or another method that fills or drops them");
}

void Impute::apply(Table& table) const {
  std::vector<std::string> dropped;
  for (const Rule& rule : rules_) {
    std::size_t index = table.index_of(rule.column);
    const Column& column = table.column(index);
    if (rule.method == "drop_column") {
      dropped.push_back(rule.column);
    } else if (column.missing_count() > 0) {
      if (!rule.fills) refuse(rule, column);
      if (rule.kind == ColumnKind::numeric)
        table.replace(index, with_number(column, rule.number));
      else
        table.replace(index, with_level(column, rule.level));
    }
  }
  if (!dropped.empty()) table = table.drop_columns(dropped);
}

RowIndices Impute::usable_rows(const Table& table, const RowIndices& rows) const {
  RowIndices usable = rows;
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    if (methods_.of(column.name()) == "drop_row")
      std::erase_if(usable, [&](std::uint32_t row) { return column.is_missing(row); });
  }
  return usable;
}

Value Impute::state() const {
  Value columns = Value::array();
  for (const Rule& rule : rules_) {
    Value one = Value::table();
    one.set("name", rule.column);
    one.set("kind", std::string(kind_name(rule.kind)));
    one.set("method", rule.method);
    if (rule.fills) one.set("value", rule.kind == ColumnKind::numeric ? Value(rule.number) : Value(rule.level));
    columns.push_back(std::move(one));
  }
  Value state = Value::table();
  state.set("columns", std::move(columns));
  return state;
}

void Impute::restore(const Value& state) {
  std::vector<Rule> rules;
  for (const Value& one : state.at("columns").as_array()) {
    Rule rule{one.at("name").as_string(), ColumnKind::numeric, one.at("method").as_string()};
    if (one.at("kind").as_string() == kind_name(ColumnKind::categorical)) rule.kind = ColumnKind::categorical;
    if (const Value* value = one.find("value")) {
      rule.fills = true;
      if (rule.kind == ColumnKind::numeric)
        rule.number = value->as_real();
      else
        rule.level = value->as_string();
    }
    rules.push_back(std::move(rule));
  }
  rules_ = std::move(rules);
}

void register_impute(Catalog<TableTransform>& catalog) {
  catalog.add<Impute>("impute", "puts a value learned from the training rows where one is missing");
}

}  // namespace gradus
