#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gradus/data/warp.h"

namespace gradus {

// Convolution with a Gaussian of deviation `sigma` in pixels, cut off at 4 sigma and of sum 1, along height and width.
class GaussianSmooth {
 public:
  explicit GaussianSmooth(double sigma) { set(sigma); }
  void set(double sigma);
  // values [height, width, channels]; beyond the edge black is 0.
  void operator()(std::span<float> values, std::int64_t height, std::int64_t width, std::int64_t channels,
                  Fill fill) const;

 private:
  std::vector<float> weights_;  // 2 radius + 1
};

}  // namespace gradus
