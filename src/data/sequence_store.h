#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gradus/tensor/tensor.h"

namespace gradus {

// Sequences of varying length in memory, one after the other.
class SequenceStore {
 public:
  // `steps` f32 or i32 [total, ...], `lengths` how many steps each sequence has, at least one. Throws Error{data} where
  // they do not fit.
  SequenceStore(Tensor steps, const std::vector<std::int32_t>& lengths);
  std::int64_t size() const { return static_cast<std::int64_t>(begin_.size()) - 1; }
  std::int64_t steps() const { return begin_.back(); }  // of all
  std::int32_t longest() const { return longest_; }
  Dtype dtype() const { return steps_.dtype(); }
  std::int32_t length(std::uint32_t row) const { return static_cast<std::int32_t>(begin_[row + 1] - begin_[row]); }
  // Of one example, the longest.
  Shape shape() const { return steps_.shape().without(0).inserted(0, longest_); }

  // The lengths of sequences less `without`, i32 [n].
  Tensor lengths(std::span<const std::uint32_t> rows, std::int32_t without = 0) const;
  // Sequences [n, time, ...] with zeros behind those shorter than the longest of them; of each the first `skip` steps
  // are left out, and all beyond its length less `without`.
  Tensor padded(std::span<const std::uint32_t> rows, std::int32_t skip = 0, std::int32_t without = 0) const;
  // The same of other values of the same steps, [total, ...].
  Tensor padded(const Tensor& values, std::span<const std::uint32_t> rows, std::int32_t skip = 0,
                std::int32_t without = 0) const;

 private:
  Tensor steps_;
  std::vector<std::int64_t> begin_;  // of each sequence in steps, and the end of the last
  std::int32_t longest_ = 0;
};

// What steps weigh, [n, time]: of each sequence the first lengths[i] 1, or the sequence's own weight, and padding
// nothing. Returns the sum too.
Tensor weigh_steps(const Tensor& lengths, std::int64_t time, const Tensor& weight, double& total);

}  // namespace gradus
