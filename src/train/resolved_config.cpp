#include "gradus/data/augment.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/optim/schedule.h"
#include "gradus/train/experiment.h"

namespace gradus {
namespace {

Value layer_list(const Value& list) {
  Value all = Value::array();
  for (const Value& layer : list.as_array()) {
    Value full = layers().written_out(layer);
    for (const char* branch : {"layers", "shortcut"})
      if (Value* inner = full.find(branch); inner != nullptr && inner->is_array()) *inner = layer_list(*inner);
    all.push_back(std::move(full));
  }
  return all;
}

Value early_stopping(const Value& given) {
  if (given.is_null() || given == Value(false)) return given;
  EarlyStoppingParams p;
  if (given.is_table()) read_params(p, given, "train.early_stopping");
  return write_params(p);
}

// What happens to columns where the config does not say.
void write_out_steps(Value& prepare) {
  static constexpr std::pair<const char*, const char*> kMethods[] = {
      {"missing", "error"}, {"encode", "one_hot"}, {"scale", "none"}};
  for (const auto& [key, method] : kMethods)
    if (prepare.find(key) == nullptr) prepare.set(key, method);
}

}  // namespace

Value Experiment::loss_for(const TaskSpec& task) const {
  if (!params.model.loss.is_null()) return params.model.loss;
  return task.classifies() ? "cross_entropy" : "mse";
}

// Relative names stay relative: a project that is moved, shared or mounted elsewhere keeps working with its runs in it,
// as the config did, and a published run does not tell whose disk it was made on.
Value Experiment::resolved(const std::string& to, const TaskSpec& task) const {
  ExperimentParams full = params;
  full.data = with_files_from(params.data, folder, to);
  if (Value* augment = full.data.find("augment"))
    for (Value& transform : augment->as_array()) transform = augmentations().written_out(transform);
  for (const char* key : {"tokenizer", "target_tokenizer"})
    if (Value* tokenizer = full.data.find(key)) *tokenizer = tokenizers().written_out(*tokenizer);
  if (source_format({params.data, params.prepare}) == "csv") write_out_steps(full.prepare);
  full.model.layers = layer_list(params.model.layers);
  full.model.loss = losses().written_out(loss_for(task));
  full.train.optimizer = optimizers().written_out(params.train.optimizer);
  full.train.schedule = schedules().written_out(params.train.schedule);
  full.train.early_stopping = early_stopping(params.train.early_stopping);
  return write_params(full);
}

}  // namespace gradus
