#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradus/base/params.h"
#include "gradus/data/table.h"

namespace gradus {

// What is to be predicted: numbers, one of two classes, or one of several.
enum class Task { regression, binary, multiclass };
std::string_view task_name(Task task);

// Which columns are to be predicted, and as what.
struct TargetParams {
  std::vector<std::string> columns;
  std::string task = "auto";

  void fields(Fields& f);
};

// A column is taken for classes when it is categorical, or holds whole numbers of which there are two, or three to
// kMostIntegerClasses and on average three rows of each.
inline constexpr std::size_t kMostIntegerClasses = 20;

// The columns to predict, and the classes or numbers in them.
class Target {
 public:
  Target() = default;

  // Decides the task from the table's rows that have a target, unless the params say it:
  // - several columns: regression with as many outputs; all must be numeric
  // - one column of classes (see above): binary for two of them, multiclass for more
  // - any other numeric column: regression
  // Classes are in the standard order of levels (see Column); the second one of a binary task is the positive one.
  // Throws Error{config} for columns that are listed twice or do not fit the task that is asked for; Error{data} for an
  // unknown column, one without values, a single class, or classes as many as rows.
  static Target infer(const Table& table, const TargetParams& params);

  Task task() const { return task_; }
  bool is_classification() const { return task_ != Task::regression; }
  const std::vector<std::string>& columns() const { return columns_; }
  // The columns with their kinds, as CsvOptions::expected_kinds takes them.
  std::vector<std::pair<std::string, ColumnKind>> inputs() const;
  const std::vector<std::string>& class_names() const { return classes_; }
  // Numbers a learner gives out: one per column for regression, 1 for binary, one per class for multiclass.
  std::size_t outputs() const;
  // Why the task is what it is: "species has 3 categories".
  const std::string& reason() const { return reason_; }

  // The class of each row, -1 where the target is missing. Throws Error{data} for a class that is not known.
  std::vector<std::int32_t> classes(const Table& table) const;
  // The numbers [rows, columns], row-major, NaN where missing. Throws Error{data} for text and infinite numbers.
  std::vector<double> values(const Table& table) const;

  // For the model file. restore throws Error{data} for a state that is damaged.
  Value state() const;
  void restore(const Value& state);

 private:
  void infer_classes(const Column& column, const std::string& asked);

  Task task_ = Task::regression;
  ColumnKind kind_ = ColumnKind::numeric;  // of the columns
  std::vector<std::string> columns_;
  std::vector<std::string> classes_;
  std::string reason_;
};

// The rows in which each of the columns has a value: what can be trained and evaluated on.
RowIndices labelled_rows(const Table& table, const std::vector<std::string>& targets);

// How many of `rows` have each class; rows without one (-1) do not count.
std::vector<std::size_t> class_counts(const std::vector<std::int32_t>& classes, const RowIndices& rows,
                                      std::size_t class_count);

// Example weights from a numeric column. Throws Error{data} for values that are missing, negative or infinite, and
// where all are zero; `part` names the part of the data that the table holds, for that error.
std::vector<float> example_weights(const Table& table, const std::string& column, const std::string& part = "");

}  // namespace gradus
