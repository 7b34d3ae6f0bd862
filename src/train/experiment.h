#pragma once

#include "gradus/data/source.h"
#include "gradus/train/evaluation.h"
#include "gradus/train/trainer.h"

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
  StepProfile* profile = nullptr;  // measures the steps of training
};

// A text that a model made during training: gone on with, or some lines and what was made of each.
struct MadeText {
  std::int64_t epoch = 0;  // after which
  std::string text;
};

struct RunOutcome {
  std::string folder;
  Value config;  // resolved
  TrainResult training;
  Value metrics;                     // the content of metrics.json
  Prepared prepared;                 // network, data and source, for reports
  std::unique_ptr<Evaluation> test;  // of the test part, or null
  std::vector<MadeText> samples;     // of a model of texts, after its first, middle and last epoch
  std::vector<std::string> notes;
};

// Trains as the config says and fills the run folder: config.toml, metrics.csv, checkpoints/, for models of
// texts samples.json, and at the end model.safetensors and metrics.json. Interrupted training leaves a checkpoint and
// no model. So does training that diverges: Error{numeric}, and a metrics.json that says it and why.
RunOutcome run_experiment(const Experiment& experiment, const RunOptions& options);

}  // namespace gradus
