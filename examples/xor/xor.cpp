#include <gradus/gradus.h>

#include <cstdio>

int main() {
  using namespace gradus;
  // y = x0 xor x1: no linear model can do it
  Tensor x = Tensor::from({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2});
  Tensor y = Tensor::from(std::vector<std::int32_t>{0, 1, 1, 0}, {4});
  Network network = nn::network(nn::linear(8), nn::tanh(), nn::linear(2));
  network.build({2}, /*seed=*/1);
  auto adam = optimizers().make("adam", Value::table(), "adam");
  std::vector<Parameter> parameters = parameters_of(network);
  for (int step = 0; step < 200; ++step) {
    Tensor loss = cross_entropy(network.forward(x, Context{}), y);
    adam->step(parameters, backward(loss), 0.05);
  }
  std::vector<float> p = softmax(network(x)).to_vector<float>();
  for (int i = 0; i < 4; ++i) std::printf("%d xor %d is 1 with probability %.3f\n", i / 2, i % 2, p[2 * i + 1]);
}
