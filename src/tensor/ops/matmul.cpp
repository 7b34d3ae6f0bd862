#include "gradus/kernels/matmul.h"

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {

using kernels::loops;
using kernels::Saves;
using kernels::Unary;

namespace {

// How a tensor's rows spread over shards: axis-0 entries times the rows each holds.
struct RowCut {
  Extent extent;
  std::int64_t rows_per_entry;
  RowCut(const Place& place, const Shape& s)
      : extent(place, s), rows_per_entry(s.rank() < 2 ? 1 : s.product(1, s.rank() - 1)) {}
  std::int64_t rows(int shard) const { return extent.rows(shard) * rows_per_entry; }
};

Shape with_last(const Shape& s, std::int64_t n) { return s.with(s.rank() - 1, n); }

// x [.., k] times a whole matrix w ([k, n], or [n, k] when transposed).
Tensor rows_times(const Tensor& x, const Tensor& w, bool transpose_w) {
  Place place = place_at(x);
  std::int64_t k = w.shape()[transpose_w ? 1 : 0], n = w.shape()[transpose_w ? 0 : 1];
  Tensor y = make_at(place, with_last(x.shape(), n), x.dtype());
  View vx(x), vw(w), vy(y);
  RowCut cut(place, x.shape());
  dispatch(x.dtype(), "matmul", [&]<class T>(T) {
    run_at(place, [=](int i) {
      kernels::matmul({cut.rows(i), n, k, false, transpose_w}, vx.template at<T>(i), vw.template at<T>(i),
                      vy.template at<T>(i));
    });
  });
  return y;
}

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

void check_linear(const Tensor& x, const Tensor& w, const Tensor& b) {
  require_same_dtype("linear", x, w);
  const Shape &sx = x.shape(), &sw = w.shape();
  if (sw.rank() != 2 || sx.rank() < 1 || sx[sx.rank() - 1] != sw[0])
    throw Error(ErrorKind::shape,
                {"linear", "x [.., k] and w [k, n]", x.shape().text() + " and " + w.shape().text(), ""});
  if (b.defined() && (b.shape().rank() != 1 || b.shape()[0] != sw[1]))
    throw Error(ErrorKind::shape, {"linear", "bias [" + std::to_string(w.shape()[1]) + "]", b.shape().text(), ""});
}

// Gradient at the linear result, and of the bias.
struct LinearGradient {
  Tensor dz, db;
};

LinearGradient through_activation(Tensor saved, Tensor dy, Unary f, double p, bool with_bias, std::int64_t n) {
  Place place = saved.defined() ? place_of(saved, dy) : place_of(dy);
  dy = aligned(dy, place);
  if (saved.defined()) saved = aligned(saved, place);
  LinearGradient g;
  g.dz = f == Unary::identity ? dy : make_at(place, dy.shape(), dy.dtype());
  // The sum over a single row is that row.
  bool one_row = with_bias && place.plan == nullptr && dy.size() == n;
  if (one_row) g.db = reshaped_view(g.dz, {n}, {});
  bool sums = with_bias && !one_row;
  if (sums) g.db = make_term_at(place, {n}, dy.dtype());
  if (f == Unary::identity && !sums) return g;
  View vs = saved.defined() ? View(saved) : View(), vdy(dy), vdz(g.dz), vdb = sums ? View(g.db) : View();
  RowCut cut(place, dy.shape());
  dispatch(dy.dtype(), "linear", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().activation_bias_backward(vs.template at<T>(i), vdy.template at<T>(i), vdz.template at<T>(i),
                                          vdb.template at<T>(i), cut.rows(i), n, f, T(p), T(0));
    });
  });
  return g;
}

// ---- general batched products

Shape leading(const Tensor& t) { return Shape(t.shape().begin(), t.rank() - 2); }

Shape joined(const Shape& lead, std::int64_t m, std::int64_t n) {
  Shape s = lead.inserted(lead.rank(), m);
  return s.inserted(s.rank(), n);
}

// Products of stacks of matrices with equal leading axes (or one operand a single matrix).
Tensor stacked(Tensor a, Tensor b, bool ta, bool tb) {
  if (a.rank() == 2 && is_split(a)) a = gather_shards(a);
  if (b.rank() == 2 && is_split(b)) b = gather_shards(b);
  Place place = place_of(a, b);
  if (a.rank() > 2) a = aligned(a, place);
  if (b.rank() > 2) b = aligned(b, place);
  const Tensor& big = a.rank() > 2 ? a : b;
  std::int64_t m = a.dim(ta ? -1 : -2), k = a.dim(ta ? -2 : -1), n = b.dim(tb ? -2 : -1);
  Tensor y = make_at(place, joined(leading(big), m, n), a.dtype());
  View va(a), vb(b), vy(y);
  Extent extent(place, big.shape());
  std::int64_t per_entry = big.rank() > 2 ? big.shape().product(1, big.rank() - 2) : 1;
  bool many_a = a.rank() > 2, many_b = b.rank() > 2;
  dispatch(a.dtype(), "matmul", [&]<class T>(T) {
    run_at(place, [=](int i) {
      std::int64_t batch = many_a || many_b ? extent.rows(i) * per_entry : 1;
      kernels::matmul({m, n, k, ta, tb, batch, many_a ? batch : 1, many_b ? batch : 1}, va.template at<T>(i),
                      vb.template at<T>(i), vy.template at<T>(i));
    });
  });
  return y;
}

Tensor matmul_values(const Tensor& a, Tensor b, bool ta, bool tb) {
  if (!is_split(b)) b = gather_shards(b);
  if (b.rank() == 2 && !is_split(b) && !ta) {
    Tensor x = a;
    place_of(x);
    return rows_times(x, b, tb);
  }
  if (a.rank() == 2 && b.rank() == 2 && ta && !tb) return gather_shards(contract_rows(a, b));
  if (a.rank() == 2 || b.rank() == 2 || leading(a) == leading(b)) return stacked(a, b, ta, tb);
  Shape lead = broadcast_shapes(leading(a), leading(b), "matmul");
  auto widened = [&](const Tensor& t) {
    return leading(t) == lead ? t : broadcast_to(t, joined(lead, t.dim(-2), t.dim(-1)));
  };
  return stacked(widened(a), widened(b), ta, tb);
}

}  // namespace

Tensor contract_rows(Tensor a, Tensor b) {
  Place place = place_of(a, b);
  a = aligned(a, place);
  b = aligned(b, place);
  std::int64_t m = a.shape()[a.rank() - 1], n = b.shape()[b.rank() - 1];
  Tensor y = make_term_at(place, {m, n}, a.dtype());
  View va(a), vb(b), vy(y);
  RowCut cut(place, a.shape());
  dispatch(a.dtype(), "matmul", [&]<class T>(T) {
    run_at(place, [=](int i) {
      kernels::matmul({m, n, cut.rows(i), true, false}, va.template at<T>(i), vb.template at<T>(i),
                      vy.template at<T>(i));
    });
  });
  return y;
}

Tensor linear(const Tensor& input, const Tensor& w, const Tensor& b, const Activation& activation) {
  check_linear(input, w, b);
  if (!is_whole(w) || !is_whole(b)) return linear(input, whole(w), whole(b), activation);
  Tensor x = input;
  Place place = place_of(x);
  if (x.rank() == 1) return reshape(linear(reshape(x, {1, x.dim(0)}), w, b, activation), {w.dim(1)});
  Unary f = loop_function(activation.kind);
  Saves keeps = kernels::saves(f);
  double p = activation.parameter;
  std::int64_t n = w.shape()[1], k = w.shape()[0];
  bool wanted = any_requires_grad({&x, &w, &b});
  // z = x w, then y = f(z + b) in place unless the derivative needs z itself.
  bool apart = wanted && keeps == Saves::argument;
  Tensor y = make_at(place, with_last(x.shape(), n), x.dtype());
  Tensor z = apart ? make_at(place, y.shape(), y.dtype()) : y;
  View vx(x), vw(w), vb = b.defined() ? View(b) : View(), vy(y), vz(z);
  RowCut cut(place, x.shape());
  dispatch(x.dtype(), "linear", [&]<class T>(T) {
    run_at(place, [=](int i) {
      std::int64_t rows = cut.rows(i);
      kernels::matmul({rows, n, k}, vx.template at<T>(i), vw.template at<T>(i), vz.template at<T>(i));
      if (!apart) {
        if (vb || f != Unary::identity)
          loops<T>().bias_activation(vy.template at<T>(i), vb.template at<T>(i), rows, n, f, T(p), T(0));
        return;
      }
      if (vb)
        loops<T>().bias_activation(vz.template at<T>(i), vb.template at<T>(i), rows, n, Unary::identity, T(0), T(0));
      loops<T>().unary(f, vz.template at<T>(i), vy.template at<T>(i), rows * n, T(p), T(0));
    });
  });
  if (wanted) {
    Tensor saved = keeps == Saves::nothing ? Tensor() : apart ? z : y.detach();
    record(y, {&x, &w, &b}, [=](BackwardStep& step) {
      LinearGradient g = through_activation(saved, step.grad(), f, p, step.wants(2), n);
      if (step.wants(2)) step.add(2, g.db);
      if (step.wants(1)) step.add_product(1, x, g.dz);
      if (step.wants(0)) step.add(0, rows_times(g.dz, w, true));
    });
  }
  return y;
}

Tensor matmul(const Tensor& first, const Tensor& second, bool ta, bool tb) {
  require_same_dtype("matmul", first, second);
  auto bad = [&] {
    return Error(ErrorKind::shape, {"matmul", "[.., m, k] and [.., k, n] with equal k",
                                    first.shape().text() + (ta ? " transposed" : "") + " and " + second.shape().text() +
                                        (tb ? " transposed" : ""),
                                    ""});
  };
  if (first.rank() == 0 || second.rank() == 0) throw bad();
  bool row = first.rank() == 1, column = second.rank() == 1;
  Tensor a = row ? expand_dims(first, ta ? 1 : 0) : first, b = column ? expand_dims(second, tb ? 0 : 1) : second;
  if (a.dim(ta ? -2 : -1) != b.dim(tb ? -1 : -2)) throw bad();
  Tensor y = matmul_values(a.detach(), b.detach(), ta, tb);
  if (any_requires_grad({&a, &b}))
    record(y, {&a, &b}, [ta, tb, a, b](BackwardStep& step) {
      const Tensor& dy = step.grad();
      if (step.wants(0)) {
        Tensor da = ta ? matmul(b, dy, tb, true) : matmul(dy, b, false, !tb);
        step.add(0, sum_to(da, a.shape()));
      }
      if (step.wants(1)) {
        Tensor db = tb ? matmul(dy, a, true, ta) : matmul(a, dy, !ta, false);
        step.add(1, sum_to(db, b.shape()));
      }
    });
  if (row && column) return reshape(y, {});
  if (row) return squeeze(y, -2);
  if (column) return squeeze(y, -1);
  return y;
}

}  // namespace gradus
