#include "gradus/train/forecast_metrics.h"

#include <cmath>
#include <numeric>

namespace gradus {
namespace {

// Some outputs: of some values, `first` to `last` steps ahead.
struct Chosen {
  std::vector<std::size_t> values;
  std::int64_t first = 1, last = 1;
};

class ForecastMeasures {
 public:
  explicit ForecastMeasures(const Evaluation& e) : e_(e), task_(*e.task.forecast) {}

  Chosen all() const {
    Chosen chosen{std::vector<std::size_t>(task_.values.size()), 1, task_.horizon};
    std::iota(chosen.values.begin(), chosen.values.end(), std::size_t{0});
    return chosen;
  }

  // Means over the values; the MASE over those that have one.
  Value errors(const std::vector<float>& forecasts, const Chosen& chosen) const {
    double mae = 0, square = 0, mase = 0, scaled = 0;
    for (std::size_t v : chosen.values) {
      ForecastErrors own =
          forecast_errors(column(e_.true_values, v, chosen), column(forecasts, v, chosen), task_.differences[v]);
      mae += own.mae;
      square += own.rmse * own.rmse;
      if (!(task_.differences[v] > 0)) continue;
      mase += own.mase;
      ++scaled;
    }
    auto count = static_cast<double>(chosen.values.size());
    Value out(Value::Table{{"mae", mae / count}, {"rmse", std::sqrt(square / count)}});
    if (scaled > 0) out.set("mase", mase / scaled);
    return out;
  }

  void add_naive(const Chosen& chosen, Value& to) const {
    if (!e_.naive_values.empty()) to.set("naive", errors(e_.naive_values, chosen));
    if (e_.seasonal_naive_values.empty()) return;
    Value seasonal = errors(e_.seasonal_naive_values, chosen);
    seasonal.set("season", task_.season);
    to.set("seasonal_naive", std::move(seasonal));
  }

  Value record(const Chosen& chosen) const {
    Value out(Value::Table{{"value", task_.values[chosen.values[0]]}}), model = errors(e_.predicted_values, chosen);
    if (chosen.first == chosen.last) out.set("horizon", chosen.first);
    for (auto& [name, error] : model.as_table()) out.set(name, error);
    add_naive(chosen, out);
    return out;
  }

 private:
  std::vector<double> column(const std::vector<float>& outputs, std::size_t value, const Chosen& chosen) const {
    std::size_t width = task_.values.size(), each = width * static_cast<std::size_t>(task_.horizon);
    std::vector<double> out;
    for (std::size_t example = 0; example < outputs.size(); example += each)
      for (std::int64_t h = chosen.first; h <= chosen.last; ++h)
        out.push_back(static_cast<double>(outputs[example + static_cast<std::size_t>(h - 1) * width + value]));
    return out;
  }

  const Evaluation& e_;
  const ForecastTask& task_;
};

}  // namespace

void add_naive_forecasts(const Dataset& data, Evaluation& e) {
  if (!e.task.forecast) return;
  auto in_own_units = [&](std::int64_t season) {
    Tensor forecasts = data.naive_forecasts(season);
    std::vector<float> values = forecasts.defined() ? forecasts.to_vector<float>() : std::vector<float>();
    unscale_targets(e.task.scales, values);
    return values;
  };
  e.naive_values = in_own_units(1);
  if (e.task.forecast->season > 1) e.seasonal_naive_values = in_own_units(e.task.forecast->season);
}

void add_forecast_metrics(const Evaluation& e, Value& metrics) {
  ForecastMeasures measures(e);
  const ForecastTask& task = *e.task.forecast;
  Value model = measures.errors(e.predicted_values, measures.all());
  if (const Value* mase = model.find("mase")) metrics.set("mase", *mase);
  measures.add_naive(measures.all(), metrics);
  Value by_horizon = Value::array(), by_value = Value::array();
  for (std::size_t v = 0; v < task.values.size(); ++v) {
    by_value.push_back(measures.record({{v}, 1, task.horizon}));
    for (std::int64_t h = 1; h <= task.horizon; ++h) by_horizon.push_back(measures.record({{v}, h, h}));
  }
  if (task.values.size() > 1) metrics.set("per_value", std::move(by_value));
  metrics.set("per_horizon", std::move(by_horizon));
}

Value naive_metrics(const TaskSpec& task, const Dataset& data) {
  Evaluation e;
  e.task = task;
  each_batch(data, data.size(), [&](const Batch& batch) {
    std::vector<float> values = batch.target.to_vector<float>();
    e.true_values.insert(e.true_values.end(), values.begin(), values.end());
  });
  unscale_targets(task.scales, e.true_values);
  add_naive_forecasts(data, e);
  ForecastMeasures measures(e);
  Value out = Value::table();
  measures.add_naive(measures.all(), out);
  return out;
}

}  // namespace gradus
