// Attention and decoders against PyTorch's values, and what they keep: padding is not looked at, a decoder that goes on
// symbol by symbol gives what it gives for the whole.
#include <gmock/gmock.h>

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/nn/network.h"

namespace gradus {
namespace {

using testing::HasSubstr;

std::vector<std::int32_t> lengths_of(const Case& c) {
  std::vector<std::int32_t> lengths;
  for (const Value& v : c.params.at("lengths").as_array()) lengths.push_back(static_cast<std::int32_t>(v.as_integer()));
  return lengths;
}

void run_case(const Case& c, Dtype dtype, int shards, double tolerance) {
  SCOPED_TRACE(c.name + " in " + std::to_string(shards));
  Value::Table params;
  for (const char* key : {"score", "heads", "units"}) params.emplace_back(key, c.params.at(key));
  auto layer = layers().make("attention", Value(params), "attention");
  Tensor x = tensor_of(c.inputs.at("x"), dtype).set_requires_grad(),
         memory = tensor_of(c.inputs.at("memory"), dtype).set_requires_grad();
  layer->decide_memory(memory.dim(2));
  layer->build(x.shape().without(0), {RandomKey{1, 0, 0}, dtype, {}});
  auto state = state_of(*layer);
  for (auto& [name, t] : state) t = tensor_of(c.inputs.at(name), dtype);
  load_state(*layer, state);
  Context context;
  context.memory = shard(memory, shards);
  context.memory_lengths = Tensor::from(lengths_of(c), {x.dim(0)});
  Tensor y = layer->forward(shard(x, shards), context);
  expect_close(y, c.outputs.at("y"), tolerance, c.name);
  Gradients g = backward(y, tensor_of(c.grad_outputs.at("y"), dtype));
  expect_close(g[x], c.grads.at("x"), tolerance, "gradient of x");
  expect_close(g[memory], c.grads.at("memory"), tolerance, "gradient of the memory");
  for (const Parameter& p : parameters_of(*layer))
    expect_close(g[p.value], c.grads.at(p.name), tolerance, "gradient of " + p.name);
}

TEST(Attention, GivesPyTorchsValuesAndGradients) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/attention.json")) {
    for (int shards : {1, 2}) run_case(c, Dtype::f64, shards, 1e-12);
    run_case(c, Dtype::f32, 1, 1e-5);
    ++ran;
  }
  EXPECT_EQ(ran, 4);
}

Value table(Value::Table t) { return Value(std::move(t)); }

std::unique_ptr<Network> translator(const char* score, std::int64_t heads, Dtype dtype = Dtype::f64) {
  Value::Array decoder = {table({{"type", "embedding"}, {"size", 4}}),
                          table({{"type", "lstm"}, {"units", 6}, {"initial_state", "encoder"}}),
                          table({{"type", "attention"}, {"score", score}, {"heads", heads}}),
                          table({{"type", "linear"}})};
  Value::Array layers = {table({{"type", "embedding"}, {"size", 3}}),
                         table({{"type", "gru"}, {"units", 5}, {"bidirectional", true}}),
                         table({{"type", "decoder"}, {"layers", Value(decoder)}})};
  auto network = make_network(Value(layers), 7, "layers");
  network->decide_symbols(9);
  network->build({5}, 3, dtype);
  return network;
}

Tensor symbols(const Shape& shape, double count, std::uint32_t key) {
  return Tensor::uniform(shape, 0, count, {key, 2, 0}, Dtype::f64).to(Dtype::i32);
}

Tensor ints(const std::vector<std::int32_t>& v) { return Tensor::from(v, {static_cast<std::int64_t>(v.size())}); }

TEST(Decoder, SentencesInABatchGiveWhatEachGivesAlone) {
  const std::vector<std::int32_t> lengths = {3, 5, 1}, shown = {4, 2, 3};
  for (const char* score : {"dot", "additive"})
    for (bool noise : {false, true}) {
      auto network = translator(score, 2);
      Tensor x = symbols({3, 5}, 9, 1), s = symbols({3, 4}, 7, 2);
      if (noise)  // what stands in the padding
        for (std::int64_t i = 0; i < 3; ++i)
          for (std::int64_t t = lengths[static_cast<std::size_t>(i)]; t < 5; ++t)
            x.mutable_data<std::int32_t>()[i * 5 + t] = 8;
      Context context;
      context.lengths = ints(lengths);
      context.shown = s;
      context.shown_lengths = ints(shown);
      Tensor y = network->forward(x, context);
      for (std::int64_t i = 0; i < 3; ++i) {
        const std::int64_t n = lengths[static_cast<std::size_t>(i)], m = shown[static_cast<std::size_t>(i)];
        Context alone;
        alone.shown = slice(slice(s, 0, i, i + 1), 1, 0, m);
        Tensor own = network->forward(slice(slice(x, 0, i, i + 1), 1, 0, n), alone);
        expect_close(values_of(slice(slice(y, 0, i, i + 1), 1, 0, m)), values_of(own), 1e-12, score);
      }
    }
}

TEST(Decoder, SymbolBySymbolIsTheSameAsTheWhole) {
  for (const char* score : {"dot", "additive"}) {
    auto network = translator(score, 2);
    Tensor x = symbols({2, 5}, 9, 1), s = symbols({2, 4}, 7, 2);
    Context context;
    context.lengths = ints({5, 2});
    context.shown = s;
    Tensor y = network->forward(x, context);
    NoGrad no_grad;
    CarriedStates states;
    Context step;
    step.memory = network->encode(x, context);
    step.memory_lengths = context.lengths;
    step.states = &states;
    for (std::int64_t t = 0; t < 4; ++t)
      expect_close(values_of(network->decoder()->forward(slice(s, 1, t, t + 1), step)),
                   values_of(slice(y, 1, t, t + 1)), 1e-12, "step " + std::to_string(t));
    // Of the two sentences the second alone, twice.
    states.select({1, 1});
    step.memory = take(step.memory, ints({1, 1}));
    step.memory_lengths = ints({2, 2});
    Tensor twice = network->decoder()->forward(symbols({2, 1}, 1, 0), step);
    EXPECT_EQ(values_of(slice(twice, 0, 0, 1)), values_of(slice(twice, 0, 1, 2)));
  }
}

TEST(Decoder, WeightsOfAttentionAreHandedOut) {
  auto network = translator("dot", 3);
  Context context;
  context.lengths = ints({5, 2});
  context.shown = symbols({2, 4}, 7, 2);
  Tensor weights;
  context.looked = [&](const Tensor& w) { weights = w; };
  network->forward(symbols({2, 5}, 9, 1), context);
  ASSERT_EQ(weights.shape().text(), "[2, 3, 4, 5]");
  for (double sum : values_of(sum(weights, {3}))) EXPECT_NEAR(sum, 1, 1e-12);
  for (double w : values_of(slice(slice(weights, 0, 1, 2), 3, 2, 5))) EXPECT_EQ(w, 0);  // padding
}

TEST(Decoder, MistakesAreTold) {
  auto network = translator("dot", 1);
  EXPECT_THAT(error_of(ErrorKind::state,
                       [&] {
                         network->forward(symbols({2, 5}, 9, 1), {});
                       }),
              HasSubstr("shown no symbols"));
  auto layer = [](const char* type, Value::Table params) {
    return layers().make(type, Value(std::move(params)), type);
  };
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] {
                         layer("attention", {{"heads", 3}, {"units", 4}});
                       }),
              HasSubstr("a multiple of heads, 3"));
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] {
                         layer("attention", {{"heads", 3}})->output_shape({5, 4});
                       }),
              HasSubstr("a divisor of the input's 4 features"));
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] {
                         layer("gru", {{"initial_state", "encoder"}})->cost({5, 4});
                       }),
              HasSubstr("there is no encoder"));
  Value::Array inside = {table({{"type", "linear"}, {"units", 2}})};
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         layer("decoder", {{"layers", Value(inside)}})->output_shape({4});
                       }),
              HasSubstr("leave out output = \"last\""));
  Network plain = nn::network(nn::linear(2));
  plain.build({3}, 1);
  EXPECT_EQ(plain.decoder(), nullptr);
  EXPECT_THAT(error_of(ErrorKind::state, [&] { plain.encode(Tensor::ones({1, 3}), {}); }), HasSubstr("no decoder"));
}

}  // namespace
}  // namespace gradus
