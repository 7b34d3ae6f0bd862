#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gradus/data/dataset.h"
#include "gradus/data/images.h"
#include "gradus/data/readers/idx.h"

namespace gradus {

// The values of an IDX file as examples, held in memory or, where they are too large for that, read from the file batch
// by batch. Bytes stay bytes; other types become 32-bit floats, which must be finite.
class IdxValues {
 public:
  // When to read batch by batch: in `as_fits`, where the values would take more than half of the memory that is free.
  enum class Stream { as_fits, always, never };
  // Throws as read_idx does; Error{data} for a file without examples, a value that is not finite (in what is held), and
  // one that does not fit into memory and may or, being gzipped, can not be streamed.
  explicit IdxValues(const std::string& path, Stream stream = Stream::as_fits);

  // [n, ...]; grey images [n, height, width] have one channel more.
  const Shape& shape() const { return shape_; }
  const std::string& path() const { return path_; }
  bool are_bytes() const { return type_ == IdxType::u8; }
  bool are_streamed() const { return file_ != nullptr; }
  // The values of one example, into as many places. Throws Error{data} where one is not finite.
  void read(std::int64_t row, std::span<float> values) const;

  // The examples, read as (value - shift) * scale, with their targets and weights (see ArrayDataset). Of streamed ones
  // fetch() throws Error{data} for a value that is not finite, and Error{file} when the file has changed its length.
  std::shared_ptr<const Dataset> dataset(float shift, float scale, Tensor target, Tensor weight = {}) const;

 private:
  std::string path_;
  Shape shape_;
  IdxType type_;
  Tensor held_;                          // u8 or f32, undefined when streamed
  std::shared_ptr<const IdxFile> file_;  // null when held
};

// Its examples [height, width, channels] as images. Throws Error{data} for other examples.
std::shared_ptr<const ImageStore> idx_images(IdxValues values);

// The elements as 32-bit numbers. Throws Error{data} that names `path` and the example, the first being number `first`,
// where one is not finite.
std::vector<float> finite_floats(const IdxArray& array, const std::string& path, std::size_t first = 0);

}  // namespace gradus
