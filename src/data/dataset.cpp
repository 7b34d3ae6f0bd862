#include "gradus/data/dataset.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"

namespace gradus {
namespace {

// Elements worth a second thread when a batch is copied together.
constexpr std::int64_t kParallelElements = 1 << 17;
// Rows copied side by side.
constexpr std::size_t kAbreast = 8;

// Copies up to kAbreast rows of `width` numbers, a cache line of each in turn: memory delivers lines of several rows
// faster than those of one after the other.
void copy_abreast(const float* const* from, std::size_t rows, std::int64_t width, float* to) {
  constexpr std::int64_t kLine = 16;
  std::int64_t j = 0;
  for (; j + kLine <= width; j += kLine)
    for (std::size_t r = 0; r < rows; ++r)
      std::memcpy(to + static_cast<std::int64_t>(r) * width + j, from[r] + j, kLine * sizeof(float));
  for (std::size_t r = 0; r < rows; ++r)
    std::memcpy(to + static_cast<std::int64_t>(r) * width + j, from[r] + j,
                static_cast<std::size_t>(width - j) * sizeof(float));
}

}  // namespace

ArrayDataset::ArrayDataset(ArrayInputs inputs, Tensor target, Tensor weight, std::vector<std::uint32_t> rows)
    : inputs_(std::move(inputs)), target_(std::move(target)), weight_(std::move(weight)), rows_(std::move(rows)) {
  std::int64_t n = inputs_.values.dim(0);
  if (target_.dim(0) != n || (weight_.defined() && weight_.dim(0) != n))
    throw Error(ErrorKind::data, {"dataset", std::to_string(n) + " targets", std::to_string(target_.dim(0)),
                                  "inputs and targets must have one entry per example"});
  if (rows_.empty()) {
    rows_.resize(static_cast<std::size_t>(n));
    std::iota(rows_.begin(), rows_.end(), 0u);
  }
  auto most = std::max_element(rows_.begin(), rows_.end());
  if (most != rows_.end() && *most >= n)
    throw Error(ErrorKind::value, {"dataset", "rows below " + std::to_string(n), std::to_string(*most),
                                   "rows count the examples from 0"});
}

Shape ArrayDataset::input_shape() const { return inputs_.values.shape().without(0); }

Batch ArrayDataset::fetch(std::span<const std::uint32_t> wanted) const {
  auto n = static_cast<std::int64_t>(wanted.size());
  std::int64_t width = inputs_.values.shape().product(1, inputs_.values.rank());
  Batch batch;
  batch.inputs = Tensor::empty(inputs_.values.shape().with(0, n));
  float* to = batch.inputs.mutable_data<float>();
  bool bytes = inputs_.values.dtype() == Dtype::u8;
  const std::uint8_t* from_bytes = bytes ? inputs_.values.data<std::uint8_t>() : nullptr;
  const float* from = bytes ? nullptr : inputs_.values.data<float>();
  const auto& loops = kernels::loops<float>();
  auto row = [&](std::size_t i) { return rows_[wanted[i]] * width; };
  auto copy = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; bytes && i < end; ++i)
      loops.bytes_affine(from_bytes + row(i), to + i * width, width, inputs_.shift, inputs_.scale);
    for (std::size_t i = begin; !bytes && i < end; i += kAbreast) {
      const float* abreast[kAbreast];
      std::size_t rows = std::min(kAbreast, end - i);
      for (std::size_t r = 0; r < rows; ++r) abreast[r] = from + row(i + r);
      copy_abreast(abreast, rows, width, to + i * width);
    }
  };
  if (n * width < kParallelElements)
    copy(0, wanted.size());
  else
    parallel_for(wanted.size(), kParallelElements / 2 / width + 1, copy);

  batch.target = Tensor::empty(target_.shape().with(0, n), target_.dtype());
  std::size_t entry = item_size(target_.dtype()) * static_cast<std::size_t>(target_.shape().product(1, target_.rank()));
  const char* targets = bytes_of(target_).data();
  char* target = batch.target.impl().slots[0].data;
  for (std::uint32_t i : wanted) {
    std::memcpy(target, targets + rows_[i] * entry, entry);
    target += entry;
  }
  batch.total_weight = static_cast<double>(n);
  if (weight_.defined()) {
    batch.weight = Tensor::empty({n});
    const float* w = weight_.data<float>();
    float* out = batch.weight.mutable_data<float>();
    batch.total_weight = 0;
    for (std::int64_t i = 0; i < n; ++i) batch.total_weight += out[i] = w[rows_[wanted[i]]];
  }
  return batch;
}

std::uint64_t ArrayDataset::fingerprint() const {
  auto bytes = [](const auto* first, std::int64_t count) {
    return std::string_view(reinterpret_cast<const char*>(first), static_cast<std::size_t>(count) * sizeof *first);
  };
  std::uint64_t hash = hash64(bytes(rows_.data(), size()));
  for (const Tensor* t : {&inputs_.values, &target_, &weight_})
    if (t->defined()) hash = hash64(bytes_of(*t), hash64(t->shape().text(), hash));
  const float scale[] = {inputs_.shift, inputs_.scale};
  return hash64(bytes(scale, 2), hash);
}

}  // namespace gradus
