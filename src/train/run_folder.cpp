#include "gradus/train/run_folder.h"

#include <fmt/format.h>

#include <filesystem>

#include "gradus/base/error.h"

namespace gradus {
namespace fs = std::filesystem;
namespace {

// Keys that a resumed run may change: they say how long to train, not what is trained.
constexpr const char* kLengthKeys[] = {"train.epochs", "train.max_seconds", "train.min_gradient_norm",
                                       "train.checkpoint_seconds", "train.checkpoint_steps"};

// The first dotted key whose values differ, or "".
std::string first_difference(const Value& a, const Value& b, const std::string& prefix = "") {
  if (!a.is_table() || !b.is_table()) return a == b ? "" : prefix;
  auto inner = [&](const std::string& key) { return prefix.empty() ? key : prefix + "." + key; };
  for (const auto& [key, value] : a.as_table()) {
    const Value* other = b.find(key);
    if (other == nullptr) return inner(key);
    std::string found = first_difference(value, *other, inner(key));
    if (!found.empty()) return found;
  }
  for (const auto& [key, value] : b.as_table())
    if (a.find(key) == nullptr) return inner(key);
  return "";
}

Value without_length(Value config) {
  for (const char* key : kLengthKeys) {
    std::string dotted = key;
    std::size_t dot = dotted.find('.');
    if (Value* section = config.find(dotted.substr(0, dot))) section->erase(dotted.substr(dot + 1));
  }
  return config;
}

}  // namespace

void RunFolder::open(const Value& config, bool resume, bool overwrite) {
  const std::string checkpoints = file("checkpoints");
  make_folder(path_);
  lock_.emplace(path_);
  bool holds_run = fs::exists(file(kConfig)) || fs::exists(file(kModel)) || fs::exists(file(kCheckpoint));
  if (holds_run && !resume && !overwrite)
    throw Error(ErrorKind::usage, path_, "the folder already holds a run",
                "go on with --resume, replace it with --overwrite, or choose another with --out");
  if (holds_run && resume && fs::exists(file(kConfig))) {
    Value before = read_toml(file(kConfig));
    std::string key = first_difference(without_length(before), without_length(config));
    if (!key.empty())
      throw Error(ErrorKind::config, path_, "the run there was made with another value of " + key,
                  "resume with the same config, or start anew with --overwrite");
    const Value *old_epochs = before.find_path("train.epochs"), *epochs = config.find_path("train.epochs");
    epochs_changed_ = old_epochs != nullptr && epochs != nullptr && !(*old_epochs == *epochs);
  }
  // The config last: what it describes must not outlive it, or a later resume would take it up.
  if (holds_run && !resume)
    for (const char* name : {kCheckpoint, kModel, kHistory, kMetrics, kSamples, kReport, kConfig})
      remove_file(file(name));
  make_folder(checkpoints);
  for (const std::string& folder : {path_, checkpoints}) remove_left_temporaries(folder);
}

void RunFolder::write_config(const Value& config) const { write_file(file(kConfig), to_toml(config)); }

std::optional<ModelFile> RunFolder::read_checkpoint() const {
  if (!fs::exists(file(kCheckpoint))) return std::nullopt;
  return read_model_file(file(kCheckpoint));
}

void RunFolder::write_checkpoint(const ModelFile& checkpoint) const { write_model_file(file(kCheckpoint), checkpoint); }
void RunFolder::write_model(const ModelFile& model) const { write_model_file(file(kModel), model); }
void RunFolder::write_metrics(const Value& metrics) const {
  write_file(file(kMetrics), to_json(metrics) + "\n", Durable::in_time);
}

Value RunFolder::read_samples() const {
  if (!fs::exists(file(kSamples))) return Value::array();
  Value samples = parse_json(read_file(file(kSamples)), file(kSamples));
  samples.as_array(file(kSamples));
  return samples;
}
void RunFolder::write_samples(const Value& samples) const {
  write_file(file(kSamples), to_json(samples) + "\n", Durable::in_time);
}

void RunFolder::write_history(const std::vector<EpochRecord>& history) const {
  std::string text = "epoch,train.loss";
  for (const auto& [name, value] : history.front().validation) text += ",validation." + name;
  bool norms = history.front().gradient_norm >= 0;
  text += norms ? ",lr,gradient_norm,seconds\n" : ",lr,seconds\n";
  for (const EpochRecord& r : history) {
    text += fmt::format("{},{}", r.epoch, r.train_loss);
    for (const auto& [name, value] : r.validation) text += fmt::format(",{}", value);
    text += fmt::format(",{}", r.lr);
    if (norms) text += fmt::format(",{}", r.gradient_norm);
    text += fmt::format(",{:.3f}\n", r.seconds);
  }
  write_file(file(kHistory), text, Durable::in_time);
}

}  // namespace gradus
