#include "gradus/data/sequence_dataset.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/tensor/impl.h"

namespace gradus {
namespace {

std::vector<std::int64_t> begins_of(const std::vector<std::int32_t>& lengths) {
  auto shortest = std::min_element(lengths.begin(), lengths.end());
  if (shortest != lengths.end() && *shortest < 1)
    throw Error(ErrorKind::data, {"sequences", "at least one step each",
                                  std::to_string(*shortest) + " in sequence " +
                                      std::to_string(shortest - lengths.begin()) + " (the first is 0)",
                                  "leave empty sequences out"});
  std::vector<std::int64_t> begin(lengths.size() + 1);
  std::partial_sum(lengths.begin(), lengths.end(), begin.begin() + 1, std::plus<std::int64_t>());
  return begin;
}

}  // namespace

SequenceDataset::SequenceDataset(Tensor steps, const std::vector<std::int32_t>& lengths, Target per, Tensor target,
                                 Tensor weight)
    : steps_(std::move(steps)),
      begin_(begins_of(lengths)),
      per_(per),
      target_(std::move(target)),
      weight_(std::move(weight)) {
  if (steps_.rank() < 1 || steps_.dim(0) != begin_.back())
    throw Error(ErrorKind::data,
                {"sequences", "steps [" + std::to_string(begin_.back()) + ", ...], as the lengths sum to",
                 steps_.shape().text(), ""});
  for (std::int32_t length : lengths) longest_ = std::max(longest_, length);
  check_labels(per_ == Target::step ? begin_.back() : size(), target_, {});
  if (weight_.defined() && weight_.shape() != Shape{size()})
    throw Error(ErrorKind::data, {"sequences", "weights [" + std::to_string(size()) + "]", weight_.shape().text(),
                                  "one for each sequence"});
}

Shape SequenceDataset::input_shape() const { return steps_.shape().without(0).inserted(0, longest_); }

Batch SequenceDataset::fetch(std::span<const std::uint32_t> rows) const {
  auto n = static_cast<std::int64_t>(rows.size());
  Batch batch;
  batch.lengths = Tensor::empty({n}, Dtype::i32);
  auto* lengths = batch.lengths.mutable_data<std::int32_t>();
  std::transform(rows.begin(), rows.end(), lengths, [&](std::uint32_t row) { return length(row); });
  std::int64_t time = n > 0 ? *std::max_element(lengths, lengths + n) : 0;
  batch.inputs = padded(steps_, rows, time);
  if (per_ == Target::sequence) {
    fetch_labels(target_, weight_, rows, batch);
  } else {
    batch.target = padded(target_, rows, time);
    weigh_steps(rows, batch);
  }
  return batch;
}

// The sequences `rows` of an array of steps, [n, time, ...].
Tensor SequenceDataset::padded(const Tensor& steps, std::span<const std::uint32_t> rows, std::int64_t time) const {
  Shape shape = steps.shape().with(0, time).inserted(0, static_cast<std::int64_t>(rows.size()));
  Tensor out = Tensor::zeros(shape, steps.dtype());
  std::size_t step = item_size(steps.dtype()) * static_cast<std::size_t>(shape.product(2, shape.rank()));
  const char* from = bytes_of(steps).data();
  char* to = out.impl().slots[0].data;
  for (std::uint32_t row : rows) {
    std::memcpy(to, from + begin_[row] * step, length(row) * step);
    to += time * step;
  }
  return out;
}

// Steps weigh what their sequence weighs, those of the padding nothing.
void SequenceDataset::weigh_steps(std::span<const std::uint32_t> rows, Batch& batch) const {
  std::int64_t time = batch.inputs.dim(1);
  batch.weight = Tensor::zeros({batch.size(), time});
  float* to = batch.weight.mutable_data<float>();
  for (std::uint32_t row : rows) {
    float own = weight_.defined() ? weight_.data<float>()[row] : 1;
    std::fill_n(to, length(row), own);
    batch.total_weight += own * static_cast<double>(length(row));
    to += time;
  }
}

}  // namespace gradus
