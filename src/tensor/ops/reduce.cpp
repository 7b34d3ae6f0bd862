#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {

using kernels::loops;

namespace {

// Sorted axes, all of them when none are named.
std::vector<int> reduced_axes(const Tensor& x, std::vector<int> axes, const char* op) {
  if (axes.empty())
    for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  for (int& a : axes) a = normalize_axis(a, x.rank(), op);
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    throw Error(ErrorKind::shape, {op, "each axis once", "an axis named twice", ""});
  return axes;
}

Shape kept_shape(Shape s, const std::vector<int>& axes) {
  for (int a : axes) s[a] = 1;
  return s;
}

Shape dropped_shape(Shape s, const std::vector<int>& axes) {
  for (auto a = axes.rbegin(); a != axes.rend(); ++a) s = s.without(*a);
  return s;
}

// Axes [first, last) reduced to size 1. reduce(loops, x, y, outer, n, inner) does one shard. Over the batch axis of a
// cut tensor the result has one term per shard, unless the reduction is no sum: then the tensor is joined first.
template <class F>
Tensor reduce_run(const Tensor& argument, int first, int last, bool is_sum, const char* op, F reduce) {
  Tensor x = argument;
  if (first == 0 && !is_sum) x = gather_shards(x);
  Place place = place_of(x);
  Shape s = x.shape(), out = s;
  for (int a = first; a < last; ++a) out[a] = 1;
  Tensor y = first == 0 ? make_term_at(place, out, x.dtype()) : make_at(place, out, x.dtype());
  View vx(x), vy(y);
  Extent extent(place, s);
  std::int64_t inner = s.product(last, s.rank()), outer_rest = first == 0 ? 1 : s.product(1, first),
               n_rest = first == 0 ? s.product(std::min(1, last), last) : s.product(first, last);
  if (!is_sum && (first == 0 ? extent.rows(0) * n_rest : n_rest) == 0)
    throw Error(ErrorKind::shape, {op, "at least one element to reduce", s.text(), ""});
  dispatch(x.dtype(), op, [&]<class T>(T) {
    run_at(place, [=](int i) {
      std::int64_t rows = extent.rows(i);
      std::int64_t outer = first == 0 ? 1 : rows * outer_rest, n = first == 0 ? rows * n_rest : n_rest;
      reduce(loops<T>(), vx.template at<T>(i), vy.template at<T>(i), outer, n, inner);
    });
  });
  return y;
}

struct Run {
  int first, last;
};

// Adjoining axes are reduced together, the last run first, so that the batch axis comes last.
std::vector<Run> runs_of(const std::vector<int>& axes) {
  std::vector<Run> runs;
  for (auto a = axes.rbegin(); a != axes.rend(); ++a) {
    if (!runs.empty() && runs.back().first == *a + 1)
      runs.back().first = *a;
    else
      runs.push_back({*a, *a + 1});
  }
  return runs;
}

// The same elements with axes of size 1 put in or dropped; a cut tensor stays cut when axis 0 stays.
Tensor resized_view(const Tensor& x, const Shape& shape) {
  bool still_cut = !is_split(x) || (shape.rank() > 0 && shape[0] == x.shape()[0]);
  Tensor t = still_cut ? x : gather_shards(x);
  return reshaped_view(t, shape, t.impl().plan);
}

Ref<ShardPlan> plan_of(const Place& place) { return Ref<ShardPlan>(const_cast<ShardPlan*>(place.plan)); }

Tensor scaled_sum(const char* op, const Tensor& argument, std::vector<int> named, bool keep, double scale) {
  Tensor x = argument;
  Place place = place_of(x);
  std::vector<int> axes = reduced_axes(x, std::move(named), op);
  Shape shape = x.shape(), kept = kept_shape(shape, axes);
  Tensor y = x.detach();
  double left = scale;  // the first run applies it
  for (Run run : runs_of(axes)) {
    y = reduce_run(y, run.first, run.last, true, op,
                   [left]<class T>(const kernels::Loops<T>& l, const T* from, T* to, std::int64_t outer, std::int64_t n,
                                   std::int64_t inner) { l.sum(from, to, outer, n, inner, static_cast<T>(left)); });
    left = 1;
  }
  if (left != 1) y = mul(y, left);
  Tensor result = resized_view(y, keep ? kept : dropped_shape(shape, axes));
  record(result, {&x}, [kept, scale, shape, plan = plan_of(place)](BackwardStep& step) {
    Tensor dy = step.grad();
    place_of(dy);
    if (scale != 1) dy = mul(dy, scale);
    step.add(0, expand_at(resized_view(dy, kept), shape, {plan.get()}));
  });
  return result;
}

// Largest or smallest values; the gradient goes to where they stand, in even shares.
Tensor extreme(const char* op, const Tensor& argument, std::vector<int> named, bool keep, bool largest) {
  Tensor x = argument;
  place_of(x);
  std::vector<int> axes = reduced_axes(x, std::move(named), op);
  Shape kept = kept_shape(x.shape(), axes);
  Tensor y = x.detach();
  for (Run run : runs_of(axes))
    y = reduce_run(y, run.first, run.last, false, op,
                   [largest](auto& l, auto* from, auto* to, std::int64_t outer, std::int64_t n, std::int64_t inner) {
                     (largest ? l.maximum : l.minimum)(from, to, outer, n, inner);
                   });
  Tensor result = resized_view(y, keep ? kept : dropped_shape(x.shape(), axes));
  if (any_requires_grad({&x}))
    record(result, {&x}, [axes, kept, x, y = y.detach()](BackwardStep& step) {
      Tensor dy = step.grad();
      place_of(dy);
      Tensor here = equal(x, y);
      step.add(0, here * (resized_view(dy, kept) / sum(here, axes, true)));
    });
  return result;
}

// Ops along one axis of a [outer, n, inner] view; along the batch axis a cut tensor is joined first.
struct Along {
  Place place;
  Extent extent;
  std::int64_t outer_rest, n, inner;
  std::int64_t outer(int shard) const { return outer_rest < 0 ? 1 : extent.rows(shard) * outer_rest; }
};

Along along(Tensor& x, int axis) {
  if (axis == 0) x = gather_shards(x);
  Place place = place_of(x);
  const Shape& s = x.shape();
  return {place, Extent(place, s), axis == 0 ? -1 : s.product(1, axis), s[axis], s.product(axis + 1, s.rank())};
}

template <class F>
Tensor map_along(const char* op, const Along& a, const Tensor& x, F f) {
  Tensor y = make_at(a.place, x.shape(), x.dtype());
  View vx(x), vy(y);
  dispatch(x.dtype(), op, [&]<class T>(T) {
    run_at(a.place,
           [=](int i) { f(loops<T>())(vx.template at<T>(i), vy.template at<T>(i), a.outer(i), a.n, a.inner); });
  });
  return y;
}

// dx of a softmax-like op from its result and the gradient there.
template <class F>
Tensor gradient_along(const char* op, Tensor y, Tensor dy, int axis, F f) {
  place_of(y, dy);
  Along a = along(y, axis);
  dy = aligned(a.place.plan == nullptr ? gather_shards(dy) : dy, a.place);
  Tensor dx = make_at(a.place, y.shape(), y.dtype());
  View vy(y), vdy(dy), vdx(dx);
  dispatch(y.dtype(), op, [&]<class T>(T) {
    run_at(a.place, [=](int i) {
      f(loops<T>())(vy.template at<T>(i), vdy.template at<T>(i), vdx.template at<T>(i), a.outer(i), a.n, a.inner);
    });
  });
  return dx;
}

int softmax_axis(const Tensor& x, int axis, const char* op) {
  if (x.rank() == 0 || x.size() == 0)
    throw Error(ErrorKind::shape, {op, "a tensor with elements and an axis", x.shape().text(), ""});
  return normalize_axis(axis, x.rank(), op);
}

}  // namespace

Tensor sum(const Tensor& x, std::vector<int> axes, bool keep) { return scaled_sum("sum", x, std::move(axes), keep, 1); }

Tensor mean(const Tensor& x, std::vector<int> axes, bool keep) {
  std::int64_t n = 1;
  for (int a : reduced_axes(x, axes, "mean")) n *= x.dim(a);
  if (n == 0) throw Error(ErrorKind::shape, {"mean", "at least one element to reduce", x.shape().text(), ""});
  return scaled_sum("mean", x, std::move(axes), keep, 1.0 / static_cast<double>(n));
}

Tensor variance(const Tensor& x, std::vector<int> axes, bool keep) {
  Tensor centred = x - mean(x, axes, true);
  return mean(square(centred), std::move(axes), keep);
}

Tensor max(const Tensor& x, std::vector<int> axes, bool keep) { return extreme("max", x, std::move(axes), keep, true); }
Tensor min(const Tensor& x, std::vector<int> axes, bool keep) {
  return extreme("min", x, std::move(axes), keep, false);
}

Tensor argmax(const Tensor& argument, int named) {
  Tensor x = argument.detach();
  int axis = softmax_axis(x, named, "argmax");
  Along a = along(x, axis);
  Tensor y = make_at(a.place, x.shape().without(axis), Dtype::i32);
  View vx(x), vy(y);
  dispatch(x.dtype(), "argmax", [&]<class T>(T) {
    run_at(a.place, [=](int i) {
      loops<T>().argmax(vx.template at<T>(i), vy.template at<std::int32_t>(i), a.outer(i), a.n, a.inner);
    });
  });
  return y;
}

Tensor softmax(const Tensor& argument, int named) {
  Tensor x = argument;
  int axis = softmax_axis(x, named, "softmax");
  Along a = along(x, axis);
  Tensor y = map_along("softmax", a, x, [](auto& l) { return l.softmax; });
  if (any_requires_grad({&x}))
    record(y, {&x}, [axis, y = y.detach()](BackwardStep& step) {
      step.add(0, gradient_along("softmax", y, step.grad(), axis, [](auto& l) { return l.softmax_backward; }));
    });
  return y;
}

Tensor log_softmax(const Tensor& argument, int named) {
  Tensor x = argument;
  int axis = softmax_axis(x, named, "log_softmax");
  Along a = along(x, axis);
  Tensor y = map_along("log_softmax", a, x, [](auto& l) { return l.log_softmax; });
  if (any_requires_grad({&x}))
    record(y, {&x}, [axis, y = y.detach()](BackwardStep& step) {
      step.add(0, gradient_along("log_softmax", y, step.grad(), axis, [](auto& l) { return l.log_softmax_backward; }));
    });
  return y;
}

Tensor logsumexp(const Tensor& argument, int named, bool keep) {
  Tensor x = argument;
  int axis = softmax_axis(x, named, "logsumexp");
  Along a = along(x, axis);
  Shape kept = x.shape().with(axis, 1);
  Tensor y = make_at(a.place, kept, x.dtype());
  View vx(x), vy(y);
  dispatch(x.dtype(), "logsumexp", [&]<class T>(T) {
    run_at(a.place,
           [=](int i) { loops<T>().logsumexp(vx.template at<T>(i), vy.template at<T>(i), a.outer(i), a.n, a.inner); });
  });
  Tensor result = keep ? y : resized_view(y, kept.without(axis));
  if (any_requires_grad({&x}))
    record(result, {&x}, [axis, kept, x](BackwardStep& step) {
      Tensor dy = step.grad();
      place_of(dy);
      step.add(0, softmax(x, axis) * resized_view(dy, kept));
    });
  return result;
}

Tensor sum_to(const Tensor& argument, const Shape& shape) {
  if (argument.shape() == shape) return argument;
  if (argument.dtype() == Dtype::bf16) return cast(sum_to(cast(argument, Dtype::f32), shape), Dtype::bf16);
  Tensor g = argument;
  place_of(g);
  std::vector<int> axes;
  int shift = g.rank() - shape.rank();
  for (int i = 0; i < g.rank(); ++i)
    if (i < shift || (shape[i - shift] == 1 && g.shape()[i] != 1)) axes.push_back(i);
  return resized_view(axes.empty() ? g : scaled_sum("sum", g, axes, true, 1), shape);
}

}  // namespace gradus
