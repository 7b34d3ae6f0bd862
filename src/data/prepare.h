#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gradus/base/params.h"
#include "gradus/data/table.h"
#include "gradus/data/transform.h"

namespace gradus {

// The [prepare] section of a config. All but `split` are each a method's name or a table
// { default = ..., columns = { NAME = ... }, ... }: see Impute, Encode, Scale and fit_target_scales.
struct PrepareParams {
  Value split;         // see read_split
  Value missing;       // absent: missing values are an error
  Value encode;        // absent: one_hot
  Value scale;         // absent: none
  Value scale_target;  // absent: none

  void fields(Fields& f);
};

// Numbers by row: what a learner reads. `values` [rows, cols], row-major.
struct Matrix {
  std::vector<float> values;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<std::string> names;  // of the columns
};

// From a raw table to a learner's inputs: impute, encode, scale, in this order. Everything learned comes from the
// training rows and travels in the model file, so that the same is done to raw data at prediction.
class TablePipeline {
 public:
  // Throws Error{config} for unknown methods and keys.
  explicit TablePipeline(const PrepareParams& params = {});

  // Learns from the rows `train` (those of them that are usable); `features` are the columns to use. Throws Error{data}
  // or Error{config} where data and methods do not go together.
  void fit(const Table& table, const std::vector<std::string>& features, const RowIndices& train);

  // Those of `rows` that `matrix` accepts: all, unless rows with missing values are to be dropped.
  RowIndices usable_rows(const Table& table, const RowIndices& rows) const;

  // The learner's inputs for all rows, or for the given ones. Columns are matched by name; those that the model does
  // not know are ignored. A column that was numeric and now holds text, or the other way round, is converted where its
  // cells allow it. Throws Error{data} for an absent column, cells that are not numbers, infinite numbers, and missing
  // values where the model has nothing to put in (with `drop_row`, too: leave unusable rows out first).
  Matrix matrix(const Table& table) const;
  Matrix matrix(const Table& table, const RowIndices& rows) const;

  // The raw columns it needs with their kinds, as CsvOptions::expected_kinds takes them.
  const std::vector<std::pair<std::string, ColumnKind>>& inputs() const { return inputs_; }
  // The names of the matrix's columns.
  const std::vector<std::string>& outputs() const { return outputs_; }

  // For the model file. restore throws Error{data} for a state that is damaged.
  Value state() const;
  void restore(const Value& state);

 private:
  struct Step {
    std::string type;
    Value params;
    std::unique_ptr<TableTransform> transform;
  };

  void add_step(const std::string& type, Value params, const std::string& place);
  // The input columns alone, each of its kind.
  Table select_inputs(const Table& table) const;
  void apply(Table& table) const;

  std::vector<Step> steps_;
  std::vector<std::pair<std::string, ColumnKind>> inputs_;
  std::vector<std::string> outputs_;
};

// What the columns of a table are for, other than to be features.
struct ColumnRoles {
  std::vector<std::string> targets;
  std::optional<std::string> weight;
  std::optional<std::string> split;  // the column by which rows are grouped or sorted in time
};

// The feature columns: those listed, or, when none is, all that have no other role; without those dropped. Throws
// Error{config} for a target or the weight among the listed ones, and when none is left; Error{data} for unknown names.
std::vector<std::string> choose_features(const Table& table, const std::vector<std::string>& listed,
                                         const std::vector<std::string>& dropped, const ColumnRoles& roles);

}  // namespace gradus
