#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gradus/optim/optimizer.h"
#include "gradus/optim/schedule.h"
#include "gradus/train/history.h"
#include "gradus/train/inference.h"
#include "gradus/train/step_profile.h"
#include "gradus/train/train_params.h"

namespace gradus {

// How far an epoch has come.
struct Progress {
  std::int64_t epoch = 0;     // 1 for the first
  std::int64_t step = 0;      // steps done in it
  std::int64_t steps = 0;     // of all
  std::int64_t examples = 0;  // seen by this call of fit() so far
  double loss = 0;            // mean over the epoch so far
};

// What to do about results that are not finite.
inline constexpr const char* kAgainstDivergence = "lower the learning rate, scale the data, or set train.clip_norm";

// What the trainer tells its caller, and asks of it.
struct TrainCallbacks {
  // After each step, for progress bars.
  std::function<void(const Progress&)> progress;
  std::function<void(const EpochRecord&)> epoch_end;
  // Measures the network on the validation data after each epoch; absent when there is none.
  std::function<Measured()> validate;
  // Stores a checkpoint. Absent: none are made.
  std::function<void(const Value& metadata, const std::vector<std::pair<std::string, Tensor>>& tensors)> save;
  const std::atomic<bool>* stop = nullptr;  // set from outside (a signal): finish the step, checkpoint, return
  StepProfile* profile = nullptr;           // measures the steps
};

// Why training ended.
enum class Stopped { epochs, early_stopping, small_gradient, time, interrupted, diverged };
const char* stopped_name(Stopped s);

struct TrainResult {
  Stopped stopped = Stopped::epochs;
  std::int64_t epochs = 0, steps = 0;
  std::int64_t best_epoch = 0;  // 0 when early stopping was off
  bool restored_best = false;   // the weights are those of best_epoch
  double seconds = 0;           // of training, without what checkpoints took to write
  std::int64_t examples = 0;    // seen, each epoch's again
  std::int64_t symbols = 0;     // of texts that are made: those of the targets
  std::vector<EpochRecord> history;
};

// The training loop: epochs of shuffled mini-batches, forward, loss, backward, update. Everything it does is a function
// of the seed and of its state, so training that is stopped anywhere and resumed gives the same bits.
class Trainer {
 public:
  // The network must be built.
  Trainer(Network& network, const Loss& loss, const TrainParams& params, std::uint64_t seed);

  // Multiplies each training example's weight by its class's.
  void set_class_weights(std::vector<float> weights) { class_weights_ = std::move(weights); }

  // Trains on `data`. Throws Error{numeric} naming the layer and step when a loss, gradient or weight is not finite;
  // such weights never become a checkpoint.
  TrainResult fit(const Dataset& data, const TrainCallbacks& callbacks);
  // What the last call of fit() came to, also when it threw.
  const TrainResult& result() const { return result_; }

  // The state that resume() takes: written by save at checkpoints.
  void resume(const Value& metadata, const std::vector<std::pair<std::string, Tensor>>& tensors);

  const std::vector<EpochRecord>& history() const { return state_.history; }
  // Epochs that are done or begun.
  std::int64_t epochs_begun() const { return state_.epoch + (state_.position > 0); }
  bool schedule_depends_on_length() const { return schedule_->depends_on_length(); }

 private:
  struct State {
    std::int64_t epoch = 0;     // finished epochs
    std::int64_t position = 0;  // steps done in the current one
    std::int64_t examples = 0;  // of the training data; 0 before it is known
    std::int64_t seen = 0;      // examples trained on, each epoch's again
    std::int64_t symbols = 0;   // of targets that are texts
    double loss_sum = 0, weight_sum = 0;
    double seconds = 0;
    double last_lr = 0;
    double last_norm = -1;
    std::int64_t best_epoch = 0;
    double best = 0;
    std::int64_t waited = 0;
    std::vector<EpochRecord> history;
  };
  void weigh_classes(Batch& batch) const;
  Context context_for(const Batch& batch, int shards) const;  // of the step that comes
  double train_step(const Batch& batch, double lr);
  [[noreturn]] void report_not_finite(const Batch& batch, int parameter);
  // Whether training ends after this step.
  std::optional<Stopped> reached(const TrainCallbacks& callbacks) const;
  void finish_epoch(const TrainCallbacks& callbacks);
  bool improved(const EpochRecord& record);
  double mean_loss() const;  // of the epoch under way
  void update_result();
  void check_weights();
  void save(const TrainCallbacks& callbacks);
  Value metadata() const;

  Network& network_;
  const Loss& loss_;
  TrainParams params_;
  RandomKey step_key_, shuffle_key_;
  std::vector<Parameter> parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Schedule> schedule_;
  GradientRules rules_;
  std::optional<EarlyStoppingParams> early_;
  std::vector<float> class_weights_;
  State state_;
  CarriedStates states_;  // of streams, between batches
  bool carries_ = false;
  TrainResult result_;
  std::vector<std::pair<std::string, Tensor>> best_state_;
};

}  // namespace gradus
