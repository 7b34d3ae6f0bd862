#include "gradus/data/transforms/scale.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

const char* const kPlace = "prepare.scale";

}  // namespace

void ScaleParams::fields(Fields& f) {
  f("default", method, kScaleMethods, "scale of numeric columns: mean 0 and deviation 1, or minimum 0 and maximum 1");
  f("columns", columns, "a table column = method", "exceptions to the default");
}

Scale::Scale(Params params)
    : params_(std::move(params)), methods_(kPlace, params_.method, params_.columns, kScaleMethods) {}

void Scale::check_encoded(const Table& table) const {
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const std::string& name = table.column(c).name();
    std::string encoded = name.substr(0, name.find('='));
    if (table.column(c).is_indicator() && table.find(encoded) == nullptr && methods_.is_exception(encoded))
      throw Error(ErrorKind::config, kPlace + (".columns." + encoded),
                  "it is categorical, and its one-hot columns stay 0 and 1", "take it out of the scaled columns");
  }
}

void Scale::fit(const Table& table, const RowIndices& rows) {
  check_encoded(table);
  methods_.check_names(table);
  lines_.clear();
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    const std::string& method = methods_.of(column.name());
    if (!column.is_numeric() || column.is_indicator() || method == "none") continue;
    std::string place = fmt::format("{}: column {}", kPlace, quoted(column.name()));
    lines_.push_back({column.name(), fit_scale(method, column.numbers(), rows, place)});
  }
}

void Scale::apply(Table& table) const {
  for (const Line& line : lines_) {
    std::size_t index = table.index_of(line.column);
    std::span<const double> cells = table.column(index).numbers();
    std::vector<double> scaled(cells.size());
    std::transform(cells.begin(), cells.end(), scaled.begin(), [&](double x) { return line.scale.apply(x); });
    table.replace(index, Column::numeric(line.column, std::move(scaled)));
  }
}

Value Scale::state() const {
  Value columns = Value::array();
  for (const Line& line : lines_) {
    Value one = Value::table();
    one.set("name", line.column);
    line.scale.write(one);
    columns.push_back(std::move(one));
  }
  Value state = Value::table();
  state.set("columns", std::move(columns));
  return state;
}

void Scale::restore(const Value& state) {
  std::vector<Line> lines;
  for (const Value& one : state.at("columns").as_array())
    lines.push_back({one.at("name").as_string(), LinearScale::restored(one)});
  lines_ = std::move(lines);
}

void register_scale(Catalog<TableTransform>& catalog) {
  catalog.add<Scale>(
      "scale",
      "brings numeric columns to a common scale: y = (x - shift) / divisor; [prepare] scale does it to features, "
      "scale_target to the targets of a regression while it is trained");
}

}  // namespace gradus
