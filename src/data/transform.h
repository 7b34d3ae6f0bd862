#pragma once

#include "gradus/base/catalog.h"
#include "gradus/data/table.h"

namespace gradus {

// A step of data preparation that learns from training rows and then treats every table alike: imputing, encoding,
// scaling. Columns are found by name. Before fit or restore it changes nothing.
class TableTransform {
 public:
  virtual ~TableTransform() = default;

  // Learns from the given rows alone; fitting again forgets what was learned before. Throws Error{data} or
  // Error{config} where data and parameters do not go together.
  virtual void fit(const Table& table, const RowIndices& rows) = 0;

  // Replaces the columns it was fitted on. Throws Error{data} for a column that is absent or of another kind.
  virtual void apply(Table& table) const = 0;

  // Those of `rows` that apply accepts: all of them, unless rows with missing values are to be dropped.
  virtual RowIndices usable_rows(const Table& table, const RowIndices& rows) const;

  // What was learned, as data for the model file, and back. restore throws Error for anything else.
  virtual Value state() const = 0;
  virtual void restore(const Value& state) = 0;
};

// All transforms by name; each file of transforms/ holds one.
const Catalog<TableTransform>& table_transforms();

}  // namespace gradus
