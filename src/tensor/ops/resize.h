#pragma once

#include "gradus/kernels/window.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {

// x [n, size.., channels] taken to those sizes. Throws Error{shape} unless it has one to three axes of size,
// Error{value} for sizes below 1.
kernels::Resizing resizing_of(const char* op, const Tensor& x, const Kernel& size);
// The shape of the result.
Shape resized(const Shape& x, const Kernel& size);

}  // namespace gradus
