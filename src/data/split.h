#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/base/params.h"
#include "gradus/data/table.h"

namespace gradus {

// How examples are divided into a training, a validation and a test part: shares of all rows that sum to at most 1.
// There is no default: what is kept apart is the user's decision.
struct SplitParams {
  static constexpr std::string_view kShorthand = "method";
  std::string method;
  std::optional<double> train;
  double validation = 0;
  std::optional<double> test;
  std::optional<std::string> column;
  std::vector<std::string> test_groups;

  void fields(Fields& f);
};

// Reads `split = { method = ..., ... }` of a config, or `split = "files"`, and checks that it is complete: training and
// test shares for every method but "files" and groups that are named, a column for "group" and "time" alone. Throws
// Error{config}.
SplitParams read_split(const Value& value, const std::string& place);

// Which of the keys source, train and test [data] has.
struct GivenParts {
  bool source, train, test;
};

// Throws Error{config} where they do not go with the split's method: "files" takes train and test, the others take
// source. `example` is a file or folder that source could name, for the fix.
void check_parts(const SplitParams& split, const GivenParts& given, const std::string& example);

// What a split is made from.
struct SplitData {
  std::size_t rows = 0;
  // The class of each row, -1 for none, for "stratified" and the validation part of "files"; empty where the task has
  // none.
  std::vector<std::int32_t> classes;
  std::vector<std::string> class_names;
  // For "group" and "time".
  const Column* column = nullptr;
  // For "files": rows [0, train_rows) come from the training file, the rest from the test file.
  std::size_t train_rows = 0;
};

// The rows of each part, ascending.
struct Split {
  RowIndices train;
  RowIndices validation;
  RowIndices test;
  std::size_t unused = 0;  // rows in no part, when the shares sum to less than 1
};

// Divides the rows; the same seed gives the same parts. Their sizes are what largest remainders make of the shares,
// except where groups or equal times must stay whole.
// - random: by a random permutation of the rows.
// - stratified: the same, with every class divided as the whole is, to within a row.
// - group: whole groups of equal values in the column, the largest first, each to the part that lacks most rows; groups
//   of one size come in random order.
//   With test_groups these are the test part; of the others whole groups are the validation part, the rest trains.
// - time: sorted by the column (numbers, or dates written year first); the training rows are the earliest, the test
// rows
//   the latest, unused ones older than all. Equal times stay together: a border among them moves to their nearer end.
// - contiguous: in the order of the rows: training, validation, test, unused.
// - files: the test file is the test part; the validation part is cut from the training file, stratified where there
//   are classes, else at random.
// Throws Error{data} for a part left without rows, a class with fewer rows than there are parts, missing or unfit
// values in the column; Error{config} where "stratified" has no classes to go by.
Split make_split(const SplitParams& params, const SplitData& data, std::uint64_t seed);

// Throws Error{data} naming the classes that occur in `data` but in no training row, and what helps with the split's
// method.
void check_classes(const RowIndices& train, const SplitData& data, const SplitParams& params);

}  // namespace gradus
