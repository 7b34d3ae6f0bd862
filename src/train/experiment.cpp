#include "gradus/train/experiment.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/base/version.h"
#include "gradus/model/model_file.h"
#include "gradus/train/checks.h"
#include "gradus/train/run_folder.h"

namespace gradus {

void ModelParams::fields(Fields& f) {
  f("type", type, {"network"}, "kind of model");
  f("layers", layers, "a list of tables", "the layers in order: [ { type = \"linear\", units = 16 }, ... ]");
  f("loss", loss, "a name or a table",
    "what training makes small; left out: cross_entropy for classes, mse for numbers");
}

void ExperimentParams::fields(Fields& f) {
  f("name", name, "names the run and its folder");
  f("seed", seed, at_least(0), "of everything random: split, initial weights, shuffling, dropout");
  f("data", data, "a table", "the data: see the formats");
  f("prepare", prepare, "a table", "split, missing values, encoding, scaling");
  f("model", model, "the model");
  f("train", train, "the training");
}

Value Experiment::resolved() const {
  ExperimentParams copy = params;
  return write_params(copy);
}

Experiment experiment_of(const Value& config, const std::string& folder) {
  Experiment e;
  e.folder = folder;
  read_params(e.params, config, "");
  if (e.params.name.empty()) throw Error(ErrorKind::config, "name", "is missing", "write name = \"iris\" at the top");
  if (e.params.name.find('/') != std::string::npos || e.params.name[0] == '.')
    throw Error(ErrorKind::config, {"name", "a plain name, since it names a folder", "\"" + e.params.name + "\"", ""});
  if (e.params.model.layers.is_null())
    throw Error(ErrorKind::config, "model.layers", "is missing",
                "write layers = [ { type = \"linear\" } ] under [model]");
  return e;
}

Experiment read_experiment(const std::string& path, const std::vector<std::string>& overrides) {
  if (!std::filesystem::exists(path))
    throw Error(ErrorKind::usage, path, "there is no such file", "give the path of a config, a TOML file");
  Value config = read_toml(path);
  for (const std::string& o : overrides) {
    std::size_t equals = o.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorKind::usage, {"--set", "key=value", "\"" + o + "\"", "for example --set train.epochs=5"});
    config.set_path(o.substr(0, equals), parse_toml_value(o.substr(equals + 1)));
  }
  return experiment_of(config, std::filesystem::absolute(path).parent_path().string());
}

namespace {

Value default_loss(const TaskSpec& task) { return task.classifies() ? "cross_entropy" : "mse"; }

std::vector<float> class_weights_of(const Value& v, const LoadedData& data) {
  if (v.is_null()) return {};
  const TaskSpec& task = data.task;
  if (!task.classifies())
    throw Error(ErrorKind::config, "train.class_weights", "the target has no classes", "leave it out");
  std::vector<float> weights(task.classes.size(), 1);
  if (v.is_string()) {
    if (v.as_string() != "balanced")
      throw Error(ErrorKind::config,
                  {"train.class_weights", "\"balanced\" or a table", "\"" + v.as_string() + "\"", ""});
    double total = 0;
    for (double c : data.class_counts) total += c;
    for (std::size_t c = 0; c < weights.size(); ++c)
      weights[c] = static_cast<float>(total / (static_cast<double>(weights.size()) * data.class_counts[c]));
    return weights;
  }
  for (const auto& [name, weight] : v.as_table("train.class_weights")) {
    auto it = std::find(task.classes.begin(), task.classes.end(), name);
    if (it == task.classes.end())
      throw Error(ErrorKind::config, {"train.class_weights", "a class of the target", "\"" + name + "\"",
                                      "nearest: \"" + nearest(name, task.classes) + "\""});
    double w = weight.as_real("train.class_weights." + name);
    if (!(w > 0) || !std::isfinite(w))
      throw Error(ErrorKind::config, {"train.class_weights." + name, "a weight above 0", std::to_string(w), ""});
    weights[it - task.classes.begin()] = static_cast<float>(w);
  }
  return weights;
}

std::unique_ptr<Network> network_for(const Value& layers, const TaskSpec& task, const Loss& loss) {
  return make_network(layers, task.classifies() ? loss.outputs(task.width()) : task.width(), "model.layers");
}

}  // namespace

Prepared prepare_experiment(const Experiment& e) {
  Prepared p;
  p.source = make_source({e.params.data, e.params.prepare});
  p.data = p.source->load(e.folder, static_cast<std::uint64_t>(e.params.seed));
  p.input = p.data.train->input_shape();
  p.loss = make_loss(e.params.model.loss.is_null() ? default_loss(p.data.task) : e.params.model.loss, "model.loss");
  p.network = network_for(e.params.model.layers, p.data.task, *p.loss);
  p.warnings = check_experiment(e, p.data, *p.network, *p.loss);
  p.network->build(p.input, static_cast<std::uint64_t>(e.params.train.seed.value_or(e.params.seed)));
  return p;
}

namespace {

// What the model file says beside its tensors.
Value model_metadata(const Experiment& e, const Prepared& p) {
  Value v = Value::table(), shape = Value::array();
  for (std::int64_t d : p.input) shape.push_back(d);
  v.set("name", e.params.name);
  v.set("version", version());
  v.set("format", source_format({e.params.data, e.params.prepare}));
  v.set("source", p.source->state());
  v.set("task", p.data.task.state());
  v.set("input", shape);
  v.set("layers", e.params.model.layers);
  v.set("loss", e.params.model.loss.is_null() ? default_loss(p.data.task) : e.params.model.loss);
  return v;
}

Value run_facts(const TrainResult& r) {
  Value v = Value::table();
  v.set("epochs", r.epochs);
  v.set("steps", r.steps);
  v.set("seconds", r.seconds);
  v.set("examples_per_second", r.own_seconds > 0 ? static_cast<double>(r.examples) / r.own_seconds : 0.0);
  v.set("threads", threads());
  v.set("stopped", stopped_name(r.stopped));
  if (r.best_epoch > 0) v.set("best_epoch", r.best_epoch);
  return v;
}

std::int64_t parameter_count(Network& n) {
  std::int64_t count = 0;
  for (const Parameter& p : parameters_of(n)) count += p.value.size();
  return count;
}

}  // namespace

RunOutcome run_experiment(const Experiment& e, const RunOptions& options) {
  RunOutcome out;
  out.prepared = prepare_experiment(e);
  Prepared& p = out.prepared;
  auto note = [&](const std::string& text) {
    out.notes.push_back(text);
    if (options.note) options.note(text);
  };
  for (const std::string& n : p.data.notes) note(n);
  for (const std::string& w : p.warnings) note("warning: " + w);

  RunFolder folder(options.out.empty() ? "runs/" + e.params.name : options.out);
  folder.open(e.resolved(), options.resume, options.overwrite);
  out.folder = folder.path();

  Trainer trainer(*p.network, *p.loss, e.params.train, static_cast<std::uint64_t>(e.params.seed));
  trainer.set_class_weights(class_weights_of(e.params.train.class_weights, p.data));
  if (options.resume) {
    if (auto checkpoint = folder.read_checkpoint()) {
      try {
        trainer.resume(checkpoint->metadata, checkpoint->tensors);
      } catch (const Error& error) {
        throw Error(ErrorKind::data, folder.file(RunFolder::kCheckpoint),
                    std::string("damaged or of another version: ") + error.what(), "start anew with --overwrite");
      }
      note("resumed after " + std::to_string(checkpoint->metadata.at("steps").as_integer()) + " steps");
      if (trainer.schedule_depends_on_length() && folder.epochs_changed())
        note(
            "warning: the schedule depends on the number of epochs, so this is not what a run planned this long would "
            "give");
    } else {
      note("there is no checkpoint yet: starting afresh");
    }
  }
  TrainCallbacks callbacks;
  callbacks.progress = options.progress;
  callbacks.stop = options.stop;
  std::vector<EpochRecord> history = trainer.history();
  auto written = std::chrono::steady_clock::now();
  callbacks.epoch_end = [&](const EpochRecord& r) {
    history.push_back(r);
    if (std::chrono::steady_clock::now() - written > std::chrono::seconds(1)) {  // short epochs: not a file for each
      folder.write_history(history);
      written = std::chrono::steady_clock::now();
    }
    if (options.epoch_end) options.epoch_end(r);
  };
  if (p.data.validation)
    callbacks.validate = [&] { return evaluate(*p.network, *p.loss, p.data.task, *p.data.validation).summary(); };
  callbacks.save = [&](const Value& metadata, const NamedTensors& tensors) {
    folder.write_checkpoint({metadata, tensors});
  };
  out.training = trainer.fit(*p.data.train, callbacks);
  if (!history.empty()) folder.write_history(history);
  if (out.training.stopped == Stopped::interrupted) return out;

  NamedTensors state = state_of(*p.network);
  Value model = Value::table(), metrics = Value::table();
  model.set("parameters", parameter_count(*p.network));
  model.set("hash", model_hash(state));
  auto measure = [&](const char* part, const std::unique_ptr<Dataset>& data) {
    if (!data) return;
    Evaluation measured = evaluate(*p.network, *p.loss, p.data.task, *data);
    metrics.set(part, measured.metrics());
    if (&data == &p.data.test) out.test = std::make_unique<Evaluation>(std::move(measured));
  };
  measure("train", p.data.train);
  measure("validation", p.data.validation);
  measure("test", p.data.test);
  out.metrics = Value::table();
  out.metrics.set("run", run_facts(out.training));
  out.metrics.set("model", model);
  out.metrics.set("metrics", metrics);
  folder.write_model({model_metadata(e, p), state});
  folder.write_metrics(out.metrics);
  return out;
}

TrainedModel::TrainedModel(const std::string& path) {
  std::string file =
      std::filesystem::is_directory(path) ? (std::filesystem::path(path) / RunFolder::kModel).string() : path;
  if (file != path && !std::filesystem::exists(file))
    throw Error(ErrorKind::file, path, "is no finished run: it has no model.safetensors",
                "finish it with gradus train --resume");
  ModelFile model = read_model_file(file);
  try {
    metadata_ = model.metadata;
    task_ = TaskSpec::restored(metadata_.at("task"));
    const std::string& format = metadata_.at("format").as_string();
    source_ = sources().make(format, Value::table(), "format");
    source_->restore(metadata_.at("source"));
    loss_ = make_loss(metadata_.at("loss"), "loss");
    network_ = network_for(metadata_.at("layers"), task_, *loss_);
    std::vector<std::int64_t> dims;
    for (const Value& d : metadata_.at("input").as_array()) dims.push_back(d.as_integer());
    // Build costs memory for the parameters the layers ask for: first see that the file has as many.
    std::int64_t held = 0;
    for (const auto& [name, t] : model.tensors) held += t.size();
    if (network_->cost(Shape(dims)).parameters > held)
      throw Error(ErrorKind::data, "model", "the layers need more parameters than the file has");
    network_->build(Shape(dims), 0);
    load_state(*network_, model.tensors);
  } catch (const Error& e) {
    throw Error(ErrorKind::data, file, std::string("damaged or of another version: ") + e.what());
  }
}

Evaluation TrainedModel::evaluate_files(const std::vector<std::string>& files) {
  OpenedData opened = source_->open(files, true);
  return evaluate(*network_, *loss_, task_, *opened.data);
}

namespace {

std::string number_text(float x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.7g", static_cast<double>(x));
  return buffer;
}

}  // namespace

TrainedModel::Predictions TrainedModel::predict_files(const std::vector<std::string>& files) {
  OpenedData opened = source_->open(files, false);
  Evaluation e = evaluate(*network_, *loss_, task_, *opened.data);
  Predictions out;
  for (const auto& [name, values] : opened.echo) out.columns.push_back(name);
  std::size_t n = static_cast<std::size_t>(opened.data->size()), width = static_cast<std::size_t>(task_.width());
  if (task_.classifies()) {
    out.columns.push_back("prediction");
    if (!e.probabilities.empty())
      for (const std::string& c : task_.classes) out.columns.push_back("probability_" + c);
  } else {
    for (const std::string& o : task_.outputs) out.columns.push_back(width == 1 ? "prediction" : "prediction_" + o);
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::string> row;
    for (const auto& [name, values] : opened.echo) row.push_back(values[i]);
    if (task_.classifies()) row.push_back(task_.classes[e.predicted[i]]);
    const std::vector<float>& numbers = task_.classifies() ? e.probabilities : e.predicted_values;
    for (std::size_t k = 0; k < width && !numbers.empty(); ++k) row.push_back(number_text(numbers[i * width + k]));
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace gradus
