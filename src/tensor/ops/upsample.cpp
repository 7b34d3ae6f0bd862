#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/ops/pooled.h"
#include "gradus/tensor/ops/resize.h"

namespace gradus {

using kernels::loops;
using kernels::Resizing;

namespace {

// Room for a row of x in each shard, which linear interpolation needs.
Tensor spare_row(const Place& place, const Resizing& r, Upsampling method, Dtype dtype) {
  return method == Upsampling::linear ? make_term_at(place, {r.size[2] * r.channels}, dtype) : Tensor();
}

Tensor upsampled(const Tensor& x, const Place& place, const Resizing& r, const Shape& shape, Upsampling method) {
  Tensor y = make_at(place, shape, x.dtype()), row = spare_row(place, r, method, x.dtype());
  View vx(x), vy(y), vr = row.defined() ? View(row) : View();
  Extent extent(place, shape);
  dispatch(x.dtype(), "upsample", [&]<class T>(T) {
    run_at(place, [=](int i) {
      Resizing own = in_shard(r, extent, i);
      const T* from = vx.template at<T>(i);
      T* to = vy.template at<T>(i);
      if (method == Upsampling::nearest)
        loops<T>().upsample_nearest(own, from, to);
      else
        loops<T>().upsample_linear(own, from, to, vr.template at<T>(i));
    });
  });
  return y;
}

Tensor gradient(const Tensor& dy, const Place& place, const Resizing& r, const Shape& shape, Upsampling method) {
  Tensor dx = make_at(place, shape, dy.dtype()), row = spare_row(place, r, method, dy.dtype());
  View vdy(dy), vdx(dx), vr = row.defined() ? View(row) : View();
  Extent extent(place, shape);
  dispatch(dy.dtype(), "upsample", [&]<class T>(T) {
    run_at(place, [=](int i) {
      Resizing own = in_shard(r, extent, i);
      const T* from = vdy.template at<T>(i);
      T* to = vdx.template at<T>(i);
      if (method == Upsampling::nearest)
        loops<T>().upsample_nearest_backward(own, from, to);
      else
        loops<T>().upsample_linear_backward(own, from, to, vr.template at<T>(i));
    });
  });
  return dx;
}

}  // namespace

Tensor upsample(const Tensor& argument, const Kernel& size, Upsampling method) {
  Tensor x = argument;
  Place place = place_of(x);
  Resizing r = resizing_of("upsample", x, size);
  for (int i = 1; i < x.rank() - 1; ++i)
    if (size[i - 1] < x.dim(i))
      throw Error(ErrorKind::value,
                  {"upsample", "sizes of at least the input's",
                   std::to_string(size[i - 1]) + " for " + x.shape().text(), "pooling makes it smaller"});
  Tensor y = upsampled(x, place, r, resized(x.shape(), size), method);
  record(y, {&x}, [r, method, shape = x.shape()](BackwardStep& step) {
    Tensor dy = step.grad();
    Place at = place_of(dy);
    step.add(0, gradient(dy, at, r, shape, method));
  });
  return y;
}

}  // namespace gradus
