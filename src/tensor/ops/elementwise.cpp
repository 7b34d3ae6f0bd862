#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {

using kernels::Binary;
using kernels::Broadcast;
using kernels::loops;
using kernels::Saves;
using kernels::Unary;

void require_same_dtype(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    throw Error(ErrorKind::shape,
                {op, "tensors of one type", std::string(dtype_name(a.dtype())) + " and " + dtype_name(b.dtype()),
                 "convert one with to()"});
}

void require_arithmetic(const char* op, const Tensor& x, const Tensor& parameter) {
  if (parameter.dtype() != arithmetic(x.dtype()))
    throw Error(ErrorKind::shape, {op, std::string("a parameter of ") + dtype_name(arithmetic(x.dtype())),
                                   dtype_name(parameter.dtype()), "convert it with to()"});
}

namespace {

Tensor unary_gradient(Unary f, const Tensor& saved, Tensor dy, double p, double q) {
  Tensor s = saved;
  Place place = s.defined() ? place_of(s, dy) : place_of(dy);
  dy = aligned(dy, place);
  if (s.defined()) s = aligned(s, place);
  Tensor dx = make_at(place, dy.shape(), dy.dtype());
  View saved_view = s.defined() ? View(s) : View(), from(dy), to(dx);
  Extent extent(place, dy.shape());
  dispatch_mixed(dy.dtype(), "backward", [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      loops<T>().unary_backward(f, saved_view.template at<T>(i), from.template at<T>(i), to.template at<T>(i),
                                extent.elements(i), A(p), A(q));
    });
  });
  return dx;
}

Tensor unary(const char* name, Unary f, const Tensor& argument, double p = 0, double q = 0) {
  Tensor x = argument;
  Place place = place_of(x);
  Tensor y = make_at(place, x.shape(), x.dtype());
  View from(x), to(y);
  Extent extent(place, x.shape());
  dispatch_mixed(x.dtype(), name, [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      loops<T>().unary(f, from.template at<T>(i), to.template at<T>(i), extent.elements(i), A(p), A(q));
    });
  });
  if (any_requires_grad({&x})) {
    Saves what = kernels::saves(f);
    Tensor saved = what == Saves::argument ? x : what == Saves::result ? y.detach() : Tensor();
    record(y, {&x}, [=](BackwardStep& step) { step.add(0, unary_gradient(f, saved, step.grad(), p, q)); });
  }
  return y;
}

// Steps of `shape`, dense, through a result of `out`: 0 on axes it repeats over.
void broadcast_steps(const Shape& shape, const Shape& out, std::int64_t* steps) {
  std::int64_t step = 1;
  int shift = out.rank() - shape.rank();
  for (int i = out.rank() - 1; i >= 0; --i) {
    bool repeats = i < shift || shape[i - shift] == 1;
    steps[i] = repeats ? 0 : step;
    if (i >= shift) step *= shape[i - shift];
  }
}

// The broadcast of a and b to out with adjoining axes merged where both move alike.
Broadcast plan_broadcast(const Shape& a, const Shape& b, const Shape& out) {
  std::int64_t sa[kMaxRank], sb[kMaxRank];
  broadcast_steps(a, out, sa);
  broadcast_steps(b, out, sb);
  Broadcast plan;
  for (int i = 0; i < out.rank(); ++i) {
    if (out[i] == 1) continue;
    int last = plan.rank - 1;
    if (last >= 0 && plan.a[last] == sa[i] * out[i] && plan.b[last] == sb[i] * out[i]) {
      plan.size[last] *= out[i];
      plan.a[last] = sa[i];
      plan.b[last] = sb[i];
    } else {
      plan.size[plan.rank] = out[i];
      plan.a[plan.rank] = sa[i];
      plan.b[plan.rank++] = sb[i];
    }
  }
  return plan;
}

// Shape of one shard: axis 0 of full-rank arguments is cut unless they repeat over it.
Shape shard_shape(const Shape& shape, int out_rank, std::int64_t rows) {
  return shape.rank() == out_rank && out_rank > 0 && shape[0] != 1 ? shape.with(0, rows) : shape;
}

Tensor binary_values(const char* name, Binary f, const Tensor& first, const Tensor& second) {
  require_same_dtype(name, first, second);
  if (first.dtype() == Dtype::bf16 && first.shape() != second.shape())
    return cast(binary_values(name, f, cast(first, Dtype::f32), cast(second, Dtype::f32)), Dtype::bf16);
  Tensor a = first, b = second;
  Shape out = broadcast_shapes(a.shape(), b.shape(), name);
  // A cut tensor that gains leading axes, or whose single row repeats, is no longer cut along the result's axis 0.
  auto loses_cut = [&](const Tensor& t) { return is_split(t) && (t.rank() < out.rank() || t.shape()[0] != out[0]); };
  if (loses_cut(a)) a = gather_shards(a);
  if (loses_cut(b)) b = gather_shards(b);
  Place place = place_of(a, b);
  auto spans_rows = [&](const Tensor& t) { return t.rank() == out.rank() && t.rank() > 0 && t.shape()[0] == out[0]; };
  if (place.plan != nullptr && spans_rows(a)) a = aligned(a, place);
  if (place.plan != nullptr && spans_rows(b)) b = aligned(b, place);
  Tensor y = make_at(place, out, a.dtype());
  View va(a), vb(b), vy(y);
  Extent extent(place, out);
  bool same = a.shape() == b.shape();
  Shape sa = a.shape(), sb = b.shape();
  dispatch_mixed(a.dtype(), name, [&]<class T>(T) {
    run_at(place, [=](int i) {
      Broadcast plan;
      if (same) {
        plan.rank = 1;
        plan.size[0] = extent.elements(i);
        plan.a[0] = plan.b[0] = 1;
      } else {
        std::int64_t rows = extent.rows(i);
        plan = plan_broadcast(shard_shape(sa, out.rank(), rows), shard_shape(sb, out.rank(), rows),
                              out.rank() > 0 ? out.with(0, rows) : out);
      }
      loops<T>().binary(f, plan, va.template at<T>(i), vb.template at<T>(i), vy.template at<T>(i));
    });
  });
  return y;
}

// gradient(step, dy) adds what it wants; a and b are kept for it.
template <class F>
Tensor binary(const char* name, Binary f, const Tensor& a, const Tensor& b, F gradient) {
  Tensor y = binary_values(name, f, a, b);
  if (any_requires_grad({&a, &b}))
    record(y, {&a, &b}, [gradient, a, b](BackwardStep& step) { gradient(step, step.grad(), a, b); });
  return y;
}

// Adds the gradients of both arguments, each summed back to its shape; the functions run only when wanted.
template <class A, class B>
void add_both(BackwardStep& step, const Tensor& a, const Tensor& b, A for_a, B for_b) {
  if (step.wants(0)) step.add(0, sum_to(for_a(), a.shape()));
  if (step.wants(1)) step.add(1, sum_to(for_b(), b.shape()));
}

Tensor constant(double value, const Tensor& like) { return Tensor::full({}, value, like.dtype()); }

// Share of the gradient of an argument that wins the comparison: 1, or 1/2 on a tie.
Tensor winner_share(Binary wins, const Tensor& a, const Tensor& b) {
  return binary_values("maximum", wins, a, b) + mul(binary_values("maximum", Binary::equal, a, b), 0.5);
}

}  // namespace

namespace {

Tensor converted(const Tensor& argument, Dtype wanted) {
  Tensor x = argument;
  Place place = place_of(x);
  Tensor y = make_at(place, x.shape(), wanted);
  View vx(x), vy(y);
  Extent extent(place, x.shape());
  bool widens = wanted == Dtype::f32;
  run_at(place, [=](int i) {
    if (widens)
      loops<float>().widen(vx.at<bf16>(i), vy.at<float>(i), extent.elements(i));
    else
      loops<float>().narrow(vx.at<float>(i), vy.at<bf16>(i), extent.elements(i));
  });
  return y;
}

}  // namespace

Tensor cast(const Tensor& x, Dtype dtype) {
  Dtype from = x.dtype();
  if (from == dtype) return x;
  if ((from != Dtype::f32 && from != Dtype::bf16) || (dtype != Dtype::f32 && dtype != Dtype::bf16))
    throw Error(ErrorKind::shape, {"cast", "f32 to bf16 or bf16 to f32",
                                   std::string(dtype_name(from)) + " to " + dtype_name(dtype), "use to()"});
  Tensor y = converted(x, dtype);
  record(y, {&x}, [from](BackwardStep& step) { step.add(0, converted(step.grad(), from)); });
  return y;
}

Tensor neg(const Tensor& x) { return unary("neg", Unary::neg, x); }
Tensor abs(const Tensor& x) { return unary("abs", Unary::abs, x); }
Tensor sign(const Tensor& x) { return unary("sign", Unary::sign, x); }
Tensor square(const Tensor& x) { return unary("square", Unary::square, x); }
Tensor sqrt(const Tensor& x) { return unary("sqrt", Unary::sqrt, x); }
Tensor reciprocal(const Tensor& x) { return unary("reciprocal", Unary::reciprocal, x); }
Tensor exp(const Tensor& x) { return unary("exp", Unary::exp, x); }
Tensor log(const Tensor& x) { return unary("log", Unary::log, x); }
Tensor sin(const Tensor& x) { return unary("sin", Unary::sin, x); }
Tensor cos(const Tensor& x) { return unary("cos", Unary::cos, x); }
Tensor erf(const Tensor& x) { return unary("erf", Unary::erf, x); }
Tensor clamp(const Tensor& x, double low, double high) {
  if (!(low <= high))
    throw Error(ErrorKind::value, {"clamp", "low <= high", std::to_string(low) + " and " + std::to_string(high), ""});
  return unary("clamp", Unary::clamp, x, low, high);
}
Tensor step(const Tensor& x) { return unary("step", Unary::step, x); }
Tensor sigmoid(const Tensor& x) { return unary("sigmoid", Unary::sigmoid, x); }
Tensor tanh(const Tensor& x) { return unary("tanh", Unary::tanh, x); }
Tensor relu(const Tensor& x) { return unary("relu", Unary::relu, x); }
Tensor leaky_relu(const Tensor& x, double slope) { return unary("leaky_relu", Unary::leaky_relu, x, slope); }
Tensor elu(const Tensor& x, double alpha) { return unary("elu", Unary::elu, x, alpha); }
Tensor gelu(const Tensor& x) { return unary("gelu", Unary::gelu, x); }
Tensor gelu_tanh(const Tensor& x) { return unary("gelu_tanh", Unary::gelu_tanh, x); }
Tensor silu(const Tensor& x) { return unary("silu", Unary::silu, x); }
Tensor softplus(const Tensor& x) { return unary("softplus", Unary::softplus, x); }

Tensor add(const Tensor& a, const Tensor& b) {
  return binary("add", Binary::add, a, b, [](BackwardStep& s, const Tensor& dy, const Tensor& p, const Tensor& q) {
    add_both(
        s, p, q, [&] { return dy; }, [&] { return dy; });
  });
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return binary("sub", Binary::sub, a, b, [](BackwardStep& s, const Tensor& dy, const Tensor& p, const Tensor& q) {
    add_both(
        s, p, q, [&] { return dy; }, [&] { return neg(dy); });
  });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return binary("mul", Binary::mul, a, b, [](BackwardStep& s, const Tensor& dy, const Tensor& p, const Tensor& q) {
    add_both(
        s, p, q, [&] { return dy * q; }, [&] { return dy * p; });
  });
}

Tensor div(const Tensor& a, const Tensor& b) {
  return binary("div", Binary::div, a, b, [](BackwardStep& s, const Tensor& dy, const Tensor& p, const Tensor& q) {
    add_both(
        s, p, q, [&] { return dy / q; }, [&] { return neg(dy * p / square(q)); });
  });
}

Tensor pow(const Tensor& a, const Tensor& b) {
  return binary("pow", Binary::pow, a, b, [](BackwardStep& s, const Tensor& dy, const Tensor& p, const Tensor& q) {
    add_both(
        // q p^(q - 1), 0 where q is 0 whatever p is; p^q log p, 0 where p is 0
        s, p, q, [&] { return where(equal(q, constant(0, q)), constant(0, q), dy * q * pow(p, q - 1.0)); },
        [&] { return dy * pow(p, q) * log(where(equal(p, constant(0, p)), constant(1, p), p)); });
  });
}

Tensor maximum(const Tensor& a, const Tensor& b) {
  return binary("maximum", Binary::maximum, a, b,
                [](BackwardStep& s, const Tensor& dy, const Tensor& p, const Tensor& q) {
                  add_both(
                      s, p, q, [&] { return dy * winner_share(Binary::greater, p, q); },
                      [&] { return dy * winner_share(Binary::less, p, q); });
                });
}

Tensor minimum(const Tensor& a, const Tensor& b) {
  return binary("minimum", Binary::minimum, a, b,
                [](BackwardStep& s, const Tensor& dy, const Tensor& p, const Tensor& q) {
                  add_both(
                      s, p, q, [&] { return dy * winner_share(Binary::less, p, q); },
                      [&] { return dy * winner_share(Binary::greater, p, q); });
                });
}

Tensor less(const Tensor& a, const Tensor& b) { return binary_values("less", Binary::less, a, b); }
Tensor less_equal(const Tensor& a, const Tensor& b) { return binary_values("less_equal", Binary::less_equal, a, b); }
Tensor greater(const Tensor& a, const Tensor& b) { return binary_values("greater", Binary::greater, a, b); }
Tensor greater_equal(const Tensor& a, const Tensor& b) {
  return binary_values("greater_equal", Binary::greater_equal, a, b);
}
Tensor equal(const Tensor& a, const Tensor& b) { return binary_values("equal", Binary::equal, a, b); }
Tensor not_equal(const Tensor& a, const Tensor& b) { return binary_values("not_equal", Binary::not_equal, a, b); }

Tensor add(const Tensor& a, double b) { return add(a, constant(b, a)); }
Tensor mul(const Tensor& a, double b) { return mul(a, constant(b, a)); }
Tensor div(const Tensor& a, double b) { return div(a, constant(b, a)); }
Tensor div(double a, const Tensor& b) { return div(constant(a, b), b); }
Tensor pow(const Tensor& a, double exponent) {
  if (exponent == 2) return square(a);
  return pow(a, constant(exponent, a));
}

Tensor where(const Tensor& condition, const Tensor& first, const Tensor& second) {
  require_same_dtype("where", first, second);
  require_same_dtype("where", condition, first);
  Shape out = broadcast_shapes(condition.shape(), broadcast_shapes(first.shape(), second.shape(), "where"), "where");
  Tensor c = broadcast_to(condition.detach(), out), a = broadcast_to(first, out), b = broadcast_to(second, out);
  Tensor* args[] = {&c, &a, &b};
  Place place = place_of(args, 3);
  Tensor ca = aligned(c, place), aa = aligned(a, place), ba = aligned(b, place);
  Tensor y = make_at(place, out, a.dtype());
  View vc(ca), va(aa), vb(ba), vy(y);
  Extent extent(place, out);
  dispatch(a.dtype(), "where", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().where(vc.template at<T>(i), va.template at<T>(i), vb.template at<T>(i), vy.template at<T>(i),
                       extent.elements(i));
    });
  });
  record(y, {&a, &b}, [c](BackwardStep& step) {
    const Tensor& dy = step.grad();
    Tensor zero = constant(0, dy);
    if (step.wants(0)) step.add(0, where(c, dy, zero));
    if (step.wants(1)) step.add(1, where(c, zero, dy));
  });
  return y;
}

Tensor expand_at(const Tensor& x, const Shape& shape, const Place& place) {
  Tensor y = make_at(place, shape, x.dtype());
  Tensor from = place.plan == nullptr ? gather_shards(x) : x;
  bool spans = x.rank() == shape.rank() && x.rank() > 0 && x.shape()[0] == shape[0];
  if (place.plan != nullptr && spans) from = aligned(x, place);
  Tensor zero = constant(0, x);
  View vx(from), vz(zero), vy(y);
  Shape sx = x.shape();
  Extent extent(place, shape);
  dispatch(x.dtype(), "broadcast", [&]<class T>(T) {
    run_at(place, [=](int i) {
      std::int64_t rows = extent.rows(i);
      Shape out = shape.rank() > 0 ? shape.with(0, rows) : shape;
      Broadcast plan = plan_broadcast(spans ? shard_shape(sx, out.rank(), rows) : sx, {}, out);
      loops<T>().binary(Binary::add, plan, vx.template at<T>(i), vz.template at<T>(i), vy.template at<T>(i));
    });
  });
  return y;
}

}  // namespace gradus
