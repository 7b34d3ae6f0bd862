// ReLUs that die, from bad initial biases or from steps that are too large, and what a leaky ReLU and batch norm do.
#include <gradus/gradus.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "common/digits.h"

using namespace gradus;

namespace {

constexpr int kHidden = 3, kUnits = 32, kEpochs = 15, kSeeds = 5;
constexpr double kRate = 0.01;

struct Case {
  const char *name, *activation;
  bool batch_norm;
};

Network make(const Case& c, double bias, const Shape& input, std::uint64_t seed) {
  Value linear = Value::Table{{"units", kUnits},
                              {"initializer", "he_uniform"},
                              {"bias_initializer", Value::Table{{"type", "constant"}, {"value", bias}}}};
  Network network;
  for (int i = 0; i < kHidden; ++i) {
    network.add(nn::layer("linear", linear));
    if (c.batch_norm) network.add(nn::batch_norm());
    network.add(nn::layer(c.activation));
  }
  network.add(nn::linear(10));
  network.build(input, seed);
  return network;
}

// The share of hidden units that are below zero for every example. A ReLU is dead there, a leaky one is not.
double share_below_zero(Network& network, const std::string& activation, const Tensor& inputs) {
  double share = 0;
  NoGrad none;
  Context context;
  context.watch = [&](const std::string& name, const Tensor& output) {
    if (name.rfind(activation, 0) != 0) return;
    Tensor ever_above = max(greater(output, Tensor::scalar(0)), {0});
    share += (1 - mean(ever_above).item()) / kHidden;
  };
  network.forward(inputs, context);
  return share;
}

struct Course {
  std::vector<double> below, loss;  // after each epoch; before training first
  double accuracy = 0;              // on the validation part
};

// The first epoch at `first_rate`, the others at kRate.
Course train(const Case& c, double bias, double first_rate, const LoadedData& data, std::uint64_t seed) {
  auto loss = make_loss("cross_entropy", "loss");
  Network network = make(c, bias, data.train->input_shape(), seed);
  Tensor inputs = whole_batch(*data.train).inputs;
  Course course;
  auto record = [&] {
    course.below.push_back(share_below_zero(network, c.activation, inputs));
    course.loss.push_back(evaluate_network(network, *loss, *data.train));
  };
  record();
  TrainCallbacks callbacks;
  callbacks.epoch_end = [&](const EpochRecord&) { record(); };
  for (auto [rate, epochs] : {std::pair(first_rate, 1), std::pair(kRate, kEpochs - 1)}) {
    TrainParams params;
    params.epochs = epochs;
    params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", rate}});
    Trainer(network, *loss, params, seed).fit(*data.train, callbacks);
  }
  course.accuracy = evaluate(network, *loss, data.task, *data.validation).metrics().at("accuracy").as_real();
  return course;
}

// Trains each case from kSeeds initial weights, prints how that ends and draws the means.
void compare(const std::string& title, double bias, double first_rate, const LoadedData& data,
             std::vector<Plot>& pictures) {
  Plot below(title), losses("Training loss");
  below.x_axis("epoch").whole_x().y_axis("share below zero").y_range(0, 1);
  losses.x_axis("epoch").whole_x().y_axis("cross-entropy", AxisScale::log);
  std::vector<double> epochs(kEpochs + 1);
  std::iota(epochs.begin(), epochs.end(), 0);
  std::printf("\n%-32s %10s %10s %10s %22s\n", title.c_str(), "before", "epoch 1", "at the end", "accuracy");
  for (const Case& c : {Case{"ReLU", "relu", false}, Case{"leaky ReLU", "leaky_relu", false},
                        Case{"ReLU after batch norm", "relu", true}}) {
    std::vector<double> share(epochs.size()), loss(epochs.size()), accuracies;
    for (int seed = 1; seed <= kSeeds; ++seed) {
      Course course = train(c, bias, first_rate, data, seed);
      for (std::size_t i = 0; i < epochs.size(); ++i) {
        share[i] += course.below[i] / kSeeds;
        loss[i] += course.loss[i] / kSeeds;
      }
      accuracies.push_back(course.accuracy);
    }
    auto [low, high] = std::minmax_element(accuracies.begin(), accuracies.end());
    std::printf("%-32s %9.0f%% %9.0f%% %9.0f%% %11.0f%% to %4.0f%%\n", c.name, 100 * share[0], 100 * share[1],
                100 * share.back(), 100 * *low, 100 * *high);
    below.line(c.name, epochs, share);
    losses.line(c.name, epochs, loss);
  }
  pictures.push_back(below);
  pictures.push_back(losses);
}

}  // namespace

int main() {
  LoadedData data = load_digits();
  std::printf("Units that are below zero for every example (a ReLU is dead there), and validation accuracy:\n");
  std::printf("means and ranges over %d initial weights.\n", kSeeds);
  std::vector<Plot> pictures;
  compare("Biases begin at 0", 0, kRate, data, pictures);
  compare("Biases begin at -3", -3, kRate, data, pictures);
  compare("First epoch at rate 0.3", 0, 0.3, data, pictures);
  write_file("dying_relu.svg", svg_file(pictures));
}
