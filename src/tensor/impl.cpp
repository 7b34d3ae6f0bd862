#include "gradus/tensor/impl.h"

#include <algorithm>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/tensor/ops.h"

namespace gradus {

void destroy_pooled(TensorImpl* t) {
  for (int s = 0; s < t->shards; ++s)
    if (t->slots[s].block != nullptr) release(t->slots[s].block);
  t->~TensorImpl();
  return_pooled_memory(t);
}

void destroy_pooled(ShardPlan* p) {
  p->~ShardPlan();
  return_pooled_memory(p);
}

bool ShardPlan::operator==(const ShardPlan& other) const {
  return this == &other || (shards == other.shards && std::equal(begin, begin + shards + 1, other.begin));
}

Ref<ShardPlan> ShardPlan::even(std::int64_t rows, int shards) {
  Ref<ShardPlan> plan(new (pooled_memory(sizeof(ShardPlan))) ShardPlan);
  plan->shards = shards;
  for (int s = 0; s <= shards; ++s) plan->begin[s] = rows * s / shards;
  return plan;
}

namespace {

Tensor make_impl(const Shape& shape, Dtype dtype, Placement placement, int shards) {
  return Tensor(Ref<TensorImpl>(new (pooled_memory(sizeof(TensorImpl))) TensorImpl(shape, dtype, placement, shards)));
}

void fill_slot(Slot& slot, Pool& pool, std::size_t bytes) {
  slot.block = pool.allocate(bytes);
  slot.data = static_cast<char*>(slot.block->data());
}

}  // namespace

Tensor make_whole(const Shape& shape, Dtype dtype) {
  Tensor t = make_impl(shape, dtype, Placement::whole, 1);
  fill_slot(t.impl().slots[0], Workspace::current().pool(), shape.size() * item_size(dtype));
  return t;
}

Tensor make_split(const Shape& shape, Dtype dtype, const ShardPlan& plan) {
  Tensor t = make_impl(shape, dtype, Placement::split, plan.shards);
  t.impl().plan = Ref<ShardPlan>(const_cast<ShardPlan*>(&plan));
  std::int64_t row_bytes = shape.product(1, shape.rank()) * item_size(dtype);
  for (int s = 0; s < plan.shards; ++s)
    fill_slot(t.impl().slots[s], Workspace::current().shard_pool(s), plan.rows(s) * row_bytes);
  return t;
}

Tensor make_partial(const Shape& shape, Dtype dtype, const ShardPlan& plan) {
  Tensor t = make_impl(shape, dtype, Placement::partial, plan.shards);
  t.impl().plan = Ref<ShardPlan>(const_cast<ShardPlan*>(&plan));
  for (int s = 0; s < plan.shards; ++s)
    fill_slot(t.impl().slots[s], Workspace::current().shard_pool(s), shape.size() * item_size(dtype));
  return t;
}

Tensor make_at(const Place& place, const Shape& shape, Dtype dtype) {
  return place.plan != nullptr ? make_split(shape, dtype, *place.plan) : make_whole(shape, dtype);
}

Tensor make_term_at(const Place& place, const Shape& shape, Dtype dtype) {
  return place.plan != nullptr ? make_partial(shape, dtype, *place.plan) : make_whole(shape, dtype);
}

Place place_of_cut(Tensor* const* args, int n) {
  const ShardPlan* plan = nullptr;
  bool agree = true;
  for (int i = 0; i < n; ++i) {
    if (!args[i]->defined()) continue;
    TensorImpl& impl = args[i]->impl();
    if (impl.placement == Placement::partial) {
      *args[i] = gather_shards(*args[i]);
    } else if (impl.placement == Placement::split) {
      if (plan == nullptr) plan = impl.plan.get();
      agree = agree && *plan == *impl.plan;
    }
  }
  if (agree) return {plan};
  for (int i = 0; i < n; ++i)
    if (args[i]->defined()) *args[i] = gather_shards(*args[i]);
  return {};
}

Tensor split_view(const Tensor& whole, const ShardPlan& plan) {
  const TensorImpl& from = whole.impl();
  Tensor t = make_impl(from.shape, from.dtype, Placement::split, plan.shards);
  t.impl().plan = Ref<ShardPlan>(const_cast<ShardPlan*>(&plan));
  std::int64_t row_bytes = from.shape.product(1, from.shape.rank()) * item_size(from.dtype);
  for (int s = 0; s < plan.shards; ++s) {
    retain(from.slots[0].block);
    t.impl().slots[s] = {from.slots[0].block, from.slots[0].data + plan.begin[s] * row_bytes};
  }
  return t;
}

Tensor reshaped_view(const Tensor& x, const Shape& shape, Ref<ShardPlan> plan) {
  const TensorImpl& from = x.impl();
  Tensor t = make_impl(shape, from.dtype, from.placement, from.shards);
  t.impl().plan = std::move(plan);
  for (int s = 0; s < from.shards; ++s) {
    retain(from.slots[s].block);
    t.impl().slots[s] = from.slots[s];
  }
  return t;
}

void throw_dtype(const char* op, Dtype dtype) {
  throw Error(ErrorKind::shape, {op, "a tensor of f32 or f64", dtype_name(dtype), "convert it with to(Dtype::f32)"});
}

}  // namespace gradus
