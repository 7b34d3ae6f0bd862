#include "gradus/nn/steps.h"

namespace gradus {

Tensor steps_there(const Tensor& lengths, std::int64_t time, Dtype dtype) {
  return less(Tensor::arange(time, dtype), expand_dims(lengths.to(dtype), -1));
}

Tensor mean_of_steps(const Tensor& x, const Tensor& lengths) {
  if (!lengths.defined()) return mean(x, {1});
  Tensor there = expand_dims(steps_there(lengths, x.dim(1), x.dtype()), -1);
  return sum(x * there, {1}) / expand_dims(lengths.to(x.dtype()), -1);
}

}  // namespace gradus
