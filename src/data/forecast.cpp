#include "gradus/data/forecast.h"

#include <cmath>
#include <string>

#include "gradus/base/error.h"

namespace gradus {

std::vector<double> seasonal_naive_forecasts(std::span<const double> series, const Origins& origins,
                                             std::size_t season) {
  if (season < 1 || season > origins.first + 1)
    throw Error(ErrorKind::value, {"seasonal naive forecast",
                                   "a season from 1 to the " + std::to_string(origins.first + 1) + " steps before it",
                                   std::to_string(season), ""});
  if (origins.first + origins.count > series.size())
    throw Error(ErrorKind::value, {"seasonal naive forecast", "origins in the series",
                                   std::to_string(origins.first + origins.count - 1) + " (the first is 0)", ""});
  std::vector<double> forecasts;
  for (std::size_t t = origins.first; t < origins.first + origins.count; ++t)
    for (std::size_t h = 1; h <= origins.horizon; ++h)
      forecasts.push_back(series[t + h - season * ((h + season - 1) / season)]);
  return forecasts;
}

double seasonal_difference(std::span<const double> training, std::size_t season) {
  if (season < 1 || season >= training.size())
    throw Error(ErrorKind::value,
                {"season", "1 or more, and less than the " + std::to_string(training.size()) + " training steps",
                 std::to_string(season), ""});
  double sum = 0;
  for (std::size_t i = season; i < training.size(); ++i) sum += std::abs(training[i] - training[i - season]);
  return sum / static_cast<double>(training.size() - season);
}

ForecastErrors forecast_errors(std::span<const double> series, const Origins& origins,
                               std::span<const double> forecasts, double scale) {
  if (forecasts.size() != origins.count * origins.horizon)
    throw Error(ErrorKind::value, {"forecasts", std::to_string(origins.count * origins.horizon) + " numbers",
                                   std::to_string(forecasts.size()), ""});
  double sum = 0, count = 0;
  for (std::size_t o = 0; o < origins.count; ++o)
    for (std::size_t h = 1; h <= origins.horizon; ++h) {
      std::size_t step = origins.first + o + h;
      if (step >= series.size()) continue;
      sum += std::abs(series[step] - forecasts[o * origins.horizon + h - 1]);
      ++count;
    }
  if (count == 0) throw Error(ErrorKind::value, "forecasts", "no forecast step is in the series");
  return {sum / count, sum / count / scale};
}

}  // namespace gradus
