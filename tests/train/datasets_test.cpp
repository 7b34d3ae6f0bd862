// Training on what is not one row and one target an example: masks, and sequences of varying length.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/data/sequence_dataset.h"
#include "gradus/train/evaluation.h"
#include "gradus/train/trainer.h"

namespace gradus {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

// The mean of the steps that each sequence has.
class MeanOverTime final : public Module {
 public:
  std::string type() const override { return "mean_over_time"; }
  Shape output_shape(const Shape& x) const override { return x.without(0); }
  Cost cost(const Shape& x) const override { return {.activations = x.size()}; }
  Tensor forward(const Tensor& x, const Context& context) override {
    Tensor lengths = expand_dims(context.lengths.to(x.dtype()), -1);
    Tensor there = less(Tensor::arange(x.dim(1), x.dtype()), lengths);  // [n, time]
    return sum(x * expand_dims(there, -1), {1}) / lengths;
  }
};

std::vector<float> trained(Network network, const Dataset& data, const std::string& loss_name,
                           std::vector<float> class_weights = {}) {
  network.build(data.input_shape(), 1);
  auto loss = make_loss(loss_name, "loss");
  TrainParams params;
  params.epochs = 20;
  params.batch_size = "all";
  params.optimizer = Value(Value::Table{{"type", "sgd"}, {"lr", 0.5}});
  Trainer trainer(network, *loss, params, 1);
  trainer.set_class_weights(std::move(class_weights));
  trainer.fit(data, {});
  std::vector<float> all;
  for (const Parameter& p : parameters_of(network))
    for (float v : p.value.to_vector<float>()) all.push_back(v);
  return all;
}

const TaskSpec kTwoClasses{Task::binary, {"left", "right"}, {"label"}};

// 70 images of 3 x 4 pixels with two channels; a pixel's class is its larger channel.
struct Pixels {
  Tensor x = Tensor::normal({70, 3, 4, 2}, 0, 1, RandomKey{1, 0, 0}), classes = argmax(x),
         weight = Tensor::uniform({70, 3, 4}, 0.1, 2, RandomKey{2, 0, 0});
};

// Each pixel counts as an example of its own would.
TEST(Masks, TrainAsTheirPixelsWould) {
  Pixels p;
  Tensor pixels = reshape(p.x, {840, 2}), classes = reshape(p.classes, {840}), weights = reshape(p.weight, {840});
  auto network = [] { return nn::network(nn::linear(2)); };
  EXPECT_THAT(trained(network(), ArrayDataset({p.x}, p.classes), "cross_entropy"),
              Pointwise(FloatNear(1e-5f), trained(network(), ArrayDataset({pixels}, classes), "cross_entropy")));
  EXPECT_THAT(trained(network(), ArrayDataset({p.x}, p.classes, p.weight), "cross_entropy", {1, 3}),
              Pointwise(FloatNear(1e-5f),
                        trained(network(), ArrayDataset({pixels}, classes, weights), "cross_entropy", {1, 3})));
  auto one = [] { return nn::network(nn::linear(1)); };
  EXPECT_THAT(trained(one(), ArrayDataset({p.x}, p.classes), "binary_cross_entropy"),
              Pointwise(FloatNear(1e-5f), trained(one(), ArrayDataset({pixels}, classes), "binary_cross_entropy")));
}

TEST(Masks, WeightsOfImagesAreThoseOfTheirPixels) {
  Pixels p;
  Tensor of_images = Tensor::uniform({70}, 0.1, 2, RandomKey{3, 0, 0}),
         of_pixels = broadcast_to(reshape(of_images, {70, 1, 1}), {70, 3, 4}).copy();
  auto train = [&](const Tensor& weight, std::vector<float> class_weights) {
    return trained(nn::network(nn::linear(2)), ArrayDataset({p.x}, p.classes, weight), "cross_entropy", class_weights);
  };
  EXPECT_THAT(train(of_images, {}), Pointwise(FloatNear(1e-5f), train(of_pixels, {})));
  EXPECT_THAT(train(of_images, {1, 3}), Pointwise(FloatNear(1e-5f), train(of_pixels, {1, 3})));
}

TEST(Masks, AreEvaluatedByPixel) {
  Pixels p;
  Network network = nn::network(nn::layer("identity"));
  network.build({3, 4, 2}, 1);
  auto loss = make_loss("cross_entropy", "loss");
  EXPECT_EQ(evaluate(network, *loss, kTwoClasses, ArrayDataset({p.x}, p.classes)).metrics().at("accuracy").as_real(),
            1);
  // The first image is predicted wrongly, and weighs as much as all others.
  std::vector<std::int32_t> classes = p.classes.to_vector<std::int32_t>();
  for (std::size_t i = 0; i < 12; ++i) classes[i] = 1 - classes[i];
  std::vector<float> weight(70, 1);
  weight[0] = 69;
  ArrayDataset mistaken({p.x}, Tensor::from(classes, {70, 3, 4}), Tensor::from(weight, {70}));
  Evaluation e = evaluate(network, *loss, kTwoClasses, mistaken);
  EXPECT_EQ(e.truth.size(), 840u);
  EXPECT_NEAR(e.metrics().at("accuracy").as_real(), 0.5, 1e-12);
}

// 90 sequences of 1 to 9 steps; the target is the mean over a sequence of a sine of its steps.
struct Sequences {
  std::vector<std::int32_t> lengths;
  Tensor steps, mean;
  Sequences() {
    std::int32_t total = 0;
    for (std::int32_t i = 0; i < 90; ++i) total += lengths.emplace_back(1 + i * 7 % 9);
    steps = Tensor::uniform({total, 1}, -2, 2, RandomKey{4, 0, 0});
    const float* x = steps.data<float>();
    std::vector<float> means;
    for (std::int32_t n : lengths) {
      float sum = 0;
      for (std::int32_t i = 0; i < n; ++i) sum += std::sin(2 * *x++);
      means.push_back(sum / static_cast<float>(n));
    }
    mean = Tensor::from(means, {90, 1});
  }
  SequenceDataset dataset() const { return {steps, lengths, SequenceDataset::Target::sequence, mean}; }
};

Network wave() {
  Network n = nn::network(nn::linear(16), nn::tanh());
  n.add(std::make_unique<MeanOverTime>()).add(nn::linear(1));
  return n;
}

TEST(Sequences, OfVaryingLengthAreLearned) {
  SequenceDataset data = Sequences().dataset();
  Network network = wave();
  network.build(data.input_shape(), 1);
  auto loss = make_loss("mse", "loss");
  TrainParams params;
  params.epochs = 300;
  params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", 0.02}});
  TrainResult r = Trainer(network, *loss, params, 1).fit(data, {});
  EXPECT_GT(r.history.front().train_loss, 0.05);
  EXPECT_LT(r.history.back().train_loss, 0.005);
}

// In a batch of several shards, and each alone, where nothing is padded.
TEST(Sequences, PaddingChangesNoPrediction) {
  SequenceDataset data = Sequences().dataset();
  Network network = wave();
  network.build(data.input_shape(), 1);
  auto loss = make_loss("mse", "loss");
  std::vector<float> together, alone;
  evaluate_network(network, *loss, data, [&](const Tensor& p, const Batch&) { together = p.to_vector<float>(); });
  for (std::uint32_t i = 0; i < 90; ++i) {
    Batch batch = data.fetch(std::vector<std::uint32_t>{i});
    Context context;
    context.lengths = batch.lengths;
    alone.push_back(static_cast<float>(network.forward(batch.inputs, context).item()));
  }
  EXPECT_THAT(together, Pointwise(FloatNear(1e-6f), alone));
}

// Steps with targets of their own count as examples of their own would, however they are padded.
TEST(Sequences, StepsTrainAsExamplesWould) {
  Sequences s;
  Tensor values = sin(s.steps) * 2,
         classes = reshape(greater(s.steps, Tensor::scalar(0.3)), {s.steps.dim(0)}).to(Dtype::i32);
  for (const auto& [loss, target] : {std::pair("mse", values), {"cross_entropy", classes}}) {
    std::int64_t width = target.rank() == 2 ? 1 : 2;
    SequenceDataset sequences(s.steps, s.lengths, SequenceDataset::Target::step, target);
    EXPECT_THAT(
        trained(nn::network(nn::linear(width)), sequences, loss),
        Pointwise(FloatNear(1e-5f), trained(nn::network(nn::linear(width)), ArrayDataset({s.steps}, target), loss)));
  }
}

TEST(Sequences, PaddingIsNotEvaluated) {
  Sequences s;
  SequenceDataset data(s.steps, s.lengths, SequenceDataset::Target::step, s.steps * 1);
  Network network = nn::network(nn::layer("identity"));
  network.build(data.input_shape(), 1);
  Evaluation e = evaluate(network, *make_loss("mse", "loss"), {Task::regression, {}, {"y"}}, data);
  double weight = 0;
  for (double w : e.weights) weight += w;
  EXPECT_EQ(weight, static_cast<double>(s.steps.dim(0)));
  EXPECT_EQ(e.metrics().at("mse").as_real(), 0);
  EXPECT_NEAR(e.metrics().at("r2").as_real(), 1, 1e-12);
}

}  // namespace
}  // namespace gradus
