// A recurrent layer unrolled: one set of weights at every step, back-propagation through time by hand, and how far back
// a gradient reaches in an RNN, a GRU and an LSTM.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

// The gradient of a parameter of one unit.
double gradient_of(Network& network, const Gradients& gradients, const std::string& end) {
  for (const Parameter& p : parameters_of(network))
    if (p.name.ends_with("." + end)) return gradients[p.value].item();
  return 0;
}

// h_t = tanh(w x_t + u h_{t-1}) over three steps, the loss (h_3 - 1)^2: by hand and by backward().
void by_hand() {
  const double w = 0.7, u = 0.5, x[] = {1, -0.5, 0.8};
  double h[4] = {};
  std::printf("forward, the same w = %.1f and u = %.1f at every step\n", w, u);
  for (int t = 1; t <= 3; ++t) {
    h[t] = std::tanh(w * x[t - 1] + u * h[t - 1]);
    std::printf("  h%d = tanh(%.1f * %4.1f + %.1f * %7.4f) = %7.4f\n", t, w, x[t - 1], u, h[t - 1], h[t]);
  }
  std::printf("\nbackward: d is the gradient at w x + u h, and w and u gather a share from each step\n");
  double dh = 2 * (h[3] - 1), dw = 0, du = 0;
  for (int t = 3; t >= 1; --t) {
    const double d = dh * (1 - h[t] * h[t]);
    dw += d * x[t - 1];
    du += d * h[t - 1];
    std::printf("  step %d: d = %7.4f   adds %7.4f to dw, %7.4f to du; sends %7.4f back\n", t, d, d * x[t - 1],
                d * h[t - 1], d * u);
    dh = d * u;
  }

  Network network =
      nn::network(nn::layer("rnn", Value(Value::Table{{"units", 1}, {"bias", false}, {"output", "last"}})));
  network.build({3, 1}, /*seed=*/1, Dtype::f64);
  for (Parameter& p : parameters_of(network))
    *p.value.mutable_data<double>() = p.name.ends_with("state_weight") ? u : w;
  Tensor result = network.forward(Tensor::from(std::vector<double>(x, x + 3), {1, 3, 1}), Context{});
  Gradients g = backward(pointwise_loss(PointwiseLoss::squared, result, Tensor::ones({1, 1}, Dtype::f64), 0));
  std::printf("by hand:      dw = %.6f  du = %.6f\nby backward(): dw = %.6f  du = %.6f\n", dw, du,
              gradient_of(network, g, "weight"), gradient_of(network, g, "state_weight"));
}

// A new layer of 32 units reads noise; the gradient of its last state with respect to each step's input.
std::vector<double> reach(const char* type, double forget_bias) {
  constexpr std::int64_t kSteps = 100, kSequences = 32;
  Value::Table params{{"units", 32}, {"output", "last"}};
  if (std::string(type) == "lstm") params.emplace_back("forget_bias", forget_bias);
  if (std::string(type) == "rnn") params.emplace_back("state_initializer", "glorot_uniform");
  Network network = nn::network(nn::layer(type, Value(params)), nn::linear(1));
  network.build({kSteps, 8}, /*seed=*/1);
  Tensor x = Tensor::normal({kSequences, kSteps, 8}, 0, 1, {3, 0, 0}).set_requires_grad();
  Tensor gradient = backward(sum(network.forward(x, Context{})))[x];
  std::vector<float> size = mean(sqrt(sum(square(gradient), {2})), {0}).to_vector<float>();
  return {size.rbegin(), size.rend()};  // by distance from the last step
}

}  // namespace

int main() {
  by_hand();

  std::printf("\nthe gradient of the last state by distance, as a share of that of the last step's input\n%-26s", "");
  for (int d : {10, 20, 50, 99}) std::printf("%12d", d);
  std::printf("\n");
  Plot plot("What is left of the gradient");
  plot.x_axis("steps before the last").whole_x().y_axis("share", AxisScale::log);
  std::vector<double> steps;
  for (int d = 0; d < 100; ++d) steps.push_back(d);
  for (auto [name, type, forget] : {std::tuple{"RNN", "rnn", 0.0},
                                    {"GRU", "gru", 0.0},
                                    {"LSTM, forget bias 0", "lstm", 0.0},
                                    {"LSTM, forget bias 1", "lstm", 1.0},
                                    {"LSTM, forget bias 3", "lstm", 3.0}}) {
    std::vector<double> size = reach(type, forget), share;
    for (double s : size) share.push_back(s / size[0]);
    std::printf("%-26s", name);
    for (std::size_t d : {10, 20, 50, 99}) std::printf("%12.1e", share[d]);
    std::printf("\n");
    plot.line(name, steps, share);
  }
  write_file("recurrence.svg", svg_file({plot.size(560, 360)}, 1));
}
