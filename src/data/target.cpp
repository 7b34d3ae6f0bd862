#include "gradus/data/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

std::string column_place(const std::string& name) { return "target " + quoted(name); }

bool is_whole(std::span<const double> cells) {
  return std::ranges::all_of(cells, [](double x) { return std::isnan(x) || (std::isfinite(x) && x == std::floor(x)); });
}

// Distinct values that occur, counted no further than `most` + 1.
std::size_t count_distinct(std::span<const double> cells, std::size_t most) {
  std::vector<double> seen;
  for (double x : cells) {
    if (std::isnan(x) || std::find(seen.begin(), seen.end(), x) != seen.end()) continue;
    seen.push_back(x);
    if (seen.size() > most) break;
  }
  return seen.size();
}

bool holds_classes(const Column& column) {
  if (!column.is_numeric()) return true;
  if (!is_whole(column.numbers())) return false;
  std::size_t distinct = count_distinct(column.numbers(), kMostIntegerClasses);
  std::size_t present = column.size() - column.missing_count();
  return distinct == 2 || (distinct <= kMostIntegerClasses && present >= 3 * distinct);
}

// The levels that rows have.
std::vector<std::string> used_levels(const Column& column) {
  std::vector<char> used(column.levels().size());
  for (std::int32_t code : column.codes())
    if (code >= 0) used[static_cast<std::size_t>(code)] = true;
  std::vector<std::string> levels;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (used[i]) levels.push_back(column.levels()[i]);
  return levels;
}

void check_columns(const Table& table, const std::vector<std::string>& columns) {
  if (columns.empty()) throw Error(ErrorKind::config, "data.target", "no column to predict is given");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = table.column(columns[i]);
    if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) !=
        columns.begin() + static_cast<std::ptrdiff_t>(i))
      throw Error(ErrorKind::config, "data.target", quoted(columns[i]) + " is listed twice");
    if (column.missing_count() == column.size())
      throw Error(ErrorKind::data, column_place(columns[i]), "the column has no value");
  }
}

}  // namespace

std::string_view task_name(Task task) {
  switch (task) {
    case Task::regression:
      return "regression";
    case Task::binary:
      return "binary";
    case Task::multiclass:
      return "multiclass";
  }
  return "";
}

void TargetParams::fields(Fields& f) {
  f("target", columns, "column to predict, or several numeric ones");
  f("task", task, {"auto", "regression", "binary", "multiclass"}, "what the target is; \"auto\" tells from its values");
}

Target Target::infer(const Table& table, const TargetParams& params) {
  check_columns(table, params.columns);
  Target target;
  target.columns_ = params.columns;
  const Column& first = table.column(params.columns[0]);
  target.kind_ = first.kind();
  bool is_one = params.columns.size() == 1;
  if (is_one && params.task != "regression" && (params.task != "auto" || holds_classes(first))) {
    target.infer_classes(first, params.task);
    return target;
  }
  if (params.task != "auto" && params.task != "regression")
    throw Error(ErrorKind::config, "data.task",
                fmt::format("{} has one target, and {} are given", quoted(params.task), params.columns.size()),
                "name one target, or use \"regression\"");
  for (const std::string& name : params.columns) {
    const Column& column = table.column(name);
    if (!column.is_numeric())
      throw Error(ErrorKind::config, column_place(name),
                  fmt::format("it holds text ({}) and cannot be regressed on", short_quoted(used_levels(column)[0])),
                  is_one ? "leave out task = \"regression\"" : "several targets must all be numeric");
  }
  target.reason_ = !is_one                 ? fmt::format("there are {} targets", params.columns.size())
                   : params.task == "auto" ? fmt::format("{} is numeric", quoted(first.name()))
                                           : "the configuration says so";
  target.values(table);
  return target;
}

void Target::infer_classes(const Column& column, const std::string& asked) {
  Column categories = column.as_categorical();
  classes_ = used_levels(categories);
  std::size_t rows = column.size() - column.missing_count();
  std::string count = count_text(classes_.size(), "class", "classes");
  if (classes_.size() < 2)
    throw Error(ErrorKind::data, column_place(column.name()),
                "all rows have the class " + short_quoted(classes_[0]) + ": there is nothing to tell apart");
  if (asked == "binary" && classes_.size() != 2)
    throw Error(ErrorKind::config, column_place(column.name()),
                fmt::format("task \"binary\" needs 2 classes, and the column has {}", classes_.size()),
                "use \"multiclass\" or \"regression\"");
  if (classes_.size() > kMostIntegerClasses && 2 * classes_.size() > rows)
    throw Error(ErrorKind::data, column_place(column.name()),
                fmt::format("it has {} in {}", count, count_text(rows, "row")),
                column.is_numeric() ? "use task = \"regression\"" : "is it an identifier, or free text?");
  bool is_binary = classes_.size() == 2 && asked != "multiclass";
  task_ = is_binary ? Task::binary : Task::multiclass;
  reason_ = asked != "auto" ? "the configuration says so"
                            : fmt::format("{} has {} {}", quoted(column.name()), classes_.size(),
                                          column.is_numeric() ? "different whole numbers" : "categories");
}

std::vector<std::pair<std::string, ColumnKind>> Target::inputs() const {
  std::vector<std::pair<std::string, ColumnKind>> inputs;
  for (const std::string& name : columns_) inputs.emplace_back(name, kind_);
  return inputs;
}

std::size_t Target::outputs() const {
  if (task_ == Task::regression) return columns_.size();
  return task_ == Task::binary ? 1 : classes_.size();
}

std::vector<std::int32_t> Target::classes(const Table& table) const {
  if (!is_classification()) throw Error(ErrorKind::state, "target", "a regression has no classes");
  Column column = table.column(columns_[0]).as_categorical();
  std::map<std::string_view, std::int32_t> known;
  for (std::size_t k = 0; k < classes_.size(); ++k) known.emplace(classes_[k], static_cast<std::int32_t>(k));
  std::vector<std::int32_t> class_of;
  for (const std::string& level : column.levels()) {
    auto it = known.find(level);
    class_of.push_back(it == known.end() ? -1 : it->second);
  }
  std::vector<std::int32_t> classes(column.size(), -1);
  for (std::size_t row = 0; row < classes.size(); ++row) {
    if (column.is_missing(row)) continue;
    classes[row] = class_of[static_cast<std::size_t>(column.codes()[row])];
    if (classes[row] < 0)
      throw Error(ErrorKind::data, column_place(columns_[0]),
                  fmt::format("row {} has the class {}, which the model does not know", row + 1,
                              short_quoted(column.text(row))),
                  fmt::format("it knows {}", fmt::join(classes_, ", ")));
  }
  return classes;
}

std::vector<double> Target::values(const Table& table) const {
  std::vector<double> values(table.rows() * columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::span<const double> cells = table.column(columns_[c]).numbers();
    for (std::size_t row = 0; row < cells.size(); ++row) {
      if (std::isinf(cells[row]))
        throw Error(ErrorKind::data, column_place(columns_[c]),
                    fmt::format("the value in row {} is infinite", row + 1));
      values[row * columns_.size() + c] = cells[row];
    }
  }
  return values;
}

Value Target::state() const {
  auto list = [](const std::vector<std::string>& texts) {
    Value array = Value::array();
    for (const std::string& text : texts) array.push_back(text);
    return array;
  };
  Value state = Value::table();
  state.set("task", std::string(task_name(task_)));
  state.set("kind", std::string(kind_name(kind_)));
  state.set("columns", list(columns_));
  state.set("classes", list(classes_));
  return state;
}

void Target::restore(const Value& state) {
  auto damaged = [](const std::string& what) {
    return Error(ErrorKind::data, "the model's target", "damaged: " + what, "train the model again");
  };
  Target target;
  try {
    std::string name = state.at("task").as_string();
    for (Task task : {Task::regression, Task::binary, Task::multiclass})
      if (name == task_name(task)) target.task_ = task;
    if (name != task_name(target.task_)) throw damaged("there is no task " + quoted(name));
    bool is_text = state.at("kind").as_string() == kind_name(ColumnKind::categorical);
    target.kind_ = is_text ? ColumnKind::categorical : ColumnKind::numeric;
    for (const Value& column : state.at("columns").as_array()) target.columns_.push_back(column.as_string());
    for (const Value& text : state.at("classes").as_array()) target.classes_.push_back(text.as_string());
  } catch (const Error& error) {
    throw damaged(error.what());
  }
  std::size_t classes = target.classes_.size();
  bool fits = target.task_ == Task::regression ? classes == 0
              : target.task_ == Task::binary   ? classes == 2
                                               : classes >= 2;
  if (!fits || target.columns_.empty() || (target.is_classification() && target.columns_.size() != 1))
    throw damaged("task, columns and classes do not go together");
  target.reason_ = "the model says so";
  *this = std::move(target);
}

RowIndices labelled_rows(const Table& table, const std::vector<std::string>& targets) {
  RowIndices rows(table.rows());
  std::iota(rows.begin(), rows.end(), 0u);
  for (const std::string& name : targets) {
    const Column& column = table.column(name);
    if (column.missing_count() > 0) std::erase_if(rows, [&](std::uint32_t row) { return column.is_missing(row); });
  }
  return rows;
}

std::vector<std::size_t> class_counts(const std::vector<std::int32_t>& classes, const RowIndices& rows,
                                      std::size_t class_count) {
  std::vector<std::size_t> counts(class_count);
  for (std::uint32_t row : rows)
    if (classes.at(row) >= 0) ++counts.at(static_cast<std::size_t>(classes[row]));
  return counts;
}

std::vector<float> example_weights(const Table& table, const std::string& column, const std::string& part) {
  std::span<const double> cells = table.column(column).numbers();
  std::vector<float> weights(cells.begin(), cells.end());
  for (std::size_t row = 0; row < cells.size(); ++row)
    if (!(cells[row] >= 0) || !std::isfinite(weights[row]))
      throw Error(
          ErrorKind::data,
          {"weight " + quoted(column), "finite numbers of at least 0",
           fmt::format("{} in row {}", std::isnan(cells[row]) ? "none" : number_text(cells[row]), row + 1), ""});
  if (std::all_of(weights.begin(), weights.end(), [](float w) { return w == 0; }))
    throw Error(ErrorKind::data, "weight " + quoted(column),
                "all weights " + (part.empty() ? "" : "of the " + part + " part ") + "are 0",
                part.empty() ? "" : "one row at least must count there");
  return weights;
}

}  // namespace gradus
