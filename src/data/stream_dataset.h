#pragma once

#include "gradus/data/dataset.h"

namespace gradus {

// One long sequence of symbols, each with the next as its target, read in several places at once: cut into as many
// streams of equal length, which are read side by side, `length` symbols at a time. Example k * streams + s is the k-th
// piece of stream s; the last pieces may be shorter.
class StreamDataset final : public Dataset {
 public:
  // `symbols` i32 [total], at least two. Throws Error{data} for fewer. There are less streams than asked for where each
  // would not fill a piece.
  StreamDataset(Tensor symbols, std::int64_t streams, std::int64_t length);
  std::int64_t size() const override { return pieces_ * streams_; }
  Shape input_shape() const override { return {length_}; }
  // Throws Error{value} for rows of pieces that differ in length.
  Batch fetch(std::span<const std::uint32_t> rows) const override;
  std::int64_t streams() const override { return streams_; }
  std::shared_ptr<const Dataset> in_streams(std::int64_t streams, std::int64_t length) const override;

 private:
  std::int64_t piece_length(std::int64_t piece) const;

  Tensor symbols_;
  std::int64_t streams_, length_;
  std::int64_t per_stream_;  // symbols of a stream that have a next one
  std::int64_t pieces_;
};

}  // namespace gradus
