#include "gradus/train/forecast_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/data/series_dataset.h"

namespace gradus {
namespace {

double number(const Value& v, const char* path) { return v.find_path(path)->as_real(); }

// Two origins, two steps ahead; worked by hand. Errors of the model 1, 0, 2, 1; of the naive forecast 1, 2, 1, 2 and of
// the seasonal one 4, 4, 4, 4; neighbouring seasons differ by 2 on the training series.
Evaluation one_value() {
  Evaluation e;
  e.task = {Task::regression, {}, {"x+1", "x+2"}};
  e.task.forecast = ForecastTask{{"x"}, 2, 4, {2}};
  e.true_values = {11, 12, 12, 13};
  e.predicted_values = {10, 12, 14, 14};
  e.naive_values = {10, 10, 11, 11};
  e.seasonal_naive_values = {7, 8, 8, 9};
  return e;
}

TEST(ForecastMetrics, StandBesideThoseOfTheNaiveForecasts) {
  const Value m = one_value().metrics();
  EXPECT_DOUBLE_EQ(number(m, "mae"), 1);
  EXPECT_DOUBLE_EQ(number(m, "rmse"), std::sqrt(6 / 4.0));
  EXPECT_DOUBLE_EQ(number(m, "mase"), 1 / 2.0);
  EXPECT_DOUBLE_EQ(number(m, "naive.mae"), 1.5);
  EXPECT_DOUBLE_EQ(number(m, "naive.rmse"), std::sqrt(10 / 4.0));
  EXPECT_DOUBLE_EQ(number(m, "naive.mase"), 0.75);
  EXPECT_DOUBLE_EQ(number(m, "seasonal_naive.mae"), 4);
  EXPECT_DOUBLE_EQ(number(m, "seasonal_naive.mase"), 2);
  EXPECT_EQ(m.find_path("seasonal_naive.season")->as_integer(), 4);
  EXPECT_EQ(m.find("per_value"), nullptr);
}

TEST(ForecastMetrics, EachStepAheadHasItsOwn) {
  const Value m = one_value().metrics();
  const Value::Array& steps = m.at("per_horizon").as_array();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].at("value").as_string(), "x");
  EXPECT_EQ(steps[1].at("horizon").as_integer(), 2);
  EXPECT_DOUBLE_EQ(number(steps[0], "mae"), 1.5);
  EXPECT_DOUBLE_EQ(number(steps[0], "rmse"), std::sqrt(5 / 2.0));
  EXPECT_DOUBLE_EQ(number(steps[1], "mae"), 0.5);
  EXPECT_DOUBLE_EQ(number(steps[1], "mase"), 0.25);
  EXPECT_DOUBLE_EQ(number(steps[0], "naive.mae"), 1);
  EXPECT_DOUBLE_EQ(number(steps[1], "naive.mae"), 2);
  EXPECT_DOUBLE_EQ(number(steps[1], "seasonal_naive.rmse"), 4);
}

// One step ahead of a and b, whose training series differ by 10 and by 0.
TEST(ForecastMetrics, SeveralValuesAreMeansOfTheirs) {
  Evaluation e;
  e.task = {Task::regression, {}, {"a+1", "b+1"}};
  e.task.forecast = ForecastTask{{"a", "b"}, 1, 1, {10, 0}};
  e.true_values = {100, 1, 110, 1};
  e.predicted_values = {105, 2, 115, 2};
  e.naive_values = {90, 1, 100, 1};
  const Value m = e.metrics();
  EXPECT_DOUBLE_EQ(number(m, "mae"), 3);  // of 5 and 1
  EXPECT_DOUBLE_EQ(number(m, "mase"), 0.5) << "of a alone: b never changed";
  EXPECT_DOUBLE_EQ(number(m, "naive.mae"), 5);
  EXPECT_DOUBLE_EQ(number(m, "naive.rmse"), std::sqrt(100 / 2.0));
  EXPECT_EQ(m.find("seasonal_naive"), nullptr) << "a season of one step is the naive forecast";
  const Value::Array& values = m.at("per_value").as_array();
  ASSERT_EQ(values.size(), 2u);
  EXPECT_DOUBLE_EQ(number(values[0], "mae"), 5);
  EXPECT_DOUBLE_EQ(number(values[0], "naive.mase"), 1);
  EXPECT_EQ(values[1].at("value").as_string(), "b");
  EXPECT_EQ(values[1].find("mase"), nullptr);
  EXPECT_EQ(m.at("per_horizon").as_array().size(), 2u);
}

// x[t] = t, forecast from origins 3 to 6 by its last value, as the network does that gives back its input.
TEST(ForecastMetrics, ANetworkThatRepeatsTheLastValueIsTheNaiveForecast) {
  std::vector<float> values;
  for (int t = 0; t < 10; ++t) values.push_back(static_cast<float>(t - 5) / 2);  // scaled by 5 and 2
  const Tensor steps = Tensor::from(values, {10, 1});
  const SeriesDataset data(steps, steps, {1, 1, 3, 4});
  TaskSpec task{Task::regression, {}, {"x+1"}, {{5, 2}}};
  task.forecast = ForecastTask{{"x"}, 1, 3, {3}};
  auto network = make_network(parse_toml_value("[ { type = \"flatten\" } ]"), 1, "layers");
  network->build({1, 1}, 0);
  const Evaluation e = evaluate(*network, *make_loss("mse", "loss"), task, data);
  EXPECT_EQ(e.naive_values, e.predicted_values);
  EXPECT_THAT(e.seasonal_naive_values, testing::ElementsAre(1, 2, 3, 4));
  const Value m = e.metrics();
  EXPECT_DOUBLE_EQ(number(m, "naive.mae"), number(m, "mae"));
  EXPECT_DOUBLE_EQ(number(m, "seasonal_naive.mase"), 1);
  const Value naive = naive_metrics(task, data);
  EXPECT_EQ(naive.at("naive"), m.at("naive"));
  EXPECT_EQ(naive.at("seasonal_naive"), m.at("seasonal_naive"));
  EXPECT_TRUE(evaluate(*network, *make_loss("mse", "loss"), task, data, Measure::watched).naive_values.empty());
}

}  // namespace
}  // namespace gradus
