#pragma once

#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

// Bias and activation in the pass of the product before them: y = f(z + b), z [.., n], b [n].
namespace gradus {

kernels::Unary loop_function(Activation::Kind k);

// Gradient at z, and of the bias when asked for.
struct ActivationGradient {
  Tensor dz, db;
};
// `saved` is what the derivative of f needs (see kernels::saves), undefined when nothing; dy is written over where it
// is this handle's alone.
ActivationGradient through_activation(Tensor saved, Tensor dy, kernels::Unary f, double p, bool with_bias,
                                      std::int64_t n);

}  // namespace gradus
