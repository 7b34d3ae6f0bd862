#include "gradus/model/metrics.h"

#include <cmath>
#include <limits>
#include <string>

#include "../base/expect_error.h"
#include "gradus/base/file.h"

namespace gradus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Expected values computed with scikit-learn by tests/oracles/metrics.py.
class Case {
 public:
  explicit Case(const Value& value) : value_(value) {}
  std::string name() const { return value_.at("name").as_string(); }
  bool is(const char* op) const { return value_.at("op").as_string() == op; }
  int classes() const { return static_cast<int>(value_.at("params").at("classes").as_integer()); }
  int outputs() const { return static_cast<int>(array("inputs", "target").at("shape").as_array().at(1).as_integer()); }

  std::vector<double> input(const char* key) const { return reals(array("inputs", key)); }
  std::vector<std::int32_t> numbers(const char* key) const {
    std::vector<double> values = input(key);
    return {values.begin(), values.end()};
  }
  std::vector<double> weights() const {
    return value_.at("inputs").find("weight") ? input("weight") : std::vector<double>();
  }
  const Value::Table& outputs_table() const { return value_.at("outputs").as_table(); }
  std::vector<double> expected(const char* key) const { return reals(array("outputs", key)); }

  void expect(const char* key, double given) const { expect(key, std::vector{given}); }
  void expect(const char* key, const std::vector<double>& given) const {
    const std::vector<double> wanted = expected(key);
    ASSERT_EQ(given.size(), wanted.size()) << key;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      EXPECT_NEAR(given[i], wanted[i], 1e-12 * std::max(1.0, std::abs(wanted[i]))) << key << "[" << i << "]";
  }

 private:
  const Value& array(const char* group, const char* key) const { return value_.at(group).at(key); }
  static std::vector<double> reals(const Value& array) {
    std::vector<double> values;
    for (const Value& v : array.at("data").as_array()) values.push_back(v.as_real());
    return values;
  }

  const Value& value_;
};

// Calls check(case) for the oracle's cases of an op, of which there must be some.
template <class Check>
void for_each_case(const char* op, Check&& check) {
  const std::string path = std::string(TEST_DATA) + "/oracles/metrics.json";
  const Value file = parse_json(read_file(path), path);
  int cases = 0;
  for (const Value& value : file.at("cases").as_array()) {
    const Case c(value);
    if (!c.is(op)) continue;
    SCOPED_TRACE(c.name());
    ++cases;
    check(c);
  }
  EXPECT_GT(cases, 0);
}

std::vector<float> to_float(const std::vector<double>& values) { return {values.begin(), values.end()}; }

TEST(ClassificationMetrics, AgreeWithScikitLearn) {
  for_each_case("classification", [](const Case& c) {
    const auto m = classification_metrics(c.numbers("target"), c.numbers("prediction"), c.classes(), c.weights());
    c.expect("accuracy", m.accuracy);
    c.expect("balanced_accuracy", m.balanced_accuracy);
    c.expect("macro_f1_present", m.macro_f1);
    c.expect("precision", m.precision);
    c.expect("recall", m.recall);
    c.expect("f1", m.f1);
    c.expect("support", m.support);
    c.expect("confusion", m.confusion);
    EXPECT_FALSE(m.log_loss || m.auc);
  });
}

TEST(ClassificationMetrics, PerfectIsExactlyOne) {
  const std::vector<std::int32_t> truth = {0, 1, 1, 2, 2, 2, 2};
  const auto m = classification_metrics(truth, truth, 3);
  EXPECT_EQ(m.accuracy, 1);
  EXPECT_EQ(m.balanced_accuracy, 1);
  EXPECT_EQ(m.macro_f1, 1);
}

TEST(ClassificationMetrics, LogLossAndTopKAgreeWithScikitLearn) {
  for_each_case("probabilities", [](const Case& c) {
    const auto truth = c.numbers("target");
    const auto p = c.input("probability"), w = c.weights();
    const auto m = classification_metrics(truth, p, c.classes(), w);
    c.expect("log_loss", m.log_loss.value());
    const auto of_float = classification_metrics(truth, to_float(p), c.classes(), w);
    EXPECT_NEAR(of_float.log_loss.value(), m.log_loss.value(), 1e-6);
    EXPECT_EQ(of_float.confusion, m.confusion);
    for (int k = 1; k <= c.classes(); ++k) {
      const std::string key = "top_" + std::to_string(k);
      if (k < c.classes() && key != "top_4") c.expect(key.c_str(), top_k_accuracy(truth, p, c.classes(), k, w));
      EXPECT_EQ(top_k_accuracy(truth, to_float(p), c.classes(), k, w), top_k_accuracy(truth, p, c.classes(), k, w));
    }
    EXPECT_DOUBLE_EQ(top_k_accuracy(truth, p, c.classes(), 1, w), m.accuracy);
    EXPECT_DOUBLE_EQ(top_k_accuracy(truth, p, c.classes(), c.classes(), w), 1);
  });
}

TEST(ClassificationMetrics, CertainAndWrongHasFiniteLogLoss) {
  for_each_case("log_loss_clipped", [](const Case& c) {
    c.expect("log_loss", classification_metrics(c.numbers("target"), c.input("probability"), 2).log_loss.value());
  });
}

TEST(ClassificationMetrics, OfEquallyProbableClassesTheFirstIsPredicted) {
  const std::vector<std::int32_t> truth = {0, 1, 2};
  const std::vector<double> p(9, 1.0 / 3);
  EXPECT_THAT(classification_metrics(truth, p, 3).confusion, ElementsAre(1, 0, 0, 1, 0, 0, 1, 0, 0));
  EXPECT_DOUBLE_EQ(top_k_accuracy(truth, p, 3, 1), 1.0 / 3);
  EXPECT_DOUBLE_EQ(top_k_accuracy(truth, p, 3, 2), 2.0 / 3);
}

TEST(ClassificationMetrics, AucIsGivenForTwoClassesThatBothOccur) {
  const std::vector<double> p = {0.9, 0.1, 0.4, 0.6, 0.7, 0.3};
  EXPECT_EQ(classification_metrics(std::vector{0, 1, 1}, p, 2).auc, 1);
  EXPECT_EQ(classification_metrics(std::vector{1, 0, 1}, p, 2).auc, 0);
  EXPECT_EQ(classification_metrics(std::vector{1, 1, 1}, p, 2).auc, std::nullopt);
  EXPECT_EQ(classification_metrics(std::vector{0, 1}, p, 3).auc, std::nullopt);
}

TEST(ClassificationMetrics, RefuseWhatIsNoPrediction) {
  using Ints = std::vector<std::int32_t>;
  using Reals = std::vector<double>;
  auto fails = [](ErrorKind kind, const std::string& text, auto... args) {
    EXPECT_THAT(error_of(kind, [&] { classification_metrics(args...); }), HasSubstr(text));
  };
  fails(ErrorKind::shape, "metrics: expected 2 predictions, one per example, got 1", Ints{0, 1}, Ints{0}, 2);
  fails(ErrorKind::value, "expected at least one example, got none", Ints{}, Ints{}, 2);
  fails(ErrorKind::value, "expected true classes in [0, 2), got 2 for example 1", Ints{0, 2}, Ints{0, 1}, 2);
  fails(ErrorKind::value, "expected predicted classes in [0, 2), got -1 for example 0", Ints{0, 1}, Ints{-1, 1}, 2);
  fails(ErrorKind::shape, "expected 2 weights, one per example, got 1", Ints{0, 1}, Ints{0, 1}, 2, Reals{1});
  fails(ErrorKind::value, "finite weights >= 0, got nan for example 1", Ints{0, 1}, Ints{0, 1}, 2, Reals{1, kNan});
  fails(ErrorKind::value, "finite weights >= 0, got inf for example 0", Ints{0, 1}, Ints{0, 1}, 2, Reals{INFINITY, 1});
  fails(ErrorKind::value, "finite weights >= 0, got -1.0 for example 0", Ints{0, 1}, Ints{0, 1}, 2, Reals{-1, 1});
  fails(ErrorKind::value, "expected a weight above 0, got only zeros", Ints{0, 1}, Ints{0, 1}, 2, Reals{0, 0});
  fails(ErrorKind::shape, "expected 4 probabilities, one per example and class, got 3", Ints{0, 1}, Reals{1, 0, 1}, 2);
  fails(ErrorKind::value, "probabilities >= 0, got nan for example 1", Ints{0, 1}, Reals{1, 0, kNan, 1}, 2);
  fails(ErrorKind::value, "probabilities >= 0, got -0.5 for example 0", Ints{0}, std::vector<float>{1.5f, -0.5f}, 2);
  fails(ErrorKind::value, "expected true classes in [0, 2), got 2", Ints{2}, Reals{1, 0}, 2);
}

TEST(TopKAccuracy, RefusesKOutsideOfTheClasses) {
  const std::vector<double> p = {0.5, 0.5};
  for (int top : {0, 3})
    EXPECT_THAT(error_of(ErrorKind::value, [&] { top_k_accuracy(std::vector{0}, p, 2, top); }),
                HasSubstr("expected top in [1, 2], got " + std::to_string(top)));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { top_k_accuracy(std::vector{2}, p, 2, 1); }),
              HasSubstr("expected true classes in [0, 2), got 2"));
}

TEST(RocAuc, AgreesWithScikitLearn) {
  for_each_case("roc_auc", [](const Case& c) {
    c.expect("roc_auc", roc_auc(c.numbers("target"), c.input("score"), c.weights()).value());
  });
}

TEST(RocAuc, NeedsBothClassesWithWeight) {
  const std::vector<double> score = {0.1, 0.2, 0.3};
  EXPECT_EQ(roc_auc(std::vector{0, 0, 0}, score), std::nullopt);
  EXPECT_EQ(roc_auc(std::vector{0, 1, 0}, score, std::vector<double>{1, 0, 1}), std::nullopt);
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         roc_auc(std::vector{0, 1}, std::vector{0.5, kNan});
                       }),
              HasSubstr("expected scores that are numbers, got nan for example 1"));
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { roc_auc(std::vector{0, 1}, score); }), HasSubstr("2 scores"));
}

template <class Of>
std::vector<double> of_outputs(const RegressionMetrics& m, Of of) {
  std::vector<double> values;
  for (const RegressionScores& s : m.outputs) values.push_back(s.*of);
  return values;
}

TEST(RegressionMetrics, AgreeWithScikitLearn) {
  for_each_case("regression", [](const Case& c) {
    const auto truth = c.input("target"), predicted = c.input("prediction"), w = c.weights();
    for (const RegressionMetrics& m : {regression_metrics(truth, predicted, c.outputs(), w),
                                       regression_metrics(to_float(truth), to_float(predicted), c.outputs(), w)}) {
      c.expect("mse", m.mse);
      c.expect("rmse", m.rmse);
      c.expect("mae", m.mae);
      c.expect("r2", m.r2);
      c.expect("mse_per_output", of_outputs(m, &RegressionScores::mse));
      c.expect("mae_per_output", of_outputs(m, &RegressionScores::mae));
      c.expect("r2_per_output", of_outputs(m, &RegressionScores::r2));
      double rmse = 0;
      for (const RegressionScores& s : m.outputs) rmse += s.rmse / c.outputs();
      c.expect("rmse_mean_of_outputs", rmse);
    }
  });
}

TEST(RegressionMetrics, AConstantThatBinaryNumbersMissIsConstant) {
  const std::vector<double> truth(1000, 0.1), wrong(1000, 0.2);
  EXPECT_EQ(regression_metrics(truth, wrong).r2, 0);
  EXPECT_EQ(regression_metrics(truth, truth).r2, 1);
  EXPECT_EQ(regression_metrics(std::vector{3.0}, std::vector{4.0}).r2, 0);
}

TEST(RegressionMetrics, RefuseArraysThatDoNotFit) {
  const std::vector<double> three = {1, 2, 3}, two = {1, 2};
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { regression_metrics(three, two); }),
              HasSubstr("expected 3 predictions, one per true value, got 2"));
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { regression_metrics(three, three, 2); }),
              HasSubstr("expected 2 true values, 2 per example, got 3"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { regression_metrics(three, three, 0); }),
              HasSubstr("expected at least one output, got 0"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { regression_metrics(std::vector<double>(), std::vector<double>()); }),
              HasSubstr("at least one example"));
}

TEST(MetricsValue, HasTheNamesOfTheFiles) {
  const std::vector<std::int32_t> truth = {0, 1, 1, 1};
  const std::vector<double> p = {0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.25, 0.75};
  EXPECT_EQ(to_json(to_value(classification_metrics(truth, std::vector{0, 0, 1, 1}, 2)), -1),
            R"({"accuracy":0.75,"balanced_accuracy":0.8333333333333333,"macro_f1":0.7333333333333334,)"
            R"("precision":[0.5,1.0],"recall":[1.0,0.6666666666666666],"f1":[0.6666666666666666,0.8],)"
            R"("support":[1,3],"confusion":[[1,0],[1,2]]})");
  const Value with = to_value(classification_metrics(truth, p, 2, std::vector{0.5, 1.0, 1.0, 1.0}));
  EXPECT_EQ(with.at("auc").as_real(), 1);
  EXPECT_NEAR(with.at("log_loss").as_real(), -(2.5 * std::log(0.75) + std::log(0.5)) / 3.5, 1e-15);
  EXPECT_EQ(to_json(with.at("support"), -1), "[0.5,3]");
  EXPECT_EQ(to_json(to_value(regression_metrics(std::vector{1.0, 3.0}, std::vector{1.0, 1.0})), -1),
            R"({"mse":2.0,"rmse":1.4142135623730951,"mae":1.0,"r2":-1.0})");
}

}  // namespace
}  // namespace gradus
