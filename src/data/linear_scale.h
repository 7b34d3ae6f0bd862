#pragma once

#include <limits>
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

// Sums over numbers that are met one after the other.
struct Moments {
  double count = 0, sum = 0, squares = 0;
  double low = std::numeric_limits<double>::infinity(), high = -low;

  void add(double x) {
    ++count;
    sum += x;
    squares += x * x;
    low = x < low ? x : low;
    high = x > high ? x : high;
  }
  // What a method of kScaleMethods makes of them; see fit_scale.
  LinearScale scale(const std::string& method) const;
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
