#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gradus/tensor/shape.h"

namespace gradus {

// Images or volumes of one shape and, where they have them, what belongs to each of their places. Implementations are
// read from several threads at once and may read files then; what does not fit into memory must not be kept there.
class ImageStore {
 public:
  virtual ~ImageStore() = default;
  virtual std::int64_t size() const = 0;
  // Of one image [height, width, channels], or of one volume [depth, height, width, channels].
  virtual Shape shape() const = 0;
  // The values of one image as its file has them. Throws Error{data} that names the file.
  virtual void read(std::int64_t image, std::span<float> values) const = 0;

  // Of one mask [height, width] or [depth, height, width], the images' own size; rank 0 where images have none.
  virtual Shape mask_shape() const { return {}; }
  // The class of each place.
  virtual void read_mask(std::int64_t, std::span<std::int32_t>) const {}

  // Of the picture an image is to be turned into, [height, width, channels]; rank 0 where there is none.
  virtual Shape target_shape() const { return {}; }
  virtual void read_target(std::int64_t, std::span<float>) const {}

  // What people know an image by, such as its file's name.
  virtual std::string name(std::int64_t image) const { return std::to_string(image); }
  // Whether reading takes so long (decoding, a disk) that it is worth doing in the background.
  virtual bool is_slow() const { return true; }
};

}  // namespace gradus
