#include "gradus/report/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <sstream>

#include "gradus/base/error.h"
#include "markup.h"

namespace gradus {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<double> numbers(const std::string& text) {
  std::istringstream in(text);
  std::vector<double> out;
  for (std::string word; in >> word;) out.push_back(std::stod(word));
  return out;
}

std::vector<double> count_up(int n) {
  std::vector<double> x(n);
  std::iota(x.begin(), x.end(), 1.0);
  return x;
}

// The height at which the label of a mark stands, from the top of the data's area.
double label_height(double line_at) {
  std::string svg = Plot("").line("", {0, 1, 2}, {line_at, line_at, line_at}).y_range(0, 1).mark_x(1, "here").svg();
  std::string before = svg.substr(0, svg.find("class=\"note\""));
  return std::stod(before.substr(before.rfind("y=\"") + 3));
}

TEST(Plot, TheLabelOfAMarkKeepsOffTheLines) {
  EXPECT_LT(label_height(0.05), 20);
  EXPECT_GT(label_height(0.98), 150);
}

TEST(Plot, SvgOfEveryKindIsWellFormed) {
  Plot p("All <kinds> & more");
  p.x_axis("x \"axis\"").y_axis("y");
  p.line("line", {0, 1, 2}, {0, 1, 4}).points("points", {0, 1}, {1, 2}).path("path", {0, 2, 1}, {0, 1, 3}).dashed();
  p.curve(
       "curve", [](double x) { return std::sin(x); }, 0, 2)
      .mark_x(1, "here")
      .identity();
  p.contours([](double x, double y) { return x * y; }, 0, 2, 0, 2);
  EXPECT_EQ(markup_fault(p.svg()), "");
  EXPECT_THAT(p.svg(), HasSubstr("All &lt;kinds&gt; &amp; more"));
  EXPECT_THAT(p.svg(), Not(HasSubstr("<kinds>")));
  Plot bars("Bars");
  bars.bars("a", {"one", "two <b>"}, {1, -2}).bars("b", {"one", "two <b>"}, {2, 3});
  EXPECT_EQ(markup_fault(bars.svg()), "");
  std::string file = svg_file({p, bars, p}, 2);
  EXPECT_EQ(markup_fault(file), "");
  EXPECT_THAT(file, HasSubstr("xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_EQ(count_of(file, "class=\"plot\""), 3);
}

TEST(Plot, PositionsMayHaveNames) {
  std::vector<std::string> days;
  for (int i = 1; i <= 300; ++i) days.push_back("day " + std::to_string(i));
  std::string svg = Plot().x_names(days).line("", count_up(300), count_up(300)).size(600, 200).svg();
  EXPECT_EQ(markup_fault(svg), "");
  const int written = count_of(svg, ">day ");
  EXPECT_GE(written, 3);
  EXPECT_LE(written, 8) << "as many as fit";
  EXPECT_EQ(count_of(svg, "rotate("), 0);
  EXPECT_THAT(svg, HasSubstr("data-names=\"day 1\nday 2\n")) << "the others are read under the pointer";
}

TEST(Plot, LineRunsFromCornerToCorner) {
  std::string svg = Plot().line("", {0, 1, 2}, {0, 5, 10}).x_range(0, 2).y_range(0, 10).size(300, 200).svg();
  std::vector<double> area = numbers(attribute_values(svg, "data-area").at(0));
  double width = area[2], height = area[3];
  std::string d = svg.substr(svg.find("class=\"line"));
  d = attribute_values(d, "d").at(0);
  std::vector<double> xy = numbers(d.substr(1));
  ASSERT_EQ(xy.size(), 6u);
  EXPECT_NEAR(xy[0], 0, 0.06);
  EXPECT_NEAR(xy[1], height, 0.06);
  EXPECT_NEAR(xy[2], width / 2, 0.06);
  EXPECT_NEAR(xy[3], height / 2, 0.06);
  EXPECT_NEAR(xy[4], width, 0.06);
  EXPECT_NEAR(xy[5], 0, 0.06);
}

TEST(Plot, LogAxisPlacesDecadesEvenly) {
  std::string svg = Plot().line("", {0, 1, 2}, {1, 10, 100}).y_axis("", AxisScale::log).y_range(1, 100).svg();
  double height = numbers(attribute_values(svg, "data-area").at(0))[3];
  std::vector<double> xy = numbers(attribute_values(svg.substr(svg.find("class=\"line")), "d").at(0).substr(1));
  EXPECT_NEAR(xy[1], height, 0.06);
  EXPECT_NEAR(xy[3], height / 2, 0.06);
  EXPECT_NEAR(xy[5], 0, 0.06);
}

TEST(Plot, ValuesThatCannotBeShownLeaveGaps) {
  double nan = std::nan(""), inf = INFINITY;
  std::string svg = Plot().line("", count_up(7), {1, 2, nan, 3, inf, 4, 5}).svg();
  std::string d = attribute_values(svg.substr(svg.find("class=\"line")), "d").at(0);
  EXPECT_EQ(count_of(d, "M"), 3);
  EXPECT_EQ(count_of(d, "h0"), 1);  // the 3, alone between two gaps, is a dot
  EXPECT_EQ(d.find("nan"), std::string::npos);
  EXPECT_EQ(d.find("inf"), std::string::npos);
  std::string log = Plot().line("", count_up(4), {1, 0, -1, 10}).y_axis("", AxisScale::log).svg();
  EXPECT_EQ(count_of(attribute_values(log.substr(log.find("class=\"line")), "d").at(0), "M"), 2);
  EXPECT_EQ(markup_fault(Plot("none").line("", {}, {}).line("", {1, 2}, {nan, nan}).svg()), "");
}

TEST(Plot, LongSeriesKeepTheirExtremesInFewPoints) {
  std::vector<double> y(10000);
  for (int i = 0; i < 10000; ++i) y[i] = std::sin(i * 0.37) + (i == 5431 ? 40 : 0) - (i == 7777 ? 30 : 0);
  std::string svg = Plot().line("", count_up(10000), y).svg();
  std::vector<double> u = numbers(attribute_values(svg, "data-u").at(0));
  std::vector<double> v = numbers(attribute_values(svg, "data-v").at(0));
  ASSERT_EQ(u.size(), v.size());
  EXPECT_LT(u.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(u.begin(), u.end()));
  EXPECT_EQ(u.front(), 1);
  EXPECT_EQ(u.back(), 10000);
  auto spike = std::max_element(v.begin(), v.end()) - v.begin(), dip = std::min_element(v.begin(), v.end()) - v.begin();
  EXPECT_EQ(u[spike], 5432);
  EXPECT_EQ(u[dip], 7778);
  EXPECT_LT(svg.size(), 30000u);
}

TEST(Plot, ThinningKeepsLongGaps) {
  std::vector<double> y(10000, 1.0);
  for (int i = 4000; i < 6000; ++i) y[i] = std::nan("");
  std::string svg = Plot().line("", count_up(10000), y).svg();
  EXPECT_EQ(count_of(attribute_values(svg.substr(svg.find("class=\"line")), "d").at(0), "M"), 2);
  for (double& v : y) v = std::nan("");
  EXPECT_EQ(markup_fault(Plot().line("", count_up(10000), y).svg()), "");
}

TEST(Plot, OnePointIsADot) {
  std::string svg = Plot("one").line("train", {1}, {0.5}).whole_x().svg();
  EXPECT_THAT(svg, HasSubstr("alone"));
  EXPECT_THAT(svg, HasSubstr("h0"));
  EXPECT_EQ(markup_fault(svg), "");
}

TEST(Plot, ScattersMergeDotsAtTheSamePlace) {
  std::vector<double> x(5000, 1.0), y(5000, 2.0);
  x.push_back(3);
  y.push_back(4);
  std::string svg = Plot().points("", x, y).svg();
  EXPECT_EQ(count_of(attribute_values(svg.substr(svg.find("class=\"dots")), "d").at(0), "h0"), 2);
}

TEST(Plot, HistogramCounts) {
  Plot p;
  p.histogram("h", {0, 0.1, 0.9, 1, std::nan(""), 0.5}, 2);
  ASSERT_EQ(p.spec().series.size(), 1u);
  EXPECT_THAT(p.spec().series[0].y, testing::ElementsAre(2, 3));
  EXPECT_THAT(p.spec().series[0].x, testing::ElementsAre(0.25, 0.75));
  Plot same;
  same.histogram("", {3, 3, 3}, 4);
  EXPECT_THAT(same.spec().series[0].y, testing::ElementsAre(3, 0, 0, 0));
}

TEST(Plot, FarPathsAreCut) {
  std::string svg = Plot().path("diverges", {0, 1, 1e300}, {0, 1, -1e300}).x_range(0, 2).y_range(0, 2).svg();
  EXPECT_EQ(markup_fault(svg), "");
  EXPECT_EQ(svg.find("e+"), std::string::npos);
}

TEST(Plot, ContoursSetTheRange) {
  auto bowl = [](double x, double y) { return x * x + y * y; };
  std::string svg = Plot().contours(bowl, -1, 1, -2, 2).path("", {0.5, -50, 5000}, {1, -100, 10000}).svg();
  EXPECT_EQ(attribute_values(svg, "data-x").at(0), "-1 1 0");
  EXPECT_EQ(attribute_values(svg, "data-y").at(0), "-2 2 0");
}

TEST(Plot, RefusesWhatCannotBeDrawn) {
  try {
    Plot().line("loss", {1, 2}, {1});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("loss"), HasSubstr("2 and 1")));
  }
  EXPECT_THROW(Plot().x_range(2, 1), Error);
  EXPECT_THROW(Plot().y_range(0, INFINITY), Error);
  EXPECT_THROW(Plot().curve(
                   "f", [](double v) { return v; }, 1, 1),
               Error);
  EXPECT_THROW(Plot().histogram("h", {1}, 0), Error);
  EXPECT_THROW(Plot().size(10, 10), Error);
  EXPECT_THROW(Plot().bars("a", {"x", "y"}, {1}), Error);
  EXPECT_THROW(Plot().bars("a", {"x"}, {1}).bars("b", {"y"}, {1}), Error);
}

TEST(Plot, TextOfALine) {
  std::string text = Plot("up").line("y", {0, 4}, {0, 4}).x_range(0, 4).y_range(0, 4).text(12, 5);
  EXPECT_EQ(text,
            "up\n"
            "4 +        *\n"
            "  |      **\n"
            "2 +    **\n"
            "  |  **\n"
            "0 +**\n"
            "  +---------\n"
            "   0   2   4\n"
            "  * y\n");
}

TEST(Plot, TextIsSafeForTerminals) {
  std::string text = Plot("a\x1b[2Jb").line("\x1b]0;x\x07", {1, 2}, {1, 2}).x_axis("e\x1bp").text();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
}

TEST(Plot, TextOfBarsAndContours) {
  std::string bars = Plot().bars("", {"a", "b"}, {1, 3}).text(30, 6);
  EXPECT_GT(count_of(bars, "*"), 20);
  std::string rings = Plot().contours([](double x, double y) { return x * x + y * y; }, -1, 1, -1, 1).text(40, 16);
  EXPECT_GT(count_of(rings, "."), 20);
}

}  // namespace
}  // namespace gradus
