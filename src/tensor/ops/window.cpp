#include "gradus/tensor/ops/window.h"

#include "gradus/base/error.h"

namespace gradus {

using kernels::Window;

Window window_of(const char* op, const Slide& slide, int axes, const std::int64_t* size, const std::int64_t* kernel) {
  Window q;
  for (int i = 0; i < axes; ++i) {
    int a = Window::kAxes - axes + i;
    q.size[a] = size[i];
    q.kernel[a] = kernel[i];
    q.stride[a] = slide.stride[i];
    q.dilation[a] = slide.dilation[i];
    q.before[a] = slide.before[i];
    q.after[a] = slide.after[i];
    if (q.stride[a] < 1 || q.dilation[a] < 1 || q.before[a] < 0 || q.after[a] < 0)
      throw Error(ErrorKind::value, {op, "strides and dilations from 1, padding from 0", "others", ""});
    if (q.kernel[a] < 1 || q.size[a] + q.before[a] + q.after[a] < q.dilation[a] * (q.kernel[a] - 1) + 1)
      throw Error(ErrorKind::shape, {op, "a window that fits the padded input",
                                     std::to_string(q.kernel[a]) + " over " + std::to_string(q.size[a]) + " on axis " +
                                         std::to_string(i + 1),
                                     "use a smaller kernel, or padding"});
  }
  return q;
}

}  // namespace gradus
