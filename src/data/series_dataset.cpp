#include "gradus/data/series_dataset.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/data/forecast.h"

namespace gradus {

SeriesDataset::SeriesDataset(Tensor steps, Tensor values, const SeriesWindows& windows)
    : steps_(std::move(steps)), values_(std::move(values)), windows_(windows) {
  if (steps_.rank() != 2 || values_.rank() != 2 || steps_.dim(0) != values_.dim(0))
    throw Error(ErrorKind::data, {"series", "steps [n, features] and values [n, values]",
                                  steps_.shape().text() + " and " + values_.shape().text(), ""});
  if (windows_.window < 1 || windows_.horizon < 1 || windows_.count < 0 || windows_.first < windows_.window - 1 ||
      windows_.first + windows_.count > steps_.dim(0))
    throw Error(ErrorKind::data, "series", "its windows do not lie in its " + std::to_string(steps_.dim(0)) + " steps");
}

Batch SeriesDataset::fetch(std::span<const std::uint32_t> rows) const {
  auto n = static_cast<std::int64_t>(rows.size());
  std::int64_t features = steps_.dim(1), width = values_.dim(1);
  Batch batch;
  batch.inputs = Tensor::empty({n, windows_.window, features});
  batch.target = Tensor::zeros({n, windows_.horizon * width});
  batch.total_weight = static_cast<double>(n);
  float *input = batch.inputs.mutable_data<float>(), *target = batch.target.mutable_data<float>();
  for (std::uint32_t row : rows) {
    std::int64_t next = windows_.first + row + 1, known = std::min(windows_.horizon, steps_.dim(0) - next);
    std::copy_n(steps_.data<float>() + (next - windows_.window) * features, windows_.window * features, input);
    std::copy_n(values_.data<float>() + next * width, known * width, target);
    input += windows_.window * features;
    target += windows_.horizon * width;
  }
  return batch;
}

Tensor SeriesDataset::naive_forecasts(std::int64_t season) const {
  if (season > windows_.first + 1) return {};
  std::int64_t steps = values_.dim(0), width = values_.dim(1);
  Origins origins{static_cast<std::size_t>(windows_.first), static_cast<std::size_t>(windows_.count),
                  static_cast<std::size_t>(windows_.horizon)};
  Tensor out = Tensor::empty({windows_.count, windows_.horizon * width});
  float* to = out.mutable_data<float>();
  for (std::int64_t v = 0; v < width; ++v) {
    std::vector<double> series;
    for (std::int64_t step = 0; step < steps; ++step)
      series.push_back(static_cast<double>(values_.data<float>()[step * width + v]));
    std::vector<double> forecasts = seasonal_naive_forecasts(series, origins, static_cast<std::size_t>(season));
    for (std::size_t i = 0; i < forecasts.size(); ++i)
      to[static_cast<std::int64_t>(i) * width + v] = static_cast<float>(forecasts[i]);
  }
  return out;
}

}  // namespace gradus
