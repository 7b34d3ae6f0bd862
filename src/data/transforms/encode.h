#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/column_methods.h"
#include "gradus/data/transform.h"

namespace gradus {

struct EncodeParams {
  static constexpr std::string_view kShorthand = "default";
  std::string method = "one_hot";
  Value columns = Value::table();
  std::string unseen = "ignore";
  std::int64_t max_levels = 1000;

  void fields(Fields& f);
};

// Makes numbers of categorical columns; numeric ones stay. The levels are those of the training rows, in standard
// order (see Column).
// - one_hot: a column "name=level" of zeros and ones for each level, in the place of the column
// - ordinal: the level's position, 0, 1, ...
// A level that no training row had is all zeros, or the position -1; with unseen = "error" it is Error{data}. Missing
// values become all zeros, or stay missing. Throws Error{data} for a column of more than max_levels levels.
class Encode : public TableTransform {
 public:
  using Params = EncodeParams;
  explicit Encode(Params params);

  void fit(const Table& table, const RowIndices& rows) override;
  void apply(Table& table) const override;
  Value state() const override;
  void restore(const Value& state) override;

 private:
  struct Code {
    std::string column;
    std::string method;
    std::vector<std::string> levels;
  };

  // The position of each of the column's own levels among the learned ones, -1 for an unseen one.
  std::vector<std::int32_t> positions(const Code& code, const Column& column) const;

  Params params_;
  ColumnMethods methods_;
  std::vector<Code> codes_;
};

}  // namespace gradus
