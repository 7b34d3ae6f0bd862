#include "gradus/tensor/shape.h"

#include <algorithm>

#include "gradus/base/error.h"

namespace gradus {

Shape::Shape(const std::int64_t* dims, int rank) : rank_(rank) {
  if (rank > kMaxRank) throw Error(ErrorKind::shape, {"shape", "at most 8 axes", std::to_string(rank) + " axes", ""});
  std::copy_n(dims, rank, dims_);
  double elements = 1;
  for (int i = 0; i < rank_; ++i) {
    if (dims_[i] < kRest) throw Error(ErrorKind::shape, {"shape", "sizes >= 0", text(), ""});
    elements *= static_cast<double>(std::max<std::int64_t>(dims_[i], 1));
  }
  if (elements > static_cast<double>(kMostElements))
    throw Error(ErrorKind::shape, {"shape", "at most 2^60 elements", text(), ""});
}

Shape Shape::without(int axis) const {
  Shape s = *this;
  std::copy(dims_ + axis + 1, dims_ + rank_, s.dims_ + axis);
  --s.rank_;
  return s;
}

Shape Shape::with(int axis, std::int64_t size) const {
  Shape s = *this;
  s.dims_[axis] = size;
  return s;
}

Shape Shape::inserted(int axis, std::int64_t size) const {
  if (rank_ == kMaxRank) throw Error(ErrorKind::shape, {"shape", "at most 8 axes", text() + " and one more", ""});
  Shape s = *this;
  std::copy_backward(dims_ + axis, dims_ + rank_, s.dims_ + rank_ + 1);
  s.dims_[axis] = size;
  ++s.rank_;
  return s;
}

std::string Shape::text() const {
  std::string s = "[";
  for (int i = 0; i < rank_; ++i) s += (i ? ", " : "") + std::to_string(dims_[i]);
  return s + "]";
}

int normalize_axis(int axis, int rank, const char* op) {
  if (axis < -rank || axis >= rank)
    throw Error(ErrorKind::shape, {op, "an axis in [" + std::to_string(-rank) + ", " + std::to_string(rank) + ")",
                                   std::to_string(axis), ""});
  return axis < 0 ? axis + rank : axis;
}

void check_sizes(const char* op, const Shape& shape) {
  for (std::int64_t d : shape)
    if (d < 0) throw Error(ErrorKind::shape, {op, "sizes >= 0", shape.text(), ""});
}

Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op) {
  if (a == b) return a;
  Shape out = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  int shift = out.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i) {
    std::int64_t p = out[i + shift], q = shorter[i];
    if (p != q && p != 1 && q != 1)
      throw Error(ErrorKind::shape, {op, "shapes that broadcast (equal or 1 on each axis, from the last)",
                                     a.text() + " and " + b.text(), ""});
    out[i + shift] = p == 1 ? q : p;
  }
  return out;
}

}  // namespace gradus
