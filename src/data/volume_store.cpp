#include "gradus/data/volume_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/file.h"

namespace gradus {

VolumeStore::VolumeStore(std::shared_ptr<const ScanCache> scans, std::vector<VolumeExample> examples, Extent3 extent,
                         int axis, bool masks)
    : scans_(std::move(scans)), examples_(std::move(examples)), extent_(extent), axis_(axis), have_masks_(masks) {
  for (const VolumeExample& e : examples_) {
    const Extent3& size = scans_->geometry(e.scan).size;
    for (std::size_t a = 0; a < 3; ++a)
      if (e.first[a] < 0 || e.first[a] + extent_[a] > size[a])
        throw Error(ErrorKind::data,
                    {scans_->scans()[e.scan].image, fmt::format("at least {} voxels", fmt::join(extent_, " x ")),
                     fmt::format("{}", fmt::join(size, " x ")), ""});
  }
}

Shape VolumeStore::shape() const {
  Shape mask({extent_[0], extent_[1], extent_[2]});
  if (axis_ >= 0) mask = mask.without(axis_);
  return mask.inserted(mask.rank(), 1);
}

Shape VolumeStore::mask_shape() const {
  if (!have_masks_) return {};
  Shape s = shape();
  return s.without(s.rank() - 1);
}

template <class F>
void VolumeStore::each_place(const VolumeExample& e, const Extent3& size, F f) const {
  // Rows of slices run downwards: along z, or y in axial ones, from its end.
  std::size_t falling = axis_ < 0 ? 3 : axis_ == 0 ? 1 : 0, i = 0;
  auto at = [&](std::size_t a, std::int64_t k) { return e.first[a] + (a == falling ? extent_[a] - 1 - k : k); };
  for (std::int64_t z = 0; z < extent_[0]; ++z)
    for (std::int64_t y = 0; y < extent_[1]; ++y) {
      std::size_t row = static_cast<std::size_t>((at(0, z) * size[1] + at(1, y)) * size[2] + e.first[2]);
      for (std::int64_t x = 0; x < extent_[2]; ++x) f(i++, row + static_cast<std::size_t>(x));
    }
}

void VolumeStore::read(std::int64_t image, std::span<float> values) const {
  const VolumeExample& e = examples_[static_cast<std::size_t>(image)];
  auto scan = scans_->get(e.scan);
  each_place(e, scans_->geometry(e.scan).size, [&](std::size_t i, std::size_t at) { values[i] = scan->values[at]; });
}

void VolumeStore::read_mask(std::int64_t image, std::span<std::int32_t> mask) const {
  const VolumeExample& e = examples_[static_cast<std::size_t>(image)];
  auto scan = scans_->get(e.scan);
  each_place(e, scans_->geometry(e.scan).size,
             [&](std::size_t i, std::size_t at) { mask[i] = scan->mask.empty() ? 0 : scan->mask[at]; });
}

std::string VolumeStore::name(std::int64_t image) const {
  const VolumeExample& e = examples_[static_cast<std::size_t>(image)];
  std::string file = std::filesystem::path(scans_->scans()[e.scan].image).filename().string();
  if (axis_ >= 0) return fmt::format("{} slice {}", file, e.first[static_cast<std::size_t>(axis_)]);
  return extent_ == scans_->geometry(e.scan).size ? file : fmt::format("{} at {}", file, fmt::join(e.first, ","));
}

std::vector<double> VolumeStore::spacing() const {
  constexpr double kRounding = 1e-3;  // scanners and converters write one spacing with different last digits
  const Spacing3& first = scans_->geometry(0).spacing;
  std::vector<double> out;
  for (std::size_t a = 0; a < 3; ++a) {
    if (static_cast<int>(a) == axis_) continue;
    for (std::size_t s = 1; s < scans_->scans().size(); ++s)
      if (std::abs(scans_->geometry(s).spacing[a] - first[a]) > kRounding * first[a]) return {};
    out.push_back(first[a]);
  }
  return out;
}

Volume VolumeStore::assembled(std::size_t scan, std::span<const std::int32_t> classes) const {
  const ScanGeometry& g = scans_->geometry(scan);
  Volume out{g.size, g.spacing, std::vector<float>(places(g.size), 0)};
  std::size_t each = places(extent_), used = 0;
  std::vector<std::int32_t> depth(out.values.size(), 0);  // how far inside its example a place lay
  for (const VolumeExample& e : examples_) {
    if (e.scan != scan) continue;
    if (classes.size() < used + each)
      throw Error(ErrorKind::shape,
                  {"predictions", fmt::format("{} for each example", each), std::to_string(classes.size()), ""});
    const std::int32_t* from = classes.data() + used;
    used += each;
    each_place(e, g.size, [&](std::size_t i, std::size_t at) {
      auto k = static_cast<std::int64_t>(i);
      Extent3 place = {k / (extent_[1] * extent_[2]), k / extent_[2] % extent_[1], k % extent_[2]};
      std::int64_t inside = INT32_MAX;
      for (std::size_t a = 0; a < 3; ++a) inside = std::min({inside, place[a] + 1, extent_[a] - place[a]});
      if (inside <= depth[at]) return;
      depth[at] = static_cast<std::int32_t>(inside);
      out.values[at] = static_cast<float>(from[i]);
    });
  }
  return out;
}

void write_labels(const std::string& path, const ScanGeometry& g, const Volume& classes, const LabelMap& labels) {
  Volume volume = g.size == g.resampled ? classes : cropped(classes, g.resampled, 0);
  if (g.resampled != g.header.size() || g.spacing != g.header.spacing())
    volume = resampled(volume, g.header.size(), g.header.spacing(), Interpolation::nearest);
  std::int64_t least = 0, most = 0;
  for (const auto& values : labels.values) {
    least = std::min(least, values.front());
    most = std::max(most, values.front());
  }
  for (float& v : volume.values) v = static_cast<float>(labels.values.at(static_cast<std::size_t>(v)).front());
  bool bytes = least >= 0 && most <= UINT8_MAX, shorts = least >= INT16_MIN && most <= INT16_MAX;
  write_nifti(path, g.header, volume, bytes ? NiftiType::u8 : shorts ? NiftiType::i16 : NiftiType::f32);
}

std::vector<std::string> write_predictions(const VolumeStore& store, const LabelMap& labels,
                                           std::span<const std::int32_t> classes, const std::string& folder) {
  make_folder(folder);
  Shape mask = store.shape().without(store.shape().rank() - 1);
  auto each = static_cast<std::size_t>(mask.size());
  if (classes.size() != each * store.examples().size())
    throw Error(ErrorKind::shape, {"predictions", std::to_string(each * store.examples().size()) + " places",
                                   std::to_string(classes.size()), ""});
  std::vector<std::string> paths;
  std::size_t from = 0;
  for (std::size_t s = 0; s < store.scans().scans().size(); ++s) {
    std::size_t count = 0;  // the examples of a scan follow one another
    while (from + count < store.examples().size() && store.examples()[from + count].scan == s) ++count;
    Volume volume = store.assembled(s, classes.subspan(from * each, count * each));
    from += count;
    std::string name = std::filesystem::path(store.scans().scans()[s].image).filename().string();
    name.resize(name.rfind(".nii"));
    std::string path = resolve_path(folder, name + "_prediction.nii.gz");
    for (int k = 2; std::ranges::find(paths, path) != paths.end(); ++k)
      path = resolve_path(folder, fmt::format("{}_{}_prediction.nii.gz", name, k));
    write_labels(path, store.scans().geometry(s), volume, labels);
    paths.push_back(path);
  }
  return paths;
}

}  // namespace gradus
