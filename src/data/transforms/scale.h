#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/column_methods.h"
#include "gradus/data/linear_scale.h"
#include "gradus/data/transform.h"

namespace gradus {

struct ScaleParams {
  static constexpr std::string_view kShorthand = "default";
  std::string method = "standardize";
  Value columns = Value::table();

  void fields(Fields& f);
};

// Brings numeric columns to a common scale, each by fit_scale from the training rows. Indicator columns of encoded
// categories stay 0 and 1; missing values stay missing.
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
    LinearScale scale;
  };

  // Refuses exceptions for columns that encoding has replaced by indicators.
  void check_encoded(const Table& table) const;

  Params params_;
  ColumnMethods methods_;
  std::vector<Line> lines_;
};

}  // namespace gradus
