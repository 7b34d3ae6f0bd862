#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/column_methods.h"
#include "gradus/data/transform.h"

namespace gradus {

struct ScaleParams {
  static constexpr std::string_view kShorthand = "default";
  std::string method = "standardize";
  Value columns = Value::table();

  void fields(Fields& f);
};

// Brings numeric columns to a common scale, y = (x - shift) / divisor, from the training rows:
// - standardize: mean 0 and standard deviation 1 (over n, not n - 1)
// - normalize: minimum 0 and maximum 1; other rows may fall outside
// - none: as it is
// A column that is constant over the training rows has divisor 1, so it becomes 0 there. Indicator columns of encoded
// categories stay 0 and 1; missing values are skipped and stay missing.
class Scale : public TableTransform {
 public:
  using Params = ScaleParams;
  explicit Scale(Params params);

  void fit(const Table& table, const RowIndices& rows) override;
  void apply(Table& table) const override;
  Value state() const override;
  void restore(const Value& state) override;

 private:
  struct Line {
    std::string column;
    double shift = 0;
    double divisor = 1;
  };

  Params params_;
  ColumnMethods methods_;
  std::vector<Line> lines_;
};

}  // namespace gradus
