#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/ops.h"
#include "gradus/tensor/ops/pooled.h"
#include "gradus/tensor/ops/window.h"

namespace gradus {

using kernels::Pooling;
using kernels::Window;

namespace {

Pooling pool_of(const char* op, const Tensor& x, const Kernel& kernel, const Slide& slide) {
  int axes = x.rank() - 2;
  if (axes < 1 || axes > Window::kAxes || x.dim(-1) < 1)
    throw Error(ErrorKind::shape, {op, "x [n, size.., channels] with one to three axes of size", x.shape().text(), ""});
  Pooling p;
  p.window = window_of(op, slide, axes, x.shape().begin() + 1, kernel.data());
  for (int a = 0; a < Window::kAxes; ++a) {
    p.result[a] = p.window.result(a);
    if (std::max(p.window.before[a], p.window.after[a]) >= p.window.kernel[a])
      throw Error(ErrorKind::value, {op, "padding below the kernel", "as much or more", "each window needs a value"});
    if (p.window.dilation[a] != 1) throw Error(ErrorKind::value, {op, "no dilation", "one", ""});
  }
  p.n = x.dim(0);
  p.channels = x.dim(-1);
  return p;
}

Shape result_shape(const Pooling& p, const Tensor& x) {
  Shape y = x.shape();
  for (int i = 1; i < x.rank() - 1; ++i) y[i] = p.result[Window::kAxes - (x.rank() - 2) + i - 1];
  return y;
}

}  // namespace

Tensor max_pool(const Tensor& x, const Kernel& kernel, const Slide& slide) {
  Pooling p = pool_of("max_pool", x, kernel, slide);
  return pooled_choice<true>(
      "max_pool", x, result_shape(p, x), p,
      [](const auto& l, const Pooling& g, auto* from, auto* to, auto* tap) { l.max_pool(g, from, to, tap); },
      [](const auto& l, const Pooling& g, auto* dy, auto* tap, auto* dx) { l.max_pool_backward(g, dy, tap, dx); });
}

Tensor min_pool(const Tensor& x, const Kernel& kernel, const Slide& slide) {
  return neg(max_pool(neg(x), kernel, slide));
}

Tensor average_pool(const Tensor& x, const Kernel& kernel, const Slide& slide, bool count_padding) {
  Pooling p = pool_of("average_pool", x, kernel, slide);
  std::int64_t divisor = count_padding ? p.window.taps() : 0;
  return pooled_sum<true>(
      "average_pool", x, result_shape(p, x), p,
      [=](const auto& l, const Pooling& g, auto* from, auto* to) { l.average_pool(g, divisor, from, to); },
      [=](const auto& l, const Pooling& g, auto* dy, auto* dx) { l.average_pool_backward(g, divisor, dy, dx); });
}

}  // namespace gradus
