#include "gradus/kernels/loops.h"
#include "gradus/tensor/ops/resize.h"

namespace gradus {

using kernels::loops;
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

Tensor adaptive_max_pool(const Tensor& argument, const Kernel& size) {
  Tensor x = argument;
  Place place = place_of(x);
  Resizing r = resizing_of("adaptive_max_pool", x, size);
  if (Kernel kernel = {1, 1, 1}; regular(x, size, kernel)) return max_pool(x, kernel, {kernel});
  Tensor y = make_at(place, resized(x.shape(), size), x.dtype()), from = make_at(place, y.shape(), Dtype::i32);
  View vx(x), vy(y), vf(from);
  Extent extent(place, x.shape());
  dispatch(x.dtype(), "adaptive_max_pool", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().adaptive_max_pool(in_shard(r, extent, i), vx.template at<T>(i), vy.template at<T>(i),
                                   vf.template at<std::int32_t>(i));
    });
  });
  record(y, {&x}, [from, r, shape = x.shape()](BackwardStep& step) {
    Tensor dy = step.grad(), where = from;
    Place at = place_of(where, dy);
    where = aligned(where, at);
    dy = aligned(dy, at);
    Tensor dx = make_at(at, shape, dy.dtype());
    View vdy(dy), vw(where), vdx(dx);
    Extent rows(at, shape);
    dispatch(dy.dtype(), "adaptive_max_pool", [&]<class T>(T) {
      run_at(at, [=](int i) {
        loops<T>().adaptive_max_pool_backward(in_shard(r, rows, i), vdy.template at<T>(i),
                                              vw.template at<std::int32_t>(i), vdx.template at<T>(i));
      });
    });
    step.add(0, dx);
  });
  return y;
}

Tensor adaptive_average_pool(const Tensor& argument, const Kernel& size) {
  Tensor x = argument;
  Place place = place_of(x);
  Resizing r = resizing_of("adaptive_average_pool", x, size);
  if (Kernel kernel = {1, 1, 1}; regular(x, size, kernel)) return average_pool(x, kernel, {kernel});
  Tensor y = make_at(place, resized(x.shape(), size), x.dtype());
  View vx(x), vy(y);
  Extent extent(place, x.shape());
  dispatch(x.dtype(), "adaptive_average_pool", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().adaptive_average_pool(in_shard(r, extent, i), vx.template at<T>(i), vy.template at<T>(i));
    });
  });
  record(y, {&x}, [r, shape = x.shape()](BackwardStep& step) {
    Tensor dy = step.grad();
    Place at = place_of(dy);
    Tensor dx = make_at(at, shape, dy.dtype());
    View vdy(dy), vdx(dx);
    Extent rows(at, shape);
    dispatch(dy.dtype(), "adaptive_average_pool", [&]<class T>(T) {
      run_at(at, [=](int i) {
        loops<T>().adaptive_average_pool_backward(in_shard(r, rows, i), vdy.template at<T>(i), vdx.template at<T>(i));
      });
    });
    step.add(0, dx);
  });
  return y;
}

}  // namespace gradus
