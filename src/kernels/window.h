#pragma once

#include <cstdint>

namespace gradus::kernels {

// A window that slides over channels-last data, x [n, size.., channels] -> y [n, result.., channels]. There are always
// three axes; those that are missing come first and have size and kernel 1.
struct Window {
  static constexpr int kAxes = 3;
  std::int64_t size[kAxes] = {1, 1, 1}, kernel[kAxes] = {1, 1, 1}, stride[kAxes] = {1, 1, 1},
               dilation[kAxes] = {1, 1, 1}, before[kAxes] = {}, after[kAxes] = {};  // padding with zeros

  std::int64_t result(int axis) const {
    return (size[axis] + before[axis] + after[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis] + 1;
  }
  std::int64_t positions() const { return size[0] * size[1] * size[2]; }
  std::int64_t results() const { return result(0) * result(1) * result(2); }
  std::int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  bool operator==(const Window&) const = default;
};

// A window that takes each channel by itself.
struct Pooling {
  Window window;
  std::int64_t result[Window::kAxes];
  std::int64_t n, channels;
  // Whether each place of x lies in exactly one window.
  bool tiles() const {
    const Window& w = window;
    for (int a = 0; a < Window::kAxes; ++a)
      if (w.stride[a] != w.kernel[a] || w.before[a] != 0 || result[a] * w.stride[a] != w.size[a]) return false;
    return true;
  }
};

// x [n, size.., channels] taken to other sizes, y [n, result.., channels]; missing axes as in Window.
struct Resizing {
  std::int64_t size[Window::kAxes] = {1, 1, 1}, result[Window::kAxes] = {1, 1, 1};
  std::int64_t n = 0, channels = 0;
};

}  // namespace gradus::kernels
