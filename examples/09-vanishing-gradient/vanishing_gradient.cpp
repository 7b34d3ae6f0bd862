// A deep network of sigmoids, whose gradient vanishes layer by layer, beside tanh and beside ReLU with He's weights.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

#include "common/digits.h"

using namespace gradus;

namespace {

constexpr int kHidden = 10;

Network deep_network(const char* activation, const char* initializer, const Shape& input) {
  Network network;
  for (int i = 0; i < kHidden; ++i) {
    network.add(nn::layer("linear", Value::Table{{"units", 32}, {"initializer", initializer}}));
    network.add(nn::layer(activation));
  }
  network.add(nn::linear(10));
  network.build(input, /*seed=*/1);
  return network;
}

// The root mean square of the gradient of each layer's weights.
std::vector<double> gradient_by_layer(Network& network, const Loss& loss, const Batch& batch) {
  Context context;
  context.training = true;
  Gradients gradients = backward(loss(network.forward(batch.inputs, context), batch.target));
  std::vector<double> sizes;
  for (const Parameter& p : parameters_of(network))
    if (p.penalized) sizes.push_back(std::sqrt(mean(square(gradients[p.value])).item()));  // weights, not biases
  return sizes;
}

struct Case {
  const char *name, *activation, *initializer;
};

}  // namespace

int main() {
  LoadedData data = load_digits();
  auto loss = make_loss("cross_entropy", "loss");
  Batch batch = whole_batch(*data.train);
  TrainParams params;
  params.epochs = 15;
  params.batch_size = 32;
  params.optimizer = Value(Value::Table{{"type", "sgd"}, {"lr", 0.05}});

  Plot sizes("Gradient of each layer's weights"), curves("Training loss");
  sizes.x_axis("layer").whole_x().y_axis("root mean square", AxisScale::log);
  curves.x_axis("epoch").whole_x().y_axis("cross-entropy").y_range(0, 2.5);
  std::printf("%-20s %10s %10s %10s %8s %14s\n", "", "layer 1", "layer 5", "layer 11", "ratio", "loss after 15");
  for (auto [name, activation, initializer] :
       {Case{"sigmoid, Glorot", "sigmoid", "glorot_uniform"}, Case{"tanh, Glorot", "tanh", "glorot_uniform"},
        Case{"ReLU, Glorot", "relu", "glorot_uniform"}, Case{"ReLU, He", "relu", "he_uniform"}}) {
    Network network = deep_network(activation, initializer, data.train->input_shape());
    std::vector<double> g = gradient_by_layer(network, *loss, batch), layers, epochs, losses;
    for (std::size_t i = 1; i <= g.size(); ++i) layers.push_back(static_cast<double>(i));
    TrainCallbacks callbacks;
    callbacks.epoch_end = [&](const EpochRecord& record) {
      epochs.push_back(static_cast<double>(record.epoch));
      losses.push_back(record.train_loss);
    };
    Trainer(network, *loss, params, 1).fit(*data.train, callbacks);
    std::printf("%-20s %10.1e %10.1e %10.1e %8.1e %14.4f\n", name, g[0], g[4], g.back(), g[0] / g.back(),
                losses.back());
    sizes.line(name, layers, g);
    curves.line(name, epochs, losses);
  }
  std::printf("a sigmoid's derivative is at most 1/4, and (1/4)^10 = %.1e\n", std::pow(0.25, kHidden));
  write_file("vanishing_gradient.svg", svg_file({sizes, curves}));
}
