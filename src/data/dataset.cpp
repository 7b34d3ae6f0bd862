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

constexpr std::int64_t kMostRows = 1024, kElementsAtOnce = 1 << 20;  // of each_batch

}  // namespace

void each_batch(const Dataset& data, std::int64_t most, const std::function<void(const Batch&)>& take) {
  std::int64_t width = std::max<std::int64_t>(data.input_shape().size(), 1),
               at_once = data.streams() > 0
                             ? data.streams()
                             : std::clamp<std::int64_t>(std::min(most, kElementsAtOnce / width), 1, kMostRows);
  std::vector<std::uint32_t> rows;
  for (std::int64_t first = 0; first < data.size(); first += at_once) {
    rows.resize(static_cast<std::size_t>(std::min(at_once, data.size() - first)));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    take(data.fetch(rows));
  }
}

std::uint64_t fingerprint(const Dataset& data) {
  std::uint64_t hash = 0;
  each_batch(data, kMostRows, [&](const Batch& batch) {
    for (const Tensor* t : {&batch.inputs, &batch.lengths, &batch.shown, &batch.target, &batch.weight})
      if (t->defined()) hash = hash64(bytes_of(*t), hash64(t->shape().text(), hash));
  });
  return hash;
}

Tensor gather_rows(const Tensor& values, std::span<const std::uint32_t> rows) {
  Tensor out = Tensor::empty(values.shape().with(0, static_cast<std::int64_t>(rows.size())), values.dtype());
  std::size_t entry = item_size(values.dtype()) * static_cast<std::size_t>(values.shape().product(1, values.rank()));
  const char* from = bytes_of(values).data();
  char* to = out.impl().slots[0].data;
  for (std::uint32_t row : rows) {
    std::memcpy(to, from + row * entry, entry);
    to += entry;
  }
  return out;
}

void check_labels(std::int64_t examples, const Tensor& target, const Tensor& weight) {
  auto refuse = [&](const char* what, const std::string& expected, const Tensor& given) {
    throw Error(ErrorKind::data, {"dataset", what + (" " + expected), given.shape().text(),
                                  "targets and weights must have one entry per example"});
  };
  if (target.rank() < 1 || target.dim(0) != examples)
    refuse("targets", "[" + std::to_string(examples) + ", ...]", target);
  if (!weight.defined()) return;
  bool fits = weight.rank() >= 1 && weight.rank() <= target.rank();
  for (int i = 0; fits && i < weight.rank(); ++i) fits = weight.dim(i) == target.dim(i);
  if (!fits) refuse("weights", target.shape().text() + " or its first axes", weight);
}

void fetch_labels(const Tensor& target, const Tensor& weight, std::span<const std::uint32_t> rows, Batch& batch) {
  batch.target = gather_rows(target, rows);
  batch.total_weight = static_cast<double>(rows.size());
  if (!weight.defined()) return;
  batch.weight = gather_rows(weight, rows);
  const float* w = batch.weight.data<float>();
  batch.total_weight = std::accumulate(w, w + batch.weight.size(), 0.0);
}

Subset::Subset(std::shared_ptr<const Dataset> whole, std::vector<std::uint32_t> rows)
    : whole_(std::move(whole)), rows_(std::move(rows)) {
  auto most = std::max_element(rows_.begin(), rows_.end());
  if (most != rows_.end() && *most >= whole_->size())
    throw Error(ErrorKind::value, {"subset", "rows below " + std::to_string(whole_->size()), std::to_string(*most),
                                   "rows count the examples from 0"});
}

std::vector<std::uint32_t> Subset::of_whole(std::span<const std::uint32_t> rows) const {
  std::vector<std::uint32_t> mapped(rows.size());
  std::ranges::transform(rows, mapped.begin(), [&](std::uint32_t row) { return rows_[row]; });
  return mapped;
}

std::shared_ptr<const Dataset> part_of(std::shared_ptr<const Dataset> whole, const std::vector<std::uint32_t>& rows) {
  return rows.empty() ? nullptr : std::make_shared<const Subset>(std::move(whole), rows);
}

ArrayDataset::ArrayDataset(ArrayInputs inputs, Tensor target, Tensor weight)
    : inputs_(std::move(inputs)), target_(std::move(target)), weight_(std::move(weight)) {
  check_labels(size(), target_, weight_);
}

Batch ArrayDataset::fetch(std::span<const std::uint32_t> rows) const {
  auto n = static_cast<std::int64_t>(rows.size());
  std::int64_t width = inputs_.values.shape().product(1, inputs_.values.rank());
  Batch batch;
  batch.inputs = Tensor::empty(inputs_.values.shape().with(0, n));
  float* to = batch.inputs.mutable_data<float>();
  auto copy = [&](std::size_t begin, std::size_t end) {
    copy_rows(rows.subspan(begin, end - begin), width, to + begin * width);
  };
  if (n * width < kParallelElements)
    copy(0, rows.size());
  else
    parallel_for(rows.size(), kParallelElements / 2 / width + 1, copy);
  fetch_labels(target_, weight_, rows, batch);
  return batch;
}

void ArrayDataset::copy_rows(std::span<const std::uint32_t> rows, std::int64_t width, float* to) const {
  const Tensor& values = inputs_.values;
  const float shift = inputs_.shift, scale = inputs_.scale;
  if (values.dtype() == Dtype::u8) {
    for (std::uint32_t row : rows) {
      kernels::loops<float>().bytes_affine(values.data<std::uint8_t>() + row * width, to, width, shift, scale);
      to += width;
    }
    return;
  }
  float* const end = to + static_cast<std::int64_t>(rows.size()) * width;
  for (std::size_t i = 0; i < rows.size(); i += kAbreast) {
    const float* abreast[kAbreast];
    std::size_t count = std::min(kAbreast, rows.size() - i);
    for (std::size_t r = 0; r < count; ++r) abreast[r] = values.data<float>() + rows[i + r] * width;
    copy_abreast(abreast, count, width, to + static_cast<std::int64_t>(i) * width);
  }
  if (shift != 0 || scale != 1) std::transform(to, end, to, [=](float x) { return (x - shift) * scale; });
}

}  // namespace gradus
