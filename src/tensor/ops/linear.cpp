#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/inner_product.h"
#include "gradus/kernels/loops.h"
#include "gradus/kernels/matmul.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"
#include "gradus/tensor/ops/fused.h"

namespace gradus {

using kernels::loops;
using kernels::Saves;
using kernels::Unary;

namespace {

void check_linear(const Tensor& x, const Tensor& w, const Tensor& b) {
  require_arithmetic("linear", x, w);
  const Shape &sx = x.shape(), &sw = w.shape();
  if (sw.rank() != 2 || sx.rank() < 1 || sx[sx.rank() - 1] != sw[0])
    throw Error(ErrorKind::shape,
                {"linear", "x [.., k] and w [k, n]", x.shape().text() + " and " + w.shape().text(), ""});
  if (b.defined() && (b.shape().rank() != 1 || b.shape()[0] != sw[1]))
    throw Error(ErrorKind::shape, {"linear", "bias [" + std::to_string(w.shape()[1]) + "]", b.shape().text(), ""});
}

// ---- both halves of the sum over k apart

// Whether x w is the sum over the upper half of w's rows plus the sum over the lower, on any number of threads: for
// weights so large that two caches hold them better than one, so small that tiles multiply them, and larger than the
// halves' results.
bool in_halves(std::int64_t rows, std::int64_t k, std::int64_t n) {
  return k * n >= 1 << 16 && k * n <= 1 << 18 && rows > 1 && 2 * rows <= k;
}

// z = x w over one half, for `rows` rows; added when `add`.
template <class T>
void multiply_half(int half, std::int64_t rows, std::int64_t n, std::int64_t k, const T* x, const T* w, T* z,
                   bool add) {
  std::int64_t begin = half == 0 ? 0 : k / 2, depth = half == 0 ? k / 2 : k - k / 2;
  loops<T>().gemm({rows, n, depth, k, 1, n, n, add}, x + begin, w + begin * n, z);
}

// Pairs of threads that share such a product: each thread has one half, the one it also updates (see Optimizer), so
// weights never move between caches.
int halving_pairs(std::int64_t rows, std::int64_t k, std::int64_t n) {
  return rows * k * n >= kParallelProduct ? static_cast<int>(std::min<std::int64_t>(threads() / 2, rows / 8)) : 0;
}

// Both halves of x w as terms [2, rows, n].
template <class T>
Tensor half_terms(const Place& place, const Tensor& x, const Tensor& w, std::int64_t all_rows, int pairs) {
  flush();  // x may be queued
  std::int64_t k = w.shape()[0], n = w.shape()[1];
  Tensor terms = make_whole({2, all_rows, n}, DtypeOf<T>::value);
  View vx(x), vw(w);
  RowCut cut(place, x.shape());
  run_workers(2 * pairs, [&](int worker) {
    ComputeScope scope;
    int half = worker / pairs, block = worker % pairs;
    std::int64_t from = all_rows * block / pairs, to = all_rows * (block + 1) / pairs;
    for (int s = 0; s < place.shards(); ++s) {
      std::int64_t begin = cut.first_row(s), first = std::max(from, begin), last = std::min(to, begin + cut.rows(s));
      if (first < last)
        multiply_half(half, last - first, n, k, vx.at<T>(s) + (first - begin) * k, vw.at<T>(s),
                      buffer<T>(terms) + (half * all_rows + first) * n, false);
    }
  });
  return terms;
}

// ---- mixed precision

using kernels::ProductPass;
using kernels::ProductShape;

Tensor packed(const ProductShape& s, ProductPass pass, const Tensor& w) {
  ComputeScope scope;
  Tensor p = make_whole({static_cast<std::int64_t>(kernels::packed_elements(s, pass))}, Dtype::bf16);
  kernels::pack_weights(s, pass, w.data<float>(), buffer<bf16>(p));
  return p;
}

ProductShape in_shard(ProductShape s, const RowCut& cut, int shard) {
  s.n = cut.rows(shard);
  return s;
}

// Adds the gradients of x and w, inputs 0 and 1 of the step.
void mixed_gradients(BackwardStep& step, const Tensor& x_saved, const Tensor& w, const Tensor& dz_f32) {
  Tensor x = x_saved, dz = cast(dz_f32, Dtype::bf16);
  Place place = place_of(x, dz);
  x = aligned(x, place);
  dz = aligned(dz, place);
  ProductShape s{0, w.dim(0), w.dim(1)};
  RowCut cut(place, x.shape());
  View vx(x), vdz(dz);
  std::int64_t rows = x.shape().product(0, x.rank() - 1);
  if (2 * rows <= s.in && step.keeps_factors(1, dz_f32)) {
    step.add_product(1, cast(x, Dtype::f32), dz_f32);  // less than to write a term of dw for each shard
  } else if (step.wants(1)) {
    Tensor dw = make_term_at(place, w.shape(), Dtype::f32);
    View vdw(dw);
    run_at(place, [=](int i) {
      kernels::product_backward_weights(in_shard(s, cut, i), vx.at<bf16>(i), vdz.at<bf16>(i), vdw.at<float>(i));
    });
    step.add(1, dw);
  }
  if (!step.wants(0)) return;
  Tensor dx = make_at(place, x.shape(), Dtype::bf16), weights = packed(s, ProductPass::backward_data, w);
  View vw(weights), vdx(dx);
  run_at(place, [=](int i) {
    kernels::product_backward_data(in_shard(s, cut, i), vdz.at<bf16>(i), vw.at<bf16>(i), vdx.at<bf16>(i));
  });
  step.add(0, dx);
}

// f(x w + b) in f32 for x in bf16.
Tensor mixed_linear(const Tensor& argument, const Tensor& w, const Tensor& b, const Activation& activation) {
  Tensor x = argument;
  Place place = place_of(x);
  ProductShape s{0, w.dim(0), w.dim(1)};
  Tensor weights = packed(s, ProductPass::forward, w);
  auto multiply = [&](const Tensor& z) {
    View vx(x), vw(weights), vz(z);
    RowCut cut(place, x.shape());
    run_at(place, [=](int i) {
      kernels::product_forward(in_shard(s, cut, i), vx.at<bf16>(i), vw.at<bf16>(i), vz.at<float>(i));
    });
  };
  return activated("linear", place, x.shape().with(x.rank() - 1, s.out), Dtype::f32, x, w, b, false, activation,
                   multiply, [=](BackwardStep& step, const Tensor& dz) { mixed_gradients(step, x, w, dz); });
}

}  // namespace

Tensor linear(const Tensor& input, const Tensor& w, const Tensor& b, const Activation& activation) {
  check_linear(input, w, b);
  if (!is_whole(w) || !is_whole(b)) return linear(input, whole(w), whole(b), activation);
  Tensor x = input;
  Place place = place_of(x);
  if (x.rank() == 1) return reshape(linear(reshape(x, {1, x.dim(0)}), w, b, activation), {w.dim(1)});
  if (x.dtype() == Dtype::bf16) return mixed_linear(x, w, b, activation);
  Unary f = loop_function(activation.kind);
  Saves keeps = kernels::saves(f);
  double p = activation.parameter;
  std::int64_t n = w.shape()[1], k = w.shape()[0];
  bool wanted = any_requires_grad({&x, &w, &b});
  // z = x w, then y = f(z + b) in place unless the derivative needs z itself.
  bool apart = wanted && keeps == Saves::argument;
  Tensor y = make_at(place, x.shape().with(x.rank() - 1, n), x.dtype());
  Tensor z = apart ? make_at(place, y.shape(), y.dtype()) : y;
  View vx(x), vw(w), vb = b.defined() ? View(b) : View(), vy(y), vz(z);
  RowCut cut(place, x.shape());
  std::int64_t all_rows = x.shape().product(0, x.shape().rank() - 1);
  bool halved = in_halves(all_rows, k, n);
  int pairs = halved ? halving_pairs(all_rows, k, n) : 0;
  dispatch(x.dtype(), "linear", [&]<class T>(T) {
    Tensor terms = pairs > 0 ? half_terms<T>(place, x, w, all_rows, pairs) : Tensor();
    const T* halves = pairs > 0 ? buffer<T>(terms) : nullptr;
    run_at(place, [=](int i) {
      std::int64_t rows = cut.rows(i);
      const T *xi = vx.template at<T>(i), *wi = vw.template at<T>(i);
      T* zi = vz.template at<T>(i);
      if (halves != nullptr) {
        const T* first = halves + cut.first_row(i) * n;
        const T* both[] = {first, first + all_rows * n};
        loops<T>().sum_terms(both, 2, zi, rows * n);
      } else if (halved) {
        for (int half : {0, 1}) multiply_half(half, rows, n, k, xi, wi, zi, half == 1);
      } else {
        kernels::matmul({rows, n, k}, xi, wi, zi);
      }
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
      ActivationGradient g = through_activation(saved, step.take_grad(), f, p, step.wants(2), n);
      if (step.wants(2)) step.add(2, g.db);
      if (step.wants(1)) step.add_product(1, x, g.dz);
      if (step.wants(0)) step.add(0, rows_times(g.dz, w, true));
    });
  }
  return y;
}

}  // namespace gradus
