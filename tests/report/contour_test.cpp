#include "gradus/report/contour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

TEST(Contour, CircleIsOneClosedCurve) {
  auto f = [](double x, double y) { return x * x + y * y; };
  Grid grid = sample_grid(f, -2, 2, -2, 2, 81, 81);
  auto lines = contour_lines(grid, 1.0);
  ASSERT_EQ(lines.size(), 1u);
  const auto& circle = lines[0];
  EXPECT_EQ(circle.front().x, circle.back().x);
  EXPECT_EQ(circle.front().y, circle.back().y);
  double length = 0;
  for (std::size_t i = 0; i < circle.size(); ++i) {
    // Linear interpolation over a step h errs by at most h^2 f'' / (8 f') = 0.05^2 / 8.
    EXPECT_NEAR(std::hypot(circle[i].x, circle[i].y), 1, 0.05 * 0.05 / 8 + 1e-12);
    if (i > 0) length += std::hypot(circle[i].x - circle[i - 1].x, circle[i].y - circle[i - 1].y);
  }
  EXPECT_NEAR(length, 2 * M_PI, 0.01);
}

TEST(Contour, PlaneIsOneOpenLineThroughTheGrid) {
  Grid grid = sample_grid([](double x, double y) { return x + 2 * y; }, 0, 4, 0, 2, 5, 9);
  auto lines = contour_lines(grid, 3.1);
  ASSERT_EQ(lines.size(), 1u);
  for (const Point& p : lines[0]) EXPECT_NEAR(p.x + 2 * p.y, 3.1, 1e-12);
  Point a = lines[0].front(), b = lines[0].back();
  EXPECT_NEAR(std::abs(a.x - b.x), 3.1, 1e-12);  // from the bottom edge (3.1, 0) to the left edge (0, 1.55)
}

TEST(Contour, SaddleCellsAreDecidedByTheirMean) {
  // Corners: (0,0) and (1,1) are 1, (1,0) and (0,1) are -1; their mean is 0.
  Grid grid{2, 2, 0, 1, 0, 1, {1, -1, -1, 1}};
  auto ends = [](const std::vector<Point>& line) {
    Point a = line.front(), b = line.back();
    if (a.x > b.x) std::swap(a, b);
    return std::vector<double>{a.x, a.y, b.x, b.y};
  };
  auto high_joined = contour_lines(grid, -0.5);  // the mean is above: the ridge runs from (0,0) to (1,1)
  ASSERT_EQ(high_joined.size(), 2u);
  EXPECT_THAT(
      (std::vector{ends(high_joined[0]), ends(high_joined[1])}),
      testing::UnorderedElementsAre(testing::ElementsAre(0.75, 0, 1, 0.25), testing::ElementsAre(0, 0.75, 0.25, 1)));
  auto low_joined = contour_lines(grid, 0.5);  // the mean is below: the valley runs from (1,0) to (0,1)
  ASSERT_EQ(low_joined.size(), 2u);
  EXPECT_THAT(
      (std::vector{ends(low_joined[0]), ends(low_joined[1])}),
      testing::UnorderedElementsAre(testing::ElementsAre(0, 0.25, 0.25, 0), testing::ElementsAre(0.75, 1, 1, 0.75)));
}

TEST(Contour, NothingOutsideTheRangeNorAcrossNaN) {
  Grid grid = sample_grid([](double x, double) { return x; }, 0, 1, 0, 1, 3, 3);
  EXPECT_TRUE(contour_lines(grid, 2).empty());
  EXPECT_TRUE(contour_lines(grid, -1).empty());
  grid.z[4] = std::nan("");  // the middle: a corner of every cell
  EXPECT_TRUE(contour_lines(grid, 0.3).empty());
}

TEST(Contour, LevelsGiveEvenlySpacedRingsAroundAMinimum) {
  Grid grid = sample_grid([](double x, double y) { return x * x + 25 * y * y; }, -1, 1, -0.2, 0.2, 201, 201);
  // Below level r^2 (r <= 1) lies the share pi r^2 / 4 of the rectangle: r_i = 2 / sqrt(pi) * i / (count + 1).
  std::vector<double> levels = contour_levels(grid, 4);
  ASSERT_EQ(levels.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(std::sqrt(levels[i]), 2 / std::sqrt(M_PI) * (i + 1) / 5, 0.02) << i;
  EXPECT_EQ(contour_levels({2, 2, 0, 1, 0, 1, {5, 5, 5, 5}}, 4).size(), 1u);
  EXPECT_TRUE(contour_levels({2, 2, 0, 1, 0, 1, {NAN, NAN, NAN, NAN}}, 4).empty());
}

TEST(Contour, RefusesAnEmptyRectangle) {
  auto f = [](double, double) { return 0.0; };
  EXPECT_THROW(sample_grid(f, 1, 1, 0, 1, 5, 5), Error);
  EXPECT_THROW(sample_grid(f, 0, 1, 0, 1, 1, 5), Error);
}

}  // namespace
}  // namespace gradus
