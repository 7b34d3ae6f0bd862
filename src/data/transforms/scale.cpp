#include "gradus/data/transforms/scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

const char* const kPlace = "prepare.scale";
const std::vector<std::string> kMethods = {"standardize", "normalize", "none"};

struct Spread {
  double mean = 0, deviation = 0, min = 0, max = 0;
};

Spread spread_of(std::span<const double> cells, const RowIndices& rows) {
  Spread spread{0, 0, INFINITY, -INFINITY};
  double n = 0, sum = 0, squares = 0;
  for (std::uint32_t row : rows) {
    double x = cells[row];
    if (std::isnan(x)) continue;
    ++n;
    sum += x;
    spread.min = std::min(spread.min, x);
    spread.max = std::max(spread.max, x);
  }
  if (n == 0) return {};
  spread.mean = sum / n;
  for (std::uint32_t row : rows)
    if (!std::isnan(cells[row])) squares += (cells[row] - spread.mean) * (cells[row] - spread.mean);
  spread.deviation = std::sqrt(squares / n);
  return spread;
}

}  // namespace

void ScaleParams::fields(Fields& f) {
  f("default", method, kMethods, "scale of numeric columns: mean 0 and deviation 1, or minimum 0 and maximum 1");
  f("columns", columns, "a table column = method", "exceptions to the default");
}

Scale::Scale(Params params) : params_(std::move(params)), methods_(kPlace, params_.method, params_.columns, kMethods) {}

void Scale::fit(const Table& table, const RowIndices& rows) {
  methods_.check_names(table);
  lines_.clear();
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    const std::string& method = methods_.of(column.name());
    if (!column.is_numeric() || column.is_indicator() || method == "none") continue;
    Spread spread = spread_of(column.numbers(), rows);
    bool is_constant = spread.min == spread.max;
    Line line{column.name(), spread.min, spread.max - spread.min};
    if (method == "standardize" && !is_constant) line = {column.name(), spread.mean, spread.deviation};
    if (is_constant) line.divisor = 1;
    if (!std::isfinite(line.shift) || !std::isfinite(line.divisor) || line.divisor == 0)
      throw Error(ErrorKind::data, fmt::format("{}: column {}", kPlace, quoted(column.name())),
                  fmt::format("its values, from {} to {}, are beyond what can be scaled", spread.min, spread.max));
    lines_.push_back(std::move(line));
  }
}

void Scale::apply(Table& table) const {
  for (const Line& line : lines_) {
    std::size_t index = table.index_of(line.column);
    std::span<const double> cells = table.column(index).numbers();
    std::vector<double> scaled(cells.size());
    std::transform(cells.begin(), cells.end(), scaled.begin(),
                   [&](double x) { return (x - line.shift) / line.divisor; });
    table.replace(index, Column::numeric(line.column, std::move(scaled)));
  }
}

Value Scale::state() const {
  Value columns = Value::array();
  for (const Line& line : lines_) {
    Value one = Value::table();
    one.set("name", line.column);
    one.set("shift", line.shift);
    one.set("divisor", line.divisor);
    columns.push_back(std::move(one));
  }
  Value state = Value::table();
  state.set("columns", std::move(columns));
  return state;
}

void Scale::restore(const Value& state) {
  std::vector<Line> lines;
  for (const Value& one : state.at("columns").as_array())
    lines.push_back({one.at("name").as_string(), one.at("shift").as_real(), one.at("divisor").as_real()});
  lines_ = std::move(lines);
}

void register_scale(Catalog<TableTransform>& catalog) {
  catalog.add<Scale>("scale", "brings numeric columns to a common scale: y = (x - shift) / divisor");
}

}  // namespace gradus
