#pragma once

#include <span>

#include "gradus/data/images.h"
#include "gradus/data/scans.h"

namespace gradus {

// An example cut out of a scan.
struct VolumeExample {
  std::uint32_t scan = 0;
  Extent3 first = {};  // its first voxel in the prepared scan
};

// Volumes, patches of them, or slices as examples. Slices are pictures as they are usually hung: seen with the head or
// the front on top, the right, or in sagittal slices the front, on the right.
class VolumeStore final : public ImageStore {
 public:
  // Examples of the given extent. `axis` (0: z, 1: y, 2: x) is the one that slices lie across, -1 where examples keep
  // all three. With `masks` each place has a class, 0 in scans without labels.
  VolumeStore(std::shared_ptr<const ScanCache> scans, std::vector<VolumeExample> examples, Extent3 extent, int axis,
              bool masks);

  const ScanCache& scans() const { return *scans_; }
  const std::vector<VolumeExample>& examples() const { return examples_; }

  std::int64_t size() const override { return static_cast<std::int64_t>(examples_.size()); }
  Shape shape() const override;
  void read(std::int64_t image, std::span<float> values) const override;
  Shape mask_shape() const override;
  void read_mask(std::int64_t image, std::span<std::int32_t> mask) const override;
  std::string name(std::int64_t image) const override;
  // Millimetres between the places of an example along each of its axes; none where the scans differ in them.
  std::vector<double> spacing() const;
  bool is_slow() const override { return !scans_->holds_all(); }

  // The classes predicted for all examples of one scan, [example, mask's shape] in their order, put together in the
  // prepared scan. Where examples overlap, the one whose border is furthest away counts; class 0 where there is none.
  Volume assembled(std::size_t scan, std::span<const std::int32_t> classes) const;

 private:
  // f(place in the example, place in the prepared scan) for each place of an example.
  template <class F>
  void each_place(const VolumeExample& example, const Extent3& size, F f) const;

  std::shared_ptr<const ScanCache> scans_;
  std::vector<VolumeExample> examples_;
  Extent3 extent_;
  int axis_;
  bool have_masks_;
};

// Writes classes assembled in a prepared scan as label values (the first of each class) on the grid of the scan's own
// file: padding cut off, what was cut off class 0, resampled back to the nearest voxel. Throws as write_nifti does.
void write_labels(const std::string& path, const ScanGeometry& geometry, const Volume& classes, const LabelMap& labels);

// Writes the classes predicted for all examples of a store, [example, mask's shape], as one label volume for each scan:
// SCAN_prediction.nii.gz in `folder`, numbered where two scans have one name. Returns the files' paths.
std::vector<std::string> write_predictions(const VolumeStore& store, const LabelMap& labels,
                                           std::span<const std::int32_t> classes, const std::string& folder);

}  // namespace gradus
