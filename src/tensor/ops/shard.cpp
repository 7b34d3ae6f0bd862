#include <cstring>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

void join_rows(const TensorImpl& from, char* to) {
  std::int64_t row_bytes = from.shape.product(1, from.shape.rank()) * item_size(from.dtype);
  for (int s = 0; s < from.shards; ++s)
    std::memcpy(to + from.plan->begin[s] * row_bytes, from.slots[s].data, from.plan->rows(s) * row_bytes);
}

}  // namespace

Tensor gather_shards(const Tensor& x) {
  if (!x.defined()) throw Error(ErrorKind::state, "gather_shards", "the tensor is undefined");
  const TensorImpl& from = x.impl();
  if (from.placement == Placement::whole) return x;
  flush();
  Tensor y = make_whole(from.shape, from.dtype);
  if (from.placement == Placement::split) {
    join_rows(from, y.impl().slots[0].data);
    record(y, {&x},
           [plan = from.plan](BackwardStep& step) { step.add(0, split_view(gather_shards(step.grad()), *plan)); });
    return y;
  }
  dispatch(from.dtype, "sum of shards", [&]<class T>(T) {
    const T* terms[kMaxShards];
    for (int s = 0; s < from.shards; ++s) terms[s] = reinterpret_cast<const T*>(from.slots[s].data);
    kernels::loops<T>().sum_terms(terms, from.shards, y.mutable_data<T>(), y.size());
  });
  record(y, {&x}, [](BackwardStep& step) { step.add(0, step.grad()); });
  return y;
}

Tensor add_partial(const Tensor& a, const Tensor& b) {
  Place place{a.impl().plan.get()};
  Tensor y = make_partial(a.shape(), a.dtype(), *place.plan);
  View va(a), vb(b), vy(y);
  std::int64_t n = a.size();
  dispatch(a.dtype(), "add", [&]<class T>(T) {
    run_at(place, [=](int i) {
      const T* terms[] = {va.template at<T>(i), vb.template at<T>(i)};
      kernels::loops<T>().sum_terms(terms, 2, vy.template at<T>(i), n);
    });
  });
  return y;
}

}  // namespace gradus
