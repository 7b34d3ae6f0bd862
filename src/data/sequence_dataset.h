#pragma once

#include "gradus/data/dataset.h"

namespace gradus {

// Sequences of varying length in memory: letters, words, measurements over time.
class SequenceDataset final : public Dataset {
 public:
  // What there is a target for.
  enum class Target { sequence, step };
  // `steps` f32 or i32 [total, ...] holds the sequences one after the other, `lengths` how many steps each has, at
  // least one. `target`, i32 or f32, is [n, ...] or, for steps, [total, ...]; `weight` f32 [n] or undefined. Throws
  // Error{data} where they do not fit.
  SequenceDataset(Tensor steps, const std::vector<std::int32_t>& lengths, Target per, Tensor target,
                  Tensor weight = {});
  std::int64_t size() const override { return static_cast<std::int64_t>(begin_.size()) - 1; }
  Shape input_shape() const override;
  Batch fetch(std::span<const std::uint32_t> rows) const override;

 private:
  std::int32_t length(std::uint32_t row) const { return static_cast<std::int32_t>(begin_[row + 1] - begin_[row]); }
  Tensor padded(const Tensor& steps, std::span<const std::uint32_t> rows, std::int64_t time) const;
  void weigh_steps(std::span<const std::uint32_t> rows, Batch& batch) const;

  Tensor steps_;
  std::vector<std::int64_t> begin_;  // of each sequence in steps, and the end of the last
  std::int32_t longest_ = 0;
  Target per_;
  Tensor target_, weight_;
};

}  // namespace gradus
