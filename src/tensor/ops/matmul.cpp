#include "gradus/kernels/matmul.h"

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {

namespace {

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

Tensor rows_times(const Tensor& x, const Tensor& w, bool transpose_w) {
  Place place = place_at(x);
  std::int64_t k = w.shape()[transpose_w ? 1 : 0], n = w.shape()[transpose_w ? 0 : 1];
  Tensor y = make_at(place, x.shape().with(x.rank() - 1, n), x.dtype());
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
