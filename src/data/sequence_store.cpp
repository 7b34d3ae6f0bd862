#include "gradus/data/sequence_store.h"

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

SequenceStore::SequenceStore(Tensor steps, const std::vector<std::int32_t>& lengths)
    : steps_(std::move(steps)), begin_(begins_of(lengths)) {
  if (steps_.rank() < 1 || steps_.dim(0) != begin_.back())
    throw Error(ErrorKind::data,
                {"sequences", "steps [" + std::to_string(begin_.back()) + ", ...], as the lengths sum to",
                 steps_.shape().text(), ""});
  for (std::int32_t length : lengths) longest_ = std::max(longest_, length);
}

Tensor SequenceStore::lengths(std::span<const std::uint32_t> rows, std::int32_t without) const {
  Tensor all = Tensor::empty({static_cast<std::int64_t>(rows.size())}, Dtype::i32);
  std::ranges::transform(rows, all.mutable_data<std::int32_t>(),
                         [&](std::uint32_t row) { return length(row) - without; });
  return all;
}

Tensor SequenceStore::padded(std::span<const std::uint32_t> rows, std::int32_t skip, std::int32_t without) const {
  return padded(steps_, rows, skip, without);
}

Tensor SequenceStore::padded(const Tensor& values, std::span<const std::uint32_t> rows, std::int32_t skip,
                             std::int32_t without) const {
  std::int32_t longest = 0;
  for (std::uint32_t row : rows) longest = std::max(longest, length(row));
  const std::int64_t time = longest - without;
  Shape shape = values.shape().with(0, time).inserted(0, static_cast<std::int64_t>(rows.size()));
  Tensor out = Tensor::zeros(shape, values.dtype());
  const std::size_t step = item_size(values.dtype()) * static_cast<std::size_t>(shape.product(2, shape.rank()));
  const char* from = bytes_of(values).data();
  char* to = out.impl().slots[0].data;
  for (std::uint32_t row : rows) {
    std::memcpy(to, from + static_cast<std::size_t>(begin_[row] + skip) * step,
                static_cast<std::size_t>(length(row) - without) * step);
    to += static_cast<std::size_t>(time) * step;
  }
  return out;
}

Tensor weigh_steps(const Tensor& lengths, std::int64_t time, const Tensor& weight, double& total) {
  Tensor all = Tensor::zeros({lengths.dim(0), time});
  float* to = all.mutable_data<float>();
  total = 0;
  for (std::int64_t i = 0; i < lengths.dim(0); ++i, to += time) {
    const float own = weight.defined() ? weight.data<float>()[i] : 1;
    const std::int32_t length = lengths.data<std::int32_t>()[i];
    std::fill_n(to, length, own);
    total += own * static_cast<double>(length);
  }
  return all;
}

}  // namespace gradus
