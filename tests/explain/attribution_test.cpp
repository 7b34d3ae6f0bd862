#include "gradus/explain/attribution.h"

#include <gmock/gmock.h>

#include "../tensor/oracle.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<Network> network_of(const std::string& layers, const Shape& input, Dtype dtype = Dtype::f64) {
  auto n = make_network(parse_toml_value("[ " + layers + " ]"), 0, "layers");
  n->build(input, 5, dtype);
  return n;
}

const char* const kImages =
    R"({ type = "conv2d", channels = 4, padding = "same" }, "relu", "max_pool2d",
       { type = "conv2d", channels = 5, kernel = 2 }, "tanh", "global_average_pool", { type = "linear", units = 3 })";
const char* const kVolumes =
    R"({ type = "conv3d", channels = 3, kernel = 2 }, "sigmoid", "flatten", { type = "linear", units = 2 })";

std::vector<std::int32_t> classes_of(const Case& c) {
  std::vector<std::int32_t> classes;
  for (double v : c.inputs.at("classes").data) classes.push_back(static_cast<std::int32_t>(v));
  return classes;
}

// The networks of the file's cases, with their weights.
std::unique_ptr<Network> network_of(const Case& c, Dtype dtype) {
  auto n = network_of(c.op == "images" ? kImages : kVolumes, c.inputs.at("x").shape.without(0), dtype);
  auto state = state_of(*n);
  for (std::size_t i = 0; i < state.size(); ++i) {
    const char* name = i % 2 == 0 ? "w" : "b";
    state[i].second = tensor_of(c.inputs.at(name + std::to_string(i / 2 + 1)), dtype);
  }
  load_state(*n, state);
  return n;
}

TEST(Attribution, AgreesWithPyTorch) {
  for (const Case& c : read_cases(TEST_DATA "/oracles/grad_cam.json"))
    for (Dtype dtype : {Dtype::f64, Dtype::f32}) {
      double tolerance = dtype == Dtype::f64 ? 1e-12 : 1e-5;
      auto n = network_of(c, dtype);
      Tensor x = tensor_of(c.inputs.at("x"), dtype);
      std::string layer = last_convolution(*n, x.shape().without(0));
      EXPECT_EQ(layer, c.op == "images" ? "tanh1" : "sigmoid1");
      expect_close(grad_cam(*n, x, classes_of(c), layer), c.outputs.at("cam"), tolerance, c.name + " cam");
      expect_close(saliency(*n, x, classes_of(c)), c.outputs.at("saliency"), tolerance, c.name + " saliency");
    }
}

// The score itself, moved by a small step of each input.
TEST(Attribution, SaliencyIsTheSlopeOfTheScore) {
  auto n = network_of(kImages, {6, 4, 2});
  Tensor x = Tensor::uniform({1, 6, 4, 2}, -1, 1, RandomKey{3}, Dtype::f64);
  std::int32_t c = 1;
  std::vector<double> got = saliency(*n, x, {&c, 1}).to_vector<double>(), values = x.to_vector<double>();
  ASSERT_EQ(got.size(), 24u);
  auto score = [&](std::size_t i, double step) {
    std::vector<double> moved = values;
    moved[i] += step;
    return values_of((*n)(Tensor::from(moved, x.shape())))[1];
  };
  constexpr double kStep = 1e-6;
  for (std::size_t p = 0; p < got.size(); ++p) {
    double most = 0;
    for (std::size_t i : {2 * p, 2 * p + 1})
      most = std::max(most, std::abs(score(i, kStep) - score(i, -kStep)) / (2 * kStep));
    EXPECT_NEAR(got[p], most, 1e-8) << p;
  }
}

// A 1x1 convolution of weights 1 and -2 on x = [[1, 2], [3, -1]]: A_1 = x, A_2 = -2 x. The score is 3 mean(A_1) +
// mean(A_2), so a_1 = 3/4, a_2 = 1/4 and the map is relu(3/4 x - 1/2 x) = relu(x / 4).
TEST(Attribution, GradCamByHand) {
  auto n = network_of(R"({ type = "conv2d", channels = 2, kernel = 1, bias = false }, "global_average_pool",
                         { type = "linear", units = 1, bias = false })",
                      {2, 2, 1});
  auto state = state_of(*n);
  state[0].second = Tensor::from(std::vector<double>{1, -2}, state[0].second.shape());
  state[1].second = Tensor::from(std::vector<double>{3, 1}, state[1].second.shape());
  load_state(*n, state);
  Tensor x = Tensor::from(std::vector<double>{1, 2, 3, -1}, {1, 2, 2, 1});
  std::int32_t one = 1, zero = 0;
  EXPECT_THAT(grad_cam(*n, x, {&one, 1}, "conv2d1").to_vector<double>(), ElementsAre(0.25, 0.5, 0.75, 0));
  // A single result speaks for class 1; what speaks against it speaks for class 0.
  EXPECT_THAT(grad_cam(*n, x, {&zero, 1}, "conv2d1").to_vector<double>(), ElementsAre(0, 0, 0, 0.25));
  // d score / d x = (3 - 2) / 4 everywhere.
  EXPECT_THAT(saliency(*n, x, {&zero, 1}).to_vector<double>(), ElementsAre(0.25, 0.25, 0.25, 0.25));
}

TEST(Attribution, ExamplesAndEarlierCallsDoNotMatterToEachOther) {
  auto n = network_of(R"({ type = "conv2d", channels = 3 }, "batch_norm", "relu", "global_average_pool",
                         { type = "linear", units = 2 })",
                      {5, 5, 1}, Dtype::f32);
  Tensor x = Tensor::uniform({2, 5, 5, 1}, 0, 1, RandomKey{8});
  std::vector<std::int32_t> classes = {1, 0};
  auto both = grad_cam(*n, x, classes, "relu1").to_vector<float>();
  EXPECT_EQ(grad_cam(*n, x, classes, "relu1").to_vector<float>(), both);
  auto second = grad_cam(*n, slice(x, 0, 1, 2), {&classes[1], 1}, "relu1").to_vector<float>();
  for (std::size_t i = 0; i < second.size(); ++i) EXPECT_NEAR(second[i], both[9 + i], 1e-6) << i;
  EXPECT_FALSE(x.requires_grad());
}

TEST(Attribution, AScoreAtEachPlaceIsSummed) {
  auto n = network_of(R"({ type = "conv2d", channels = 2, kernel = 1, bias = false })", {2, 2, 1});
  auto state = state_of(*n);
  state[0].second = Tensor::from(std::vector<double>{1, -2}, state[0].second.shape());
  load_state(*n, state);
  std::int32_t one = 1;
  Tensor x = Tensor::ones({1, 2, 2, 1}, Dtype::f64);
  EXPECT_THAT(saliency(*n, x, {&one, 1}).to_vector<double>(), ElementsAre(2, 2, 2, 2));
}

TEST(Attribution, FindsTheLastConvolution) {
  auto last = [](const std::string& layers) {
    return last_convolution(*make_network(parse_toml_value("[ " + layers + " ]"), 2, "layers"), {8, 8, 1});
  };
  EXPECT_EQ(last(R"({ type = "conv2d", channels = 2 }, "batch_norm", "relu", "max_pool2d", "flatten", "linear")"),
            "relu1");
  EXPECT_EQ(last(R"({ type = "residual", layers = [ { type = "conv2d", channels = 1, padding = "same" } ] }, "relu",
                    "global_average_pool", "linear")"),
            "relu1");
  EXPECT_EQ(last(R"({ type = "conv2d", channels = 2, kernel = 8 }, "flatten", "linear")"), "") << "one place";
  EXPECT_EQ(last(R"("flatten", "linear")"), "");
}

TEST(Attribution, LayersInABranchHaveItsName) {
  auto n = network_of(
      "{ type = \"conv2d\", channels = 2, padding = \"same\" }, { type = \"residual\", "
      "layers = [ { type = \"conv2d\", channels = 4, padding = \"same\" }, \"relu\" ], "
      "shortcut = [ { type = \"conv2d\", channels = 4, kernel = 1 } ] }, \"relu\"",
      {4, 4, 1});
  std::vector<std::string> names;
  for (const LayerOutput& o : layer_outputs(*n, Tensor::ones({1, 4, 4, 1}, Dtype::f64))) names.push_back(o.layer);
  EXPECT_THAT(names, ElementsAre("conv2d1", "residual1.shortcut.conv2d1", "residual1.branch.conv2d1",
                                 "residual1.branch.relu1", "residual1", "relu1"));
  std::int32_t one = 1;
  Tensor map = grad_cam(*n, Tensor::ones({1, 4, 4, 1}, Dtype::f64), {&one, 1}, "residual1.branch.relu1");
  EXPECT_EQ(map.shape(), Shape({1, 4, 4}));
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Attribution, RefusesWhatDoesNotFit) {
  auto n = network_of(kImages, {6, 4, 2});
  Tensor x = Tensor::ones({1, 6, 4, 2}, Dtype::f64);
  std::vector<std::int32_t> fourth = {3}, negative = {-1}, two = {0, 1}, good = {0};
  EXPECT_THAT(message_of([&] { saliency(*n, x, fourth); }), HasSubstr("below 3"));
  EXPECT_THAT(message_of([&] { grad_cam(*n, x, negative, "tanh1"); }), HasSubstr("below 3"));
  EXPECT_THAT(message_of([&] { saliency(*n, x, two); }), HasSubstr("n classes"));
  EXPECT_THAT(message_of([&] { grad_cam(*n, x, good, "conv2d9"); }), HasSubstr("\"conv2d9\""));
  EXPECT_THAT(message_of([&] { grad_cam(*n, x, good, "linear1"); }), HasSubstr("linear1"));
}

// Weights are f32 also where a network predicts in bf16, and what explains it is computed with them.
TEST(Attribution, OfMixedPrecisionIsThatOfF32) {
  if (!has_bf16()) GTEST_SKIP() << "this processor does not multiply bf16";
  auto n = network_of(kImages, {6, 4, 2}, Dtype::f32);
  Tensor x = Tensor::uniform({2, 6, 4, 2}, -1, 1, RandomKey{3});
  std::vector<std::int32_t> classes = {0, 2};
  auto values = [&] {
    std::vector<float> all = saliency(*n, x, classes).to_vector<float>();
    for (float v : grad_cam(*n, x, classes, "tanh1").to_vector<float>()) all.push_back(v);
    for (const LayerOutput& o : layer_outputs(*n, x)) all.push_back(o.value.to_vector<float>()[0]);
    return all;
  };
  std::vector<float> f32 = values();
  n->compute_in(Dtype::bf16);
  EXPECT_EQ(values(), f32);
  EXPECT_EQ(n->computes_in(), Dtype::bf16);
}

// h' = x w + h u stays above 0, so that what was read d steps before counts w u^d.
TEST(GradientByDistance, FallsAsTheStateForgets) {
  Network network =
      nn::network(nn::layer("rnn", Value(Value::Table{{"units", 1}, {"activation", "relu"}, {"output", "last"}})));
  network.build({6, 1}, 1);
  for (Parameter& p : parameters_of(network))
    p.value.mutable_data<float>()[0] = p.name.ends_with("state_weight") ? 0.5F : p.name.ends_with("bias") ? 0.0F : 2.0F;
  Batch batch;
  batch.inputs = Tensor::ones({3, 6, 1});
  batch.target = Tensor::zeros({3, 1});
  auto loss = make_loss("mse", "loss");
  std::vector<double> g = gradient_by_distance(network, *loss, batch);
  ASSERT_EQ(g.size(), 6u);
  const double y = 2 * (1 + 0.5 + 0.25 + 0.125 + 0.0625 + 0.03125);
  for (std::size_t d = 0; d < g.size(); ++d) EXPECT_NEAR(g[d], 2 * y * 2 * std::pow(0.5, d), 1e-5);
  // Of shorter sequences the last step is their own.
  batch.lengths = Tensor::from(std::vector<std::int32_t>{2, 2, 2}, {3});
  g = gradient_by_distance(network, *loss, batch);
  EXPECT_NEAR(g[0], 2 * 3 * 2, 1e-5);
  EXPECT_NEAR(g[1], 2 * 3 * 1, 1e-5);
  EXPECT_TRUE(std::isnan(g[2]));
}

}  // namespace
}  // namespace gradus
