#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/value.h"

namespace gradus {

// Forecasts that learn nothing, to measure others against, of a series x. From origin t, which is the last step that is
// known, step t + h is forecast for h = 1 .. horizon. (R. J. Hyndman and A. B. Koehler, "Another look at measures of
// forecast accuracy", International Journal of Forecasting 22, 2006.)
struct Origins {
  std::size_t first = 0, count = 0;  // t = first .. first + count - 1
  std::size_t horizon = 1;
};

// The value a whole number of seasons before: x[t + h - season * ceil(h / season)]; season 1 is the naive forecast,
// x[t]. Returns [origins, horizon], row-major. Throws Error{value} for a season of 0 or longer than what is known at
// the first origin, and an origin beyond the series.
std::vector<double> seasonal_naive_forecasts(std::span<const double> series, const Origins& origins,
                                             std::size_t season);

// What errors are divided by in the MASE: the mean of |x[i] - x[i - season]| over the training series. 0 where it never
// changes. Throws Error{value} for a season of 0, or no shorter than the series.
double seasonal_difference(std::span<const double> training, std::size_t season);

// How far forecasts are from the truth: the mean absolute error, the root of the mean squared one, and the mean
// absolute error over `scale` (infinite or NaN where this is 0). Throws Error{value} for none, or unequally many.
struct ForecastErrors {
  double mae = 0, rmse = 0, mase = 0;
};
ForecastErrors forecast_errors(std::span<const double> truth, std::span<const double> forecasts, double scale);

// What the outputs of a model of series are: the values of each step ahead in turn, [horizon, values].
struct ForecastTask {
  std::vector<std::string> values;
  std::int64_t horizon = 1;
  std::int64_t season = 1;          // steps of the seasonal naive forecast
  std::vector<double> differences;  // seasonal_difference of each value's training series

  // For the model file. restored throws Error{data} for a state that is damaged, or of other than `outputs` outputs.
  Value state() const;
  static ForecastTask restored(const Value& state, std::size_t outputs);
};

}  // namespace gradus
