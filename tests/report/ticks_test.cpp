#include "gradus/report/ticks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace gradus {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(Ticks, LinearStepsAreOneTwoOrFive) {
  EXPECT_THAT(linear_ticks(0, 1, 6), ElementsAre(0, 0.2, 0.4, 0.6, 0.8, 1));
  EXPECT_THAT(linear_ticks(0, 1, 5), ElementsAre(0, 0.5, 1));
  EXPECT_THAT(linear_ticks(-7, 23, 4), ElementsAre(0, 10, 20));
  EXPECT_THAT(linear_ticks(-7, 23, 6), ElementsAre(-5, 0, 5, 10, 15, 20));
  EXPECT_THAT(linear_ticks(1234, 1239, 3), ElementsAre(1234, 1236, 1238));
}

TEST(Ticks, LinearTicksAreTheNearestDoubles) {
  EXPECT_THAT(linear_ticks(0, 0.35, 8), ElementsAre(0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35));
  EXPECT_THAT(linear_ticks(1e-7, 3e-7, 3), ElementsAre(1e-7, 2e-7, 3e-7));
}

TEST(Ticks, WholeTicksNeverDivideOne) {
  EXPECT_THAT(linear_ticks(1, 3, 9, true), ElementsAre(1, 2, 3));
  EXPECT_THAT(linear_ticks(0.5, 1.5, 6, true), ElementsAre(1));
  EXPECT_THAT(linear_ticks(1, 10000, 6, true), ElementsAre(2000, 4000, 6000, 8000, 10000));
}

TEST(Ticks, RangesWithoutRoomGiveOneTick) {
  EXPECT_THAT(linear_ticks(3, 3, 5), ElementsAre(3));
  EXPECT_THAT(linear_ticks(1e17, 1e17 + 16, 5), ElementsAre(1e17));
}

TEST(Ticks, LogTicksArePowersOfTen) {
  EXPECT_THAT(log_ticks(0.001, 1000, 10), ElementsAre(0.001, 0.01, 0.1, 1, 10, 100, 1000));
  EXPECT_THAT(log_ticks(1e-9, 1e3, 5), ElementsAre(1e-9, 1e-6, 1e-3, 1, 1e3));
  EXPECT_THAT(log_ticks(0.03, 3, 6), ElementsAre(0.05, 0.1, 0.2, 0.5, 1, 2));
  EXPECT_THAT(log_ticks(6.1, 6.9, 4), ElementsAre(6.2, 6.4, 6.6, 6.8));
}

TEST(Ticks, LabelsOfOneAxisAreAlike) {
  EXPECT_THAT(tick_labels({0, 0.25, 0.5, 1}), ElementsAre("0", "0.25", "0.50", "1.00"));
  EXPECT_THAT(tick_labels({-5000, 0, 5000}), ElementsAre("−5,000", "0", "5,000"));
  EXPECT_THAT(tick_labels({0, 2e-5, 4e-5}), ElementsAre("0", "2·10⁻⁵", "4·10⁻⁵"));
  EXPECT_THAT(tick_labels({0, 1.5e7, 3e7}), ElementsAre("0", "1.5·10⁷", "3·10⁷"));
  EXPECT_THAT(tick_labels({0.1, 1, 10}, true), ElementsAre("0.1", "1", "10"));
  EXPECT_THAT(tick_labels({1e-6, 1e-3, 1}, true), ElementsAre("10⁻⁶", "10⁻³", "10⁰"));
}

TEST(Ticks, AnyRangeGivesFewTicksInside) {
  for (double low : {-1e6, -3.7, 0.0, 1e-9, 42.0, 1e8})
    for (double span : {1e-6, 0.3, 7.0, 1234.5, 1e9})
      for (int most : {2, 3, 7}) {
        std::vector<double> ticks = linear_ticks(low, low + span, most);
        EXPECT_LE(static_cast<int>(ticks.size()), most) << low << " " << span;
        EXPECT_THAT(ticks, Each(testing::AllOf(testing::Ge(low - 1e-6 * span), testing::Le(low + span * (1 + 1e-6)))));
      }
}

}  // namespace
}  // namespace gradus
