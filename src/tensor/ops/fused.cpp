#include "gradus/tensor/ops/fused.h"

namespace gradus {

using kernels::loops;
using kernels::Unary;

Unary loop_function(Activation::Kind k) {
  switch (k) {
    case Activation::Kind::identity:
      return Unary::identity;
    case Activation::Kind::step:
      return Unary::step;
    case Activation::Kind::sigmoid:
      return Unary::sigmoid;
    case Activation::Kind::tanh:
      return Unary::tanh;
    case Activation::Kind::relu:
      return Unary::relu;
    case Activation::Kind::leaky_relu:
      return Unary::leaky_relu;
    case Activation::Kind::elu:
      return Unary::elu;
    case Activation::Kind::gelu:
      return Unary::gelu;
    case Activation::Kind::gelu_tanh:
      return Unary::gelu_tanh;
    case Activation::Kind::silu:
      return Unary::silu;
    case Activation::Kind::softplus:
      return Unary::softplus;
  }
  return Unary::identity;
}

ActivationGradient through_activation(Tensor saved, Tensor dy, Unary f, double p, bool with_bias, std::int64_t n) {
  Place place = saved.defined() ? place_of(saved, dy) : place_of(dy);
  dy = aligned(dy, place);
  if (saved.defined()) saved = aligned(saved, place);
  ActivationGradient g;
  g.dz = f == Unary::identity || is_unshared(dy) ? dy : make_at(place, dy.shape(), dy.dtype());
  // The sum over a single row is that row.
  bool one_row = with_bias && place.plan == nullptr && dy.size() == n && dy.dtype() != Dtype::bf16;
  if (one_row) g.db = reshaped_view(g.dz, {n}, {});
  bool sums = with_bias && !one_row;
  if (sums) g.db = make_term_at(place, {n}, arithmetic(dy.dtype()));
  if (f == Unary::identity && !sums) return g;
  View vs = saved.defined() ? View(saved) : View(), vdy(dy), vdz(g.dz), vdb = sums ? View(g.db) : View();
  RowCut cut(place, dy.shape());
  dispatch_mixed(dy.dtype(), "bias and activation", [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      loops<T>().activation_bias_backward(vs.template at<T>(i), vdy.template at<T>(i), vdz.template at<T>(i),
                                          vdb.template at<A>(i), cut.rows(i), n, f, A(p), A(0));
    });
  });
  return g;
}

}  // namespace gradus
