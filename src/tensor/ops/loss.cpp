#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {

using kernels::loops;
using kernels::PointLoss;

namespace {

PointLoss loop_loss(PointwiseLoss k) {
  switch (k) {
    case PointwiseLoss::squared:
      return PointLoss::squared;
    case PointwiseLoss::absolute:
      return PointLoss::absolute;
    case PointwiseLoss::huber:
      return PointLoss::huber;
    case PointwiseLoss::binary_cross_entropy:
      return PointLoss::binary_cross_entropy;
    case PointwiseLoss::hinge:
      return PointLoss::hinge;
  }
  return PointLoss::squared;
}

double total_weight(const LossWeights& w, std::int64_t places) {
  if (w.total > 0) return w.total;
  if (!w.weight.defined()) return static_cast<double>(places);
  double total = 0;
  for (double v : w.weight.to(Dtype::f64).to_vector<double>()) total += v;
  if (!(total > 0)) throw Error(ErrorKind::value, {"loss", "weights whose sum is above 0", std::to_string(total), ""});
  return total;
}

}  // namespace

void check_weights(const char* op, const Tensor& z, const Tensor& weight, const Shape& places) {
  if (!weight.defined()) return;
  bool fits = weight.rank() <= places.rank() && (weight.rank() >= 1 || places.rank() == 0);
  for (int i = 0; fits && i < weight.rank(); ++i) fits = weight.dim(i) == places[i];
  if (!fits)
    throw Error(ErrorKind::shape, {op, "weights " + places.text() + " or its first axes", weight.shape().text(), ""});
  require_same_dtype(op, z, weight);
}

namespace {

// The weight of each place, and their sum over the batch.
LossWeights place_weights(const char* op, const Tensor& z, const LossWeights& given, const Shape& places) {
  check_weights(op, z, given.weight, places);
  LossWeights out{given.weight, total_weight(given, places.size())};
  if (!given.weight.defined() || given.weight.rank() == places.rank()) return out;
  NoGrad no_grad;
  Shape ones = given.weight.shape();
  for (int axis = given.weight.rank(); axis < places.rank(); ++axis) {
    ones = ones.inserted(axis, 1);
    out.total *= static_cast<double>(places[axis]);
  }
  out.weight = broadcast_to(reshape(given.weight, ones), places);
  return out;
}

// The value of a whole one-element tensor.
double whole_scalar(const Tensor& t) {
  const char* data = t.impl().slots[0].data;
  return t.dtype() == Dtype::f64 ? *reinterpret_cast<const double*>(data)
                                 : static_cast<double>(*reinterpret_cast<const float*>(data));
}

// The frame of every loss over rows of `cols` scores: f(loops, z, target, weight or null, loss, gradient or null, rows)
// computes one shard's term, and the gradient with respect to z, in one pass.
template <class F>
Tensor fused_loss(const char* op, const Tensor& prediction, const Tensor& given_target, const Tensor& given_weight,
                  std::int64_t cols, F f) {
  bool cut_within_rows = cols != 1 && prediction.rank() == 1;
  Tensor z = cut_within_rows ? whole(prediction) : prediction, target = given_target, weight = given_weight;
  Tensor* args[] = {&z, &target, &weight};
  Place place = place_of(args, 3);
  Tensor source = z;
  z = aligned(z, place);
  target = aligned(target, place);
  if (weight.defined()) weight = aligned(weight, place);
  bool wanted = any_requires_grad({&source});
  Tensor loss = make_term_at(place, {}, z.dtype());
  Tensor gradient = wanted ? make_at(place, z.shape(), z.dtype()) : Tensor();
  View vz(z), vt(target), vw = weight.defined() ? View(weight) : View(), vl(loss),
                          vg = wanted ? View(gradient) : View();
  Extent extent(place, z.shape());
  dispatch(z.dtype(), op, [&]<class T>(T) {
    run_at(place, [=](int i) {
      f(loops<T>(), vz.template at<T>(i), vt.template at<char>(i), vw.template at<T>(i), vl.template at<T>(i),
        vg.template at<T>(i), extent.elements(i) / cols);
    });
  });
  record(loss, {&source}, [gradient](BackwardStep& step) {
    double scale = whole_scalar(gather_shards(step.grad()));
    step.add(0, scale == 1 ? gradient : mul(gradient, scale));
  });
  return loss;
}

// Whether nothing queued is still to write the tensor: it is whole, or cut from one whole buffer.
bool holds_values(const Tensor& t) {
  const TensorImpl& impl = t.impl();
  return impl.placement == Placement::whole || impl.slots[0].block == impl.slots[impl.shards - 1].block;
}

}  // namespace

void check_classes(const char* op, const Tensor& z, const Tensor& target, std::int64_t k) {
  if (target.dtype() != Dtype::i32)
    throw Error(ErrorKind::shape, {op, "class numbers of i32", dtype_name(target.dtype()), ""});
  if (z.rank() < 1 || z.size() == 0 || target.shape() != z.shape().without(z.rank() - 1))
    throw Error(ErrorKind::shape,
                {op, "scores [.., classes] and targets [..]", z.shape().text() + " and " + target.shape().text(), ""});
  if (!holds_values(target)) flush();
  const TensorImpl& t = target.impl();
  for (int s = 0; s < t.shards; ++s) {
    const auto* p = reinterpret_cast<const std::int32_t*>(t.slots[s].data);
    std::int64_t n = Extent(place_at(target), t.shape).elements(s);
    for (std::int64_t i = 0; i < n; ++i)
      if (p[i] < 0 || p[i] >= k)
        throw Error(ErrorKind::value,
                    {op, "class numbers in [0, " + std::to_string(k) + ")", std::to_string(p[i]), ""});
  }
}

namespace {

void check_signs(const Tensor& target) {
  if (!holds_values(target)) flush();
  const TensorImpl& t = target.impl();
  dispatch(target.dtype(), "hinge", [&]<class T>(T) {
    for (int s = 0; s < t.shards; ++s) {
      const T* p = reinterpret_cast<const T*>(t.slots[s].data);
      const T* end = p + Extent(place_at(target), t.shape).elements(s);
      const T* bad = std::find_if(p, end, [](T v) { return v != 0 && v != 1; });
      if (bad != end) throw Error(ErrorKind::value, {"hinge", "targets 0 or 1", std::to_string(*bad), ""});
    }
  });
}

template <class T>
const T* as(const char* target) {
  return reinterpret_cast<const T*>(target);
}

}  // namespace

Tensor pointwise_loss(PointwiseLoss kind, const Tensor& prediction, const Tensor& target, double parameter,
                      const LossWeights& weights) {
  require_same_dtype("loss", prediction, target);
  const Shape& s = prediction.shape();
  if (s != target.shape() || s.rank() < 1 || s.size() == 0)
    throw Error(ErrorKind::shape, {"loss", "a target shaped like the prediction [n, ...]",
                                   s.text() + " and " + target.shape().text(), "reshape one of them"});
  check_weights("loss", prediction, weights.weight, s);
  if (kind == PointwiseLoss::hinge) check_signs(target);
  std::int64_t cols = s.product(weights.weight.defined() ? weights.weight.rank() : 1, s.rank());
  double scale = 1 / (total_weight(weights, s[0]) * static_cast<double>(cols));
  PointLoss f = loop_loss(kind);
  return fused_loss("loss", prediction, target, weights.weight, cols,
                    [=]<class T>(const kernels::Loops<T>& l, const T* z, const char* t, const T* w, T* loss,
                                 T* gradient, std::int64_t rows) {
                      l.point_loss(f, z, as<T>(t), w, T(scale), T(parameter), loss, gradient, rows, cols);
                    });
}

Tensor cross_entropy(const Tensor& logits, const Tensor& target, double smoothing, const LossWeights& weights) {
  check_classes("cross_entropy", logits, target, logits.rank() < 1 ? 0 : logits.dim(-1));
  LossWeights counted = place_weights("cross_entropy", logits, weights, target.shape());
  if (!(smoothing >= 0 && smoothing < 1))
    throw Error(ErrorKind::value, {"cross_entropy", "label_smoothing in [0, 1)", std::to_string(smoothing), ""});
  double scale = 1 / counted.total;
  std::int64_t k = logits.dim(-1);
  return fused_loss("cross_entropy", logits, target, counted.weight, k,
                    [=]<class T>(const kernels::Loops<T>& l, const T* z, const char* t, const T* w, T* loss,
                                 T* gradient, std::int64_t rows) {
                      l.cross_entropy(z, as<std::int32_t>(t), w, T(scale), T(smoothing), loss, gradient, rows, k);
                    });
}

Tensor cross_entropy_soft(const Tensor& logits, const Tensor& q, bool divergence, const LossWeights& weights) {
  require_same_dtype("cross_entropy", logits, q);
  if (logits.shape() != q.shape() || logits.rank() < 1 || logits.size() == 0)
    throw Error(ErrorKind::shape, {"cross_entropy", "distributions shaped like the logits",
                                   logits.shape().text() + " and " + q.shape().text(), ""});
  LossWeights counted = place_weights("cross_entropy", logits, weights, logits.shape().without(logits.rank() - 1));
  double scale = 1 / counted.total;
  std::int64_t k = logits.dim(-1);
  return fused_loss("cross_entropy", logits, q, counted.weight, k,
                    [=]<class T>(const kernels::Loops<T>& l, const T* z, const char* t, const T* w, T* loss,
                                 T* gradient, std::int64_t rows) {
                      l.cross_entropy_soft(z, as<T>(t), w, T(scale), divergence, loss, gradient, rows, k);
                    });
}

Tensor multi_hinge(const Tensor& scores, const Tensor& target, double margin, const LossWeights& weights) {
  check_classes("hinge", scores, target, scores.rank() < 1 ? 0 : scores.dim(-1));
  LossWeights counted = place_weights("hinge", scores, weights, target.shape());
  double scale = 1 / counted.total;
  std::int64_t k = scores.dim(-1);
  return fused_loss("hinge", scores, target, counted.weight, k,
                    [=]<class T>(const kernels::Loops<T>& l, const T* z, const char* t, const T* w, T* loss,
                                 T* gradient, std::int64_t rows) {
                      l.multi_hinge(z, as<std::int32_t>(t), w, T(scale), T(margin), loss, gradient, rows, k);
                    });
}

}  // namespace gradus
