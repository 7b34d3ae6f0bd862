#include "gradus/data/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

std::string place_of(const Table& table, const std::string& column) {
  return table.name().empty() ? "column " + quoted(column) : table.name() + ": column " + quoted(column);
}

// The numbers that a column of texts stands for.
Column as_numeric(const Column& column, const Table& table) {
  std::vector<double> values(column.levels().size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<double> cells(column.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < values.size(); ++i) parse_number(column.levels()[i], values[i]);
  for (std::size_t row = 0; row < cells.size(); ++row) {
    if (column.is_missing(row)) continue;
    cells[row] = values[static_cast<std::size_t>(column.codes()[row])];
    if (std::isnan(cells[row]))
      throw Error(ErrorKind::data, {place_of(table, column.name()), "numbers, as the model was trained on",
                                    fmt::format("{} in row {}", short_quoted(column.text(row)), row + 1), ""});
  }
  return Column::numeric(column.name(), std::move(cells));
}

void check_finite(const Column& column, const Table& table) {
  std::span<const double> cells = column.numbers();
  auto at = std::ranges::find_if(cells, [](double x) { return std::isinf(x); });
  if (at != cells.end())
    throw Error(ErrorKind::data, place_of(table, column.name()),
                fmt::format("the value in row {} is infinite", at - cells.begin() + 1),
                "correct it, or list its text as a missing value");
}

Column as_kind(const Column& column, ColumnKind kind, const Table& table) {
  Column converted = column.kind() == kind             ? column
                     : kind == ColumnKind::categorical ? column.as_categorical()
                                                       : as_numeric(column, table);
  if (converted.is_numeric()) check_finite(converted, table);
  return converted;
}

// Whether all cells are numbers, so that no step can refuse a row.
bool is_complete(const Table& table) {
  for (std::size_t c = 0; c < table.columns(); ++c)
    if (!table.column(c).is_numeric() || table.column(c).missing_count() > 0) return false;
  return true;
}

// Writes prepared rows into the matrix from row `begin` on; rows[begin ...] are their numbers in the table.
void write_rows(const Table& prepared, const RowIndices& rows, std::size_t begin, Matrix& out) {
  for (std::size_t c = 0; c < out.cols; ++c) {
    std::span<const double> cells = prepared.column(c).numbers();
    for (std::size_t r = 0; r < cells.size(); ++r) {
      auto value = static_cast<float>(cells[r]);
      if (!std::isfinite(value))
        throw Error(ErrorKind::data, place_of(prepared, out.names[c]),
                    fmt::format("the value in row {} becomes {}, beyond the range of 32-bit numbers",
                                rows[begin + r] + 1, cells[r]),
                    "correct it, or set scale");
      out.values[(begin + r) * out.cols + c] = value;
    }
  }
}

// Every training row was dropped; names the column that lacks most values.
Error no_complete_row(const Table& inputs, const RowIndices& train) {
  std::size_t worst = 0, most = 0;
  for (std::size_t c = 0; c < inputs.columns(); ++c) {
    std::size_t lacking = inputs.column(c).select(train).missing_count();
    if (lacking <= most) continue;
    worst = c;
    most = lacking;
  }
  return Error(ErrorKind::data, "prepare.missing",
               fmt::format("no training row is without missing values: column {} lacks {} of {}",
                           quoted(inputs.column(worst).name()), most, train.size()),
               "use another method than drop_row, or exclude the columns that lack most values");
}

RowIndices all_rows(const Table& table) {
  RowIndices rows(table.rows());
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

}  // namespace

void PrepareParams::fields(Fields& f) {
  f("split", split, "{ method = ..., train = ..., validation = ..., test = ... }", "how rows are divided; no default");
  f("missing", missing, "a method or { default = ..., columns = { NAME = ... } }",
    "missing values: error, drop_column, drop_row, constant, mean, median or most_frequent");
  f("encode", encode, "a method or { default = ..., columns = { NAME = ... } }", "categories: one_hot or ordinal");
  f("scale", scale, "a method or { default = ..., columns = { NAME = ... } }",
    "numbers: none, standardize or normalize");
  f("scale_target", scale_target, "a method or { default = ..., columns = { NAME = ... } }",
    "what a regression is trained on: none, standardize or normalize; losses are in that scale, predictions, MSE, MAE "
    "and R2 in the target's own units");
}

TablePipeline::TablePipeline(const PrepareParams& params) {
  add_step("impute", params.missing, "prepare.missing");
  add_step("encode", params.encode, "prepare.encode");
  add_step("scale", params.scale.is_null() ? Value("none") : params.scale, "prepare.scale");
}

void TablePipeline::add_step(const std::string& type, Value params, const std::string& place) {
  std::unique_ptr<TableTransform> transform = table_transforms().make(type, params, place);
  steps_.push_back({type, std::move(params), std::move(transform)});
}

void TablePipeline::fit(const Table& table, const std::vector<std::string>& features, const RowIndices& train) {
  inputs_.clear();
  for (const std::string& name : features) inputs_.emplace_back(name, table.column(name).kind());
  Table work = select_inputs(table);
  RowIndices rows = usable_rows(table, train);
  if (train.empty()) throw Error(ErrorKind::data, "prepare", "there is no training row");
  if (rows.empty()) throw no_complete_row(work, train);
  for (Step& step : steps_) {
    step.transform->fit(work, rows);
    // Rows that are not trained on must not stop the fit by what they hold.
    if (&step == &steps_.front() && !is_complete(work)) {
      work = work.select_rows(rows);
      rows = all_rows(work);
    }
    if (&step == &steps_.back()) work = work.slice_rows(0, 0);  // only the names are wanted of the last one
    step.transform->apply(work);
  }
  outputs_ = work.names();
  if (outputs_.empty())
    throw Error(ErrorKind::data, "prepare", "no feature is left",
                features.empty() ? "name at least one" : "missing = \"drop_column\" has dropped them all");
}

RowIndices TablePipeline::usable_rows(const Table& table, const RowIndices& rows) const {
  Table selected = select_inputs(table);
  RowIndices usable = rows;
  for (const Step& step : steps_) usable = step.transform->usable_rows(selected, usable);
  return usable;
}

Table TablePipeline::select_inputs(const Table& table) const {
  Table selected(table.name());
  for (const auto& [name, kind] : inputs_) selected.add(as_kind(table.column(name), kind, table));
  return selected;
}

void TablePipeline::apply(Table& table) const {
  for (const Step& step : steps_) step.transform->apply(table);
}

Matrix TablePipeline::matrix(const Table& table) const { return matrix(table, all_rows(table)); }

// Block by block, so that beside table and matrix there is never a second copy of all rows.
Matrix TablePipeline::matrix(const Table& table, const RowIndices& rows) const {
  if (outputs_.empty()) throw Error(ErrorKind::state, "prepare", "nothing has been learned yet", "call fit first");
  Table inputs = select_inputs(table);
  Matrix out{std::vector<float>(rows.size() * outputs_.size()), rows.size(), outputs_.size(), outputs_};
  const std::size_t block = std::clamp<std::size_t>((std::size_t{1} << 18) / out.cols, 256, 4096);
  for (std::size_t begin = 0; begin < rows.size(); begin += block) {
    auto first = rows.begin() + static_cast<std::ptrdiff_t>(begin);
    auto count = static_cast<std::ptrdiff_t>(std::min(block, rows.size() - begin));
    Table prepared = inputs.select_rows(RowIndices(first, first + count));
    try {
      apply(prepared);
    } catch (const Error&) {
      apply(inputs);  // so that the message counts the table's rows, not the block's
      throw;
    }
    write_rows(prepared, rows, begin, out);
  }
  return out;
}

Value TablePipeline::state() const {
  Value inputs = Value::array();
  for (const auto& [name, kind] : inputs_) {
    Value input = Value::table();
    input.set("name", name);
    input.set("kind", std::string(kind_name(kind)));
    inputs.push_back(std::move(input));
  }
  Value steps = Value::array();
  for (const Step& step : steps_) {
    Value one = Value::table();
    one.set("type", step.type);
    one.set("params", step.params);
    one.set("state", step.transform->state());
    steps.push_back(std::move(one));
  }
  Value outputs = Value::array();
  for (const std::string& name : outputs_) outputs.push_back(name);
  Value state = Value::table();
  state.set("inputs", std::move(inputs));
  state.set("steps", std::move(steps));
  state.set("outputs", std::move(outputs));
  return state;
}

void TablePipeline::restore(const Value& state) {
  TablePipeline restored;
  restored.steps_.clear();
  try {
    for (const Value& input : state.at("inputs").as_array()) {
      bool is_numeric = input.at("kind").as_string() == kind_name(ColumnKind::numeric);
      restored.inputs_.emplace_back(input.at("name").as_string(),
                                    is_numeric ? ColumnKind::numeric : ColumnKind::categorical);
    }
    for (const Value& step : state.at("steps").as_array()) {
      restored.add_step(step.at("type").as_string(), step.at("params"), "params");
      restored.steps_.back().transform->restore(step.at("state"));
    }
    for (const Value& name : state.at("outputs").as_array()) restored.outputs_.push_back(name.as_string());
    Table probe;
    for (const auto& [name, kind] : restored.inputs_)
      probe.add(kind == ColumnKind::numeric ? Column::numeric(name, {}) : Column::categorical(name, {}, {}));
    restored.apply(probe);
    if (probe.names() != restored.outputs_)
      throw Error(ErrorKind::data, "outputs", "they are not what the steps make of the inputs");
  } catch (const Error& error) {
    throw Error(ErrorKind::data, "the model's preparation of data", std::string("damaged: ") + error.what(),
                "train the model again");
  }
  *this = std::move(restored);
}

std::vector<std::string> choose_features(const Table& table, const std::vector<std::string>& listed,
                                         const std::vector<std::string>& dropped, const ColumnRoles& roles) {
  auto contains = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& name : listed) {
    table.index_of(name);
    if (std::count(listed.begin(), listed.end(), name) > 1)
      throw Error(ErrorKind::config, "data.features", quoted(name) + " is listed twice", "take one of them out");
    bool is_target = contains(roles.targets, name);
    if (is_target || roles.weight == name)
      throw Error(ErrorKind::config, "data.features",
                  fmt::format("the {} {} is among the features", is_target ? "target" : "weight", quoted(name)),
                  is_target ? "the model would read the answer: take it out" : "take it out");
  }
  for (const std::string& name : dropped) table.index_of(name);

  std::vector<std::string> features;
  for (const std::string& name : listed.empty() ? table.names() : listed) {
    bool has_role = contains(roles.targets, name) || roles.weight == name || roles.split == name;
    if (contains(dropped, name) || (listed.empty() && has_role)) continue;
    features.push_back(name);
  }
  if (features.empty())
    throw Error(ErrorKind::config, "data.features", "no column is left to learn from",
                "the table has the columns " + fmt::format("{}", fmt::join(table.names(), ", ")));
  return features;
}

}  // namespace gradus
