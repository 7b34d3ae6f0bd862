// Backward propagation through the 4-3-1 network: the cost, its gradients, and what following them does.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

const Tensor kInput = Tensor::from(std::vector<double>{0.9, 0.1, 0.4, 0.7}, {1, 4});
const Tensor kTruth = Tensor::full({1, 1}, 1.0, Dtype::f64);

Tensor cost_of(Network& network) {
  return pointwise_loss(PointwiseLoss::squared, network.forward(kInput, Context{}), kTruth, 0);
}

// The course's network, its last bias set so that the first output is `first`.
Network network_that_says(double first) {
  Network network = nn::network(nn::linear(3), nn::sigmoid(), nn::linear(1), nn::sigmoid());
  network.build({4}, /*seed=*/1, Dtype::f64);
  auto logit = [](double p) { return std::log(p / (1 - p)); };
  double& bias = *parameters_of(network).back().value.mutable_data<double>();
  bias += logit(first) - logit(network(kInput).item());
  return network;
}

// Compares each of the 19 gradients with (C(w + h) - C(w - h)) / 2h; returns the gradients (x) and the estimates (y).
std::pair<std::vector<double>, std::vector<double>> check_gradients(Network& network) {
  constexpr double kStep = 1e-5;
  Gradients gradients = backward(cost_of(network));
  std::vector<double> exact, estimated;
  std::printf("\n%-18s %13s %19s\n", "parameter", "backward pass", "finite difference");
  for (Parameter& p : parameters_of(network)) {
    std::vector<double> g = gradients[p.value].to_vector<double>();
    for (std::size_t i = 0; i < g.size(); ++i) {
      double* w = p.value.mutable_data<double>() + i;
      const double before = *w;
      *w = before + kStep;
      double above = cost_of(network).item();
      *w = before - kStep;
      double below = cost_of(network).item();
      *w = before;
      exact.push_back(g[i]);
      estimated.push_back((above - below) / (2 * kStep));
      std::printf("%-15s %2zu %13.8f %19.8f\n", p.name.c_str(), i, exact.back(), estimated.back());
    }
  }
  return {exact, estimated};
}

}  // namespace

int main() {
  Plot output("The output nears the truth, 1.0"), cost("The cost falls"),
      weights("Weights and bias of the output neuron");
  output.x_axis("iteration").whole_x().y_axis("output");
  cost.x_axis("iteration").whole_x().y_axis("(output - 1)\u00b2", AxisScale::log);
  weights.x_axis("iteration").whole_x().y_axis("value");
  constexpr int kIterations = 60;
  constexpr double kRate = 1;
  std::vector<double> at;
  for (int i = 0; i <= kIterations; ++i) at.push_back(i);

  for (double first : {0.79, 0.34}) {
    Network network = network_that_says(first);
    std::vector<Parameter> parameters = parameters_of(network);
    auto descent = optimizers().make("sgd", Value::table(), "sgd");
    std::vector<double> outputs, costs;
    std::vector<std::vector<double>> last(4);
    for (int i = 0; i <= kIterations; ++i) {
      Tensor c = cost_of(network);
      outputs.push_back(network(kInput).item());
      costs.push_back(c.item());
      for (int k = 0; k < 3; ++k) last[k].push_back(parameters[2].value.to_vector<double>()[k]);
      last[3].push_back(parameters[3].value.item());
      if (i < 4 || i == kIterations)
        std::printf("iteration %2d: output %.4f for 1.0 costs %.4f\n", i, outputs.back(), costs.back());
      descent->step(parameters, backward(c), kRate);
    }
    std::printf("\n");
    std::string name = "from " + std::to_string(first).substr(0, 4);
    output.line(name, at, outputs);
    cost.line(name, at, costs);
    if (first == 0.34)
      for (int k = 0; k < 4; ++k) weights.line(k < 3 ? "weight " + std::to_string(k + 1) : "bias", at, last[k]);
  }

  Network network = network_that_says(0.34);
  auto [exact, estimated] = check_gradients(network);
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) worst = std::max(worst, std::abs(exact[i] - estimated[i]));
  std::printf("largest difference over %zu parameters: %.1e\n", exact.size(), worst);
  Plot check("19 gradients, computed in two ways");
  check.x_axis("backward pass").y_axis("finite difference").identity().points("", exact, estimated);
  write_file("backpropagation.svg", svg_file({output, cost, weights, check}));
}
