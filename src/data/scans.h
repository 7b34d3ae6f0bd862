#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gradus/data/readers/nifti.h"

namespace gradus {

// One scan of a study.
struct Scan {
  std::string subject;  // whom it shows
  std::string image;    // its file
  std::string label;    // the file of its label volume; empty: none
};

// Which class each value in a label volume stands for: class c has the values values[c].
struct LabelMap {
  std::vector<std::vector<std::int64_t>> values;

  // -1 for a value that no class has.
  std::int32_t class_of(std::int64_t value) const;
};

// What is done to every scan, and to new ones alike.
struct ScanPreparation {
  std::optional<Spacing3> spacing;  // mm; absent: the file's own
  std::optional<Extent3> size;      // cut and padded to; absent: as large as they are
  bool standardize = false;         // each scan by its own mean and deviation
};

// A scan's way from its file to the prepared volume.
struct ScanGeometry {
  NiftiHeader header;
  Extent3 resampled = {};  // size after resampling
  Extent3 size = {};       // after cutting and padding
  Spacing3 spacing = {};
};
ScanGeometry geometry_of(const NiftiHeader& header, const ScanPreparation& preparation);

// A scan ready to be worked on, [z, y, x]; the mask, where it has one, holds the classes of its places.
struct PreparedScan {
  std::vector<float> values;
  std::vector<std::uint8_t> mask;
  std::uint64_t not_finite = 0;  // voxels without a number, read as 0
};

// Reads a scan and its labels. Images are resampled linearly, labels to the nearest voxel; what is added around has the
// scan's lowest value and class 0. Throws Error{data} that names the file, also for labels whose size or spacing is not
// the scan's, and for label values that no class has.
PreparedScan prepare_scan(const Scan& scan, const ScanPreparation& preparation, const LabelMap& labels);

// The whole-numbered values in a label volume. Throws Error{data} for a value that is none.
std::map<std::int64_t, std::uint64_t> label_values(const std::string& path);

// Scans that are prepared when they are asked for and kept while there is room. Safe to use from several threads.
class ScanCache {
 public:
  // Keeps at most `budget` bytes, but never less than one scan.
  ScanCache(std::vector<Scan> scans, ScanPreparation preparation, LabelMap labels, std::uint64_t budget);

  const std::vector<Scan>& scans() const { return scans_; }
  const LabelMap& labels() const { return labels_; }
  const ScanGeometry& geometry(std::size_t scan) const { return geometries_[scan]; }
  std::shared_ptr<const PreparedScan> get(std::size_t scan) const;
  // Whether all scans are kept once they are read.
  bool holds_all() const { return bytes_ <= budget_; }

 private:
  struct Slot {
    std::mutex reading;
    std::shared_ptr<const PreparedScan> scan;
    std::uint64_t used = 0;
  };
  std::uint64_t bytes_of(std::size_t scan) const;
  void keep(std::size_t scan, std::shared_ptr<const PreparedScan> prepared) const;

  std::vector<Scan> scans_;
  ScanPreparation preparation_;
  LabelMap labels_;
  std::uint64_t budget_, bytes_ = 0;
  std::vector<ScanGeometry> geometries_;
  mutable std::mutex guard_;  // of the slots' scans, of `clock_` and `kept_`
  mutable std::uint64_t clock_ = 0, kept_ = 0;
  mutable std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace gradus
