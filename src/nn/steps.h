#pragma once

#include "gradus/tensor/ops.h"

namespace gradus {

// 1 for the steps that each sequence has and 0 for padding, [n, time]; `lengths` i32 [n].
Tensor steps_there(const Tensor& lengths, std::int64_t time, Dtype dtype);
// The mean of x [n, time, features] over the steps that each sequence has, [n, features]; undefined lengths: over all.
Tensor mean_of_steps(const Tensor& x, const Tensor& lengths);

}  // namespace gradus
