#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/nn/blueprint.h"
#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"
#include "gradus/train/trainer.h"

namespace gradus {
namespace {

// Distance of two tensors in units of the size of the second.
double distance(const Tensor& a, const Tensor& b) {
  std::vector<float> x = cast(a, Dtype::f32).to_vector<float>(), y = cast(b, Dtype::f32).to_vector<float>();
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    difference += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    size += std::pow(static_cast<double>(y[i]), 2);
  }
  return std::sqrt(difference / size);
}

Tensor normal(const Shape& shape, std::uint32_t stream) { return Tensor::normal(shape, 0, 1, {7, stream, 0}); }

// A gradient with respect to x of the sum of r f(x), for a fixed r.
template <class F>
std::pair<Tensor, Tensor> value_and_gradient(const Tensor& x, Dtype dtype, F f) {
  Tensor leaf = x.copy();
  leaf.set_requires_grad();
  Tensor y = cast(f(cast(leaf, dtype)), Dtype::f32);
  return {y, backward(sum(y * normal(y.shape(), 99)))[leaf]};
}

// Values rounded to the nearest number with 8 bits, ties to even; what is no number stays none.
TEST(Bf16, RoundsToTheNearestTiesToEven) {
  const float tie = 1 + 0x1p-8f, above = 1 + 0x1.8p-8f, odd_tie = 1 + 3 * 0x1p-8f;
  Tensor x = Tensor::from({1.0f, tie, above, odd_tie, -tie, INFINITY, NAN, 0x1.fffp127f}, {8});
  std::vector<float> y = cast(cast(x, Dtype::bf16), Dtype::f32).to_vector<float>();
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[1], 1);
  EXPECT_EQ(y[2], 1 + 0x1p-7f);
  EXPECT_EQ(y[3], 1 + 0x1p-6f);
  EXPECT_EQ(y[4], -1);
  EXPECT_EQ(y[5], INFINITY);
  EXPECT_TRUE(std::isnan(y[6]));
  EXPECT_EQ(y[7], INFINITY);
}

TEST(Bf16, CastsAreBetweenBothTypesOfMixedPrecision) {
  EXPECT_THROW(cast(Tensor::zeros({2}, Dtype::f64), Dtype::bf16), Error);
  EXPECT_THROW(cast(Tensor::zeros({2}), Dtype::i32), Error);
}

// Each op beside itself in f32: what differs is rounding, of 2^-9 a number.
TEST(Bf16, OpsAreThoseOfF32Rounded) {
  Tensor x = cast(cast(normal({6, 8, 8, 24}, 1), Dtype::bf16), Dtype::f32), gain = normal({24}, 2) + 2.0;
  Slide two;
  two.stride = {2, 2, 1};
  auto with_batch_norm = [&](const Tensor& t) {
    ChannelStatistics statistics;
    return batch_norm(t, gain, gain, 1e-5, statistics, true);
  };
  std::pair<const char*, std::function<Tensor(const Tensor&)>> ops[] = {
      {"relu", [](const Tensor& t) { return relu(t); }},
      {"tanh", [](const Tensor& t) { return tanh(t); }},
      {"gelu", [](const Tensor& t) { return gelu(t); }},
      {"add", [](const Tensor& t) { return t + relu(t); }},
      {"add_relu", [](const Tensor& t) { return add_relu(t, tanh(t)); }},
      {"batch_norm", with_batch_norm},
      {"max_pool",
       [&](const Tensor& t) {
         return max_pool(t, {2, 2, 1}, two);
       }},
      {"min_pool",
       [&](const Tensor& t) {
         return min_pool(t, {2, 2, 1}, two);
       }},
      {"average_pool",
       [&](const Tensor& t) {
         return average_pool(t, {2, 2, 1}, two);
       }},
      {"dropout",
       [](const Tensor& t) {
         return dropout(t, 0.25, {1, 2, 3});
       }},
      {"concatenate",
       [](const Tensor& t) {
         return concatenate({t, t}, -1);
       }},
      {"broadcast", [](const Tensor& t) { return t * slice(t, 0, 0, 1); }},
  };
  for (const auto& [name, op] : ops) {
    auto [y, dx] = value_and_gradient(x, Dtype::f32, op);
    auto [mixed_y, mixed_dx] = value_and_gradient(x, Dtype::bf16, op);
    EXPECT_LT(distance(mixed_y, y), 0x1p-8) << name;
    EXPECT_GT(distance(mixed_y, y) + distance(mixed_dx, dx), 0) << name;
    EXPECT_LT(distance(mixed_dx, dx), 0x1p-7) << name;
  }
}

class MixedPrecision : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_bf16()) GTEST_SKIP() << "this processor has no bf16";
  }
};

// Value and gradients of a product, at x and at w, whole and cut in shards.
TEST_F(MixedPrecision, ProductsMultiplyRoundedNumbers) {
  ComputeScope scope;
  Slide around;
  around.before = around.after = {1, 1, 0};
  Slide twice;
  twice.stride = {2, 2, 1};
  struct Case {
    const char* name;
    Shape x, w;
    std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)> op;
  };
  const Activation relu_after{Activation::Kind::relu, 0}, gelu_after{Activation::Kind::gelu, 0};
  const Case cases[] = {
      {"conv",
       {5, 7, 6, 3},
       {3, 3, 3, 20},
       [&](auto& x, auto& w, auto& b) { return conv(x, w, b, around, relu_after); }},
      {"conv, gelu",
       {5, 7, 6, 16},
       {3, 3, 16, 16},
       [&](auto& x, auto& w, auto& b) { return conv(x, w, b, around, gelu_after); }},
      {"conv_transpose",
       {4, 3, 5, 8},
       {2, 2, 16, 8},
       [&](auto& x, auto& w, auto&) { return conv_transpose(x, w, {}, twice); }},
      {"linear", {9, 40}, {40, 12}, [&](auto& x, auto& w, auto& b) { return linear(x, w, b, relu_after); }},
      {"linear over places", {4, 3, 33}, {33, 7}, [&](auto& x, auto& w, auto& b) { return linear(x, w, b); }},
  };
  for (const Case& c : cases)
    for (int shards : {1, 3}) {
      Tensor value[2], gradients[2][2];
      for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
        int mixed = dtype == Dtype::bf16;
        auto rounded = [](const Tensor& t) { return cast(cast(t, Dtype::bf16), Dtype::f32); };
        Tensor x = rounded(normal(c.x, 1)), w = rounded(normal(c.w, 2));
        Tensor b = normal({c.w[c.w.rank() - 1]}, 3);
        x.set_requires_grad();
        w.set_requires_grad();
        Tensor y = cast(c.op(cast(shard(x, shards), dtype), w, b), Dtype::f32);
        value[mixed] = gather_shards(y);
        Gradients g = backward(sum(y * normal(y.shape(), 4)));
        gradients[mixed][0] = g[x];
        gradients[mixed][1] = g[w];
      }
      EXPECT_LT(distance(value[1], value[0]), 0x1p-8) << c.name << shards;
      EXPECT_LT(distance(gradients[1][0], gradients[0][0]), 0x1p-6) << c.name << shards;
      EXPECT_LT(distance(gradients[1][1], gradients[0][1]), 0x1p-6) << c.name << shards;
      EXPECT_EQ(gradients[1][1].dtype(), Dtype::f32);
    }
}

// Ready models and one of everything else train in bf16: parameters stay f32, results are near those of f32, and the
// same bits come at any thread count.
TEST_F(MixedPrecision, NetworksKeepTheirWeightsAndBits) {
  ComputeScope scope;
  for (const char* model : {"small_cnn", "resnet20", "mobilenet", "lenet5"}) {
    Network network = std::move(*make_network(blueprints().make(Value(model), "model")->layers(), 10, "layers"));
    network.build({28, 28, 1}, 3);
    auto loss = make_loss("cross_entropy", "loss");
    Tensor x = normal({24, 28, 28, 1}, 5), target = argmax(normal({24, 10}, 6));
    auto step = [&](Dtype dtype, int thread_count) {
      set_threads(thread_count);
      network.compute_in(dtype);
      Context context;
      context.training = true;
      Tensor y = network.forward(shard(x, 4), context);
      EXPECT_EQ(y.dtype(), Dtype::f32) << model;
      Gradients g = backward((*loss)(y, target));
      std::vector<Tensor> all = {gather_shards(y.detach())};
      for (const Parameter& p : parameters_of(network)) all.push_back(g[p.value].copy());
      return all;
    };
    int before = threads();
    std::vector<Tensor> f32 = step(Dtype::f32, 1), one = step(Dtype::bf16, 1), two = step(Dtype::bf16, 2);
    set_threads(before);
    EXPECT_LT(distance(one[0], f32[0]), 0.05) << model;
    for (std::size_t i = 0; i < one.size(); ++i)
      EXPECT_EQ(one[i].to_vector<float>(), two[i].to_vector<float>()) << model << i;
  }
}

TEST(Precision, OtherTypesAreRefused) {
  Network network = nn::network(nn::linear(2));
  EXPECT_THROW(network.compute_in(Dtype::f64), Error);
  if (!has_bf16()) {
    EXPECT_THROW(network.compute_in(Dtype::bf16), Error);
  }
}

}  // namespace
}  // namespace gradus
