#pragma once

#include "gradus/data/dataset.h"

namespace gradus {

// Where the windows of a series end, and how long they are.
struct SeriesWindows {
  std::int64_t window = 1, horizon = 1;
  std::int64_t first = 0, count = 0;  // origins: example i knows the steps up to first + i
};

// Windows of a series as examples: inputs [window, features] that end at the origin, and as targets the values of the
// next `horizon` steps one after the other, [horizon * values]; zeros behind the end of the series. Neighbouring
// windows share their steps in memory.
class SeriesDataset final : public Dataset {
 public:
  // `steps` f32 [n, features], `values` f32 [n, values]. Throws Error{data} for windows that do not lie in them.
  SeriesDataset(Tensor steps, Tensor values, const SeriesWindows& windows);
  std::int64_t size() const override { return windows_.count; }
  Shape input_shape() const override { return {windows_.window, steps_.dim(1)}; }
  Batch fetch(std::span<const std::uint32_t> rows) const override;
  Tensor naive_forecasts(std::int64_t season) const override;

 private:
  Tensor steps_, values_;
  SeriesWindows windows_;
};

}  // namespace gradus
