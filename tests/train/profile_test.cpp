#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "gradus/base/parallel.h"
#include "gradus/data/sequence_dataset.h"
#include "gradus/nn/blueprint.h"
#include "gradus/train/trainer.h"

namespace gradus {
namespace {

using testing::Contains;
using testing::Not;

constexpr std::int64_t kBatch = 8, kClasses = 4;

// Five steps of a ready model, three of them warm.
struct Profiled {
  std::unique_ptr<Network> network;
  StepProfile profile;
  double seconds = 0;

  Profiled(const char* model, const Shape& image, bool masks, const char* precision) {
    network = make_network(blueprints().make(Value(model), "model")->layers(), kClasses, "layers");
    network->build(image, 1);
    Shape inputs = image.inserted(0, 5 * kBatch);
    Tensor x = Tensor::uniform(inputs, -1, 1, {1, 0, 0});
    Tensor scores = Tensor::uniform(masks ? inputs.with(3, kClasses) : Shape{5 * kBatch, kClasses}, 0, 1, {2, 0, 0});
    TrainParams params;
    params.epochs = 1;
    params.batch_size = kBatch;
    params.precision = precision;
    auto loss = make_loss("cross_entropy", "loss");
    TrainCallbacks callbacks;
    callbacks.profile = &profile;
    auto begin = std::chrono::steady_clock::now();
    Trainer(*network, *loss, params, 1).fit(ArrayDataset({x, 0, 1}, argmax(scores)), callbacks);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  std::uint64_t convolutions() const {
    std::uint64_t count = 0;
    for (const Parameter& p : parameters_of(*network)) count += p.value.rank() >= 4;
    return count;
  }
  std::vector<std::string> parts() const {
    std::vector<std::string> names;
    for (const Profile::Row& r : profile.times().rows()) names.push_back(r.name);
    return names;
  }
};

struct ReadyModel {
  const char* name;
  Shape image;
  bool masks = false;
};
const ReadyModel kModels[] = {{"lenet5", {28, 28, 1}},
                              {"small_cnn", {28, 28, 1}},
                              {"resnet20", {32, 32, 3}},
                              {"mobilenet", {32, 32, 3}},
                              {"unet", {32, 32, 1}, true}};

// Values keep one order from the first layer to the last: what is brought into another one are a convolution's weights,
// once for each direction (the first has no gradient to pass on), and its gradient in each shard.
TEST(Profile, WarmStepsOfReadyModelsTakeNothingAndRunNothingSlow) {
  int before = threads();
  for (int n : {1, 2})
    for (const ReadyModel& m : kModels) {
      set_threads(n);
      Profiled run(m.name, m.image, m.masks, "f32");
      const EngineCounters& warm = run.profile.counters();
      EXPECT_EQ(run.profile.steps(), 3) << m.name;
      EXPECT_EQ(warm.allocations, 0u) << m.name;
      EXPECT_EQ(warm.primitives, 0u) << m.name;
      EXPECT_EQ(warm.slow, 0u) << m.name;
      auto shards = static_cast<std::uint64_t>(shards_for(*run.network, m.image.inserted(0, kBatch)));
      EXPECT_EQ(warm.reorders, 3 * (run.convolutions() * (2 + shards) - 1)) << m.name << ", " << shards << " shards";
    }
  set_threads(before);
}

TEST(Profile, SoDoThoseOfMixedPrecision) {
  if (!has_bf16()) GTEST_SKIP() << "this processor does not multiply bf16";
  for (const ReadyModel& m : kModels) {
    Profiled run(m.name, m.image, m.masks, "bf16");
    const EngineCounters& warm = run.profile.counters();
    EXPECT_EQ(warm.allocations, 0u) << m.name;
    EXPECT_EQ(warm.primitives, 0u) << m.name;
    EXPECT_EQ(warm.slow, 0u) << m.name;
  }
}

Value table(Value::Table t) { return Value(std::move(t)); }

// What the warm ones of five steps over sequences of symbols took, each sequence with a class; with a decoder each with
// another sequence.
EngineCounters warm_steps(const Value::Array& list, bool pairs, const char* precision) {
  constexpr std::int64_t kSymbols = 20, kTime = 12, kRows = 5 * 32;
  auto network = make_network(Value(list), pairs ? kSymbols : kClasses, "layers");
  network->decide_symbols(kSymbols);
  network->build({kTime}, 1);
  auto symbols = [&](std::uint32_t key) {
    return Tensor::uniform({kRows * kTime}, 4, kSymbols, {key, 0, 0}, Dtype::f64).to(Dtype::i32);
  };
  const std::vector<std::int32_t> lengths(kRows, kTime);
  Tensor classes = argmax(Tensor::uniform({kRows, kClasses}, 0, 1, {2, 0, 0}));
  std::unique_ptr<Dataset> data;
  if (pairs)
    data = std::make_unique<PairDataset>(SequenceStore(symbols(1), lengths), SequenceStore(symbols(2), lengths));
  else
    data = std::make_unique<SequenceDataset>(symbols(1), lengths, SequenceDataset::Target::sequence, classes);
  TrainParams params;
  params.epochs = 1;
  params.precision = precision;
  params.clip_norm = 1;
  auto loss = make_loss("cross_entropy", "loss");
  StepProfile profile;
  TrainCallbacks callbacks;
  callbacks.profile = &profile;
  Trainer(*network, *loss, params, 1).fit(*data, callbacks);
  EXPECT_EQ(profile.steps(), 3);
  return profile.counters();
}

TEST(Profile, SoDoThoseOverSequences) {
  const Value embedding = table({{"type", "embedding"}, {"size", 24}}), linear = table({{"type", "linear"}});
  auto layer = [](const char* type, const char* output) {
    return table({{"type", type}, {"units", 40}, {"bidirectional", true}, {"output", output}});
  };
  const Value decoder =
      table({{"type", "decoder"},
             {"layers", Value(Value::Array{embedding, table({{"type", "lstm"}, {"initial_state", "encoder"}}),
                                           table({{"type", "attention"}, {"score", "additive"}}), linear})}});
  const std::pair<std::string, Value::Array> models[] = {
      {"rnn", {embedding, layer("rnn", "last"), linear}},
      {"gru", {embedding, layer("gru", "last"), linear}},
      {"lstm", {embedding, layer("lstm", "last"), linear}},
      {"decoder", {embedding, layer("gru", "sequence"), decoder}},
  };
  for (const char* precision : {"f32", "bf16"})
    for (const auto& [name, list] : models) {
      if (precision == std::string("bf16") && !has_bf16()) continue;
      SCOPED_TRACE(name + " " + precision);
      EngineCounters warm = warm_steps(list, name == "decoder", precision);
      EXPECT_EQ(warm.allocations, 0u);
      EXPECT_EQ(warm.primitives, 0u);
      EXPECT_EQ(warm.slow, 0u);
    }
}

// A kernel that the library has no fast form of is counted: what the tests above look for can be found.
TEST(Profile, ReferenceKernelsAreCounted) {
  EngineCounters before = EngineCounters::now();
  Slide apart;
  apart.stride = apart.dilation = {2, 2, 1};
  Tensor w = Tensor::ones({2, 2, 3, 9}).set_requires_grad();
  backward(sum(conv(Tensor::ones({1, 9, 9, 3}), w, {}, apart)));
  EngineCounters made = EngineCounters::now() - before;
  EXPECT_GT(made.primitives, 0u);
  EXPECT_GT(made.slow, 0u);
}

TEST(Profile, TimeBelongsToLayersAndPasses) {
  Profiled run("resnet20", {32, 32, 3}, false, "f32");
  EXPECT_THAT(run.parts(), testing::IsSupersetOf({"batches", "conv2d1", "batch_norm1", "residual1", "branch",
                                                  "shortcut", "global_average_pool1", "linear1", "loss", "optimizer"}));
  EXPECT_THAT(run.parts(), Not(Contains("relu1"))) << "batch norm computes it";
  const Profile& times = run.profile.times();
  double sum = times.waiting() + times.other();
  for (const Profile::Row& r : times.rows()) {
    sum += r.forward + r.backward;
    EXPECT_GE(r.forward, 0) << r.name;
    EXPECT_GE(r.backward, 0) << r.name;
    if (r.name.starts_with("conv2d")) {
      EXPECT_GT(r.forward, 0) << r.name;
      EXPECT_GT(r.backward, 0) << r.name;
    }
    EXPECT_EQ(r.depth, r.name == "branch" ? 1 : r.depth);
  }
  EXPECT_NEAR(sum, times.total(), 1e-9);
  EXPECT_LT(times.total(), run.seconds);
  EXPECT_LT(times.other(), 0.1 * times.total());
}

}  // namespace
}  // namespace gradus
