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

double root_mean_square(const Tensor& t) { return std::sqrt(mean(square(t)).item()); }

// Sizes (root mean squares) behind 0, 1, ... hidden layers, before training.
struct Sizes {
  std::vector<double> outputs;    // of the activations; the inputs first
  std::vector<double> gradients;  // of the weights that read them
};

Sizes sizes_by_layer(Network& network, const std::string& activation, const Loss& loss, const Batch& batch) {
  Sizes sizes{{root_mean_square(batch.inputs)}, {}};
  Context context;
  context.training = true;
  context.watch = [&](const std::string& name, const Tensor& output) {
    if (name.rfind(activation, 0) == 0) sizes.outputs.push_back(root_mean_square(output));
  };
  Gradients gradients = backward(loss(network.forward(batch.inputs, context), batch.target));
  for (const Parameter& p : parameters_of(network))
    if (p.penalized) sizes.gradients.push_back(root_mean_square(gradients[p.value]));  // weights, not biases
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

  Plot outputs("Outputs"), weights("Gradients of weights"), curves("Training loss");
  outputs.x_axis("hidden layers before").whole_x().y_axis("root mean square", AxisScale::log).y_range(0.005, 2);
  weights.x_axis("hidden layers before").whole_x().y_axis("root mean square", AxisScale::log);
  curves.x_axis("epoch").whole_x().y_axis("cross-entropy").y_range(0, 2.5);
  std::printf("%-16s %20s %32s\n", "", "last outputs", "gradient of the weights");
  std::printf("%-16s %20s %10s %10s %10s %14s\n", "", "beside the first", "layer 1", "layer 6", "layer 11",
              "loss after 15");
  for (auto [name, activation, initializer] :
       {Case{"sigmoid, Glorot", "sigmoid", "glorot_uniform"}, Case{"tanh, Glorot", "tanh", "glorot_uniform"},
        Case{"ReLU, Glorot", "relu", "glorot_uniform"}, Case{"ReLU, He", "relu", "he_uniform"}}) {
    Network network = deep_network(activation, initializer, data.train->input_shape());
    auto [out, g] = sizes_by_layer(network, activation, *loss, batch);
    std::vector<double> layers, epochs, losses;
    for (int i = 0; i <= kHidden; ++i) layers.push_back(i);
    TrainCallbacks callbacks;
    callbacks.epoch_end = [&](const EpochRecord& record) {
      epochs.push_back(static_cast<double>(record.epoch));
      losses.push_back(record.train_loss);
    };
    Trainer(network, *loss, params, 1).fit(*data.train, callbacks);
    std::printf("%-16s %20.3f %10.1e %10.1e %10.1e %14.4f\n", name, out.back() / out[1], g[0], g[5], g.back(),
                losses.back());
    outputs.line(name, layers, out);
    weights.line(name, layers, g);
    curves.line(name, epochs, losses);
  }
  std::printf("a sigmoid's derivative is at most 1/4, and (1/4)^10 = %.1e\n", std::pow(0.25, kHidden));
  write_file("vanishing_gradient.svg",
             svg_file({outputs.size(360, 300), weights.size(360, 300), curves.size(360, 300)}, 3));
}
