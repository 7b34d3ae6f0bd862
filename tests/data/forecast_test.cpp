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
    const ForecastErrors errors = forecast_errors(series, origins, forecasts, scale);
    EXPECT_DOUBLE_EQ(errors.mae, c.at("mae").as_real());
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
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         forecast_errors(series, {3, 1, 1}, std::vector<double>{1}, 1);
                       }),
              HasSubstr("no forecast step"));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         forecast_errors(series, {2, 1, 1}, std::vector<double>{1, 2}, 1);
                       }),
              HasSubstr("1 numbers"));
}

}  // namespace
}  // namespace gradus
