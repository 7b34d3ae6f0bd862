#include "gradus/data/forecast.h"

#include <cmath>

#include "../base/expect_error.h"
#include "gradus/base/file.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<double> reals(const Value& list) {
  std::vector<double> out;
  for (const Value& v : list.as_array()) out.push_back(v.as_real());
  return out;
}

// tests/oracles/forecast.py made the expected numbers.
TEST(Forecast, NaiveForecastsAreThoseOfPython) {
  const Value oracle = parse_json(read_file(TEST_DATA "/oracles/forecast.json"), "forecast.json");
  for (const Value& c : oracle.at("cases").as_array()) {
    SCOPED_TRACE(c.at("name").as_string());
    auto number = [&](const char* key) { return static_cast<std::size_t>(c.at(key).as_integer()); };
    const std::vector<double> series = reals(c.at("series"));
    const Origins origins{number("first"), number("count"), number("horizon")};
    const std::vector<double> forecasts = seasonal_naive_forecasts(series, origins, number("season"));
    EXPECT_EQ(forecasts, reals(c.at("forecasts")));
    const double scale = seasonal_difference(std::span(series).first(number("train")), number("season"));
    EXPECT_DOUBLE_EQ(scale, c.at("scale").as_real());
    std::vector<double> truth, made;  // of the steps that the series has
    for (std::size_t o = 0; o < origins.count; ++o)
      for (std::size_t h = 1; h <= origins.horizon; ++h)
        if (const std::size_t step = origins.first + o + h; step < series.size()) {
          truth.push_back(series[step]);
          made.push_back(forecasts[o * origins.horizon + h - 1]);
        }
    const ForecastErrors errors = forecast_errors(truth, made, scale);
    EXPECT_DOUBLE_EQ(errors.mae, c.at("mae").as_real());
    EXPECT_DOUBLE_EQ(errors.rmse, c.at("rmse").as_real());
    EXPECT_DOUBLE_EQ(errors.mase, c.at("mase").as_real());
  }
}

// By hand: the last three values repeat.
TEST(Forecast, ASeasonIsRepeated) {
  const std::vector<double> series = {9, 1, 2, 3, 7, 7};
  EXPECT_THAT(seasonal_naive_forecasts(series, {3, 1, 7}, 3), ElementsAre(1, 2, 3, 1, 2, 3, 1));
  EXPECT_THAT(seasonal_naive_forecasts(series, {2, 3, 2}, 1), ElementsAre(2, 2, 3, 3, 7, 7));
  EXPECT_EQ(seasonal_difference(std::vector<double>{1, 1, 1}, 1), 0);
}

TEST(Forecast, WhatCannotBeForecastIsRefused) {
  const std::vector<double> series = {1, 2, 3, 4};
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         seasonal_naive_forecasts(series, {1, 1, 1}, 3);
                       }),
              AllOf(HasSubstr("from 1 to the 2 steps"), HasSubstr("got 3")));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { seasonal_naive_forecasts(series, {1, 1, 1}, 0); }), HasSubstr("got 0"));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         seasonal_naive_forecasts(series, {2, 3, 1}, 1);
                       }),
              HasSubstr("origins in the series, got 4"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { seasonal_difference(series, 4); }), HasSubstr("less than the 4"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { forecast_errors({}, {}, 1); }), HasSubstr("at least one"));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         forecast_errors(series, std::vector<double>{1, 2}, 1);
                       }),
              HasSubstr("2 and 4"));
}

TEST(Forecast, TheTaskComesBackFromTheModelFile) {
  const ForecastTask task{{"x", "z"}, 3, 7, {0.5, 2}};
  const ForecastTask back = ForecastTask::restored(task.state(), 6);
  EXPECT_THAT(back.values, ElementsAre("x", "z"));
  EXPECT_EQ(back.horizon, 3);
  EXPECT_EQ(back.season, 7);
  EXPECT_THAT(back.differences, ElementsAre(0.5, 2));
  auto refused = [](ForecastTask t, std::size_t outputs) {
    return error_of(ErrorKind::data, [&] { ForecastTask::restored(t.state(), outputs); });
  };
  EXPECT_THAT(refused(task, 4), HasSubstr("damaged"));
  EXPECT_THAT(refused({{"x"}, 0, 1, {1}}, 0), HasSubstr("damaged"));
  EXPECT_THAT(refused({{"x"}, 1, 0, {1}}, 1), HasSubstr("damaged"));
  EXPECT_THAT(refused({{"x"}, 1, 1, {}}, 1), HasSubstr("damaged"));
}

}  // namespace
}  // namespace gradus
