#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/copy.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

Shape with_rest(const Shape& from, Shape to) {
  std::int64_t known = 1;
  int rest = -1;
  for (int i = 0; i < to.rank(); ++i) {
    if (to[i] == kRest && rest >= 0) throw Error(ErrorKind::shape, {"reshape", "at most one kRest", "two", ""});
    if (to[i] == kRest)
      rest = i;
    else
      known *= to[i];
  }
  if (rest >= 0 && known > 0 && from.size() % known == 0) to[rest] = from.size() / known;
  if (to.size() != from.size() || (rest >= 0 && to[rest] < 0))
    throw Error(ErrorKind::shape, {"reshape", "a shape of " + std::to_string(from.size()) + " elements", to.text(),
                                   "the tensor is " + from.text()});
  return to;
}

// The cut of a tensor seen under another shape, when every shard holds whole rows of it; else null.
Ref<ShardPlan> replan(const ShardPlan& plan, const Shape& from, const Shape& to) {
  std::int64_t old_row = from.product(1, from.rank()), row = to.rank() == 0 ? 0 : to.product(1, to.rank());
  if (row == 0) return {};
  if (row == old_row) return Ref<ShardPlan>(const_cast<ShardPlan*>(&plan));
  for (int s = 0; s <= plan.shards; ++s)
    if (plan.begin[s] * old_row % row != 0) return {};
  Ref<ShardPlan> cut(new (pooled_memory(sizeof(ShardPlan))) ShardPlan(plan));
  for (int s = 0; s <= plan.shards; ++s) cut->begin[s] = plan.begin[s] * old_row / row;
  return cut;
}

}  // namespace

Tensor reshape(const Tensor& argument, const Shape& wanted) {
  Tensor x = argument;
  place_of(x);
  Shape to = with_rest(x.shape(), wanted);
  if (to == x.shape()) return x;
  Ref<ShardPlan> plan;
  if (is_split(x)) {
    plan = replan(*x.impl().plan, x.shape(), to);
    if (!plan) x = gather_shards(x);
  }
  Tensor y = reshaped_view(x, to, plan);
  record(y, {&x}, [shape = x.shape()](BackwardStep& step) { step.add(0, reshape(step.grad(), shape)); });
  return y;
}

Tensor flatten(const Tensor& x, int named) {
  int first = normalize_axis(named, x.rank(), "flatten");
  Shape to(x.shape().begin(), first);
  return reshape(x, to.inserted(first, x.shape().product(first, x.rank())));
}

Tensor expand_dims(const Tensor& x, int axis) {
  return reshape(x, x.shape().inserted(normalize_axis(axis, x.rank() + 1, "expand_dims"), 1));
}

Tensor squeeze(const Tensor& x, int named) {
  int axis = normalize_axis(named, x.rank(), "squeeze");
  if (x.shape()[axis] != 1)
    throw Error(ErrorKind::shape, {"squeeze", "axis " + std::to_string(axis) + " of size 1", x.shape().text(), ""});
  return reshape(x, x.shape().without(axis));
}

Tensor permute(const Tensor& argument, const std::vector<int>& named) {
  Tensor x = argument;
  int rank = x.rank();
  std::vector<int> axes = named, sorted;
  for (int& a : axes) a = normalize_axis(a, rank, "permute");
  sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  bool each_once = static_cast<int>(axes.size()) == rank;
  for (int i = 0; each_once && i < rank; ++i) each_once = sorted[i] == i;
  if (!each_once)
    throw Error(ErrorKind::shape, {"permute", "each of the " + std::to_string(rank) + " axes once",
                                   std::to_string(named.size()) + " axes", ""});
  if (std::is_sorted(axes.begin(), axes.end())) return x;
  if (axes[0] != 0) x = gather_shards(x);
  Place place = place_of(x);
  Shape from = x.shape(), to = from;
  for (int i = 0; i < rank; ++i) to[i] = from[axes[i]];
  struct Steps {
    std::int64_t of[kMaxRank];
  } steps;
  for (int i = 0; i < rank; ++i) steps.of[i] = from.product(axes[i] + 1, rank);
  Tensor y = make_at(place, to, x.dtype());
  View vx(x), vy(y);
  Extent extent(place, to);
  std::size_t item = item_size(x.dtype());
  run_at(place, [=](int i) {
    Shape size = to.with(0, extent.rows(i));
    kernels::copy_strided(vx.at<char>(i), vy.at<char>(i), rank, size.begin(), steps.of, item);
  });
  record(y, {&x}, [axes](BackwardStep& step) {
    std::vector<int> back(axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i) back[axes[i]] = static_cast<int>(i);
    step.add(0, permute(step.grad(), back));
  });
  return y;
}

Tensor transpose(const Tensor& x, int axis_a, int axis_b) {
  std::vector<int> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  std::swap(axes[normalize_axis(axis_a, x.rank(), "transpose")], axes[normalize_axis(axis_b, x.rank(), "transpose")]);
  return permute(x, axes);
}

Tensor broadcast_to(const Tensor& argument, const Shape& shape) {
  if (argument.shape() == shape) return argument;
  check_sizes("broadcast_to", shape);
  if (broadcast_shapes(argument.shape(), shape, "broadcast_to") != shape)
    throw Error(ErrorKind::shape,
                {"broadcast_to", "a shape that " + argument.shape().text() + " broadcasts to", shape.text(), ""});
  Tensor x = argument;
  bool keeps_cut = x.rank() == shape.rank() && x.rank() > 0 && x.shape()[0] == shape[0];
  if (!keeps_cut) x = gather_shards(x);
  Place place = place_of(x);
  Tensor y = expand_at(x, shape, place);
  record(y, {&x}, [to = x.shape()](BackwardStep& step) { step.add(0, sum_to(step.grad(), to)); });
  return y;
}

}  // namespace gradus
