#include "gradus/data/image_dataset.h"

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"

namespace gradus {
namespace {

constexpr std::int64_t kElementsPerThread = 1 << 15;

// values[i] = (values[i] - shift) * scale of its channel.
void scale_channels(std::span<float> values, const ImageFormat& f, std::size_t channels) {
  if (f.shift.size() == 1) {
    for (float& v : values) v = (v - f.shift[0]) * f.scale[0];
    return;
  }
  for (std::size_t i = 0; i < values.size(); i += channels)
    for (std::size_t c = 0; c < channels; ++c) values[i + c] = (values[i + c] - f.shift[c]) * f.scale[c];
}

Shape batch_of(const Shape& one, std::int64_t n) { return one.inserted(0, n); }

}  // namespace

ImageDataset::ImageDataset(Parts parts) : parts_(std::move(parts)) {
  const ImageStore& images = *parts_.images;
  if (parts_.target.defined())
    check_labels(images.size(), parts_.target, parts_.weight);
  else if (images.mask_shape().rank() == 0 && images.target_shape().rank() == 0)
    throw Error(ErrorKind::data, "images", "have neither targets nor masks");
}

Batch ImageDataset::batch(std::span<const std::uint32_t> rows, const std::int64_t* epoch) const {
  const ImageStore& images = *parts_.images;
  auto n = static_cast<std::int64_t>(rows.size());
  Shape one = images.shape(), mask = images.mask_shape(), target = images.target_shape();
  bool own_targets = !parts_.target.defined(), masks = own_targets && mask.rank() > 0;
  Batch out;
  out.inputs = Tensor::empty(batch_of(one, n));
  if (!own_targets) {
    fetch_labels(parts_.target, parts_.weight, rows, out);
  } else {
    out.target = masks ? Tensor::empty(batch_of(mask, n), Dtype::i32) : Tensor::empty(batch_of(target, n));
    std::int64_t places = out.target.size() / (masks ? 1 : target[target.rank() - 1]);
    out.total_weight = static_cast<double>(places);
  }
  auto width = static_cast<std::size_t>(one.size());
  float* values = out.inputs.mutable_data<float>();
  auto make = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      AugmentedExample e;
      e.depth = one.rank() == 4 ? one[0] : 1;
      e.height = one[one.rank() - 3];
      e.width = one[one.rank() - 2];
      e.channels = one[one.rank() - 1];
      e.low = parts_.format.low;
      e.high = parts_.format.high;
      e.values = {values + i * width, width};
      images.read(rows[i], e.values);
      if (masks) {
        auto size = static_cast<std::size_t>(mask.size());
        e.mask = {out.target.mutable_data<std::int32_t>() + i * size, size};
        images.read_mask(rows[i], e.mask);
      } else if (own_targets) {
        auto size = static_cast<std::size_t>(target.size());
        e.target = {out.target.mutable_data<float>() + i * size, size};
        e.target_height = target[0];
        e.target_width = target[1];
        e.target_channels = target[2];
        images.read_target(rows[i], e.target);
      }
      if (epoch != nullptr) parts_.augmenter->apply(e, rows[i], *epoch);
      scale_channels(e.values, parts_.format, static_cast<std::size_t>(e.channels));
      if (!e.target.empty())
        scale_channels(e.target, parts_.target_format, static_cast<std::size_t>(e.target_channels));
    }
  };
  parallel_for(rows.size(), static_cast<std::size_t>(kElementsPerThread / one.size() + 1), make);
  return out;
}

}  // namespace gradus
