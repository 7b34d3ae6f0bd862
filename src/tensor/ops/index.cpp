#include <algorithm>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/kernels/copy.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

// Letters: x is seen as [outer, n, inner] around the axis in question.
namespace gradus {
namespace {

// [outer, n, inner] of one shard; along axis 0 tensors are whole, so outer is 1.
struct Around {
  Extent extent;
  std::int64_t outer_rest, n, inner;
  Around(const Place& place, const Shape& s, int axis)
      : extent(place, s),
        outer_rest(axis == 0 ? -1 : s.product(1, axis)),
        n(s[axis]),
        inner(s.product(axis + 1, s.rank())) {}
  std::int64_t outer(int shard) const { return outer_rest < 0 ? 1 : extent.rows(shard) * outer_rest; }
};

struct Range {
  std::int64_t begin, count, step;
};

Range resolve(std::int64_t n, std::int64_t begin, std::int64_t end, std::int64_t step) {
  if (step < 1) throw Error(ErrorKind::value, {"slice", "a step >= 1", std::to_string(step), ""});
  if (begin < 0) begin += n;
  if (end < 0) end += n;
  if (begin < 0 || end > n || begin > end)
    throw Error(ErrorKind::shape, {"slice", "0 <= begin <= end <= " + std::to_string(n),
                                   std::to_string(begin) + " to " + std::to_string(end), ""});
  step = std::min(step, std::max<std::int64_t>(n, 1));  // a longer one gives the same elements
  return {begin, (end - begin + step - 1) / step, step};
}

// Adds dy into zeros of `shape` at the entries of a range.
Tensor unslice(Tensor dy, const Shape& shape, int axis, Range r) {
  if (axis == 0) dy = gather_shards(dy);
  Place place = place_of(dy);
  Tensor dx = make_at(place, shape, dy.dtype());
  View vdy(dy), vdx(dx);
  Around to(place, shape, axis);
  std::size_t item = item_size(dy.dtype());
  run_at(place, [=](int i) {
    char* out = vdx.at<char>(i);
    const char* in = vdy.at<char>(i);
    std::int64_t outer = to.outer(i);
    std::memset(out, 0, outer * to.n * to.inner * item);
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t k = 0; k < r.count; ++k)
        std::memcpy(out + ((o * to.n + r.begin + k * r.step) * to.inner) * item,
                    in + (o * r.count + k) * to.inner * item, to.inner * item);
  });
  return dx;
}

void check_index(const char* op, const Tensor& index) {
  if (index.dtype() != Dtype::i32)
    throw Error(ErrorKind::shape, {op, "an index of i32", dtype_name(index.dtype()), "convert it with to(Dtype::i32)"});
}

void check_range(const char* op, const Tensor& index, std::int64_t n) {
  const std::int32_t* p = index.data<std::int32_t>();
  for (std::int64_t i = 0; i < index.size(); ++i)
    if (p[i] < 0 || p[i] >= n)
      throw Error(ErrorKind::shape, {op, "indices in [0, " + std::to_string(n) + ")", std::to_string(p[i]),
                                     "entry " + std::to_string(i) + " of the index"});
}

}  // namespace

Tensor slice(const Tensor& argument, int named, std::int64_t begin, std::int64_t end, std::int64_t step) {
  Tensor x = argument;
  int axis = normalize_axis(named, x.rank(), "slice");
  Range r = resolve(x.dim(axis), begin, end, step);
  if (axis == 0) x = gather_shards(x);
  Place place = place_of(x);
  Tensor y = make_at(place, x.shape().with(axis, r.count), x.dtype());
  View vx(x), vy(y);
  Around from(place, x.shape(), axis);
  std::size_t item = item_size(x.dtype());
  run_at(place, [=](int i) {
    std::int64_t size[] = {from.outer(i), r.count, from.inner}, steps[] = {from.n * from.inner, r.step * from.inner, 1};
    kernels::copy_strided(vx.at<char>(i) + r.begin * from.inner * item, vy.at<char>(i), 3, size, steps, item);
  });
  record(y, {&x}, [=, shape = x.shape()](BackwardStep& s) { s.add(0, unslice(s.grad(), shape, axis, r)); });
  return y;
}

namespace {

// Copies `part` into y from entry `at` of the axis on.
void paste(Tensor& y, const Tensor& part, int axis, std::int64_t at, const Place& place) {
  Tensor p = aligned(part, place);
  View vp(p), vy(y);
  Around from(place, part.shape(), axis), to(place, y.shape(), axis);
  std::size_t item = item_size(y.dtype());
  run_at(place, [=](int i) {
    std::int64_t run = from.n * from.inner * item;
    for (std::int64_t o = 0; o < from.outer(i); ++o)
      std::memcpy(vy.at<char>(i) + (o * to.n + at) * to.inner * item, vp.at<char>(i) + o * run, run);
  });
}

// A record has a fixed number of inputs, so many parts are joined in groups of this many, and the groups again. Each
// part's gradient is a slice of the result's.
constexpr std::size_t kGroup = 4;

Tensor join_group(const Tensor* parts, std::size_t count, int axis) {
  Tensor t[kGroup];
  Tensor* args[kGroup];
  std::int64_t total = 0;
  for (std::size_t j = 0; j < count; ++j) {
    t[j] = axis == 0 ? gather_shards(parts[j]) : parts[j];
    args[j] = &t[j];
    total += parts[j].dim(axis);
  }
  Place place = place_of(args, static_cast<int>(count));
  Tensor y = make_at(place, t[0].shape().with(axis, total), t[0].dtype());
  struct Offsets {
    std::int64_t at[kGroup + 1] = {};
  } offsets;
  for (std::size_t j = 0; j < count; ++j) {
    paste(y, t[j], axis, offsets.at[j], place);
    offsets.at[j + 1] = offsets.at[j] + t[j].dim(axis);
  }
  record(y, {&t[0], &t[1], &t[2], &t[3]}, [=](BackwardStep& step) {
    for (std::size_t j = 0; j < count; ++j)
      if (step.wants(static_cast<int>(j)))
        step.add(static_cast<int>(j), slice(step.grad(), axis, offsets.at[j], offsets.at[j + 1]));
  });
  return y;
}

}  // namespace

Tensor concatenate(const std::vector<Tensor>& parts, int named) {
  if (parts.empty()) throw Error(ErrorKind::shape, {"concatenate", "at least one tensor", "none", ""});
  int axis = normalize_axis(named, parts[0].rank(), "concatenate");
  for (const Tensor& p : parts) {
    require_same_dtype("concatenate", parts[0], p);
    if (p.rank() != parts[0].rank() || p.shape().with(axis, 0) != parts[0].shape().with(axis, 0))
      throw Error(ErrorKind::shape, {"concatenate", "shapes equal but for axis " + std::to_string(axis),
                                     parts[0].shape().text() + " and " + p.shape().text(), ""});
  }
  std::vector<Tensor> level = parts;
  while (level.size() > 1) {
    std::vector<Tensor> next;
    for (std::size_t i = 0; i < level.size(); i += kGroup)
      next.push_back(join_group(&level[i], std::min(kGroup, level.size() - i), axis));
    level = std::move(next);
  }
  return level[0];
}

Tensor stack(const std::vector<Tensor>& parts, int axis) {
  std::vector<Tensor> wide;
  for (const Tensor& p : parts) wide.push_back(expand_dims(p, axis));
  return concatenate(wide, axis);
}

Tensor take(const Tensor& argument, const Tensor& positions, int named) {
  check_index("take", positions);
  Tensor x = gather_shards(argument), index = gather_shards(positions.detach());
  int axis = normalize_axis(named, x.rank(), "take");
  check_range("take", index, x.dim(axis));
  Shape out(x.shape().begin(), axis);
  for (std::int64_t d : index.shape()) out = out.inserted(out.rank(), d);
  for (int i = axis + 1; i < x.rank(); ++i) out = out.inserted(out.rank(), x.dim(i));
  Tensor y = make_whole(out, x.dtype());
  std::int64_t outer = x.shape().product(0, axis), n = x.dim(axis), m = index.size(),
               run = x.shape().product(axis + 1, x.rank());
  std::size_t bytes = run * item_size(x.dtype());
  const std::int32_t* at = index.data<std::int32_t>();
  const char* from = x.impl().slots[0].data;
  char* to = y.impl().slots[0].data;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t j = 0; j < m; ++j) std::memcpy(to + (o * m + j) * bytes, from + (o * n + at[j]) * bytes, bytes);
  record(y, {&x}, [=, shape = x.shape()](BackwardStep& step) {
    Tensor dy = gather_shards(step.grad());
    Tensor dx = Tensor::zeros(shape, dy.dtype());
    const std::int32_t* where = index.data<std::int32_t>();
    dispatch(dy.dtype(), "take", [&]<class T>(T) {
      const T* g = dy.data<T>();
      T* d = buffer<T>(dx);
      for (std::int64_t o = 0; o < outer; ++o)
        for (std::int64_t j = 0; j < m; ++j)
          kernels::loops<T>().axpy(T(1), g + (o * m + j) * run, d + (o * n + where[j]) * run, run);
    });
    step.add(0, dx);
  });
  return y;
}

Tensor take_along(const Tensor& argument, const Tensor& positions, int named) {
  check_index("take_along", positions);
  Tensor x = gather_shards(argument), index = gather_shards(positions.detach());
  int axis = normalize_axis(named, x.rank(), "take_along");
  if (index.rank() != x.rank() || index.shape().with(axis, 0) != x.shape().with(axis, 0))
    throw Error(ErrorKind::shape, {"take_along", "an index shaped like x but for axis " + std::to_string(axis),
                                   x.shape().text() + " and " + index.shape().text(), ""});
  check_range("take_along", index, x.dim(axis));
  Tensor y = make_whole(index.shape(), x.dtype());
  std::int64_t outer = x.shape().product(0, axis), n = x.dim(axis), m = index.dim(axis),
               inner = x.shape().product(axis + 1, x.rank());
  // Calls f(position in x, position in y) for every element of y.
  auto visit = [=](const std::int32_t* at, auto f) {
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t j = 0; j < m; ++j)
        for (std::int64_t i = 0; i < inner; ++i) {
          std::int64_t here = (o * m + j) * inner + i;
          f((o * n + at[here]) * inner + i, here);
        }
  };
  dispatch(x.dtype(), "take_along", [&]<class T>(T) {
    const T* from = x.data<T>();
    T* to = buffer<T>(y);
    visit(index.data<std::int32_t>(), [&](std::int64_t a, std::int64_t b) { to[b] = from[a]; });
  });
  record(y, {&x}, [=, shape = x.shape()](BackwardStep& step) {
    Tensor dy = gather_shards(step.grad());
    Tensor dx = Tensor::zeros(shape, dy.dtype());
    dispatch(dy.dtype(), "take_along", [&]<class T>(T) {
      const T* g = dy.data<T>();
      T* d = buffer<T>(dx);
      visit(index.data<std::int32_t>(), [&](std::int64_t a, std::int64_t b) { d[a] += g[b]; });
    });
    step.add(0, dx);
  });
  return y;
}

}  // namespace gradus
