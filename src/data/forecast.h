#pragma once

#include <cstddef>
#include <span>
#include <vector>

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

// Errors of forecasts [origins, horizon] over all steps that the series has: the mean absolute error, and that divided
// by `scale` (infinite or NaN where this is 0). Throws Error{value} where no step is in the series.
struct ForecastErrors {
  double mae = 0, mase = 0;
};
ForecastErrors forecast_errors(std::span<const double> series, const Origins& origins,
                               std::span<const double> forecasts, double scale);

}  // namespace gradus
