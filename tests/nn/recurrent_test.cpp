// Recurrent layers as parts of networks: padding, carried states, and what is refused.
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/nn/network.h"

namespace gradus {
namespace {

using testing::HasSubstr;

std::unique_ptr<Module> recurrent_layer(const std::string& type, Value::Table params, const Shape& example,
                                        Dtype dtype = Dtype::f64) {
  params.emplace_back("units", 5);
  auto layer = layers().make(type, Value(std::move(params)), type);
  layer->build(example, {RandomKey{3, 0, 0}.in("layer"), dtype, {}});
  return layer;
}

Context training(const Tensor& lengths) {
  Context c;
  c.training = true;
  c.key = {9, 0, 2};
  c.lengths = lengths;
  return c;
}

// The parameters' gradients of a weighted sum of the result, one after the other.
std::vector<double> gradients(Module& layer, const Tensor& y, std::uint32_t from, double scale) {
  Gradients g = backward(sum(y * Tensor::uniform(y.shape(), 0.5, 1.5, {from, 1, 0}, Dtype::f64)) * scale);
  std::vector<double> all;
  for (const Parameter& p : parameters_of(layer))
    for (double v : values_of(g[p.value])) all.push_back(v);
  return all;
}

TEST(Recurrent, PaddedSequencesGiveWhatEachGivesAlone) {
  const std::vector<std::int32_t> steps = {4, 7, 1, 6};
  const std::int64_t n = 4, time = 7, in = 3;
  for (const char* type : {"rnn", "gru", "lstm"})
    for (const char* output : {"sequence", "last"}) {
      SCOPED_TRACE(std::string(type) + " " + output);
      auto layer = recurrent_layer(type, {{"output", output}, {"bidirectional", true}, {"layers", 2}}, {time, in});
      Tensor x = Tensor::uniform({n, time, in}, -1, 1, {1, 0, 0}, Dtype::f64);
      Tensor y = layer->forward(x, training(Tensor::from(steps, {n})));
      // The same with other numbers in the padding.
      Tensor noise = x * 1.0;
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t t = steps[static_cast<std::size_t>(i)]; t < time; ++t)
          for (std::int64_t k = 0; k < in; ++k) noise.mutable_data<double>()[(i * time + t) * in + k] = 1e6;
      EXPECT_EQ(values_of(y), values_of(layer->forward(noise, training(Tensor::from(steps, {n})))));
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t length = steps[static_cast<std::size_t>(i)];
        Tensor alone = layer->forward(slice(slice(x, 0, i, i + 1), 1, 0, length), training({}));
        Tensor padded = slice(y, 0, i, i + 1);
        if (y.rank() == 3) {
          for (double v : values_of(slice(padded, 1, length, time))) EXPECT_EQ(v, 0);
          padded = slice(padded, 1, 0, length);
        }
        expect_close(values_of(padded), values_of(alone), 1e-13, "sequence " + std::to_string(i));
      }
    }
}

TEST(Recurrent, PaddingChangesNoGradient) {
  const std::vector<std::int32_t> steps = {4, 6, 1};
  for (const char* type : {"rnn", "gru", "lstm"}) {
    SCOPED_TRACE(type);
    auto layer = recurrent_layer(type, {{"output", "last"}}, {6, 3});
    Tensor x = Tensor::uniform({3, 6, 3}, -1, 1, {1, 0, 0}, Dtype::f64);
    Tensor y = layer->forward(x, training(Tensor::from(steps, {3})));
    std::vector<double> together = gradients(*layer, y, 4, 1), apart(together.size());
    Tensor weight = Tensor::uniform(y.shape(), 0.5, 1.5, {4, 1, 0}, Dtype::f64);
    for (std::int64_t i = 0; i < 3; ++i) {
      Tensor alone =
          layer->forward(slice(slice(x, 0, i, i + 1), 1, 0, steps[static_cast<std::size_t>(i)]), training({}));
      Gradients g = backward(sum(alone * slice(weight, 0, i, i + 1)));
      std::size_t at = 0;
      for (const Parameter& p : parameters_of(*layer))
        for (double v : values_of(g[p.value])) apart[at++] += v;
    }
    expect_close(together, apart, 1e-12, type);
  }
}

TEST(SequencePool, TakesTheStepsThatAreThere) {
  Tensor x = Tensor::from(std::vector<double>{1, -5, 3, -9, 100, 100, 4, -2, 0, 0, 8, -4}, {2, 3, 2});
  Tensor lengths = Tensor::from(std::vector<std::int32_t>{2, 3}, {2});
  const std::map<std::string, std::vector<double>> padded = {{"mean", {2, -7, 4, -2}},
                                                             {"max", {3, -5, 8, 0}},
                                                             {"last", {3, -9, 8, -4}}},
                                                   whole = {{"mean", {104. / 3, 86. / 3, 4, -2}},
                                                            {"max", {100, 100, 8, 0}},
                                                            {"last", {100, 100, 8, -4}}};
  for (const auto& [method, expected] : padded) {
    auto layer = layers().make("sequence_pool", Value(Value::Table{{"method", method}}), "pool");
    expect_close(values_of(layer->forward(x, training(lengths))), expected, 1e-14, method);
    expect_close(values_of(layer->forward(x, {})), whole.at(method), 1e-14, method);
  }
}

TEST(Recurrent, CarriedStatesGoOnWhereTheBatchBeforeEnded) {
  for (const char* type : {"rnn", "gru", "lstm"}) {
    SCOPED_TRACE(type);
    auto layer = recurrent_layer(type, {{"layers", 2}, {"initial_state", "learned"}}, {8, 3});
    Tensor x = Tensor::uniform({2, 8, 3}, -1, 1, {1, 0, 0}, Dtype::f64);
    std::vector<double> whole = values_of(slice(layer->forward(x, {}), 1, 3, 8));
    CarriedStates states;
    Context context;
    context.states = &states;
    layer->forward(slice(x, 1, 0, 3), context);
    CarriedStates copied;
    copied.take(states.named());
    expect_close(values_of(layer->forward(slice(x, 1, 3, 8), context)), whole, 1e-13, "carried");
    context.states = &copied;
    expect_close(values_of(layer->forward(slice(x, 1, 3, 8), context)), whole, 1e-13, "stored and read back");
    EXPECT_THAT(error_of(ErrorKind::state, [&] { layer->forward(slice(x, 0, 0, 1), context); }),
                HasSubstr("2 sequences"));
  }
}

TEST(Recurrent, StatesAreReadBackByTheirNamesAlone) {
  CarriedStates states;
  for (const char* name : {"state.1", "state.x.0", "other.1.2", "state.1.2.3"})
    EXPECT_THAT(error_of(ErrorKind::data, [&] { states.take({{name, Tensor::zeros({1})}}); }), HasSubstr(name));
}

TEST(Recurrent, DropoutOfTheStateIsTheSameAtEachStep) {
  // With input weights of 0 and a ReLU, a state of ones shows what the products saw of it.
  auto layer = recurrent_layer("rnn", {{"activation", "relu"}, {"recurrent_dropout", 0.5}, {"bias", false}}, {3, 2});
  for (Parameter& p : parameters_of(*layer))
    for (std::int64_t i = 0; i < p.value.size(); ++i)
      p.value.mutable_data<double>()[i] = p.name == "state_weight" && i % 6 == 0 ? 1 : 0;
  CarriedStates states;
  Context context = training({});
  context.states = &states;
  states.of(RandomKey{3, 0, 0}.in("layer").stream, 0) = Tensor::ones({4, 5}, Dtype::f64);
  std::vector<double> y = values_of(layer->forward(Tensor::zeros({4, 3, 2}, Dtype::f64), context));
  int kept = 0;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t u = 0; u < 5; ++u) {
      const double first = y[i * 15 + u];
      EXPECT_TRUE(first == 0 || first == 2);
      kept += first == 2;
      EXPECT_EQ(y[i * 15 + 10 + u], first * 4);
    }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 20);
}

// |a - b| / |b| of all parameters' gradients.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size);
}

TEST(Recurrent, MixedPrecisionIsCloseToF32) {
  if (!has_bf16()) GTEST_SKIP() << "this processor does not multiply bf16";
  const std::vector<std::int32_t> steps = {6, 3, 5, 6, 1};
  for (auto [type, key, value] : {std::tuple{"rnn", "activation", "tanh"},
                                  {"gru", "reset", "after"},
                                  {"gru", "reset", "before"},
                                  {"lstm", "output", "sequence"}}) {
    SCOPED_TRACE(std::string(type) + " " + value);
    Network network = nn::network(
        nn::layer("embedding", Value(Value::Table{{"size", 20}, {"symbols", 9}})),
        nn::layer(
            type,
            Value(Value::Table{{"units", 24}, {"bidirectional", true}, {"recurrent_dropout", 0.2}, {key, value}})),
        nn::linear(3));
    network.build({6}, 1);
    Tensor x = Tensor::uniform({5, 6}, 0, 9, {2, 0, 0}).to(Dtype::i32);
    auto run = [&](Dtype dtype, std::vector<double>& y) {
      network.compute_in(dtype);
      Tensor result = network.forward(x, training(Tensor::from(steps, {5})));
      y = values_of(result);
      Gradients g = backward(sum(result * Tensor::uniform(result.shape(), 0.5, 1.5, {4, 0, 0})));
      std::vector<double> all;
      for (const Parameter& p : parameters_of(network))
        for (double v : values_of(g[p.value])) all.push_back(v);
      return all;
    };
    std::vector<double> exact, rounded, gradient = run(Dtype::f32, exact), mixed = run(Dtype::bf16, rounded);
    EXPECT_LT(distance(rounded, exact), 0.01);
    EXPECT_LT(distance(mixed, gradient), 0.02);
    EXPECT_GT(distance(mixed, gradient), 1e-5);  // it is another arithmetic
  }
}

TEST(Recurrent, ForgetGatesBeginOpen) {
  auto layer = recurrent_layer("lstm", {{"forget_bias", 1.5}}, {3, 2});
  for (const Parameter& p : parameters_of(*layer))
    if (p.name == "bias") {
      std::vector<double> b = values_of(p.value);
      for (std::size_t i = 0; i < b.size(); ++i) EXPECT_EQ(b[i], i / 5 == 1 ? 1.5 : 0);
    }
}

// Of keeping gates' biases ln u, u from [1, 50), half lie below ln 25.5 and the mean is 2.97; input gates have them
// negated.
TEST(Recurrent, GatesBeginAsTheLongestMemoryWants) {
  auto biases = [](const char* type) {
    auto layer = layers().make(
        type, Value(Value::Table{{"units", 1000}, {"longest_memory", 50}, {"state_initializer", "zeros"}}), type);
    layer->build({3, 2}, {RandomKey{3, 0, 0}, Dtype::f64, {}});
    std::vector<double> b;
    for (const Parameter& p : parameters_of(*layer))
      if (p.name == "bias") b = values_of(p.value);
    return b;
  };
  for (const char* type : {"gru", "lstm"}) {
    SCOPED_TRACE(type);
    const std::vector<double> b = biases(type);
    const bool is_lstm = std::string(type) == "lstm";
    ASSERT_EQ(b.size(), 4000u);
    double sum = 0;
    std::ptrdiff_t below = 0;
    for (std::size_t i = 0; i < 1000; ++i) {
      const double keeping = b[1000 + i];
      EXPECT_GE(keeping, 0);
      EXPECT_LT(keeping, std::log(50.0));
      EXPECT_EQ(b[i], is_lstm ? -keeping : 0);
      EXPECT_EQ(b[2000 + i], 0);
      EXPECT_EQ(b[3000 + i], 0);
      sum += keeping;
      below += keeping < std::log(25.5);
    }
    EXPECT_NEAR(sum / 1000, 50.0 / 49 * std::log(50.0) - 1, 0.1);
    EXPECT_NEAR(static_cast<double>(below), 500, 65);
  }
}

TEST(Recurrent, SaysWhatItTakes) {
  EXPECT_THAT(error_of(ErrorKind::config,
                       [] {
                         recurrent_layer("gru", {{"bias", false}, {"longest_memory", 9}}, {3, 2});
                       }),
              HasSubstr("gru.longest_memory: expected a layer with biases"));
  auto build = [](const char* type, const Shape& example) {
    return error_of(ErrorKind::shape, [&] { recurrent_layer(type, {}, example); });
  };
  EXPECT_THAT(build("lstm", {4}), HasSubstr("put an embedding layer before it"));
  EXPECT_THAT(build("gru", {4, 5, 6}), HasSubstr("[batch, time, features]"));
  auto layer = recurrent_layer("gru", {}, {3, 2});
  auto with = [&](std::vector<std::int32_t> lengths) {
    const auto count = static_cast<std::int64_t>(lengths.size());
    return training(Tensor::from(lengths, {count}));
  };
  Tensor x = Tensor::ones({2, 3, 2}, Dtype::f64);
  EXPECT_THAT(error_of(ErrorKind::value, [&] { layer->forward(x, with({4, 1})); }), HasSubstr("from 1 to 3"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { layer->forward(x, with({0, 1})); }), HasSubstr("from 1 to 3"));
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { layer->forward(x, with({1})); }), HasSubstr("lengths"));
}

TEST(Embedding, TakesSymbolsItHas) {
  Tensor table = Tensor::uniform({3, 2}, -1, 1, {1, 0, 0});
  auto of = [&](std::vector<std::int32_t> s) { return embedding(Tensor::from(s, {2}), table); };
  EXPECT_EQ(values_of(of({2, 0})), values_of(concatenate({slice(table, 0, 2, 3), slice(table, 0, 0, 1)}, 0)));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { of({0, 3}); }), HasSubstr("from 0 to 2"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { of({-1, 0}); }), HasSubstr("from 0 to 2"));
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { embedding(table, table); }), HasSubstr("symbols i32"));
}

}  // namespace
}  // namespace gradus
