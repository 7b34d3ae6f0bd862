#pragma once

#include <span>
#include <string>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/data/table.h"

namespace gradus {

// The names that fit_scale takes.
extern const std::vector<std::string> kScaleMethods;

// y = (x - shift) / divisor, and back.
struct LinearScale {
  double shift = 0;
  double divisor = 1;

  double apply(double x) const { return (x - shift) / divisor; }
  double undo(double y) const { return y * divisor + shift; }

  // For the model file. restored throws Error{data} for numbers that cannot be undone.
  void write(Value& table) const;
  static LinearScale restored(const Value& table);
};

// Learns from the cells of the given rows; missing ones are skipped:
// - standardize: mean 0 and standard deviation 1 (over n, not n - 1)
// - normalize: minimum 0 and maximum 1; other rows may fall outside
// - none: as it is
// Constant cells have divisor 1, so they become 0. Throws Error{data} at `place` for numbers too far apart to be
// scaled.
LinearScale fit_scale(const std::string& method, std::span<const double> cells, const RowIndices& rows,
                      const std::string& place);

}  // namespace gradus
