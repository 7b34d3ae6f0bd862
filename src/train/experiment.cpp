#include "gradus/train/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/memory.h"
#include "gradus/base/parallel.h"
#include "gradus/base/version.h"
#include "gradus/data/numbers.h"
#include "gradus/model/model_file.h"
#include "gradus/nn/blueprint.h"
#include "gradus/train/augmentation_check.h"
#include "gradus/train/checks.h"
#include "gradus/train/generate.h"
#include "gradus/train/overrides.h"
#include "gradus/train/run_folder.h"
#include "gradus/train/translate.h"

namespace gradus {

void ModelParams::fields(Fields& f) {
  f("type", type, "a name or a table", "\"network\", made of the layers below, or a ready model of the catalog");
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

namespace {

void take_ready_model(ModelParams& model) {
  if (model.type == Value("network")) {
    if (model.layers.is_null())
      throw Error(ErrorKind::config, "model.layers", "is missing",
                  "write layers = [ { type = \"linear\" } ] under [model], or type = the name of a ready model");
    return;
  }
  std::unique_ptr<Blueprint> ready = blueprints().make(model.type, "model.type");
  if (!model.layers.is_null())
    throw Error(ErrorKind::config, "model.layers", "a ready model brings its own layers",
                "leave out layers, or write type = \"network\"");
  model.layers = ready->layers();
  model.type = "network";
}

}  // namespace

Experiment experiment_of(const Value& config, const std::string& folder) {
  Experiment e;
  e.folder = folder;
  read_params(e.params, config, "");
  e.params.data.as_table("data");
  e.params.prepare.as_table("prepare");
  if (e.params.name.empty()) throw Error(ErrorKind::config, "name", "is missing", "write name = \"iris\" at the top");
  if (e.params.name.find('/') != std::string::npos || e.params.name[0] == '.')
    throw Error(ErrorKind::config, {"name", "a plain name, since it names a folder", "\"" + e.params.name + "\"", ""});
  take_ready_model(e.params.model);
  return e;
}

namespace {

// Runs what may find a mistake in the config; an error about a key that --set gave says so.
template <class Action>
auto blaming(const std::vector<std::string>& overridden, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    const std::string& place = error.facts().place;
    for (const std::string& key : overridden)
      if (place.rfind(key, 0) == 0 &&
          (place.size() == key.size() || std::string_view(".[:").find(place[key.size()]) != std::string_view::npos))
        throw error.at("--set " + key);
    throw;
  }
}

}  // namespace

Experiment read_experiment(const std::string& path, const std::vector<std::string>& overrides) {
  if (!std::filesystem::exists(path))
    throw Error(ErrorKind::usage, path, "there is no such file", "give the path of a config, a TOML file");
  Value config = read_toml(path);
  std::vector<std::string> overridden;
  for (const std::string& o : overrides) overridden.push_back(apply_override(config, o));
  Experiment e = blaming(overridden,
                         [&] { return experiment_of(config, std::filesystem::absolute(path).parent_path().string()); });
  e.overridden = std::move(overridden);
  return e;
}

namespace {

// Places of the training masks per class; those of weight 0 are none.
std::vector<double> place_counts(const LoadedData& data) {
  std::vector<double> counts(data.task.classes.size(), 0);
  each_batch(*data.train, data.train->size(), [&](const Batch& batch) {
    const std::int32_t* c = batch.target.data<std::int32_t>();
    const float* w = batch.weight.defined() ? batch.weight.data<float>() : nullptr;
    std::int64_t each = w != nullptr ? batch.target.size() / batch.weight.size() : 1;
    for (std::int64_t i = 0; i < batch.target.size(); ++i)
      if (w == nullptr || w[i / each] > 0) ++counts[static_cast<std::size_t>(c[i])];
  });
  return counts;
}

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
    if (task.makes_text())
      throw Error(ErrorKind::config, "train.class_weights", "the symbols of a text are not balanced",
                  "leave it out, or give the symbols that weigh more in a table");
    std::vector<double> counts = task.per_place ? place_counts(data) : data.class_counts;
    double total = 0;
    for (double c : counts) total += c;
    for (std::size_t c = 0; c < weights.size(); ++c)
      if (counts[c] > 0) weights[c] = static_cast<float>(total / (static_cast<double>(weights.size()) * counts[c]));
    return weights;
  }
  for (const auto& [name, weight] : v.as_table("train.class_weights")) {
    auto it = std::find(task.classes.begin(), task.classes.end(), name);
    if (it == task.classes.end())
      throw Error(ErrorKind::config, {"train.class_weights", "a class of the target", "\"" + name + "\"",
                                      "the classes are " + comma_list(task.classes)});
    double w = weight.as_real("train.class_weights." + name);
    if (!(w > 0) || !std::isfinite(w))
      throw Error(ErrorKind::config, {"train.class_weights." + name, "a weight above 0", std::to_string(w), ""});
    weights[it - task.classes.begin()] = static_cast<float>(w);
  }
  return weights;
}

// Refuses, before anything is allocated, what cannot fit: weights, their gradients and one batch's activations.
void check_memory(const Experiment& e, const Prepared& p) {
  const Value& size = e.params.train.batch_size;
  std::int64_t examples = p.data.train->size(),
               batch = size.is_number() ? std::min(size.as_integer(), examples) : examples;
  Cost cost = p.network->cost(p.input);
  double needed =
      8 * static_cast<double>(cost.parameters) + 4 * static_cast<double>(batch) * static_cast<double>(cost.activations);
  require_memory(needed, ErrorKind::config, "model.layers",
                 fmt::format("{} parameters and batches of {}", cost.parameters, batch),
                 "use smaller layers or batches; gradus show model says what each layer needs");
}

// One long text is read in as many places as a batch has examples.
void set_streams(const Experiment& e, LoadedData& data) {
  constexpr std::int64_t kLength = 64;
  const std::optional<std::int64_t>& length = e.params.train.sequence_length;
  if (data.train->streams() == 0) {
    if (length)
      throw Error(ErrorKind::config, "train.sequence_length", "the data are examples of their own, not one long text",
                  "leave it out; a tokenizer's max_length cuts texts");
    return;
  }
  const Value& batch = e.params.train.batch_size;
  if (!batch.is_number() || batch.as_integer("train.batch_size") < 1)
    throw Error(ErrorKind::config, {batch.place("train.batch_size"),
                                    "a whole number >= 1: a text is read in so many places", describe(batch), ""});
  for (std::shared_ptr<const Dataset>* part : {&data.train, &data.validation, &data.test})
    if (*part) *part = (*part)->in_streams(batch.as_integer(), length.value_or(kLength));
  const std::int64_t places = data.train->streams(), steps = data.train->input_shape()[0];
  if (places < batch.as_integer() || steps < length.value_or(kLength))
    data.notes.push_back(
        fmt::format("the training text is too short for batches of {} x {} symbols: it is read in {}, {} at a time",
                    batch.as_integer(), length.value_or(kLength), count_text(static_cast<std::size_t>(places), "place"),
                    count_text(static_cast<std::size_t>(steps), "symbol")));
}

Prepared prepared(const Experiment& e) {
  Prepared p;
  p.source = make_source({e.params.data, e.params.prepare});
  p.data = p.source->load(e.folder, static_cast<std::uint64_t>(e.params.seed));
  set_streams(e, p.data);
  p.input = p.data.train->input_shape();
  p.loss = make_loss(e.loss_for(p.data.task), "model.loss");
  p.network = make_network(e.params.model.layers, network_width(p.data.task, *p.loss), "model.layers");
  if (p.data.symbols > 0) p.network->decide_symbols(p.data.symbols);
  p.warnings = check_experiment(e, p.data, *p.network, *p.loss);
  check_memory(e, p);
  if (e.params.train.precision == "bf16" && !has_bf16())
    p.warnings.push_back("this processor does not multiply bf16: training stays in f32");
  p.network->build(p.input, static_cast<std::uint64_t>(e.params.train.seed.value_or(e.params.seed)));
  if (p.data.task.makes_text()) check_reading(*p.network, p.data.task, *p.data.train);
  return p;
}

}  // namespace

Prepared prepare_experiment(const Experiment& e) {
  return blaming(e.overridden, [&] { return prepared(e); });
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
  if (p.data.symbols > 0) v.set("symbols", p.data.symbols);
  v.set("precision", std::string(dtype_name(p.network->computes_in())));
  v.set("loss", e.loss_for(p.data.task));
  return v;
}

Value run_facts(const TrainResult& r) {
  Value v = Value::table();
  v.set("epochs", r.epochs);
  v.set("steps", r.steps);
  v.set("seconds", r.seconds);
  v.set("examples_per_second", r.seconds > 0 ? static_cast<double>(r.examples) / r.seconds : 0.0);
  if (r.symbols > 0) v.set("symbols_per_second", r.seconds > 0 ? static_cast<double>(r.symbols) / r.seconds : 0.0);
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

Evaluation measured(const Prepared& p, const Dataset& data, const char* part, Measure measure) {
  Evaluation e = evaluate(*p.network, *p.loss, p.data.task, data, measure);
  if (!std::isfinite(e.loss))
    throw Error(ErrorKind::numeric, part, "the loss is not a finite number", kAgainstDivergence);
  return e;
}

// Texts that a model of texts makes after its first, middle and last epoch, in the run's folder.
class Samples {
 public:
  Samples(const Experiment& e, const Prepared& p, const RunFolder& folder)
      : prepared_(p), folder_(folder), epochs_(e.params.train.epochs), seed_(e.params.seed) {}

  void after(std::int64_t epoch, bool last) {
    if (!prepared_.data.task.makes_text()) return;
    if (!last && epoch != 1 && epoch != (epochs_ + 1) / 2) return;
    std::erase_if(made_, [&](const MadeText& m) { return m.epoch >= epoch; });  // of a run that is gone on with
    made_.push_back({epoch, text()});
    Value all = Value::array();
    for (const MadeText& m : made_) all.push_back(Value(Value::Table{{"epoch", m.epoch}, {"text", m.text}}));
    folder_.write_samples(all);
  }
  void go_on() {
    const Value before = folder_.read_samples();
    for (const Value& m : before.as_array())
      made_.push_back({m.at("epoch").as_integer("epoch"), m.at("text").as_string("text")});
  }
  const std::vector<MadeText>& made() const { return made_; }

 private:
  std::string text() const { return prepared_.data.task.language ? continued() : translated(); }

  // A few lines of the validation part, each with what is made of it.
  std::string translated() const {
    constexpr std::uint32_t kLines = 5;
    const std::shared_ptr<const Dataset>& data = prepared_.data.validation ? prepared_.data.validation
                                                 : prepared_.data.test     ? prepared_.data.test
                                                                           : prepared_.data.train;
    std::string all;
    for (std::uint32_t i = 0; i < std::min<std::int64_t>(kLines, data->size()); ++i) {
      const Batch batch = data->fetch({&i, 1});
      const std::int32_t* given = batch.inputs.data<std::int32_t>();
      all += prepared_.source->tokenizer()->decode({given, static_cast<std::size_t>(batch.inputs.size())}) + "\n";
      all += "  -> " + prepared_.source->target_tokenizer()->decode(translate(*prepared_.network, batch, {})[0]) + "\n";
    }
    return all;
  }
  std::string continued() const {
    GenerateOptions options;
    options.length = 300;
    options.temperature = 0.8;
    options.seed = static_cast<std::uint64_t>(seed_);
    std::string all;
    generate(*prepared_.network, *prepared_.source->tokenizer(), options, [&](const std::string& more) {
      all += more;
      return true;
    });
    return all;
  }

  const Prepared& prepared_;
  const RunFolder& folder_;
  std::int64_t epochs_, seed_;
  std::vector<MadeText> made_;
};

// The callbacks that fill the folder during training; `history` holds the epochs of earlier calls.
TrainCallbacks callbacks_for(const Prepared& p, const RunOptions& options, const RunFolder& folder,
                             const std::string& data, std::vector<EpochRecord>& history, Samples& samples) {
  TrainCallbacks callbacks;
  callbacks.progress = options.progress;
  callbacks.stop = options.stop;
  callbacks.profile = options.profile;
  callbacks.epoch_end = [&, written = std::chrono::steady_clock::now()](const EpochRecord& r) mutable {
    history.push_back(r);
    if (std::chrono::steady_clock::now() - written > std::chrono::seconds(1)) {  // short epochs: not a file for each
      folder.write_history(history);
      written = std::chrono::steady_clock::now();
    }
    samples.after(r.epoch, false);
    if (options.epoch_end) options.epoch_end(r);
  };
  if (p.data.validation)
    callbacks.validate = [&] { return measured(p, *p.data.validation, "validation", Measure::watched).summary(); };
  callbacks.save = [&, data](Value metadata, const NamedTensors& tensors) {
    metadata.set("data", data);
    folder.write_checkpoint({std::move(metadata), tensors});
  };
  return callbacks;
}

// Of all examples, as they were prepared, and of what their targets mean.
std::string data_hash(const Prepared& p) {
  std::uint64_t hash = hash64(to_json(p.data.task.state()));
  for (const Dataset* part : {p.data.train.get(), p.data.validation.get(), p.data.test.get()})
    hash = hash64(part != nullptr ? hash_text(fingerprint(*part)) : "none", hash);
  return hash_text(hash);
}

void resume(Trainer& trainer, const RunFolder& folder, const std::string& data, std::int64_t epochs,
            const std::function<void(const std::string&)>& note) {
  std::optional<ModelFile> checkpoint;
  try {
    checkpoint = folder.read_checkpoint();
  } catch (const Error& error) {
    throw error.with_fix("start anew with --overwrite");
  }
  if (!checkpoint) return note("there is no checkpoint yet: starting afresh");
  const Value* trained_on = checkpoint->metadata.find("data");
  if (trained_on != nullptr && *trained_on != Value(data))
    throw Error(ErrorKind::data, folder.path(), "the data are not those of the run there",
                "bring them back, or start anew with --overwrite");
  try {
    trainer.resume(checkpoint->metadata, checkpoint->tensors);
  } catch (const Error& error) {
    throw Error(ErrorKind::data, folder.file(RunFolder::kCheckpoint),
                std::string("damaged or of another version: ") + error.what(), "start anew with --overwrite");
  }
  if (trainer.epochs_begun() > epochs)
    throw Error(
        ErrorKind::config,
        {"train.epochs",
         fmt::format("at least {}, as many as the run in {} has trained", trainer.epochs_begun(), folder.path()),
         std::to_string(epochs), "a run cannot be made shorter: start anew with --overwrite"});
  note("resumed after " + std::to_string(checkpoint->metadata.at("steps").as_integer()) + " steps");
  if (trainer.schedule_depends_on_length() && folder.epochs_changed())
    note(
        "warning: the schedule depends on the number of epochs, so this is not what a run planned this long would "
        "give");
}

// A sentence on a model that has learned less than nothing, "" for others. Such a loss may be finite: after steps that
// are far too large, units die and the result no longer changes.
std::string doubt_about(const Value& train, const TaskSpec& task) {
  if (task.per_place || task.makes_text()) return "";
  const Value* log_loss = train.find("log_loss");
  bool bad = task.classifies() ? log_loss != nullptr && log_loss->as_real() > 2 * std::log(task.width())
                               : train.at("r2").as_real() < -1;
  if (!bad) return "";
  return std::string(
             "on its own training data the model is more than twice as wrong as a constant guess: train it "
             "longer, lower the learning rate, or scale the data") +
         (task.classifies() ? "" : " (prepare.scale_target for the target)");
}

// Measures the trained network on every part and writes the model and its figures.
void finish(const Experiment& e, const RunFolder& folder, RunOutcome& out) {
  Prepared& p = out.prepared;
  NamedTensors state = state_of(*p.network);
  Value model = Value::table(), metrics = Value::table();
  model.set("parameters", parameter_count(*p.network));
  model.set("hash", model_hash(state));
  auto measure = [&](const char* part, const std::shared_ptr<const Dataset>& data) {
    if (!data) return;
    Evaluation result = measured(p, *data, part, Measure::all);
    if (p.data.task.translation && &data != &p.data.train)
      result.of_places.set("bleu", translation_bleu(*p.network, *p.source->target_tokenizer(), *data, {}));
    metrics.set(part, result.metrics());
    if (&data == &p.data.test) out.test = std::make_unique<Evaluation>(std::move(result));
  };
  measure("train", p.data.train);
  measure("validation", p.data.validation);
  measure("test", p.data.test);
  out.metrics = Value::table();
  Value& run = out.metrics.set("run", run_facts(out.training));
  if (std::string doubt = doubt_about(metrics.at("train"), p.data.task); !doubt.empty()) {
    run.set("warning", doubt);
    out.notes.push_back("warning: " + doubt);
  }
  out.metrics.set("model", model);
  out.metrics.set("metrics", metrics);
  folder.write_model({model_metadata(e, p), state});
  folder.write_metrics(out.metrics);
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

  // Everything that a config can get wrong comes before the folder is touched.
  Trainer trainer = blaming(e.overridden, [&] {
    Trainer t(*p.network, *p.loss, e.params.train, static_cast<std::uint64_t>(e.params.seed));
    t.set_class_weights(class_weights_of(e.params.train.class_weights, p.data));
    return t;
  });
  RunFolder folder(options.out.empty() ? "runs/" + e.params.name : options.out);
  out.folder = folder.path();
  out.config = e.resolved(folder.path(), p.data.task);
  folder.open(out.config, options.resume, options.overwrite);
  const std::string data = data_hash(p);
  Samples samples(e, p, folder);
  if (options.resume) {
    resume(trainer, folder, data, e.params.train.epochs, note);
    samples.go_on();
  }
  folder.write_config(out.config);

  std::vector<EpochRecord> history = trainer.history();
  try {
    out.training = trainer.fit(*p.data.train, callbacks_for(p, options, folder, data, history, samples));
    if (!history.empty()) folder.write_history(history);
    if (out.training.stopped != Stopped::interrupted) {
      for (const std::string& w : augmentation_warnings(e, p)) note("warning: data.augment: " + w);
      samples.after(out.training.epochs, true);
      out.samples = samples.made();
      finish(e, folder, out);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numeric) throw;
    if (!history.empty()) folder.write_history(history);
    TrainResult so_far = trainer.result();
    so_far.stopped = Stopped::diverged;
    Value facts = run_facts(so_far), metrics = Value::table();
    facts.set("reason", error.what());
    metrics.set("run", facts);
    folder.write_metrics(metrics);
    throw error.with_fix(error.facts().fix + "; start anew with --overwrite");
  }
  return out;
}

}  // namespace gradus
