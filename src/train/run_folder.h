#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gradus/base/file.h"
#include "gradus/model/model_file.h"
#include "gradus/train/history.h"

namespace gradus {

// The folder of one run and the files in it. Every file is written whole or not at all; config, checkpoint and model,
// from which --resume makes the others again, are on the disk when their write returns.
class RunFolder {
 public:
  static constexpr const char* kConfig = "config.toml";
  static constexpr const char* kModel = "model.safetensors";
  static constexpr const char* kHistory = "metrics.csv";
  static constexpr const char* kMetrics = "metrics.json";
  static constexpr const char* kSamples = "samples.json";
  static constexpr const char* kReport = "report.html";
  static constexpr const char* kCheckpoint = "checkpoints/latest.safetensors";

  explicit RunFolder(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  std::string file(const char* name) const { return path_ + "/" + name; }

  // Makes the folder ready for a run of `config`. A folder that holds a run is refused unless it is to be resumed (then
  // the config must be the same but for how long to train) or overwritten. The folder is held while this object lives.
  // Throws Error{usage}, {state} (another process works there), {config} or {file}.
  void open(const Value& config, bool resume, bool overwrite);
  // The config of the run that begins or goes on: the last thing before it does.
  void write_config(const Value& config) const;
  // Whether open() found the run planned for another number of epochs.
  bool epochs_changed() const { return epochs_changed_; }

  std::optional<ModelFile> read_checkpoint() const;
  void write_checkpoint(const ModelFile& checkpoint) const;
  void write_history(const std::vector<EpochRecord>& history) const;
  void write_model(const ModelFile& model) const;
  void write_metrics(const Value& metrics) const;
  // Texts made so far: a list, empty where there are none. Throws Error{data} for a file that is damaged.
  Value read_samples() const;
  void write_samples(const Value& samples) const;

 private:
  std::string path_;
  std::optional<FolderLock> lock_;
  bool epochs_changed_ = false;
};

}  // namespace gradus
