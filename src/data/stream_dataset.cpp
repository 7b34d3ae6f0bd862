#include "gradus/data/stream_dataset.h"

#include <algorithm>

#include "gradus/base/error.h"

namespace gradus {

StreamDataset::StreamDataset(Tensor symbols, std::int64_t streams, std::int64_t length) : symbols_(std::move(symbols)) {
  if (symbols_.dtype() != Dtype::i32 || symbols_.rank() != 1 || symbols_.size() < 2)
    throw Error(ErrorKind::data, {"stream", "at least two symbols, i32 [total]", symbols_.text(), ""});
  if (streams < 1 || length < 1)
    throw Error(ErrorKind::value, {"stream", "streams and a length of 1 or more",
                                   std::to_string(streams) + " and " + std::to_string(length), ""});
  const std::int64_t targets = symbols_.size() - 1;
  length_ = std::min(length, targets);
  streams_ = std::clamp<std::int64_t>(targets / length_, 1, streams);
  per_stream_ = targets / streams_;
  pieces_ = (per_stream_ + length_ - 1) / length_;
}

std::int64_t StreamDataset::piece_length(std::int64_t piece) const {
  return std::min(length_, per_stream_ - piece * length_);
}

Batch StreamDataset::fetch(std::span<const std::uint32_t> rows) const {
  Batch batch;
  const auto n = static_cast<std::int64_t>(rows.size());
  const std::int64_t time = rows.empty() ? length_ : piece_length(rows[0] / streams_);
  batch.inputs = Tensor::empty({n, time}, Dtype::i32);
  batch.target = Tensor::empty({n, time}, Dtype::i32);
  batch.total_weight = static_cast<double>(n * time);
  std::int32_t *x = batch.inputs.mutable_data<std::int32_t>(), *y = batch.target.mutable_data<std::int32_t>();
  for (std::uint32_t row : rows) {
    const std::int64_t piece = row / streams_, stream = row % streams_;
    if (piece_length(piece) != time)
      throw Error(ErrorKind::value, {"stream", "rows of pieces of one length",
                                     std::to_string(time) + " and " + std::to_string(piece_length(piece)), ""});
    const std::int32_t* from = symbols_.data<std::int32_t>() + stream * per_stream_ + piece * length_;
    x = std::copy_n(from, time, x);
    y = std::copy_n(from + 1, time, y);
  }
  return batch;
}

std::shared_ptr<const Dataset> StreamDataset::in_streams(std::int64_t streams, std::int64_t length) const {
  return std::make_shared<StreamDataset>(symbols_, streams, length);
}

}  // namespace gradus
