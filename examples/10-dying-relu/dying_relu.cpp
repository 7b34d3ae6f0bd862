// A network whose ReLUs die, and the remedies: a smaller learning rate, or a leaky ReLU.
#include <gradus/gradus.h>

#include <cstdio>
#include <numeric>

#include "common/digits.h"

using namespace gradus;

namespace {

constexpr int kHidden = 4, kUnits = 32;

Network make(const char* activation, const Shape& input) {
  Network network;
  for (int i = 0; i < kHidden; ++i) network.add(nn::linear(kUnits)).add(nn::layer(activation));
  network.add(nn::linear(10));
  network.build(input, /*seed=*/1);
  return network;
}

// The share of each hidden layer's units that pass no gradient for any example: f is flat wherever they stand.
std::vector<double> dead_by_layer(Network& network, const std::string& activation, const Tensor& inputs) {
  std::vector<double> shares;
  NoGrad none;
  Context context;
  context.watch = [&](const std::string& name, const Tensor& output) {
    if (name.rfind(activation, 0) != 0) return;
    Tensor moves = activation == "relu" ? greater(output, Tensor::scalar(0)) : Tensor::ones(output.shape());
    shares.push_back(1 - mean(max(moves, {0})).item());
  };
  network.forward(inputs, context);
  return shares;
}

struct Case {
  const char *name, *activation;
  double rate;
};

}  // namespace

int main() {
  LoadedData data = load_digits();
  auto loss = make_loss("cross_entropy", "loss");
  Tensor inputs = whole_batch(*data.train).inputs;

  Plot shares("Dead units after training"), dying("Dead units, all layers"), curves("Training loss");
  shares.y_axis("share of the layer").y_range(0, 1);
  dying.x_axis("epoch").whole_x().y_axis("share").y_range(0, 1);
  curves.x_axis("epoch").whole_x().y_axis("cross-entropy").y_range(0, 2.6);
  std::printf("%-22s %28s %10s %22s\n", "", "dead units, layers 1 to 4", "loss", "validation accuracy");
  for (auto [name, activation, rate] : {Case{"ReLU, rate 0.05", "relu", 0.05}, Case{"ReLU, rate 0.003", "relu", 0.003},
                                        Case{"leaky ReLU, rate 0.05", "leaky_relu", 0.05}}) {
    Network network = make(activation, data.train->input_shape());
    TrainParams params;
    params.epochs = 15;
    params.batch_size = 32;
    params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", rate}});
    std::vector<double> epochs, losses, dead;
    TrainCallbacks callbacks;
    callbacks.epoch_end = [&](const EpochRecord& record) {
      std::vector<double> now = dead_by_layer(network, activation, inputs);
      epochs.push_back(static_cast<double>(record.epoch));
      losses.push_back(record.train_loss);
      dead.push_back(std::accumulate(now.begin(), now.end(), 0.0) / kHidden);
    };
    Trainer(network, *loss, params, 1).fit(*data.train, callbacks);
    std::vector<double> last = dead_by_layer(network, activation, inputs);
    double accuracy = evaluate(network, *loss, data.task, *data.validation).summary()[1].second;
    std::printf("%-22s", name);
    for (double share : last) std::printf(" %5.0f %%", 100 * share);
    std::printf(" %10.3f %21.1f%%\n", losses.back(), 100 * accuracy);
    shares.bars(name, {"layer 1", "layer 2", "layer 3", "layer 4"}, last);
    dying.line(name, epochs, dead);
    curves.line(name, epochs, losses);
  }
  write_file("dying_relu.svg", svg_file({shares, dying, curves}, 3));
}
