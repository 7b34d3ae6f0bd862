#include "gradus/data/linear_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

struct Spread {
  double mean = 0, deviation = 0, min = 0, max = 0;
};

Spread spread_of(std::span<const double> cells, const RowIndices& rows) {
  Spread spread{0, 0, INFINITY, -INFINITY};
  double n = 0, sum = 0, squares = 0;
  for (std::uint32_t row : rows) {
    double x = cells[row];
    if (std::isnan(x)) continue;
    ++n;
    sum += x;
    spread.min = std::min(spread.min, x);
    spread.max = std::max(spread.max, x);
  }
  if (n == 0) return {};
  spread.mean = sum / n;
  for (std::uint32_t row : rows)
    if (!std::isnan(cells[row])) squares += (cells[row] - spread.mean) * (cells[row] - spread.mean);
  spread.deviation = std::sqrt(squares / n);
  return spread;
}

bool is_usable(const LinearScale& scale) {
  return std::isfinite(scale.shift) && std::isfinite(scale.divisor) && scale.divisor != 0;
}

}  // namespace

const std::vector<std::string> kScaleMethods = {"standardize", "normalize", "none"};

void LinearScale::write(Value& table) const {
  table.set("shift", shift);
  table.set("divisor", divisor);
}

LinearScale LinearScale::restored(const Value& table) {
  LinearScale scale{table.at("shift").as_real(), table.at("divisor").as_real()};
  if (!is_usable(scale))
    throw Error(ErrorKind::data, {"scale", "a finite shift and a finite divisor other than 0",
                                  fmt::format("{} and {}", scale.shift, scale.divisor), ""});
  return scale;
}

LinearScale Moments::scale(const std::string& method) const {
  if (method == "none") return {};
  double mean = sum / count, deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
  LinearScale out = method == "standardize" ? LinearScale{mean, deviation} : LinearScale{low, high - low};
  if (low == high || !(out.divisor > 0)) out.divisor = 1;
  return out;
}

LinearScale fit_scale(const std::string& method, std::span<const double> cells, const RowIndices& rows,
                      const std::string& place) {
  if (method == "none") return {};
  Spread spread = spread_of(cells, rows);
  bool is_constant = spread.min == spread.max;
  LinearScale scale{spread.min, spread.max - spread.min};
  if (method == "standardize" && !is_constant) scale = {spread.mean, spread.deviation};
  if (is_constant) scale.divisor = 1;
  if (!is_usable(scale))
    throw Error(ErrorKind::data, place,
                fmt::format("its values, from {} to {}, are beyond what can be scaled", spread.min, spread.max));
  return scale;
}

}  // namespace gradus
