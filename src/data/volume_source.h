#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gradus/data/source.h"
#include "gradus/data/volume_params.h"
#include "gradus/data/volume_split.h"
#include "gradus/data/volume_store.h"

namespace gradus {

// Scans with a label volume each (segmentation), or with a class or a number (classification, regression). Formats
// differ in where they list the scans.
class VolumeSource : public Source {
 public:
  LoadedData load(const std::string& folder, std::uint64_t seed) final;
  Value state() const final;
  void restore(const Value& state) final;
  // Lists of scans as in training, or scans themselves (.nii, .nii.gz), which have no targets.
  OpenedData open(const std::vector<std::string>& files, bool need_target) final;
  std::optional<ImageFormat> image_format() const final;

 protected:
  struct Files {
    std::string source, train, test, example;
  };
  VolumeSource(std::string format, VolumeParams data, VolumePrepareParams prepare);

  // What [data] names.
  virtual Files files() const = 0;
  // Where a list that the key `place` names lies.
  virtual std::string located(const std::string& folder, const std::string& name, const std::string& place) const = 0;
  // The scans in a list: columns "subject", "image" and, where it has them, "label" and others; files with their paths.
  virtual Table listed(const std::string& path) const = 0;
  // What gives a scan its label, for the error that none has one.
  virtual std::string labels_sought() const = 0;
  // What else a list of new scans is read by.
  virtual Value list_state() const { return Value::table(); }
  virtual void restore_list(const Value&) {}

 private:
  struct Listed {
    Table table;
    std::vector<Scan> scans;
    std::size_t train_rows = 0;
  };
  Listed read_lists(const std::string& folder, const VolumeSplit& split) const;
  void leave_out_unlabelled(Listed& listed, std::vector<std::string>& notes) const;
  void choose_task(Listed& listed, std::vector<std::string>& notes);
  void choose_classes(const std::vector<Scan>& scans);
  std::shared_ptr<const VolumeStore> store(std::vector<Scan> scans, std::uint64_t seed, bool of_training);
  std::vector<VolumeExample> examples_of(const ScanCache& scans, std::uint32_t scan, std::uint64_t seed,
                                         bool of_training) const;
  Extent3 extent_for(const ScanGeometry& geometry) const;
  Split example_parts(const VolumeSplit& split, const Split& scans, const VolumeStore& store) const;
  void fit(const VolumeStore& store, const RowIndices& rows, LoadedData& out);
  std::shared_ptr<const Dataset> part(const std::shared_ptr<const VolumeStore>& store, const Tensor& target,
                                      const RowIndices& rows, std::uint64_t seed, bool augmented) const;
  Tensor targets(const Table& table, const VolumeStore& store) const;
  int axis() const;
  ScanPreparation preparation() const;

  std::string format_;
  VolumeParams data_;
  VolumePrepareParams prepare_;
  TaskSpec task_;
  Target target_;    // of tasks with one value for a scan
  LabelMap labels_;  // of tasks with a class for each place
  std::optional<Extent3> extent_;
  ImageFormat scale_;
};

}  // namespace gradus
