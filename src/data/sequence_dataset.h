#pragma once

#include "gradus/data/dataset.h"
#include "gradus/data/sequence_store.h"

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
  std::int64_t size() const override { return sequences_.size(); }
  Shape input_shape() const override { return sequences_.shape(); }
  Batch fetch(std::span<const std::uint32_t> rows) const override;
  std::int64_t length(std::uint32_t row) const override { return sequences_.length(row); }

 private:
  SequenceStore sequences_;
  Target per_;
  Tensor target_, weight_;
};

// Sequences of symbols, each with another that is to be made of it: a translation.
class PairDataset final : public Dataset {
 public:
  // Symbols i32 [total] and lengths as SequenceDataset has them, of both sides. A target is what a decoder is shown,
  // from its first symbol to the last but one, and is to answer with, from its second on: at least two symbols.
  PairDataset(SequenceStore sources, SequenceStore targets);
  std::int64_t size() const override { return sources_.size(); }
  Shape input_shape() const override { return sources_.shape(); }
  Batch fetch(std::span<const std::uint32_t> rows) const override;
  std::int64_t length(std::uint32_t row) const override { return targets_.length(row); }

 private:
  SequenceStore sources_, targets_;
};

}  // namespace gradus
