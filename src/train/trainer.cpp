#include "gradus/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/base/text.h"
#include "gradus/data/batch_order.h"
#include "gradus/data/batch_stream.h"
#include "gradus/kernels/loops.h"

namespace gradus {
namespace {

using Clockwork = std::chrono::steady_clock;

double since(Clockwork::time_point t) { return std::chrono::duration<double>(Clockwork::now() - t).count(); }

std::int64_t batch_size_of(const Value& v, std::int64_t examples) {
  if (v == Value("all")) return examples;
  if (!v.is_number() || v.as_integer("train.batch_size") < 1)
    throw Error(ErrorKind::config, {v.place("train.batch_size"), "a whole number >= 1 or \"all\"", describe(v), ""});
  std::int64_t n = v.as_integer();
  return std::min(n, examples);
}

std::optional<EarlyStoppingParams> early_stopping_of(const Value& v) {
  if (v.is_null() || (v.type() == Value::Type::boolean && !v.as_bool())) return std::nullopt;
  EarlyStoppingParams p;
  if (v.type() != Value::Type::boolean) read_params(p, v, "train.early_stopping");
  return p;
}

double required_value(const EpochRecord& r, const std::string& monitor, const std::string& place) {
  std::vector<std::string> measured;
  for (const auto& [name, value] : r.validation) measured.push_back(name);
  check_monitor(monitor, measured, place);
  return *monitored_value(r, monitor);
}

std::uint64_t seed_of(const TrainParams& params, std::uint64_t seed) {
  return static_cast<std::uint64_t>(params.seed.value_or(static_cast<std::int64_t>(seed)));
}

std::int64_t sum_of(const Tensor& numbers) {  // i32
  const std::int32_t* first = numbers.data<std::int32_t>();
  return std::accumulate(first, first + numbers.size(), std::int64_t{0});
}

bool all_finite(const Tensor& t) {
  if (t.dtype() == Dtype::f32) return kernels::loops<float>().all_finite(t.data<float>(), t.size());
  Tensor values = t.to(Dtype::f64);
  return kernels::loops<double>().all_finite(values.data<double>(), values.size());
}

}  // namespace

const char* stopped_name(Stopped s) {
  switch (s) {
    case Stopped::epochs:
      return "epochs";
    case Stopped::early_stopping:
      return "early_stopping";
    case Stopped::small_gradient:
      return "min_gradient_norm";
    case Stopped::time:
      return "max_seconds";
    case Stopped::interrupted:
      return "interrupted";
    case Stopped::diverged:
      return "diverged";
  }
  return "";
}

Trainer::Trainer(Network& network, const Loss& loss, const TrainParams& params, std::uint64_t seed)
    : network_(network),
      loss_(loss),
      params_(params),
      step_key_(RandomKey{seed_of(params, seed), 0, 0}.in("step")),
      shuffle_key_(RandomKey{seed_of(params, seed), 0, 0}.in("shuffle")),
      parameters_(parameters_of(network)),
      optimizer_(optimizers().make(params.optimizer, "train.optimizer")),
      schedule_(schedules().make(params.schedule, "train.schedule")),
      rules_{params.l1, params.l2, params.clip_norm, params.clip_value},
      early_(early_stopping_of(params.early_stopping)) {
  network_.compute_in(params.precision == "bf16" && has_bf16() ? Dtype::bf16 : Dtype::f32);
  batch_size_of(params.batch_size, 1);  // refuses what fit() could not use
}

void Trainer::weigh_classes(Batch& batch) const {
  bool mixed = batch.target.dtype() == Dtype::f32;  // shares of the classes [n, classes]
  Tensor weight = Tensor::empty(mixed ? batch.target.shape().without(1) : batch.target.shape());
  float* w = weight.mutable_data<float>();
  const float* own = batch.weight.defined() ? batch.weight.data<float>() : nullptr;
  auto of_class = [&](std::int64_t i) {
    if (!mixed) return class_weights_[batch.target.data<std::int32_t>()[i]];
    const float* share = batch.target.data<float>() + i * batch.target.dim(1);
    return std::inner_product(class_weights_.begin(), class_weights_.end(), share, 0.0f);
  };
  std::int64_t places = own != nullptr && batch.weight.size() > 0 ? weight.size() / batch.weight.size() : 1;
  batch.total_weight = 0;
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    w[i] = of_class(i) * (own != nullptr ? own[i / places] : 1);
    batch.total_weight += w[i];
  }
  batch.weight = weight;
}

Context Trainer::context_for(const Batch& batch, int shards) const {
  Context context = context_of(batch, shards);
  context.training = true;
  context.key = step_key_.at_step(static_cast<std::uint32_t>(optimizer_->steps()));
  return context;
}

double Trainer::train_step(const Batch& batch, double lr) {
  ComputeScope scope;
  int shards = shards_for(network_, batch.inputs.shape());
  Context context = context_for(batch, shards);
  if (carries_) context.states = &states_;
  Tensor prediction = network_.forward(shard(batch.inputs, shards), context), loss;
  {
    Profile::Part part("loss");
    loss = loss_(prediction, target_for(loss_, batch.target), batch.loss_weights());
    prediction = Tensor();
  }
  Gradients gradients = backward(loss);
  flush();
  double value = loss.item();
  if (!std::isfinite(value)) report_not_finite(batch, -1);
  Profile::Part part("optimizer");
  StepReport report = optimizer_->step(parameters_, gradients, lr, rules_, params_.min_gradient_norm > 0);
  if (report.first_bad_parameter >= 0) report_not_finite(batch, report.first_bad_parameter);
  state_.last_norm = report.gradient_norm;
  return value;
}

void Trainer::report_not_finite(const Batch& batch, int parameter) {
  std::string where = "step " + std::to_string(optimizer_->steps() + (parameter < 0));
  if (parameter >= 0)
    throw Error(ErrorKind::numeric, where, "the gradient of " + parameters_[parameter].name + " is not a finite number",
                kAgainstDivergence);
  if (!all_finite(batch.inputs))
    throw Error(ErrorKind::numeric, where, "the input has a value that is not finite",
                "set prepare.missing, or clean the data");
  std::string first;
  Context context = context_for(batch, 1);
  context.watch = [&](const std::string& name, const Tensor& t) {
    if (first.empty() && !all_finite(t)) first = name;
  };
  NoGrad no_grad;
  network_.forward(batch.inputs, context);
  throw Error(
      ErrorKind::numeric, where,
      first.empty() ? "the loss is not a finite number" : "the result of layer " + first + " is not a finite number",
      kAgainstDivergence);
}

bool Trainer::improved(const EpochRecord& record) {
  double value = required_value(record, early_->monitor, "train.early_stopping.monitor");
  if (!std::isfinite(value)) return false;
  bool larger = larger_is_better(early_->monitor);
  bool better = state_.best_epoch == 0 ||
                (larger ? value > state_.best + early_->min_delta : value < state_.best - early_->min_delta);
  if (better) state_.best = value;
  return better;
}

void Trainer::finish_epoch(const TrainCallbacks& callbacks) {
  EpochRecord record;
  record.epoch = ++state_.epoch;
  record.train_loss = mean_loss();
  if (callbacks.validate) record.validation = callbacks.validate();
  record.lr = state_.last_lr;
  record.gradient_norm = state_.last_norm;
  record.seconds = state_.seconds;
  state_.position = 0;
  state_.loss_sum = state_.weight_sum = 0;
  if (!schedule_->monitored().empty())
    schedule_->observe(required_value(record, schedule_->monitored(), "train.schedule.monitor"),
                       larger_is_better(schedule_->monitored()));
  if (early_) {
    if (improved(record)) {
      state_.best_epoch = record.epoch;
      state_.waited = 0;
      best_state_.clear();
      for (auto& [name, tensor] : state_of(network_)) best_state_.emplace_back(name, tensor.copy());
    } else {
      ++state_.waited;
    }
  }
  state_.history.push_back(record);
  if (callbacks.epoch_end) callbacks.epoch_end(record);
}

std::optional<Stopped> Trainer::reached(const TrainCallbacks& callbacks) const {
  if (state_.last_norm >= 0 && state_.last_norm < params_.min_gradient_norm) return Stopped::small_gradient;
  if (params_.max_seconds > 0 && state_.seconds > params_.max_seconds) return Stopped::time;
  if (callbacks.stop != nullptr && callbacks.stop->load()) return Stopped::interrupted;
  return std::nullopt;
}

TrainResult Trainer::fit(const Dataset& data, const TrainCallbacks& callbacks) {
  std::int64_t n = data.size(), batch_size = data.streams() > 0 ? data.streams() : batch_size_of(params_.batch_size, n);
  if (n == 0) throw Error(ErrorKind::data, "train", "the training part has no examples");
  std::int64_t steps = (n + batch_size - 1) / batch_size;
  // A last batch of one has no statistics of its own: batch norm goes without it.
  if (network_.uses_batch_statistics() && n % batch_size == 1 && steps > 1) --steps;
  result_ = {};
  auto begin = Clockwork::now(), last_save = begin;
  std::int64_t seen_before = state_.seen;
  double seconds_before = state_.seconds, saving = 0;  // a busy disk is no part of how fast a model trains
  auto tick = [&] {
    state_.seconds = seconds_before + since(begin) - saving;
    update_result();
  };
  tick();
  auto due = [&] {
    return (params_.checkpoint_steps > 0 && optimizer_->steps() % params_.checkpoint_steps == 0) ||
           since(last_save) >= params_.checkpoint_seconds;
  };
  auto store = [&] {
    auto start = Clockwork::now();
    save(callbacks);
    last_save = Clockwork::now();
    saving += std::chrono::duration<double>(last_save - start).count();
  };
  std::optional<Stopped> stop;
  if (state_.examples != 0 && (state_.examples != n || state_.position > steps))
    throw Error(ErrorKind::data, {"train", std::to_string(state_.examples) + " examples, as before it was interrupted",
                                  std::to_string(n), "resume with the data the run began with, or start anew"});
  state_.examples = n;
  // A run that had ended is resumed: it has ended still, unless it is asked for more.
  if (early_ && state_.waited >= early_->patience) stop = Stopped::early_stopping;
  if (!stop && optimizer_->steps() > 0) stop = reached(callbacks);
  if (stop && stop != Stopped::interrupted && state_.position > 0) finish_epoch(callbacks);

  while (!stop && state_.epoch < params_.epochs) {
    const std::vector<std::uint32_t> order = epoch_order(
        data, batch_size, params_.group_by_length, shuffle_key_.at_step(static_cast<std::uint32_t>(state_.epoch)));
    carries_ = data.streams() > 0;
    if (state_.position == 0) states_.clear();
    std::optional<BatchStream> ahead;
    if (data.is_costly()) ahead.emplace(data, order, batch_size, state_.position, steps, state_.epoch);
    while (state_.position < steps) {
      std::int64_t first = state_.position * batch_size, count = std::min(batch_size, n - first);
      StepProfile::Step profiled(callbacks.profile, count);
      Batch batch = [&] {
        Profile::Part part("batches");
        return ahead ? ahead->next() : data.draw({order.data() + first, static_cast<std::size_t>(count)}, state_.epoch);
      }();
      if (!class_weights_.empty()) weigh_classes(batch);
      state_.last_lr = optimizer_->base_lr() * schedule_->factor({optimizer_->steps(), steps * params_.epochs, steps});
      if (batch.total_weight > 0) {  // examples that all weigh 0 teach nothing
        state_.loss_sum += train_step(batch, state_.last_lr) * batch.total_weight;
        state_.weight_sum += batch.total_weight;
      }
      profiled.end();
      ++state_.position;
      state_.seen += count;
      if (carries_) state_.symbols += batch.target.size();
      if (batch.shown.defined()) state_.symbols += sum_of(batch.shown_lengths);
      tick();
      if (callbacks.progress)
        callbacks.progress({state_.epoch + 1, state_.position, steps, state_.seen - seen_before, mean_loss()});
      stop = reached(callbacks);
      if (stop) break;
      if (state_.position < steps && due()) store();
    }
    bool whole_epoch = state_.position == steps;
    if (!whole_epoch || stop == Stopped::interrupted) store();  // resuming goes on inside this epoch
    if (stop == Stopped::interrupted) break;
    finish_epoch(callbacks);
    tick();
    if (!stop && early_ && state_.waited >= early_->patience) stop = Stopped::early_stopping;
    if (whole_epoch && (stop || state_.epoch == params_.epochs || due())) store();
  }
  tick();
  result_.stopped = stop.value_or(Stopped::epochs);
  result_.restored_best =
      early_ && early_->restore_best && !best_state_.empty() && result_.stopped != Stopped::interrupted;
  if (result_.restored_best) load_state(network_, best_state_);
  result_.history = state_.history;
  return result_;
}

double Trainer::mean_loss() const { return state_.weight_sum > 0 ? state_.loss_sum / state_.weight_sum : 0; }

void Trainer::update_result() {
  result_.epochs = state_.epoch;
  result_.steps = optimizer_->steps();
  result_.best_epoch = state_.best_epoch;
  result_.seconds = state_.seconds;
  result_.examples = state_.seen;
  result_.symbols = state_.symbols;
}

void Trainer::check_weights() {
  for (const auto& [name, tensor] : state_of(network_))
    if (!all_finite(tensor))
      throw Error(ErrorKind::numeric, "step " + std::to_string(optimizer_->steps()),
                  name + " is not finite after the update", kAgainstDivergence);
}

Value Trainer::metadata() const {
  Value v = Value::table(), measured = Value::array();
  v.set("steps", optimizer_->steps());
  v.set("epoch", state_.epoch);
  v.set("position", state_.position);
  v.set("examples", state_.examples);
  v.set("seen", state_.seen);
  v.set("symbols", state_.symbols);
  v.set("loss_sum", state_.loss_sum);
  v.set("weight_sum", state_.weight_sum);
  v.set("seconds", state_.seconds);
  v.set("last_lr", state_.last_lr);
  v.set("last_norm", state_.last_norm);
  v.set("best_epoch", state_.best_epoch);
  v.set("best", state_.best);
  v.set("waited", state_.waited);
  v.set("schedule", schedule_->state());
  if (!state_.history.empty())
    for (const auto& [name, value] : state_.history.front().validation) measured.push_back(name);
  v.set("measured", std::move(measured));
  return v;
}

// Checkpoint tensors: "model.NAME", "optimizer.NAME", with early stopping "best.NAME", after an epoch "history", and
// within one of streams "carried.NAME".
void Trainer::save(const TrainCallbacks& callbacks) {
  check_weights();
  if (!callbacks.save) return;
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (auto& [name, t] : state_of(network_)) tensors.emplace_back("model." + name, t);
  for (auto& [name, t] : optimizer_->state(parameters_)) tensors.emplace_back("optimizer." + name, t);
  for (auto& [name, t] : best_state_) tensors.emplace_back("best." + name, t);
  if (!state_.history.empty()) tensors.emplace_back("history", history_table(state_.history));
  if (state_.position > 0)
    for (auto& [name, t] : states_.named()) tensors.emplace_back("carried." + name, t);
  callbacks.save(metadata(), tensors);
}

void Trainer::resume(const Value& v, const std::vector<std::pair<std::string, Tensor>>& tensors) {
  for (const char* count : {"steps", "epoch", "position", "examples", "seen", "symbols", "best_epoch", "waited"})
    if (v.at(count).as_integer() < 0)
      throw Error(ErrorKind::data, {count, "a number >= 0", std::to_string(v.at(count).as_integer()), ""});
  std::vector<std::pair<std::string, Tensor>> model, optimizer, carried;
  best_state_.clear();
  state_.history.clear();
  auto take = [](const std::string& name, const std::string& prefix, const Tensor& t, auto& into) {
    if (name.rfind(prefix, 0) == 0) into.emplace_back(name.substr(prefix.size()), t);
  };
  for (const auto& [name, t] : tensors) {
    take(name, "model.", t, model);
    take(name, "optimizer.", t, optimizer);
    take(name, "best.", t, best_state_);
    take(name, "carried.", t, carried);
    if (name == "history") state_.history = read_history(t, v.at("measured").as_array("measured"));
  }
  load_state(network_, model);
  states_.take(carried);
  optimizer_->restore(parameters_, v.at("steps").as_integer(), optimizer);
  state_.epoch = v.at("epoch").as_integer();
  state_.position = v.at("position").as_integer();
  state_.examples = v.at("examples").as_integer();
  state_.seen = v.at("seen").as_integer();
  state_.symbols = v.at("symbols").as_integer();
  state_.loss_sum = v.at("loss_sum").as_real();
  state_.weight_sum = v.at("weight_sum").as_real();
  state_.seconds = v.at("seconds").as_real();
  state_.last_lr = v.at("last_lr").as_real();
  state_.last_norm = v.at("last_norm").as_real();
  state_.best_epoch = v.at("best_epoch").as_integer();
  state_.best = v.at("best").as_real();
  state_.waited = v.at("waited").as_integer();
  schedule_->restore(v.at("schedule"));
}

}  // namespace gradus
