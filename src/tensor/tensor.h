#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "gradus/base/random.h"
#include "gradus/tensor/dtype.h"
#include "gradus/tensor/shape.h"
#include "gradus/tensor/workspace.h"

namespace gradus {

struct TensorImpl;
void destroy_pooled(TensorImpl* t);

// A dense array of numbers and a node of the computation that made it. Copies are handles to the same values. Elements
// are row-major; images are [n, height, width, channels], sequences [n, time, channels].
class Tensor {
 public:
  Tensor() = default;  // undefined

  static Tensor empty(const Shape& shape, Dtype dtype = Dtype::f32);  // uninitialised
  static Tensor zeros(const Shape& shape, Dtype dtype = Dtype::f32);
  static Tensor ones(const Shape& shape, Dtype dtype = Dtype::f32);
  static Tensor full(const Shape& shape, double value, Dtype dtype = Dtype::f32);
  static Tensor scalar(double value, Dtype dtype = Dtype::f32) { return full({}, value, dtype); }
  // The values in row-major order; their number must be the shape's size, else Error{shape}.
  static Tensor from(const std::vector<float>& values, const Shape& shape);
  static Tensor from(const std::vector<double>& values, const Shape& shape);
  static Tensor from(const std::vector<std::int32_t>& values, const Shape& shape);
  static Tensor from(const std::vector<std::uint8_t>& values, const Shape& shape);
  static Tensor from(std::initializer_list<float> values, const Shape& shape) {
    return from(std::vector<float>(values), shape);
  }
  // 0, 1, ..., n-1; Error{value} for n < 0.
  static Tensor arange(std::int64_t n, Dtype dtype = Dtype::f32);
  // Uniform in [low, high) and normal (deviation >= 0, else Error{value}), element i drawn from counter i of `key`.
  static Tensor uniform(const Shape& shape, double low, double high, const RandomKey& key, Dtype dtype = Dtype::f32);
  static Tensor normal(const Shape& shape, double mean, double deviation, const RandomKey& key,
                       Dtype dtype = Dtype::f32);

  bool defined() const { return static_cast<bool>(impl_); }
  const Shape& shape() const;
  int rank() const { return shape().rank(); }
  std::int64_t dim(int axis) const;  // -1 is the last axis
  std::int64_t size() const { return shape().size(); }
  Dtype dtype() const;

  // Whether gradients are wanted for this tensor: set for parameters (f32 or f64, else Error{shape}), derived for
  // results.
  bool requires_grad() const;
  Tensor& set_requires_grad(bool wanted = true);
  // The same values outside the computation: no gradient flows through it.
  Tensor detach() const;

  // Values in row-major order, computed if they were still queued (of a sharded tensor: on the thread that made it).
  template <class T>
  std::vector<T> to_vector() const;
  // The value of a one-element tensor.
  double item() const;
  // Pointer to the row-major values of a tensor that is not sharded, valid while the tensor lives. T must match dtype.
  template <class T>
  const T* data() const;
  // The same for writing. Values that a recorded computation keeps must not change before its backward().
  template <class T>
  T* mutable_data();

  Tensor to(Dtype dtype) const;  // converted copy (itself when the type is the same); no gradient flows through it
  Tensor copy() const;           // own values, outside the computation
  std::string text() const;      // shape, type and the first values

  // Internal: what the ops work on.
  explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}
  TensorImpl& impl() const { return *impl_; }
  const Ref<TensorImpl>& ref() const { return impl_; }

 private:
  Ref<TensorImpl> impl_;
};

// A batch (axis 0) cut into `shards` runs of rows that are computed in parallel; results of ops on it stay cut, and are
// joined when read. The cut decides the order of sums, so it must not depend on the thread count. One shard, or fewer
// rows than shards, returns x itself. Results of ops on it may still be queued on the thread that made them: read them
// there, since another thread finds numbers that are not computed yet.
Tensor shard(const Tensor& x, int shards);

// One tensor with all values of a sharded one, or the sum of a per-shard partial one (in a fixed tree); x itself when
// whole. Gradients flow through it.
Tensor gather_shards(const Tensor& x);

}  // namespace gradus
