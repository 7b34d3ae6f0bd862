// Activations and their derivatives, and why a network needs one.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

double largest(const Tensor& difference) { return max(abs(difference)).item(); }

// A linear layer whose biases start at random values too, not at 0.
auto biased_linear(std::int64_t units) {
  return nn::layer("linear", Value::Table{{"units", units},
                                          {"bias_initializer", Value::Table{{"type", "normal"}, {"deviation", 1}}}});
}

// f and df/dz at every z, the derivative by backward propagation.
std::pair<Tensor, Tensor> with_derivative(Module& f, const Tensor& z) {
  Tensor input = z.copy().set_requires_grad();
  Tensor y = f.forward(input, Context{});
  return {y.detach(), backward(sum(y))[input]};
}

}  // namespace

int main() {
  constexpr int kPoints = 161;
  Tensor z = Tensor::arange(kPoints) * 0.05f - 4;  // -4 to 4
  std::vector<float> at = z.to_vector<float>();
  std::vector<double> x(at.begin(), at.end());
  std::printf("%-11s %8s %8s %8s %8s %17s\n", "", "f(-2)", "f(2)", "f'(-2)", "f'(2)", "largest |f'|");
  std::vector<Plot> pictures;
  for (const char* name :
       {"step", "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}) {
    auto [f, slope] = with_derivative(*nn::layer(name), z);
    std::vector<float> y = f.to_vector<float>(), d = slope.to_vector<float>();
    std::printf("%-11s %8.4f %8.4f %8.4f %8.4f %17.4f\n", name, y[40], y[120], d[40], d[120], largest(slope));
    pictures.push_back(Plot(name)
                           .size(300, 230)
                           .x_axis("z")
                           .x_range(-4, 4)
                           .y_range(-1.5, 2.5)
                           .line("f(z)", x, {y.begin(), y.end()})
                           .line("f'(z)", x, {d.begin(), d.end()})
                           .dashed());
  }
  write_file("activations.svg", svg_file(pictures, 3));

  Tensor fine = Tensor::arange(kPoints, Dtype::f64) * 0.05 - 4;
  std::printf("\ntanh(z) - (2 sigmoid(2 z) - 1): at most %.0e\n", largest(tanh(fine) - (2 * sigmoid(2 * fine) - 1)));
  auto [leaky, slope] = with_derivative(*nn::layer("leaky_relu"), Tensor::from({-3.0f}, {1}));
  std::printf("leaky ReLU at -3: %.2f, slope %.2f\n", leaky.item(), slope.item());

  // (x W1 + b1) W2 + b2 = x (W1 W2) + (b1 W2 + b2): two linear layers are one.
  Network stack = nn::network(biased_linear(5), biased_linear(2));
  stack.build({4}, /*seed=*/1, Dtype::f64);
  auto p = parameters_of(stack);
  Tensor input = Tensor::normal({100, 4}, 0, 1, {1, 0, 0}, Dtype::f64);
  Tensor w = matmul(p[0].value, p[2].value), b = matmul(p[1].value, p[2].value) + p[3].value;
  std::printf("two stacked linear layers against one: at most %.0e apart\n",
              largest(stack(input) - (matmul(input, w) + b)));
  Network bent = nn::network(biased_linear(5), nn::tanh(), biased_linear(2));
  bent.build({4}, /*seed=*/1, Dtype::f64);  // the same seed: the same weights and biases
  std::printf("with tanh between them:                 up to %.2f apart\n",
              largest(bent(input) - (matmul(input, w) + b)));
}
