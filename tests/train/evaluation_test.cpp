#include "gradus/train/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gradus {
namespace {

using ::testing::ElementsAre;

// What comes of a network that predicts its inputs.
Evaluation evaluated(const TaskSpec& task, std::vector<float> predicted, std::vector<float> truth, Tensor weight = {}) {
  auto n = static_cast<std::int64_t>(predicted.size()) / task.width();
  ArrayDataset data({Tensor::from(predicted, {n, task.width()}), 0, 1}, Tensor::from(truth, {n, task.width()}), weight);
  auto network = make_network(parse_toml_value("[ { type = \"identity\" } ]"), task.width(), "layers");
  network->build({task.width()}, 0);
  return evaluate(*network, *make_loss("mse", "loss"), task, data);
}

// Trained on (y - 100) / 10: the truth 100 and 130, predicted 100 and 110.
const TaskSpec kOne{Task::regression, {}, {"y"}, {{100, 10}}};

TEST(Evaluation, ScoresAreInTheTargetsUnitsAndTheLossIsNot) {
  Evaluation e = evaluated(kOne, {0, 1}, {0, 3});
  EXPECT_THAT(e.true_values, ElementsAre(100, 130));
  EXPECT_THAT(e.predicted_values, ElementsAre(100, 110));
  Value m = e.metrics();
  EXPECT_DOUBLE_EQ(m.at("loss").as_real(), 2);              // (0 + 2^2) / 2
  EXPECT_DOUBLE_EQ(m.at("mse").as_real(), 200);             // (0 + 20^2) / 2
  EXPECT_DOUBLE_EQ(m.at("mae").as_real(), 10);              // (0 + 20) / 2
  EXPECT_DOUBLE_EQ(m.at("r2").as_real(), 1 - 200.0 / 225);  // the truth's variance is 15^2
}

TEST(Evaluation, WeightsCountInScaledUnitsToo) {
  Value m = evaluated(kOne, {0, 1}, {0, 3}, Tensor::from({3, 1}, {2})).metrics();
  EXPECT_DOUBLE_EQ(m.at("loss").as_real(), 1);   // (3 * 0 + 2^2) / 4
  EXPECT_DOUBLE_EQ(m.at("mse").as_real(), 100);  // (3 * 0 + 20^2) / 4
}

TEST(Evaluation, EachOutputHasItsScale) {
  TaskSpec two{Task::regression, {}, {"a", "b"}, {{100, 10}, {-1, 0.5}}};
  Evaluation e = evaluated(two, {0, 2, 1, 4}, {0, 2, 3, 0});
  EXPECT_THAT(e.true_values, ElementsAre(100, 0, 130, -1));
  EXPECT_THAT(e.predicted_values, ElementsAre(100, 0, 110, 1));
  Value m = e.metrics();
  EXPECT_DOUBLE_EQ(m.at("loss").as_real(), (4 + 16) / 4.0);
  EXPECT_DOUBLE_EQ(m.at("mse").as_real(), (200 + 2) / 2.0);  // mean of the outputs' 20^2 / 2 and 2^2 / 2
}

TEST(Evaluation, WithoutScalesUnitsAreOne) {
  Value m = evaluated({Task::regression, {}, {"y"}}, {0, 1}, {0, 3}).metrics();
  EXPECT_DOUBLE_EQ(m.at("loss").as_real(), m.at("mse").as_real());
}

}  // namespace
}  // namespace gradus
