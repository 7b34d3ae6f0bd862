#include "gradus/report/observations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Kind = Observation::Kind;

RunReport with_losses(std::vector<double> train, std::vector<double> validation) {
  RunReport report;
  report.history = {{"train.loss", std::move(train)}};
  if (!validation.empty()) report.history.push_back({"validation.loss", std::move(validation)});
  return report;
}

RunReport with_confusion(const std::vector<std::vector<int>>& counts, std::vector<std::string> classes) {
  RunReport report;
  report.classes = std::move(classes);
  Value rows = Value::array();
  double right = 0, all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Value row = Value::array();
    for (std::size_t j = 0; j < counts[i].size(); ++j) {
      row.push_back(counts[i][j]);
      all += counts[i][j];
      if (i == j) right += counts[i][j];
    }
    rows.push_back(std::move(row));
  }
  Value part = Value::table();
  part.set("accuracy", right / all);
  part.set("confusion", std::move(rows));
  report.metrics = Value::table();
  report.metrics.set("test", std::move(part));
  return report;
}

std::string text_of(const RunReport& report, Kind kind) {
  std::string all;
  for (const Observation& o : observe(report))
    if (o.kind == kind) all += o.text + "\n";
  return all;
}

TEST(Observations, NothingToSayOfAnEmptyRun) { EXPECT_THAT(observe(RunReport{}), IsEmpty()); }

TEST(Observations, OverfittingNamesEpochAndDuration) {
  RunReport report = with_losses({1, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1}, {1, 0.9, 0.7, 0.75, 0.8, 0.85, 0.9});
  EXPECT_THAT(text_of(report, Kind::warning),
              testing::AllOf(HasSubstr("Over-fitting: after epoch 3"), HasSubstr("from 0.7 to 0.9")));
  report.kept_epoch = 3;
  EXPECT_EQ(text_of(report, Kind::warning), "");
  EXPECT_THAT(text_of(report, Kind::note), HasSubstr("The weights of that epoch were kept."));
}

TEST(Observations, TwoWorseEpochsAreNoOverfitting) {
  EXPECT_EQ(text_of(with_losses({1, 0.8, 0.6, 0.5, 0.4}, {1, 0.8, 0.7, 0.75, 0.8}), Kind::warning), "");
  // Three, but by less than 2 %.
  EXPECT_EQ(text_of(with_losses({1, 0.8, 0.6, 0.5, 0.4}, {1, 0.7, 0.71, 0.71, 0.713}), Kind::warning), "");
}

TEST(Observations, JumpsOfANoisyLossAreNoOverfitting) {
  // Validation jumps up and down by as much as it seems to have risen; training is flat but for such jumps.
  RunReport report = with_losses({1, 0.5, 0.40, 0.39, 0.41, 0.38, 0.40, 0.41, 0.39, 0.40, 0.38, 0.39},
                                 {1, 0.6, 0.50, 0.45, 0.52, 0.48, 0.53, 0.47, 0.51, 0.46, 0.54, 0.47});
  EXPECT_EQ(text_of(report, Kind::warning), "");
  EXPECT_THAT(text_of(report, Kind::note), HasSubstr("not improved since epoch 4"));
}

TEST(Observations, StandstillIsNotOverfitting) {
  RunReport report = with_losses({1, 0.5, 0.5, 0.5, 0.5}, {1, 0.5, 0.52, 0.52, 0.52});
  EXPECT_EQ(text_of(report, Kind::warning), "");
  EXPECT_THAT(text_of(report, Kind::note),
              testing::AllOf(HasSubstr("not improved since epoch 2"), HasSubstr("nor has the training loss")));
}

TEST(Observations, DivergenceSilencesTheOtherRules) {
  double nan = std::nan("");
  auto all = observe(with_losses({1, 2, nan, nan}, {1, 2, nan, nan}));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(all[0].text, testing::AllOf(HasSubstr("training loss"), HasSubstr("epoch 3"), HasSubstr("diverged")));
  EXPECT_THAT(text_of(with_losses({1, 0.5}, {1, INFINITY}), Kind::warning),
              testing::AllOf(HasSubstr("validation loss"), HasSubstr("epoch 2")));
  // A validation loss that was not measured in every epoch is no divergence.
  EXPECT_EQ(text_of(with_losses({1, 0.5, 0.4}, {1, nan, nan}), Kind::warning), "");
}

TEST(Observations, NoLearning) {
  EXPECT_THAT(text_of(with_losses({2.303, 2.302, 2.301}, {}), Kind::warning), HasSubstr("hardly moved"));
  EXPECT_EQ(text_of(with_losses({2.3, 2.2, 2.1}, {}), Kind::warning), "");
}

TEST(Observations, Unfinished) {
  EXPECT_THAT(
      text_of(with_losses({8, 4, 3, 2, 1}, {8, 5, 4, 3, 2}), Kind::note),
      testing::AllOf(HasSubstr("validation loss was still falling"), HasSubstr("60.0 % over the last 3 epochs")));
  EXPECT_THAT(text_of(with_losses({8, 4, 3, 2, 1}, {}), Kind::note), HasSubstr("training loss was still falling"));
  EXPECT_EQ(text_of(with_losses({8, 4, 1.003, 1.002, 1.001, 1}, {}), Kind::note), "");
}

TEST(Observations, Unsteady) {
  std::vector<double> jumps, falls;
  for (int i = 0; i < 12; ++i) jumps.push_back(2 - 0.1 * i + (i % 2 ? 0.5 : 0));
  for (int i = 0; i < 12; ++i) falls.push_back(2.0 / (1 + i) + (i == 6 ? 0.1 : 0));
  EXPECT_THAT(text_of(with_losses(jumps, {}), Kind::note), HasSubstr("jumps up and down"));
  EXPECT_THAT(text_of(with_losses(falls, {}), Kind::note), testing::Not(HasSubstr("jumps")));
}

TEST(Observations, AccuracyIsComparedWithTheCommonestClass) {
  RunReport good = with_confusion({{50, 2}, {3, 45}}, {"cat", "dog"});
  EXPECT_THAT(text_of(good, Kind::good),
              testing::AllOf(HasSubstr("95.0 % of 100 rows"), HasSubstr("always answering “cat” would get 52.0 %")));
  RunReport poor = with_confusion({{90, 0}, {9, 1}}, {"cat", "dog"});  // 91 % right, but 90 % are cats
  EXPECT_THAT(text_of(poor, Kind::warning), HasSubstr("not clearly better than always answering “cat”"));
}

TEST(Observations, SumsOfWeightsGetNoInterval) {
  RunReport report = with_confusion({{50, 2}, {3, 45}}, {"cat", "dog"});
  report.metrics.set("test", parse_json(R"({"accuracy": 0.9, "confusion": [[4.5, 0.5], [0.5, 4.5]]})", "metrics"));
  EXPECT_EQ(text_of(report, Kind::good) + text_of(report, Kind::warning), "");
}

TEST(Observations, ExplainedVariance) {
  RunReport report;
  report.metrics = parse_json(R"({"train": {"r2": 0.9}, "test": {"r2": -0.1}})", "metrics");
  EXPECT_THAT(
      text_of(report, Kind::warning),
      testing::AllOf(HasSubstr("R² is -0.1"), HasSubstr("R² is 0.9 on the training part but -0.1 on the test")));
  report.metrics = parse_json(R"({"train": {"r2": 0.6}, "test": {"r2": 0.55}})", "metrics");
  EXPECT_THAT(text_of(report, Kind::good), HasSubstr("explains 55.0 %"));
  EXPECT_EQ(text_of(report, Kind::warning), "");
}

TEST(Observations, ForecastsAreComparedWithTheNaiveOnes) {
  auto said = [](double own, double naive, double seasonal) {
    RunReport r;
    Value test = Value::table();
    test.set("mase", own);
    test.set("naive", Value(Value::Table{{"mase", naive}}));
    if (seasonal > 0) test.set("seasonal_naive", Value(Value::Table{{"mase", seasonal}, {"season", 12}}));
    r.metrics.set("test", std::move(test));
    return *against_naive(r);
  };
  EXPECT_EQ(said(0.5, 0.9, 1.25).text,
            "On the test part the forecasts' MASE is 0.5, that of the seasonal naive forecast 1.25 (12 steps) and that "
            "of the naive one 0.9: the model beats both.");
  EXPECT_EQ(said(0.5, 0.9, 1.25).kind, Kind::good);
  const std::tuple<double, double, double, const char*> others[] = {
      {1, 0.9, 1.25, "beats the seasonal naive forecast but not the naive one."},
      {1, 1.25, 0.9, "beats the naive forecast but not the seasonal naive one."},
      {2, 0.9, 1.25, "beats neither."},
      {2, 2, 0, "does not beat it."}};
  for (const auto& [own, naive, seasonal, text] : others) {
    EXPECT_THAT(said(own, naive, seasonal).text, HasSubstr(text));
    EXPECT_EQ(said(own, naive, seasonal).kind, Kind::warning) << text;
  }
  EXPECT_FALSE(against_naive(RunReport{}));
}

TEST(Observations, WeakClassCommonestMistakeAndImbalance) {
  RunReport report = with_confusion({{200, 0, 0}, {7, 8, 5}, {0, 1, 19}}, {"a", "b", "c"});
  EXPECT_THAT(text_of(report, Kind::warning), HasSubstr("“b” is recognised least often: 40.0 % of its 20 rows"));
  EXPECT_THAT(text_of(report, Kind::note),
              testing::AllOf(HasSubstr("“b” taken for “a”: 7 of 20 rows"), HasSubstr("“a” has 200 rows, “b” 20")));
}

TEST(Observations, AClassOfFewRowsIsNotCalledWeak) {
  EXPECT_THAT(text_of(with_confusion({{50, 0}, {4, 0}}, {"a", "b"}), Kind::warning),
              testing::Not(HasSubstr("least often")));
}

TEST(Observations, AllRightSaysNothingOfMistakes) {
  RunReport report = with_confusion({{30, 0}, {0, 30}}, {"a", "b"});
  EXPECT_EQ(text_of(report, Kind::warning) + text_of(report, Kind::note), "");
}

TEST(Observations, ConfusionMustFitTheClasses) {
  RunReport report = with_confusion({{1, 0}, {0, 1}}, {"a", "b", "c"});
  try {
    observe(report);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("metrics.test.confusion"), HasSubstr("3 rows of 3 counts")));
  }
}

// R: prop.test(8, 10, correct = FALSE) and prop.test(0, 10, correct = FALSE).
TEST(Observations, WilsonInterval) {
  auto [low, high] = wilson_interval(8, 10);
  EXPECT_NEAR(low, 0.4901625, 1e-6);
  EXPECT_NEAR(high, 0.9433178, 1e-6);
  EXPECT_NEAR(wilson_interval(0, 10).second, 0.2775328, 1e-6);
  EXPECT_EQ(wilson_interval(0, 10).first, 0);
  EXPECT_NEAR(wilson_interval(10, 10).second, 1, 1e-12);
}

TEST(Observations, BestEpochIsTheFirstLowestFiniteValue) {
  EXPECT_EQ(best_epoch({3, 1, std::nan(""), 1, 2}), 2);
  EXPECT_EQ(best_epoch({-INFINITY, std::nan("")}), 0);
  EXPECT_EQ(best_epoch({}), 0);
}

}  // namespace
}  // namespace gradus
