#pragma once

#include <string>

#include "gradus/base/params.h"
#include "gradus/tensor/ops.h"

namespace gradus {

// One number for each of `axes` axes, from one for all or a list; those beyond them are `rest`. Error{config} names
// `place` for numbers below `least`.
Kernel per_axis(const Value& value, int axes, std::int64_t least, std::int64_t rest, const std::string& place);
// Refuses examples that are not [size.., channels] with `axes` axes of size (Error{shape}).
void check_axes(const std::string& layer, int axes, const Shape& example);

// How layers' configs say a window: `kernel` (or `size`), `stride`, `padding` and `dilation` are one number for all
// axes or a list of one for each; padding may also be "same" (the result has size / stride, rounded up) or "valid"
// (none).
class WindowParams {
 public:
  // Reads and checks the values for `axes` axes. Errors{config} tell their key at `place`; later ones `layer`.
  WindowParams(const std::string& layer, const std::string& place, int axes, const Value& kernel, const Value& stride,
               const Value& padding, const Value& dilation = 1, const char* kernel_key = "kernel");

  const Kernel& kernel() const { return kernel_; }
  std::int64_t taps() const { return kernel_[0] * kernel_[1] * kernel_[2]; }
  // The window's way over an example [size.., channels].
  Slide slide(const Shape& example) const;
  // Sizes of the result with that many channels. Throws Error{shape} for an example without `axes` axes of size and
  // one of channels, or smaller than the window.
  Shape result(const Shape& example, std::int64_t channels) const;
  // The same for the transpose, whose "same" gives size * stride.
  Slide transposed_slide() const;
  Shape transposed_result(const Shape& example, std::int64_t channels) const;

 private:
  std::int64_t span(int axis) const { return dilation_[axis] * (kernel_[axis] - 1) + 1; }

  std::string layer_;
  int axes_;
  Kernel kernel_, stride_, dilation_, padding_ = {};
  bool same_ = false;
};

}  // namespace gradus
