#pragma once

#include "gradus/kernels/window.h"
#include "gradus/tensor/ops.h"

namespace gradus {

// The window over the `axes` axes of an example's size. Throws Error{value} for strides, dilations or padding that are
// none, Error{shape} where the padded input is smaller than the window.
kernels::Window window_of(const char* op, const Slide& slide, int axes, const std::int64_t* size,
                          const std::int64_t* kernel);

}  // namespace gradus
