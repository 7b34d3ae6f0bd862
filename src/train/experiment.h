#pragma once

#include "gradus/data/source.h"
#include "gradus/train/evaluation.h"

namespace gradus {

// The `[model]` section.
struct ModelParams {
  Value type = "network";  // or a ready model: its layers stand in `layers` once the config is read
  Value layers;
  Value loss;  // absent: cross_entropy for classes, mse for numbers
  void fields(Fields& f);
};

// A whole config: one TOML file.
struct ExperimentParams {
  std::string name;
  std::int64_t seed = 0;
  Value data = Value::table();
  Value prepare = Value::table();
  ModelParams model;
  TrainParams train;
  void fields(Fields& f);
};

struct Experiment {
  ExperimentParams params;
  std::string folder;                   // where relative paths start
  std::vector<std::string> overridden;  // the keys that --set gave

  // The config with every default written out but the initialisers' (which depend on what follows), its relative paths
  // starting at `folder`.
  Value resolved(const std::string& folder, const TaskSpec& task) const;
  // What training makes small: the config's loss, or the task's usual one.
  Value loss_for(const TaskSpec& task) const;
};

// Reads a config. `overrides` are "key=value", see apply_override. Throws Error{config} with the place.
Experiment read_experiment(const std::string& path, const std::vector<std::string>& overrides = {});
Experiment experiment_of(const Value& config, const std::string& folder);

// What goes in and out of the parts of an experiment; made once per run.
struct Prepared {
  std::unique_ptr<Source> source;
  LoadedData data;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<Network> network;
  Shape input;
  std::vector<std::string> warnings;
};

// Loads the data, makes the network and checks that all fits together, before anything is trained.
Prepared prepare_experiment(const Experiment& experiment);

struct RunOptions {
  std::string out;  // "": runs/NAME beside the working folder
  bool resume = false;
  bool overwrite = false;
  std::function<void(const std::string&)> note;  // sentences for the user, before and during training
  std::function<void(const Progress&)> progress;
  std::function<void(const EpochRecord&)> epoch_end;
  const std::atomic<bool>* stop = nullptr;
};

struct RunOutcome {
  std::string folder;
  Value config;  // resolved
  TrainResult training;
  Value metrics;                     // the content of metrics.json
  Prepared prepared;                 // network, data and source, for reports
  std::unique_ptr<Evaluation> test;  // of the test part, or null
  std::vector<std::string> notes;
};

// Trains as the config says and fills the run folder: config.toml, metrics.csv, checkpoints/, and at the end
// model.safetensors and metrics.json. Interrupted training leaves a checkpoint and no model. So does training that
// diverges: Error{numeric}, and a metrics.json that says it and why.
RunOutcome run_experiment(const Experiment& experiment, const RunOptions& options);

// What a network says of each place of one example.
struct PlacePrediction {
  Shape shape;                        // of a mask [size..], of a picture [size.., channels]
  std::vector<std::int32_t> classes;  // of a mask
  std::vector<float> values;          // of a picture, in its own units
};

// A trained model read back: everything needed to treat raw data as in training.
class TrainedModel {
 public:
  // From a run folder or a model file. Throws Error{file} or Error{data}.
  explicit TrainedModel(const std::string& path);

  // Measures the model on raw data in the files' format; `notes`, where given, receives what to know of how they were
  // taken.
  Evaluation evaluate_files(const std::vector<std::string>& files, std::vector<std::string>* notes = nullptr);
  Evaluation evaluate_data(const Dataset& data) { return evaluate(*network_, *loss_, task_, data); }
  // The predictions for raw data as rows of text under column names; `files` as for evaluation, without targets.
  struct Predictions {
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
  };
  Predictions predict_files(const std::vector<std::string>& files);
  // Of models of masks and pictures: writes the predictions into `folder` in the files' own format, or else hands each
  // with the example's name to `draw`, which writes it and says where. Inputs of another size than those trained on are
  // predicted patch by patch. Returns the files.
  using DrawPrediction = std::function<std::vector<std::string>(const std::string& name, const PlacePrediction&)>;
  std::vector<std::string> predict_places(const std::vector<std::string>& files, const std::string& folder,
                                          const DrawPrediction& draw, std::vector<std::string>* notes = nullptr);
  // The examples of such files as the network takes them.
  OpenedData open_files(const std::vector<std::string>& files) { return source_->open(files, false); }

  // "f32" or "bf16": what products are computed in; at first what the model was trained in, where the processor has it.
  // Throws Error{state} where it has not, Error{usage} for other names.
  void set_precision(const std::string& name);

  const TaskSpec& task() const { return task_; }
  const Value& metadata() const { return metadata_; }
  Network& network() { return *network_; }
  const Loss& loss() const { return *loss_; }
  // How its examples are images; none where they are not.
  std::optional<ImageFormat> image_format() const { return source_->image_format(); }

 private:
  // Of one example, from the network's probabilities or values of `shape`.
  PlacePrediction place_prediction(const float* values, const Shape& shape) const;

  Value metadata_;
  Shape input_;  // of one example in training
  TaskSpec task_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Network> network_;
};

}  // namespace gradus
