#include "gradus/data/forecast.h"

#include <fmt/format.h>

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

ForecastErrors forecast_errors(std::span<const double> truth, std::span<const double> forecasts, double scale) {
  if (truth.empty() || forecasts.size() != truth.size())
    throw Error(ErrorKind::value, {"forecasts", "as many as true values, and at least one",
                                   fmt::format("{} and {}", forecasts.size(), truth.size()), ""});
  double sizes = 0, squares = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    double error = truth[i] - forecasts[i];
    sizes += std::abs(error);
    squares += error * error;
  }
  auto count = static_cast<double>(truth.size());
  return {sizes / count, std::sqrt(squares / count), sizes / count / scale};
}

Value ForecastTask::state() const {
  return Value(Value::Table{{"values", Value::Array(values.begin(), values.end())},
                            {"horizon", horizon},
                            {"season", season},
                            {"differences", Value::Array(differences.begin(), differences.end())}});
}

ForecastTask ForecastTask::restored(const Value& state, std::size_t outputs) {
  ForecastTask task;
  for (const Value& name : state.at("values").as_array()) task.values.push_back(name.as_string());
  task.horizon = state.at("horizon").as_integer("horizon");
  task.season = state.at("season").as_integer("season");
  for (const Value& d : state.at("differences").as_array()) task.differences.push_back(d.as_real());
  auto steps = static_cast<std::size_t>(task.horizon);
  bool fits = task.horizon >= 1 && steps <= outputs && steps * task.values.size() == outputs;
  if (!fits || task.season < 1 || task.differences.size() != task.values.size())
    throw Error(ErrorKind::data, "the model's forecasts", "damaged: values, horizon and season do not go together",
                "train the model again");
  return task;
}

}  // namespace gradus
