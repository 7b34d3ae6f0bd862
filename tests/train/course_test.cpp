// The worked numbers of the course that this library follows, exactly.
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"
#include "gradus/train/trainer.h"

namespace gradus {
namespace {

TEST(Course, A431NetworkHas19Parameters) {
  Network n = nn::network(nn::linear(3), nn::sigmoid(), nn::linear(1));
  EXPECT_EQ(n.cost({4}).parameters, 19);
  n.build({4}, 1);
  std::int64_t counted = 0;
  for (const Parameter& p : parameters_of(n)) counted += p.value.size();
  EXPECT_EQ(counted, 4 * 3 + 3 + 3 + 1);
}

TEST(Course, SquaredErrorsOfTheForwardPass) {
  auto mse = make_loss("mse", "loss");
  auto cost = [&](double output) {
    return (*mse)(Tensor::full({1, 1}, output, Dtype::f64), Tensor::full({1, 1}, 1, Dtype::f64)).item();
  };
  EXPECT_NEAR(cost(0.79), 0.0441, 1e-12);
  EXPECT_NEAR(cost(0.34), 0.4356, 1e-12);
}

TEST(Course, IterationsOfAnEpoch) {
  std::int64_t n = 34000;
  ArrayDataset data({Tensor::zeros({n, 1}), 0, 1}, Tensor::zeros({n, 1}));
  Network network = nn::network(nn::linear(1));
  network.build({1}, 1);
  auto mse = make_loss("mse", "loss");
  TrainParams params;
  params.epochs = 1;
  params.batch_size = 500;
  EXPECT_EQ(Trainer(network, *mse, params, 1).fit(data, {}).steps, 68);
}

TEST(Course, TanhIsAScaledSigmoid) {
  Tensor x = Tensor::normal({1000}, 0, 3, {1, 0, 0}, Dtype::f64);
  auto a = tanh(x).to_vector<double>(), b = (2.0 * sigmoid(2.0 * x) - 1.0).to_vector<double>();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-14);
}

TEST(Course, LeakyReluHasSlopeOneHundredthBelowZero) {
  Tensor x = Tensor::from(std::vector<double>{-2, -1, 3}, {3});
  x.set_requires_grad();
  Tensor y = leaky_relu(x);
  EXPECT_EQ(y.to_vector<double>(), (std::vector<double>{-0.02, -0.01, 3}));
  EXPECT_EQ(backward(sum(y))[x].to_vector<double>(), (std::vector<double>{0.01, 0.01, 1}));
}

TEST(Course, TwoLinearLayersAreOne) {
  auto biases = Value::Table{{"type", "normal"}, {"deviation", 1}};
  Network n = nn::network(nn::layer("linear", Value::Table{{"units", 5}, {"bias_initializer", biases}}),
                          nn::layer("linear", Value::Table{{"units", 2}, {"bias_initializer", biases}}));
  n.build({3}, 1, Dtype::f64);
  auto p = parameters_of(n);
  Tensor w = matmul(p[0].value, p[2].value), b = matmul(p[1].value, p[2].value) + p[3].value;
  Tensor x = Tensor::normal({10, 3}, 0, 1, {2, 0, 0}, Dtype::f64);
  auto two = n(x).to_vector<double>(), one = linear(x, w, b).to_vector<double>();
  for (std::size_t i = 0; i < two.size(); ++i) EXPECT_NEAR(two[i], one[i], 1e-12);
}

}  // namespace
}  // namespace gradus
