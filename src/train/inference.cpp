#include "gradus/train/inference.h"

#include <algorithm>

#include "gradus/base/parallel.h"

namespace gradus {
namespace {

// Calls f(the network's result, batch) for batches of a size that activations allow.
void each_result(Network& network, const Dataset& data, const std::function<void(const Tensor&, const Batch&)>& f) {
  constexpr std::int64_t kActivations = 1 << 24;  // of all layers, at once
  ComputeScope scope;
  NoGrad no_grad;
  std::int64_t kept = std::max<std::int64_t>(network.cost(data.input_shape()).activations, 1);
  CarriedStates states;
  each_batch(data, kActivations / kept, [&](const Batch& batch) {
    const int shards = shards_for(network, batch.inputs.shape());
    Context context = context_of(batch, shards);
    if (data.streams() > 0) context.states = &states;
    f(network.forward(shard(batch.inputs, shards), context), batch);
  });
}

}  // namespace

int shards_for(const Module& network, const Shape& inputs) {
  constexpr double kWork = 1 << 26;  // multiply-adds of a forward pass that keep a core busy
  std::int64_t batch = inputs[0];
  if (!network.shares_weights()) return batch < 64 ? 1 : batch < 256 ? 2 : 4;
  double work = static_cast<double>(network.cost(inputs.without(0)).multiply_adds) * static_cast<double>(batch);
  const auto most = static_cast<double>(std::clamp<std::int64_t>(batch / network.least_rows(), 1, 8));
  return static_cast<int>(std::clamp(work / kWork, 1.0, most));
}

Context context_of(const Batch& batch, int shards) {
  Context context;
  context.lengths = batch.lengths;
  if (batch.shown.defined()) context.shown = shard(batch.shown, shards);
  context.shown_lengths = batch.shown_lengths;
  return context;
}

void predict_network(Network& network, const Loss& loss, const Dataset& data,
                     const std::function<void(const Tensor&, const Batch&)>& take) {
  each_result(network, data, [&](const Tensor& result, const Batch& batch) {
    take(gather_shards(loss.probabilities(result)), batch);
  });
}

double evaluate_network(Network& network, const Loss& loss, const Dataset& data,
                        const std::function<void(const Tensor&, const Batch&)>& take) {
  double loss_sum = 0, weight_sum = 0;
  each_result(network, data, [&](const Tensor& prediction, const Batch& batch) {
    if (batch.total_weight > 0) {  // a mean over nothing is no number
      Tensor value = loss(prediction, target_for(loss, batch.target), batch.loss_weights());
      loss_sum += value.item() * batch.total_weight;
      weight_sum += batch.total_weight;
    }
    if (take) take(gather_shards(loss.probabilities(prediction)), batch);
  });
  return loss_sum / weight_sum;
}

}  // namespace gradus
