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

// y = f(z (+ b)) of `shape` and type for a z that `multiply(z)` queues, whose gradients `backward(step, dz)` adds.
template <class Multiply, class Backward>
Tensor activated(const char* op, const Place& place, const Shape& shape, Dtype dtype, const Tensor& x, const Tensor& w,
                 const Tensor& b, bool bias_is_added, const Activation& activation, Multiply multiply,
                 Backward backward) {
  kernels::Unary f = loop_function(activation.kind);
  kernels::Saves keeps = kernels::saves(f);
  double p = activation.parameter;
  std::int64_t channels = shape[shape.rank() - 1];
  bool wanted = any_requires_grad({&x, &w, &b}), apart = wanted && keeps == kernels::Saves::argument;
  // In place unless the derivative needs z itself.
  Tensor y = make_at(place, shape, dtype), z = apart ? make_at(place, shape, dtype) : y;
  multiply(z);
  RowCut cut(place, shape);
  View vy(y), vz(z), vb = b.defined() && !bias_is_added ? View(b) : View();
  dispatch_mixed(dtype, op, [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      std::int64_t rows = cut.rows(i);
      kernels::Unary own = apart ? kernels::Unary::identity : f;
      if (vb || own != kernels::Unary::identity)
        kernels::loops<T>().bias_activation(vz.template at<T>(i), vb.template at<A>(i), rows, channels, own, A(p),
                                            A(0));
      if (apart) kernels::loops<T>().unary(f, vz.template at<T>(i), vy.template at<T>(i), rows * channels, A(p), A(0));
    });
  });
  if (wanted) {
    Tensor saved = keeps == kernels::Saves::nothing ? Tensor() : apart ? z : y.detach();
    record(y, {&x, &w, &b}, [=](BackwardStep& step) {
      ActivationGradient g = through_activation(saved, step.take_grad(), f, p, step.wants(2), channels);
      if (step.wants(2)) step.add(2, g.db);
      backward(step, g.dz);
    });
  }
  return y;
}

}  // namespace gradus
