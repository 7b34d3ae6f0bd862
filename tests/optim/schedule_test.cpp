#include "gradus/optim/schedule.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// Learning rates step by step from tests/oracles/optimizers.py.
Value oracle() {
  std::ifstream in(TEST_DATA "/oracles/optimizers.json");
  std::stringstream text;
  text << in.rdbuf();
  return parse_json(text.str(), "optimizers.json");
}

std::vector<double> numbers(const Value& tensor) {
  std::vector<double> v;
  for (const Value& x : tensor.at("data").as_array()) v.push_back(x.as_real());
  return v;
}

std::unique_ptr<Schedule> make(const std::string& type, Value::Table params) {
  return schedules().make(type, Value(std::move(params)), "schedule");
}

// The schedule that a case of the oracle describes; one step is one epoch.
std::unique_ptr<Schedule> schedule_of(const std::string& op, const Value& p) {
  auto real = [&](const char* key) { return p.at(key).as_real(); };
  auto final_factor = [&] { return real("min_lr") / real("lr"); };
  if (op == "schedule_constant") return make("constant", {});
  if (op == "schedule_step") return make("step", {{"every", p.at("step_size").as_integer()}, {"gamma", real("gamma")}});
  if (op == "schedule_exponential") return make("exponential", {{"gamma", real("gamma")}});
  if (op == "schedule_cosine") return make("cosine", {{"final_factor", final_factor()}});
  if (op == "schedule_warmup_cosine")
    return make("cosine", {{"final_factor", final_factor()}, {"warmup", real("warmup_steps") / real("total_steps")}});
  if (op == "schedule_warmup_constant") return make("constant", {{"warmup", real("warmup_steps") / real("steps")}});
  if (op == "schedule_plateau")
    return make("plateau", {{"gamma", real("factor")},
                            {"patience", p.at("patience").as_integer()},
                            {"min_delta", real("threshold")},
                            {"cooldown", p.at("cooldown").as_integer()},
                            {"min_factor", final_factor()}});
  return nullptr;
}

TEST(Schedule, GivesTheRatesOfTheOracle) {
  int checked = 0;
  Value all = oracle();
  for (const Value& c : all.at("cases").as_array()) {
    const std::string& op = c.at("op").as_string();
    const Value& p = c.at("params");
    // ours measures improvement relatively, as the default of the oracle's library
    if (op.rfind("schedule_", 0) != 0 ||
        (p.find("threshold_mode") != nullptr && p.at("threshold_mode").as_string() != "rel"))
      continue;
    auto schedule = schedule_of(op, p);
    ASSERT_NE(schedule, nullptr) << op;
    std::vector<double> expected = numbers(c.at("outputs").at("lr"));
    std::vector<double> metric =
        op == "schedule_plateau" ? numbers(c.at("inputs").at("metric")) : std::vector<double>();
    auto total = static_cast<std::int64_t>(p.find("total_steps") != nullptr ? p.at("total_steps").as_integer()
                                                                            : expected.size());
    for (std::size_t t = 0; t < expected.size(); ++t) {
      if (!metric.empty()) schedule->observe(metric[t], p.at("mode").as_string() == "max");
      double lr = p.at("lr").as_real() * schedule->factor({static_cast<std::int64_t>(t), total, 1});
      EXPECT_NEAR(lr, expected[t], 1e-12 * p.at("lr").as_real()) << c.at("name").as_string() << " at " << t;
    }
    ++checked;
  }
  EXPECT_GE(checked, 20);
}

TEST(Schedule, PlateauOfNegativeScoresAndLosses) {
  for (bool larger : {false, true}) {
    auto still = make("plateau", {{"patience", 2}, {"min_delta", 0.1}}), better = make("plateau", {{"patience", 2}});
    for (int i = 0; i < 5; ++i) {
      still->observe(-1 + (larger ? 0.05 : -0.05) * (i > 0), larger);  // less than a tenth of the best
      better->observe((larger ? -10 + i : -10 - i), larger);
    }
    EXPECT_NEAR(still->factor({}), 0.1, 1e-12) << larger;
    EXPECT_EQ(better->factor({}), 1) << larger;
  }
}

TEST(Schedule, PlateauGoesOnFromItsState) {
  auto a = make("plateau", {{"patience", 1}}), b = make("plateau", {{"patience", 1}});
  for (double v : {3.0, 2.0, 2.5}) a->observe(v, false);
  b->restore(a->state());
  for (double v : {2.6, 2.7, 2.8, 1.0}) {
    a->observe(v, false);
    b->observe(v, false);
    EXPECT_EQ(a->factor({}), b->factor({}));
  }
  EXPECT_LT(a->factor({}), 1);
}

TEST(Schedule, TellsWhetherItDependsOnTheNumberOfEpochs) {
  EXPECT_FALSE(make("step", {})->depends_on_length());
  EXPECT_TRUE(make("step", {{"warmup", 0.1}})->depends_on_length());
  EXPECT_TRUE(make("cosine", {})->depends_on_length());
  EXPECT_THROW(make("cosine", {{"warmup", 1.5}}), Error);
}

}  // namespace
}  // namespace gradus
