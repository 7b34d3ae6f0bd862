#include "gradus/tensor/tensor.h"

#include <algorithm>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/kernels/bf16.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

Tensor make_new(const Shape& shape, Dtype dtype) {
  check_sizes("tensor", shape);
  return make_whole(shape, dtype);
}

template <class T>
Tensor from_values(const std::vector<T>& values, const Shape& shape) {
  if (static_cast<std::int64_t>(values.size()) != shape.size())
    throw Error(ErrorKind::shape, {"Tensor::from", std::to_string(shape.size()) + " values for " + shape.text(),
                                   std::to_string(values.size()), ""});
  Tensor t = make_new(shape, DtypeOf<T>::value);
  std::copy(values.begin(), values.end(), buffer<T>(t));
  return t;
}

void require_defined(bool defined, const char* what) {
  if (!defined) throw Error(ErrorKind::state, what, "the tensor is undefined");
}

// Calls f with a value of any element type.
template <class F>
void visit_dtype(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::f32:
      return f(float{});
    case Dtype::f64:
      return f(double{});
    case Dtype::i32:
      return f(std::int32_t{});
    case Dtype::u8:
      return f(std::uint8_t{});
    case Dtype::bf16:
      return f(bf16{});
  }
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, Dtype dtype) { return make_new(shape, dtype); }
Tensor Tensor::zeros(const Shape& shape, Dtype dtype) { return full(shape, 0, dtype); }
Tensor Tensor::ones(const Shape& shape, Dtype dtype) { return full(shape, 1, dtype); }

Tensor Tensor::full(const Shape& shape, double value, Dtype dtype) {
  Tensor t = make_new(shape, dtype);
  char* data = t.impl().slots[0].data;
  visit_dtype(dtype, [&]<class T>(T) { std::fill_n(reinterpret_cast<T*>(data), t.size(), static_cast<T>(value)); });
  return t;
}

Tensor Tensor::from(const std::vector<float>& v, const Shape& s) { return from_values(v, s); }
Tensor Tensor::from(const std::vector<double>& v, const Shape& s) { return from_values(v, s); }
Tensor Tensor::from(const std::vector<std::int32_t>& v, const Shape& s) { return from_values(v, s); }
Tensor Tensor::from(const std::vector<std::uint8_t>& v, const Shape& s) { return from_values(v, s); }

Tensor Tensor::arange(std::int64_t n, Dtype dtype) {
  if (n < 0) throw Error(ErrorKind::value, {"Tensor::arange", "a number >= 0", std::to_string(n), ""});
  Tensor t = make_whole({n}, dtype);
  char* data = t.impl().slots[0].data;
  visit_dtype(dtype, [&]<class T>(T) {
    for (std::int64_t i = 0; i < n; ++i) reinterpret_cast<T*>(data)[i] = static_cast<T>(i);
  });
  return t;
}

Tensor Tensor::uniform(const Shape& shape, double low, double high, const RandomKey& key, Dtype dtype) {
  Tensor t = make_new(shape, dtype);
  dispatch(dtype, "uniform", [&]<class T>(T) {
    T* p = buffer<T>(t);
    for (std::int64_t i = 0; i < t.size(); ++i)
      p[i] = static_cast<T>(low + (high - low) * static_cast<double>(uniform01(key, static_cast<std::uint64_t>(i))));
  });
  return t;
}

Tensor Tensor::normal(const Shape& shape, double mean, double deviation, const RandomKey& key, Dtype dtype) {
  if (!(deviation >= 0))
    throw Error(ErrorKind::value, {"Tensor::normal", "a deviation >= 0", std::to_string(deviation), ""});
  Tensor t = make_new(shape, dtype);
  dispatch(dtype, "normal", [&]<class T>(T) {
    T* p = buffer<T>(t);
    for (std::int64_t i = 0; i < t.size(); ++i)
      p[i] = static_cast<T>(mean + deviation * normal01(key, static_cast<std::uint64_t>(i)));
  });
  return t;
}

const Shape& Tensor::shape() const {
  require_defined(defined(), "Tensor::shape");
  return impl_->shape;
}

std::int64_t Tensor::dim(int axis) const { return shape()[normalize_axis(axis, rank(), "dim")]; }

Dtype Tensor::dtype() const {
  require_defined(defined(), "Tensor::dtype");
  return impl_->dtype;
}

bool Tensor::requires_grad() const { return impl_ && impl_->requires_grad; }

Tensor& Tensor::set_requires_grad(bool wanted) {
  require_defined(defined(), "Tensor::set_requires_grad");
  if (impl_->node)
    throw Error(ErrorKind::state, "set_requires_grad", "the tensor is a result of other tensors",
                "detach() it to make it a leaf");
  if (wanted && impl_->dtype != Dtype::f32 && impl_->dtype != Dtype::f64)
    throw_dtype("set_requires_grad", impl_->dtype);
  impl_->requires_grad = wanted;
  return *this;
}

Tensor Tensor::detach() const {
  require_defined(defined(), "Tensor::detach");
  return reshaped_view(*this, impl_->shape, impl_->plan);
}

template <class T>
T* Tensor::mutable_data() {
  flush();  // queued work may still read the values that are about to change
  return const_cast<T*>(data<T>());
}

template <class T>
const T* Tensor::data() const {
  require_defined(defined(), "Tensor::data");
  if (impl_->dtype != DtypeOf<T>::value)
    throw Error(ErrorKind::shape, {"Tensor::data", std::string("a tensor of ") + dtype_name(DtypeOf<T>::value),
                                   dtype_name(impl_->dtype), ""});
  if (impl_->placement != Placement::whole)
    throw Error(ErrorKind::state, "Tensor::data", "the tensor is sharded", "join it with gather_shards()");
  return reinterpret_cast<const T*>(impl_->slots[0].data);
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  Tensor whole = gather_shards(detach());
  const T* p = whole.data<T>();
  return std::vector<T>(p, p + whole.size());
}

double Tensor::item() const {
  if (size() != 1) throw Error(ErrorKind::shape, {"item", "a tensor of one element", shape().text(), ""});
  Tensor whole = gather_shards(detach());
  double value = 0;
  visit_dtype(whole.dtype(), [&]<class T>(T) {
    value = static_cast<double>(*reinterpret_cast<const T*>(whole.impl().slots[0].data));
  });
  return value;
}

Tensor Tensor::to(Dtype wanted) const {
  if (dtype() == wanted) return *this;
  Tensor whole = gather_shards(detach());
  Tensor out = make_whole(shape(), wanted);
  const char* from = whole.impl().slots[0].data;
  char* to = out.impl().slots[0].data;
  visit_dtype(whole.dtype(), [&]<class S>(S) {
    visit_dtype(wanted, [&]<class D>(D) {
      for (std::int64_t i = 0; i < out.size(); ++i)
        reinterpret_cast<D*>(to)[i] = static_cast<D>(reinterpret_cast<const S*>(from)[i]);
    });
  });
  return out;
}

Tensor Tensor::copy() const {
  Tensor whole = gather_shards(detach());
  Tensor out = make_whole(shape(), dtype());
  std::memcpy(out.impl().slots[0].data, whole.impl().slots[0].data, size() * item_size(dtype()));
  return out;
}

std::string Tensor::text() const {
  if (!defined()) return "undefined";
  std::string s = std::string(dtype_name(dtype())) + " " + shape().text() + " {";
  Tensor values = to(Dtype::f64);
  std::vector<double> v = values.to_vector<double>();
  for (std::size_t i = 0; i < v.size() && i < 8; ++i) s += (i ? ", " : "") + std::to_string(v[i]);
  return s + (v.size() > 8 ? ", ...}" : "}");
}

#define GRADUS_INSTANTIATE(T)                \
  template const T* Tensor::data<T>() const; \
  template T* Tensor::mutable_data<T>();     \
  template std::vector<T> Tensor::to_vector<T>() const;
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
GRADUS_INSTANTIATE(std::int32_t)
GRADUS_INSTANTIATE(std::uint8_t)
#undef GRADUS_INSTANTIATE

Tensor shard(const Tensor& x, int shards) {
  if (shards < 1 || shards > kMaxShards)
    throw Error(ErrorKind::value,
                {"shard", "1 to " + std::to_string(kMaxShards) + " shards", std::to_string(shards), ""});
  if (shards == 1 || x.rank() == 0 || x.dim(0) < shards) return gather_shards(x);
  Tensor whole = gather_shards(x);
  Ref<ShardPlan> plan = ShardPlan::even(whole.dim(0), shards);
  Tensor out = split_view(whole, *plan);
  record(out, {&whole}, [](BackwardStep& step) { step.add(0, gather_shards(step.grad())); });
  return out;
}

}  // namespace gradus
