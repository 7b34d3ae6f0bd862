#pragma once

#include <optional>
#include <span>

#include "gradus/tensor/shape.h"

namespace gradus {

// How alike two pictures or volumes are.
struct ImageScores {
  double mse = 0;              // mean of (truth - prediction)^2
  double psnr = 0;             // 10 log10(range^2 / mse), at most 100
  std::optional<double> ssim;  // none for pictures smaller than its window, or unwanted
};

// Of truth and predicted [size.., channels], whose values span `range`. SSIM (Wang, Bovik, Sheikh, Simoncelli, IEEE
// Transactions on Image Processing 13, 2004) has a Gaussian window of 11 places an axis and deviation 1.5; it is the
// mean over all windows that lie inside and over the channels. Throws Error{shape} for arrays that do not fit together
// and Error{value} unless range is above 0.
ImageScores image_scores(std::span<const float> truth, std::span<const float> predicted, const Shape& shape,
                         double range, bool with_ssim = true);

}  // namespace gradus
