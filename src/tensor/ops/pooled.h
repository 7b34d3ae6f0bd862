#pragma once

#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"

// What pooling by sliding windows and by windows of its own size share: a geometry g, whose n is the number of
// examples, takes x to y of shape `result`. Loops are called as f(loops, g of a shard, pointers ...).
namespace gradus {

template <class Geometry>
Geometry in_shard(Geometry g, const Extent& extent, int shard) {
  g.n = extent.rows(shard);
  return g;
}

// dispatch, or with `mixed` dispatch_mixed.
template <bool mixed, class F>
void dispatch_pooled(Dtype dtype, const char* op, F&& f) {
  if constexpr (mixed)
    dispatch_mixed(dtype, op, f);
  else
    dispatch(dtype, op, f);
}

// Each result is one value of x: forward(loops, g, x, y, where) says which, backward(loops, g, dy, where, dx) gives the
// gradient back to it.
template <bool mixed, class Geometry, class Forward, class Backward>
Tensor pooled_choice(const char* op, Tensor x, const Shape& result, const Geometry& g, Forward forward,
                     Backward backward) {
  Place place = place_of(x);
  Tensor y = make_at(place, result, x.dtype()), chosen = make_at(place, result, Dtype::i32);
  View vx(x), vy(y), vc(chosen);
  Extent extent(place, x.shape());
  dispatch_pooled<mixed>(x.dtype(), op, [&]<class T>(T) {
    run_at(place, [=](int i) {
      forward(kernels::loops<T>(), in_shard(g, extent, i), vx.template at<T>(i), vy.template at<T>(i),
              vc.template at<std::int32_t>(i));
    });
  });
  record(y, {&x}, [=, shape = x.shape()](BackwardStep& step) {
    Tensor dy = step.grad(), where = chosen;
    Place at = place_of(where, dy);
    where = aligned(where, at);
    dy = aligned(dy, at);
    Tensor dx = make_at(at, shape, dy.dtype());
    View vdy(dy), vw(where), vdx(dx);
    Extent rows(at, shape);
    dispatch_pooled<mixed>(dy.dtype(), op, [&]<class T>(T) {
      run_at(at, [=](int i) {
        backward(kernels::loops<T>(), in_shard(g, rows, i), vdy.template at<T>(i), vw.template at<std::int32_t>(i),
                 vdx.template at<T>(i));
      });
    });
    step.add(0, dx);
  });
  return y;
}

// Results are sums over x with fixed weights: forward(loops, g, x, y), backward(loops, g, dy, dx).
template <bool mixed, class Geometry, class Forward, class Backward>
Tensor pooled_sum(const char* op, Tensor x, const Shape& result, const Geometry& g, Forward forward,
                  Backward backward) {
  Place place = place_of(x);
  Tensor y = make_at(place, result, x.dtype());
  View vx(x), vy(y);
  Extent extent(place, x.shape());
  dispatch_pooled<mixed>(x.dtype(), op, [&]<class T>(T) {
    run_at(place, [=](int i) {
      forward(kernels::loops<T>(), in_shard(g, extent, i), vx.template at<T>(i), vy.template at<T>(i));
    });
  });
  record(y, {&x}, [=, shape = x.shape()](BackwardStep& step) {
    Tensor dy = step.grad();
    Place at = place_of(dy);
    Tensor dx = make_at(at, shape, dy.dtype());
    View vdy(dy), vdx(dx);
    Extent rows(at, shape);
    dispatch_pooled<mixed>(dy.dtype(), op, [&]<class T>(T) {
      run_at(at, [=](int i) {
        backward(kernels::loops<T>(), in_shard(g, rows, i), vdy.template at<T>(i), vdx.template at<T>(i));
      });
    });
    step.add(0, dx);
  });
  return y;
}

}  // namespace gradus
