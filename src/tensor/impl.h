#pragma once

#include <algorithm>
#include <string_view>

#include "gradus/base/parallel.h"
#include "gradus/tensor/autograd.h"
#include "gradus/tensor/tensor.h"

namespace gradus {

// How a tensor's values lie: in one buffer; axis 0 cut over shards; or one full-shape term per shard, to be summed.
// Whole tensors always hold their values; split and partial ones may still be queued.
enum class Placement : std::uint8_t { whole, split, partial };

// The cut of a batch: shard s has rows [begin[s], begin[s + 1]).
struct ShardPlan {
  int shards = 1;
  std::int64_t begin[kMaxShards + 1];
  std::int64_t rows(int s) const { return begin[s + 1] - begin[s]; }
  bool operator==(const ShardPlan& other) const;
  static Ref<ShardPlan> even(std::int64_t rows, int shards);
};
void destroy_pooled(ShardPlan* p);

struct Slot {
  Block* block;
  char* data;
};

struct TensorImpl {
  // Without buffers yet.
  TensorImpl(const Shape& its_shape, Dtype its_dtype, Placement its_placement, int its_shards)
      : dtype(its_dtype), placement(its_placement), shards(its_shards), shape(its_shape) {
    slots[0] = {};
    for (int s = 1; s < shards; ++s) slots[s] = {};
  }
  Dtype dtype;
  Placement placement;
  bool requires_grad = false;
  std::uint8_t output = 0;  // which output of `node` this is
  int shards;
  Shape shape;
  Ref<Node> node;          // null for leaves
  Ref<ShardPlan> plan;     // split and partial tensors
  Slot slots[kMaxShards];  // only `shards` of them are set
};

// A tensor's buffers as queued work sees them. It outlives the handle: descriptions of tensors lie in the workspace's
// own pool, whose frees wait until the queue has run.
class View {
 public:
  View() = default;
  explicit View(const Tensor& t) {
    const TensorImpl& impl = t.impl();
    if (impl.placement == Placement::whole)
      base_ = impl.slots[0].data;
    else
      slots_ = impl.slots;
  }
  template <class T>
  T* at(int shard) const {
    return reinterpret_cast<T*>(slots_ != nullptr ? slots_[shard].data : base_);
  }
  explicit operator bool() const { return base_ != nullptr || slots_ != nullptr; }

 private:
  char* base_ = nullptr;
  const Slot* slots_ = nullptr;
};

// Where an op runs: whole (no plan), or on a batch cut by `plan`.
struct Place {
  const ShardPlan* plan = nullptr;
  int shards() const { return plan != nullptr ? plan->shards : 1; }
  bool operator==(const Place& other) const { return plan == other.plan; }
};

// How much of a tensor one shard has, for queued work.
class Extent {
 public:
  Extent(const Place& place, const Shape& shape)
      : plan_(place.plan),
        rows_(shape.rank() == 0 ? 1 : shape[0]),
        row_size_(shape.rank() == 0 ? 1 : shape.product(1, shape.rank())) {}
  std::int64_t rows(int shard) const { return plan_ != nullptr ? plan_->rows(shard) : rows_; }
  std::int64_t first_row(int shard) const { return plan_ != nullptr ? plan_->begin[shard] : 0; }
  std::int64_t row_size() const { return row_size_; }
  std::int64_t elements(int shard) const { return rows(shard) * row_size_; }

 private:
  const ShardPlan* plan_;
  std::int64_t rows_, row_size_;
};

// How a tensor's rows (all axes but the last) spread over shards.
class RowCut {
 public:
  RowCut(const Place& place, const Shape& s)
      : extent_(place, s), rows_per_entry_(s.rank() < 2 ? 1 : s.product(1, s.rank() - 1)) {}
  std::int64_t rows(int shard) const { return extent_.rows(shard) * rows_per_entry_; }
  std::int64_t first_row(int shard) const { return extent_.first_row(shard) * rows_per_entry_; }

 private:
  Extent extent_;
  std::int64_t rows_per_entry_;
};

// The buffer of a whole tensor that no queued work reads.
template <class T>
inline T* buffer(const Tensor& t) {
  return reinterpret_cast<T*>(t.impl().slots[0].data);
}

Tensor make_whole(const Shape& shape, Dtype dtype);
Tensor make_split(const Shape& shape, Dtype dtype, const ShardPlan& plan);
Tensor make_partial(const Shape& shape, Dtype dtype, const ShardPlan& plan);
// A result of `shape` at `place`: whole, or split when the op ran on a cut batch.
Tensor make_at(const Place& place, const Shape& shape, Dtype dtype);
// The same for a sum over the batch: whole, or one term per shard.
Tensor make_term_at(const Place& place, const Shape& shape, Dtype dtype);

// Whether every shard sees all of a tensor, as it must of weights; an undefined one counts as whole.
inline bool is_whole(const Tensor& t) { return !t.defined() || t.impl().placement == Placement::whole; }

// The place of an op on these tensors. Partial ones are summed first and tensors cut differently are joined; whole
// tensors beside cut ones stay whole. Arguments are replaced where they had to change.
Place place_of_cut(Tensor* const* args, int n);
inline Place place_of(Tensor* const* args, int n) {
  bool cut = false;
  for (int i = 0; i < n; ++i) cut = cut || !is_whole(*args[i]);
  return cut ? place_of_cut(args, n) : Place{};
}
inline Place place_of(Tensor& a) {
  Tensor* p[] = {&a};
  return place_of(p, 1);
}
inline Place place_of(Tensor& a, Tensor& b) {
  Tensor* p[] = {&a, &b};
  return place_of(p, 2);
}

// A whole tensor's rows seen as cut by `plan`, without a copy.
Tensor split_view(const Tensor& whole, const ShardPlan& plan);
// An argument of the result's shape at an op's place: a whole one is seen as cut when the op runs on a cut batch.
inline Tensor aligned(const Tensor& t, const Place& place) {
  bool cut = place.plan == nullptr || t.impl().placement != Placement::whole;
  return cut ? t : split_view(t, *place.plan);
}
// A tensor joined when it is not whole.
inline Tensor whole(const Tensor& t) { return is_whole(t) ? t : gather_shards(t); }
// The elements of a whole tensor as they lie in memory.
inline std::string_view bytes_of(const Tensor& whole) {
  return {whole.impl().slots[0].data, static_cast<std::size_t>(whole.size()) * item_size(whole.dtype())};
}
// Whether axis 0 of a tensor is cut.
inline bool is_split(const Tensor& t) { return t.impl().placement == Placement::split; }
// The place of a tensor that is not partial.
inline Place place_at(const Tensor& t) {
  return {t.impl().placement == Placement::split ? t.impl().plan.get() : nullptr};
}
// The same buffer under another shape; for cut tensors axis 0 may grow or shrink by a whole factor per row.
Tensor reshaped_view(const Tensor& x, const Shape& shape, Ref<ShardPlan> plan);

// Whether this handle is the only one to the tensor and to its buffers: an op may then write its result over them.
inline bool is_unshared(const Tensor& t) {
  auto once = [](const Block* b) { return b->references.load(std::memory_order_acquire) == 1; };
  const TensorImpl& impl = t.impl();
  return once(block_of(&t.impl())) &&
         std::all_of(impl.slots, impl.slots + impl.shards, [&](const Slot& s) { return once(s.block); });
}

// Runs task(shard): at once for whole tensors, queued when cut.
template <class F>
inline void run_at(const Place& place, F&& task) {
  if (place.plan == nullptr) {
    ComputeScope scope;
    task(0);
  } else {
    Workspace::current().segment().push(place.plan->shards, std::forward<F>(task));
  }
}

// Calls f with a value of the element type: dispatch(dtype, "op", [&]<class T>(T) {...}). Error unless f32 or f64.
[[noreturn]] void throw_dtype(const char* op, Dtype dtype);
template <class F>
inline void dispatch(Dtype dtype, const char* op, F&& f) {
  if (dtype == Dtype::f32) return f(float{});
  if (dtype == Dtype::f64) return f(double{});
  throw_dtype(op, dtype);
}

// The same for ops that also work on bf16; see loops<bf16>().
template <class F>
inline void dispatch_mixed(Dtype dtype, const char* op, F&& f) {
  if (dtype == Dtype::bf16) return f(bf16{});
  dispatch(dtype, op, f);
}

// Multiply-adds of one product that are worth a second thread. Forward pass and optimizer share the rule, so that who
// multiplies by a part of the weights also updates it.
inline constexpr std::int64_t kParallelProduct = 3 << 20;

// x [.., k], not partial, times a whole matrix w ([k, n], or [n, k] when transposed).
Tensor rows_times(const Tensor& x, const Tensor& w, bool transpose_w);
// a^T b over all rows: a [.., m], b [.., n] -> [m, n], one term per shard when cut.
Tensor contract_rows(Tensor a, Tensor b);
// x repeated along axes of size 1 (or missing) to `shape`, at `place`.
Tensor expand_at(const Tensor& x, const Shape& shape, const Place& place);
// A gradient of broadcast shape summed back to `shape`.
Tensor sum_to(const Tensor& gradient, const Shape& shape);
// Throws Error{shape} unless a parameter has the type that values like x are computed in.
void require_arithmetic(const char* op, const Tensor& x, const Tensor& parameter);
// Throws Error{shape} unless both have the same type.
void require_same_dtype(const char* op, const Tensor& a, const Tensor& b);

// Of losses: targets are class numbers [..] in [0, classes) for scores z [.., k], else Error{shape} or Error{value}.
void check_classes(const char* op, const Tensor& z, const Tensor& target, std::int64_t classes);
// Weights are as many as the places [n, ...], or each stands for all places behind its axes; else Error{shape}.
void check_weights(const char* op, const Tensor& z, const Tensor& weight, const Shape& places);

}  // namespace gradus
