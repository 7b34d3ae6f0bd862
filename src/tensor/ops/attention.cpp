#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

struct ScoreShape {
  std::int64_t n, heads, steps, time, units;
};

ScoreShape shape_of(const Tensor& q, const Tensor& k, const Tensor& w) {
  require_same_dtype("additive_scores", q, k);
  require_same_dtype("additive_scores", q, w);
  bool fits = q.rank() == 4 && k.rank() == 4 && w.rank() == 2 && q.dim(0) == k.dim(0) && q.dim(1) == k.dim(1) &&
              q.dim(3) == k.dim(3) && w.shape() == Shape{q.dim(1), q.dim(3)};
  if (!fits)
    throw Error(ErrorKind::shape,
                {"additive_scores", "q [n, heads, steps, units], k [n, heads, time, units] and w [heads, units]",
                 q.shape().text() + ", " + k.shape().text() + " and " + w.shape().text(), ""});
  return {q.dim(0), q.dim(1), q.dim(2), k.dim(2), q.dim(3)};
}

void queue_backward(BackwardStep& step, const ScoreShape& s, const Tensor& q_saved, const Tensor& k_saved,
                    const Tensor& w) {
  Tensor q = q_saved, k = k_saved, dy = step.grad();
  Tensor* all[] = {&q, &k, &dy};
  Place at = place_of(all, 3);
  q = aligned(q, at);
  k = aligned(k, at);
  dy = aligned(dy, at);
  Tensor dq = make_at(at, q.shape(), q.dtype()), dk = make_at(at, k.shape(), q.dtype()),
         dw = make_at(at, {s.n, s.heads, s.units}, q.dtype());
  View vq(q), vk(k), vw(w), vdy(dy), vdq(dq), vdk(dk), vdw(dw);
  Extent extent(at, dw.shape());
  dispatch(q.dtype(), "additive_scores", [&]<class T>(T) {
    run_at(at, [=](int i) {
      const std::int64_t rows = extent.rows(i) * s.heads;
      for (std::int64_t r = 0; r < rows; ++r)
        kernels::loops<T>().additive_scores_backward(
            vq.template at<T>(i) + r * s.steps * s.units, vk.template at<T>(i) + r * s.time * s.units,
            vw.template at<T>(i) + r % s.heads * s.units, vdy.template at<T>(i) + r * s.steps * s.time,
            vdq.template at<T>(i) + r * s.steps * s.units, vdk.template at<T>(i) + r * s.time * s.units,
            vdw.template at<T>(i) + r * s.units, s.steps, s.time, s.units);
    });
  });
  step.add(0, dq);
  step.add(1, dk);
  step.add(2, sum_to(dw, w.shape()));
}

}  // namespace

Tensor additive_scores(const Tensor& queries, const Tensor& keys, const Tensor& weights) {
  Tensor q = queries, k = keys, w = whole(weights);
  const ScoreShape s = shape_of(q, k, w);
  Place place = place_of(q, k);
  Tensor from = aligned(q, place), to = aligned(k, place),
         y = make_at(place, {s.n, s.heads, s.steps, s.time}, q.dtype());
  View vq(from), vk(to), vw(w), vy(y);
  Extent extent(place, y.shape());
  dispatch(q.dtype(), "additive_scores", [&]<class T>(T) {
    run_at(place, [=](int i) {
      const std::int64_t rows = extent.rows(i) * s.heads;
      for (std::int64_t r = 0; r < rows; ++r)
        kernels::loops<T>().additive_scores(vq.template at<T>(i) + r * s.steps * s.units,
                                            vk.template at<T>(i) + r * s.time * s.units,
                                            vw.template at<T>(i) + r % s.heads * s.units,
                                            vy.template at<T>(i) + r * s.steps * s.time, s.steps, s.time, s.units);
    });
  });
  record(y, {&q, &k, &w}, [=](BackwardStep& step) { queue_backward(step, s, q, k, w); });
  return y;
}

}  // namespace gradus
