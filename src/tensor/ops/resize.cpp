#include "gradus/tensor/ops/resize.h"

#include "gradus/base/error.h"

namespace gradus {

using kernels::Resizing;
using kernels::Window;

Resizing resizing_of(const char* op, const Tensor& x, const Kernel& size) {
  int axes = x.rank() - 2;
  if (axes < 1 || axes > Window::kAxes || x.shape().product(1, x.rank()) < 1)
    throw Error(ErrorKind::shape, {op, "x [n, size.., channels] with one to three axes of size", x.shape().text(), ""});
  Resizing r;
  for (int i = 0; i < axes; ++i) {
    r.size[Window::kAxes - axes + i] = x.dim(i + 1);
    r.result[Window::kAxes - axes + i] = size[i];
    if (size[i] < 1)
      throw Error(ErrorKind::value,
                  {op, "sizes from 1", std::to_string(size[i]) + " on axis " + std::to_string(i + 1), ""});
  }
  r.n = x.dim(0);
  r.channels = x.dim(-1);
  return r;
}

Shape resized(const Shape& x, const Kernel& size) {
  Shape y = x;
  for (int i = 1; i < x.rank() - 1; ++i) y[i] = size[i - 1];
  return y;
}

}  // namespace gradus
