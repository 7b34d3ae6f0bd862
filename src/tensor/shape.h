#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace gradus {

inline constexpr int kMaxRank = 8;
// A product of the sizes, 0 counted as 1, beyond any memory.
inline constexpr std::int64_t kMostElements = std::int64_t{1} << 60;
// In reshape(): the size that is left over.
inline constexpr std::int64_t kRest = -1;

// The sizes of a tensor's axes, at most kMaxRank of them; a scalar has none.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : Shape(dims.begin(), static_cast<int>(dims.size())) {}
  explicit Shape(const std::vector<std::int64_t>& dims) : Shape(dims.data(), static_cast<int>(dims.size())) {}
  // Throws Error{shape} beyond kMaxRank axes or kMostElements, and for a negative size other than kRest.
  Shape(const std::int64_t* dims, int rank);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return dims_[axis]; }
  std::int64_t& operator[](int axis) { return dims_[axis]; }
  // Number of elements; 1 for a scalar.
  std::int64_t size() const { return product(0, rank_); }
  // Product of the sizes of axes [first, last).
  std::int64_t product(int first, int last) const {
    std::int64_t n = 1;
    for (int i = first; i < last; ++i) n *= dims_[i];
    return n;
  }

  // The same shape with an axis dropped, put in, or resized.
  Shape without(int axis) const;
  Shape with(int axis, std::int64_t size) const;
  Shape inserted(int axis, std::int64_t size) const;

  const std::int64_t* begin() const { return dims_; }
  const std::int64_t* end() const { return dims_ + rank_; }
  bool operator==(const Shape& other) const {
    bool same = rank_ == other.rank_;
    for (int i = 0; same && i < rank_; ++i) same = dims_[i] == other.dims_[i];
    return same;
  }
  std::string text() const;  // "[32, 784]"

 private:
  int rank_ = 0;
  std::int64_t dims_[kMaxRank] = {};
};

// The axis counted from the front (-1 is the last). Throws Error{shape} naming `op` when there is no such axis.
int normalize_axis(int axis, int rank, const char* op);

// Throws Error{shape} naming `op` when a size is kRest, which a new tensor has nothing to take from.
void check_sizes(const char* op, const Shape& shape);

// The shape both broadcast to (sizes equal or 1, aligned at the last axis). Throws Error{shape} naming `op` and both.
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op);

}  // namespace gradus
