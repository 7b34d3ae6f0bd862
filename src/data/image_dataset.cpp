#include "gradus/data/image_dataset.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"

namespace gradus {
namespace {

constexpr std::int64_t kElementsPerThread = 1 << 15;

// values[i] = (values[i] - shift) * scale of its channel.
void scale_channels(std::span<float> values, const ImageFormat& f, std::size_t channels) {
  if (f.shift.size() == 1) {
    float shift = f.shift[0], scale = f.scale[0];
    for (float& v : values) v = (v - shift) * scale;
    return;
  }
  for (std::size_t i = 0; i < values.size(); i += channels)
    for (std::size_t c = 0; c < channels; ++c) values[i + c] = (values[i + c] - f.shift[c]) * f.scale[c];
}

Shape batch_of(const Shape& one, std::int64_t n) { return one.inserted(0, n); }

// Class numbers i32 [n] as distributions f32 [n, classes].
Tensor distributions(const Tensor& target, std::int64_t classes) {
  Tensor out = Tensor::zeros({target.dim(0), classes});
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < target.dim(0); ++i) to[i * classes + target.data<std::int32_t>()[i]] = 1;
  return out;
}

}  // namespace

ImageDataset::ImageDataset(Parts parts) : parts_(std::move(parts)) {
  const ImageStore& images = *parts_.images;
  bool given = parts_.target.defined();
  if (given)
    check_labels(images.size(), parts_.target, parts_.weight);
  else if (images.mask_shape().rank() == 0 && images.target_shape().rank() == 0)
    throw Error(ErrorKind::data, "images", "have neither targets nor masks");
  if (parts_.augmenter == nullptr || !parts_.augmenter->mixes()) return;
  if (!given || parts_.target.rank() > (parts_.target.dtype() == Dtype::i32 ? 1 : 2))
    throw Error(ErrorKind::config, "data.augment",
                "mixup mixes the classes of whole images, but these have masks or target pictures", "leave mixup out");
  if (parts_.target.dtype() != Dtype::i32 || parts_.classes > 0) return;
  for (std::int32_t c : parts_.target.to_vector<std::int32_t>())
    parts_.classes = std::max<std::int64_t>(parts_.classes, c + 1);
}

void ImageDataset::read(std::uint32_t row, const std::int64_t* epoch, AugmentedExample& e) const {
  const ImageStore& images = *parts_.images;
  images.read(row, e.values);
  if (!e.mask.empty()) images.read_mask(row, e.mask);
  if (!e.target.empty()) images.read_target(row, e.target);
  if (epoch != nullptr) parts_.augmenter->apply(e, row, *epoch);
  scale_channels(e.values, parts_.format, static_cast<std::size_t>(e.channels));
  if (!e.target.empty()) scale_channels(e.target, parts_.target_format, static_cast<std::size_t>(e.target_channels));
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
  AugmentedExample form;
  form.depth = one.rank() == 4 ? one[0] : 1;
  form.height = one[one.rank() - 3];
  form.width = one[one.rank() - 2];
  form.channels = one[one.rank() - 1];
  form.low = parts_.format.low;
  form.high = parts_.format.high;
  if (own_targets && !masks) {
    form.target_height = target[0];
    form.target_width = target[1];
    form.target_channels = target[2];
    form.target_low = parts_.target_format.low;
  }
  auto width = static_cast<std::size_t>(one.size()),
       places = static_cast<std::size_t>(own_targets ? (masks ? mask : target).size() : 0);
  float* values = out.inputs.mutable_data<float>();
  std::int32_t* classes = masks ? out.target.mutable_data<std::int32_t>() : nullptr;
  float* pictures = own_targets && !masks ? out.target.mutable_data<float>() : nullptr;
  parallel_for(rows.size(), static_cast<std::size_t>(kElementsPerThread / one.size() + 1),
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t i = begin; i < end; ++i) {
                   AugmentedExample e = form;
                   e.values = {values + i * width, width};
                   if (classes != nullptr) e.mask = {classes + i * places, places};
                   if (pictures != nullptr) e.target = {pictures + i * places, places};
                   read(rows[i], epoch, e);
                 }
               });
  if (epoch == nullptr || !parts_.augmenter->mixes()) return out;
  if (out.target.dtype() == Dtype::i32) out.target = distributions(out.target, parts_.classes);
  parts_.augmenter->mix(out, rows, *epoch);
  return out;
}

}  // namespace gradus
