#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"
#include "gradus/tensor/ops/window.h"

namespace gradus {

using kernels::loops;
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

Pooling in_shard(Pooling p, const Extent& extent, int shard) {
  p.n = extent.rows(shard);
  return p;
}

}  // namespace

Tensor max_pool(const Tensor& argument, const Kernel& kernel, const Slide& slide) {
  Tensor x = argument;
  Place place = place_of(x);
  Pooling p = pool_of("max_pool", x, kernel, slide);
  Tensor y = make_at(place, result_shape(p, x), x.dtype()), taps = make_at(place, y.shape(), Dtype::i32);
  View vx(x), vy(y), vt(taps);
  Extent extent(place, x.shape());
  dispatch_mixed(x.dtype(), "max_pool", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().max_pool(in_shard(p, extent, i), vx.template at<T>(i), vy.template at<T>(i),
                          vt.template at<std::int32_t>(i));
    });
  });
  record(y, {&x}, [taps, p, shape = x.shape()](BackwardStep& step) {
    Tensor dy = step.grad(), where = taps;
    Place at = place_of(where, dy);
    where = aligned(where, at);
    dy = aligned(dy, at);
    Tensor dx = make_at(at, shape, dy.dtype());
    View vdy(dy), vw(where), vdx(dx);
    Extent rows(at, shape);
    dispatch_mixed(dy.dtype(), "max_pool", [&]<class T>(T) {
      run_at(at, [=](int i) {
        loops<T>().max_pool_backward(in_shard(p, rows, i), vdy.template at<T>(i), vw.template at<std::int32_t>(i),
                                     vdx.template at<T>(i));
      });
    });
    step.add(0, dx);
  });
  return y;
}

Tensor min_pool(const Tensor& x, const Kernel& kernel, const Slide& slide) {
  return neg(max_pool(neg(x), kernel, slide));
}

Tensor average_pool(const Tensor& argument, const Kernel& kernel, const Slide& slide, bool count_padding) {
  Tensor x = argument;
  Place place = place_of(x);
  Pooling p = pool_of("average_pool", x, kernel, slide);
  std::int64_t divisor = count_padding ? p.window.taps() : 0;
  Tensor y = make_at(place, result_shape(p, x), x.dtype());
  View vx(x), vy(y);
  Extent extent(place, x.shape());
  dispatch_mixed(x.dtype(), "average_pool", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().average_pool(in_shard(p, extent, i), divisor, vx.template at<T>(i), vy.template at<T>(i));
    });
  });
  record(y, {&x}, [p, divisor, shape = x.shape()](BackwardStep& step) {
    Tensor dy = step.grad();
    Place at = place_of(dy);
    Tensor dx = make_at(at, shape, dy.dtype());
    View vdy(dy), vdx(dx);
    Extent rows(at, shape);
    dispatch_mixed(dy.dtype(), "average_pool", [&]<class T>(T) {
      run_at(at, [=](int i) {
        loops<T>().average_pool_backward(in_shard(p, rows, i), divisor, vdy.template at<T>(i), vdx.template at<T>(i));
      });
    });
    step.add(0, dx);
  });
  return y;
}

}  // namespace gradus
