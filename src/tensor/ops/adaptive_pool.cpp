#include "gradus/kernels/loops.h"
#include "gradus/tensor/ops/pooled.h"
#include "gradus/tensor/ops/resize.h"

namespace gradus {

using kernels::Resizing;

namespace {

// Whether all windows are alike, without overlap: then `kernel` is set to theirs, and pooling by it is faster.
bool regular(const Tensor& x, const Kernel& size, Kernel& kernel) {
  for (int i = 1; i < x.rank() - 1; ++i) {
    if (x.dim(i) % size[i - 1] != 0) return false;
    kernel[i - 1] = x.dim(i) / size[i - 1];
  }
  return true;
}

}  // namespace

Tensor adaptive_max_pool(const Tensor& x, const Kernel& size) {
  Resizing r = resizing_of("adaptive_max_pool", x, size);
  if (Kernel kernel = {1, 1, 1}; regular(x, size, kernel)) return max_pool(x, kernel, {kernel});
  return pooled_choice<false>(
      "adaptive_max_pool", x, resized(x.shape(), size), r,
      [](const auto& l, const Resizing& g, auto* from, auto* to, auto* at) { l.adaptive_max_pool(g, from, to, at); },
      [](const auto& l, const Resizing& g, auto* dy, auto* at, auto* dx) {
        l.adaptive_max_pool_backward(g, dy, at, dx);
      });
}

Tensor adaptive_average_pool(const Tensor& x, const Kernel& size) {
  Resizing r = resizing_of("adaptive_average_pool", x, size);
  if (Kernel kernel = {1, 1, 1}; regular(x, size, kernel)) return average_pool(x, kernel, {kernel});
  return pooled_sum<false>(
      "adaptive_average_pool", x, resized(x.shape(), size), r,
      [](const auto& l, const Resizing& g, auto* from, auto* to) { l.adaptive_average_pool(g, from, to); },
      [](const auto& l, const Resizing& g, auto* dy, auto* dx) { l.adaptive_average_pool_backward(g, dy, dx); });
}

}  // namespace gradus
