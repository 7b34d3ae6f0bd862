#include "gradus/data/scans.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr double kLargestWhole = 16777216;  // 2^24: beyond it not every whole number is a float

std::string size_text(const Extent3& size) { return fmt::format("{}", fmt::join(size, " x ")); }

std::int64_t whole(float value, const std::string& path) {
  double v = static_cast<double>(value);
  if (v != std::floor(v) || std::abs(v) > kLargestWhole)
    throw Error(ErrorKind::data, {path, "labels that are whole numbers", fmt::format("{:.7g}", v),
                                  "is this a scan instead of its labels?"});
  return static_cast<std::int64_t>(v);
}

void check_alike(const NiftiHeader& image, const NiftiHeader& label, const Scan& scan) {
  if (label.size() != image.size())
    throw Error(ErrorKind::data, {scan.label, size_text(image.size()) + " voxels like the scan " + scan.image,
                                  size_text(label.size()), "do the two files belong together?"});
  constexpr double kTolerance = 0.01;
  Spacing3 a = image.spacing(), b = label.spacing();
  for (std::size_t i = 0; i < 3; ++i)
    if (std::abs(a[i] - b[i]) > kTolerance * a[i])
      throw Error(ErrorKind::data,
                  {scan.label, fmt::format("voxels of {:.4g} mm like the scan {}", fmt::join(a, " x "), scan.image),
                   fmt::format("{:.4g} mm", fmt::join(b, " x ")), "do the two files belong together?"});
}

Volume on_grid(Volume volume, const ScanGeometry& g, Interpolation interpolation) {
  if (g.resampled != volume.size || g.spacing != volume.spacing)
    volume = resampled(volume, g.resampled, g.spacing, interpolation);
  return volume;
}

void standardize(std::vector<float>& values) {
  double sum = 0, squares = 0, n = static_cast<double>(values.size());
  for (float v : values) sum += static_cast<double>(v);
  double mean = sum / n;
  for (float v : values) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
  double deviation = std::sqrt(squares / n), scale = deviation > 0 ? 1 / deviation : 1;
  for (float& v : values) v = static_cast<float>((static_cast<double>(v) - mean) * scale);
}

std::vector<std::uint8_t> classes_of(const Volume& volume, const LabelMap& labels, const std::string& path) {
  std::vector<std::uint8_t> mask(volume.values.size());
  float last = NAN;  // equal to no value
  std::uint8_t last_class = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    float value = volume.values[i];
    if (value != last) {
      std::int64_t label = whole(value, path);
      std::int32_t c = labels.class_of(label);
      if (c < 0)
        throw Error(ErrorKind::data,
                    {path, "label values that classes have", std::to_string(label), "list it in data.label_values"});
      last = value;
      last_class = static_cast<std::uint8_t>(c);
    }
    mask[i] = last_class;
  }
  return mask;
}

}  // namespace

std::int32_t LabelMap::class_of(std::int64_t value) const {
  for (std::size_t c = 0; c < values.size(); ++c)
    if (std::ranges::find(values[c], value) != values[c].end()) return static_cast<std::int32_t>(c);
  return -1;
}

ScanGeometry geometry_of(const NiftiHeader& header, const ScanPreparation& preparation) {
  ScanGeometry g;
  g.header = header;
  g.spacing = header.spacing();
  constexpr double kRounding = 1e-4;  // files keep spacings in 32 bits
  for (std::size_t a = 0; a < 3 && preparation.spacing; ++a) {
    double wanted = (*preparation.spacing)[a];
    if (std::abs(wanted - g.spacing[a]) > kRounding * wanted) g.spacing[a] = wanted;
  }
  g.resampled = resampled_size(header.size(), header.spacing(), g.spacing);
  g.size = preparation.size.value_or(g.resampled);
  return g;
}

PreparedScan prepare_scan(const Scan& scan, const ScanPreparation& preparation, const LabelMap& labels) {
  NiftiImage image = read_nifti(scan.image);
  ScanGeometry g = geometry_of(image.header, preparation);
  Volume volume = on_grid(std::move(image.volume), g, Interpolation::linear);
  if (preparation.standardize) standardize(volume.values);
  if (g.size != volume.size) volume = cropped(volume, g.size, std::ranges::min(volume.values));
  PreparedScan out;
  out.values = std::move(volume.values);
  out.not_finite = image.not_finite;
  if (scan.label.empty()) return out;
  NiftiImage label = read_nifti(scan.label);
  check_alike(image.header, label.header, scan);
  Volume mask = std::move(label.volume);
  mask.spacing = image.header.spacing();  // equal but for rounding
  mask = on_grid(std::move(mask), g, Interpolation::nearest);
  if (g.size != mask.size) mask = cropped(mask, g.size, static_cast<float>(labels.values.front().front()));
  out.mask = classes_of(mask, labels, scan.label);
  return out;
}

std::map<std::int64_t, std::uint64_t> label_values(const std::string& path) {
  constexpr std::size_t kMost = 256;
  std::map<std::int64_t, std::uint64_t> counts;
  for (float v : read_nifti(path).volume.values) {
    ++counts[whole(v, path)];
    if (counts.size() > kMost)
      throw Error(ErrorKind::data, {path, fmt::format("at most {} different labels", kMost), "more",
                                    "is this a scan instead of its labels?"});
  }
  return counts;
}

ScanCache::ScanCache(std::vector<Scan> scans, ScanPreparation preparation, LabelMap labels, std::uint64_t budget)
    : scans_(std::move(scans)), preparation_(preparation), labels_(std::move(labels)), budget_(budget) {
  for (const Scan& scan : scans_) {
    geometries_.push_back(geometry_of(read_nifti_header(scan.image), preparation_));
    places(geometries_.back().size);
    slots_.push_back(std::make_unique<Slot>());
    bytes_ += bytes_of(geometries_.size() - 1);
  }
}

std::uint64_t ScanCache::bytes_of(std::size_t scan) const {
  return places(geometries_[scan].size) * (sizeof(float) + (scans_[scan].label.empty() ? 0 : 1));
}

std::shared_ptr<const PreparedScan> ScanCache::get(std::size_t scan) const {
  Slot& slot = *slots_[scan];
  auto kept = [&]() -> std::shared_ptr<const PreparedScan> {
    std::lock_guard lock(guard_);
    slot.used = ++clock_;
    return slot.scan;
  };
  if (auto found = kept()) return found;
  std::lock_guard reading(slot.reading);  // who comes second waits for the first
  if (auto found = kept()) return found;
  auto prepared = std::make_shared<const PreparedScan>(prepare_scan(scans_[scan], preparation_, labels_));
  if (prepared->values.size() != places(geometries_[scan].size))
    throw Error(ErrorKind::file, scans_[scan].image, "has changed since it was opened");
  keep(scan, prepared);
  return prepared;
}

void ScanCache::keep(std::size_t scan, std::shared_ptr<const PreparedScan> prepared) const {
  std::lock_guard lock(guard_);
  std::uint64_t bytes = bytes_of(scan);
  while (kept_ > 0 && kept_ + bytes > budget_) {
    std::size_t oldest = slots_.size();
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i]->scan && (oldest == slots_.size() || slots_[i]->used < slots_[oldest]->used)) oldest = i;
    slots_[oldest]->scan = nullptr;
    kept_ -= bytes_of(oldest);
  }
  slots_[scan]->scan = std::move(prepared);
  kept_ += bytes;
}

}  // namespace gradus
