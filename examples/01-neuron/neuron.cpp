// A neuron, and forward propagation through the course's network of 4 inputs, 3 hidden neurons and 1 output.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

double squash(double z) { return 1 / (1 + std::exp(-z)); }

// What a neuron of two inputs makes of (x, y).
double neuron(double w0, double w1, double bias, double x, double y) { return squash(w0 * x + w1 * y + bias); }

// Three such neurons, and a fourth that listens to them.
double three_neurons(double x, double y) {
  double a = neuron(0, 4, 5, x, y), b = neuron(4, -3, 5, x, y), c = neuron(-4, -3, 5, x, y);
  return squash(8 * a + 8 * b + 8 * c - 20);
}

void one_neuron_by_hand() {
  const double x[] = {0.5, -1.0, 2.0}, w[] = {0.8, 0.2, -0.5}, bias = 0.1;
  double z = bias;
  std::printf("one neuron\n  z = w x + b =");
  for (int i = 0; i < 3; ++i) {
    z += w[i] * x[i];
    std::printf(" (%.1f)(%.1f) +", w[i], x[i]);
  }
  std::printf(" %.1f = %.2f\n  output = sigmoid(z) = 1 / (1 + e^-z) = %.4f\n\n", bias, z, squash(z));
}

// One line for each input of the layer, one column for each of its neurons, and the biases below.
void print_weights(const char* layer, const Parameter& weights, const Parameter& biases) {
  std::vector<float> w = weights.value.to_vector<float>(), b = biases.value.to_vector<float>();
  std::printf("%s", layer);
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (i % b.size() == 0) std::printf("\n  from %zu  ", i / b.size() + 1);
    std::printf(" %8.4f", w[i]);
  }
  std::printf("\n  bias    ");
  for (float v : b) std::printf(" %8.4f", v);
  std::printf("\n");
}

void forward_propagation() {
  Network network = nn::network(nn::linear(3), nn::sigmoid(), nn::linear(1), nn::sigmoid());
  network.build({4}, /*seed=*/1);

  std::printf("%-10s %-8s %8s %10s\n", "layer", "type", "outputs", "parameters");
  std::int64_t total = 0;
  for (const auto& row : network.table({4})) {
    total += row.cost.parameters;
    std::printf("%-10s %-8s %8lld %10lld\n", row.name.c_str(), row.type.c_str(),
                static_cast<long long>(row.output.size()), static_cast<long long>(row.cost.parameters));
  }
  std::printf("4*3 + 3*1 weights and 3 + 1 biases: %lld parameters\n\n", static_cast<long long>(total));

  auto p = parameters_of(network);
  print_weights("weights of linear1, a column for each neuron", p[0], p[1]);
  print_weights("weights of linear2", p[2], p[3]);

  Tensor x = Tensor::from({0.9f, 0.1f, 0.4f, 0.7f}, {1, 4});
  std::printf("\n%-10s", "input");
  for (float v : x.to_vector<float>()) std::printf(" %8.4f", v);
  Context context;
  context.watch = [](const std::string& name, const Tensor& output) {
    std::printf("\n%-10s", name.c_str());
    for (float v : output.to_vector<float>()) std::printf(" %8.4f", v);
  };
  Tensor output = network.forward(x, context);

  // The same from the formula: each layer is a product with its weights, a sum with its biases and an activation.
  Tensor hidden = sigmoid(matmul(x, p[0].value) + p[1].value);
  Tensor by_hand = sigmoid(matmul(hidden, p[2].value) + p[3].value);
  std::printf("\nthe formula  %.4f (difference %.0e)\n", by_hand.item(), std::abs(by_hand.item() - output.item()));
}

}  // namespace

int main() {
  one_neuron_by_hand();
  forward_propagation();

  Plot weight("A weight sets the steepness");
  weight.x_axis("input x").y_axis("sigmoid(w x)");
  for (double w : {0.5, 1.0, 3.0, -1.0})
    weight.curve(
        "w = " + std::to_string(w).substr(0, w < 0 ? 4 : 3), [w](double x) { return squash(w * x); }, -6, 6);
  Plot bias("The bias moves it sideways");
  bias.x_axis("input x").y_axis("sigmoid(2 x + b)");
  for (int b : {-6, 0, 6})
    bias.curve(
        "b = " + std::to_string(b), [b](double x) { return squash(2 * x + b); }, -6, 6);

  const std::vector<double> levels = {0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95};
  const std::string lines = "x (lines: outputs 0.05, pale, to 0.95, dark)";
  Plot two("One neuron, two inputs: straight lines");
  two.x_axis(lines).y_axis("y").contours([](double x, double y) { return neuron(1, 2, 0, x, y); }, -3, 3, -3, 3,
                                         levels);
  Plot hidden("Three hidden neurons enclose a region");
  hidden.x_axis(lines).y_axis("y").contours(three_neurons, -3, 3, -3, 3, levels);
  write_file("neuron.svg", svg_file({weight, bias, two, hidden}));
}
