#pragma once

#include <memory>

#include "gradus/data/augment.h"
#include "gradus/data/images.h"
#include "gradus/data/source.h"

namespace gradus {

// Images as examples: read, in training augmented, then scaled as `format` says. The target is the one given (a class
// or values for each image) or, where that is undefined, each image's mask or target picture, which `target_format`
// scales.
class ImageDataset final : public Dataset {
 public:
  struct Parts {
    std::shared_ptr<const ImageStore> images;
    ImageFormat format;
    Tensor target, weight;
    ImageFormat target_format = {};
    std::shared_ptr<const Augmenter> augmenter;  // null: none
    std::int64_t classes = 0;  // of targets that are class numbers, for mixup; 0: one more than the largest
  };
  // Throws Error{data} where targets do not fit the images, Error{config} where examples are to be mixed that have more
  // than one class or number each.
  explicit ImageDataset(Parts parts);
  std::int64_t size() const override { return parts_.images->size(); }
  Shape input_shape() const override { return parts_.images->shape(); }
  Batch fetch(std::span<const std::uint32_t> rows) const override { return batch(rows, nullptr); }
  Batch draw(std::span<const std::uint32_t> rows, std::int64_t epoch) const override {
    return batch(rows, parts_.augmenter ? &epoch : nullptr);
  }
  bool is_costly() const override { return parts_.images->is_slow() || parts_.augmenter != nullptr; }

 private:
  Batch batch(std::span<const std::uint32_t> rows, const std::int64_t* epoch) const;
  void read(std::uint32_t row, const std::int64_t* epoch, AugmentedExample& example) const;

  Parts parts_;
};

}  // namespace gradus
