#include "gradus/data/smooth.h"

#include <algorithm>
#include <cmath>

namespace gradus {

void GaussianSmooth::set(double sigma) {
  std::int64_t radius = std::lround(4 * sigma);
  weights_.clear();
  double sum = 0;
  auto weight = [&](std::int64_t i) { return std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma)); };
  for (std::int64_t i = -radius; i <= radius; ++i) sum += weight(i);
  for (std::int64_t i = -radius; i <= radius; ++i) weights_.push_back(static_cast<float>(weight(i) / sum));
}

namespace {

// One axis of n groups of `size` elements: to[i] = sum over k of weights[k] from[i + k - radius].
void smooth_axis(std::span<const float> weights, const float* from, float* to, std::int64_t n, std::int64_t size,
                 Fill fill) {
  auto radius = static_cast<std::int64_t>(weights.size() / 2);
  std::fill_n(to, n * size, 0.0f);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = -radius; k <= radius; ++k) {
      std::int64_t at = filled_place(i + k, n, fill);
      if (at < 0) continue;
      float w = weights[static_cast<std::size_t>(k + radius)];
      const float* x = from + at * size;
      float* y = to + i * size;
      for (std::int64_t c = 0; c < size; ++c) y[c] += w * x[c];
    }
}

// [rows, columns, channels] to [columns, rows, channels].
void transpose(const float* from, float* to, std::int64_t rows, std::int64_t columns, std::int64_t channels) {
  for (std::int64_t y = 0; y < rows; ++y)
    for (std::int64_t x = 0; x < columns; ++x)
      std::copy_n(from + (y * columns + x) * channels, channels, to + (x * rows + y) * channels);
}

}  // namespace

// Both passes run along the slow axis, over whole rows at a time.
void GaussianSmooth::operator()(std::span<float> values, std::int64_t height, std::int64_t width, std::int64_t channels,
                                Fill fill) const {
  if (weights_.size() == 1) return;
  thread_local std::vector<float> a, b;
  a.resize(values.size());
  b.resize(values.size());
  smooth_axis(weights_, values.data(), a.data(), height, width * channels, fill);
  transpose(a.data(), b.data(), height, width, channels);
  smooth_axis(weights_, b.data(), a.data(), width, height * channels, fill);
  transpose(a.data(), values.data(), width, height, channels);
}

}  // namespace gradus
