#include "gradus/report/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradus/base/error.h"

namespace gradus {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

TEST(Sheet, GreyTilesStandApartOnTransparency) {
  Picture a{1, 2, 1, {10, 20}}, b{1, 2, 1, {30, 40}};
  Picture s = sheet({{a, b}}, 1);
  EXPECT_EQ(s.width, 3);
  EXPECT_EQ(s.height, 2);
  EXPECT_EQ(s.channels, 2);
  EXPECT_THAT(s.pixels, ElementsAre(10, 255, 0, 0, 30, 255, 20, 255, 0, 0, 40, 255));
}

TEST(Sheet, OneColorTileMakesAllColor) {
  Picture a{1, 1, 1, {10}}, b{1, 1, 3, {1, 2, 3}};
  EXPECT_THAT(sheet({{a}, {b}}, 0).pixels, ElementsAre(10, 10, 10, 255, 1, 2, 3, 255));
}

TEST(Sheet, TheLeadIsSetApartAndShortRowsLeaveRoom) {
  Picture p{1, 1, 1, {9}};
  Picture s = sheet({{p, p, p}, {p}}, 1, true);
  EXPECT_EQ(s.width, 3 + 2 + 3);
  EXPECT_EQ(s.height, 3);
  std::vector<int> opaque;
  for (std::size_t i = 0; i < 8; ++i) opaque.push_back(s.pixels[2 * i + 1]);
  EXPECT_THAT(opaque, ElementsAre(255, 0, 0, 0, 0, 255, 0, 255));
  EXPECT_EQ(std::count(s.pixels.begin() + 16 * 2, s.pixels.end(), 255), 1);
  EXPECT_THROW(sheet({}, 1), Error);
  EXPECT_THROW(sheet({{}}, 1), Error);
}

TEST(Sheet, EnlargedPixelsAreSquares) {
  EXPECT_THAT(enlarge({2, 1, 1, {7, 9}}, 2).pixels, ElementsAre(7, 7, 9, 9, 7, 7, 9, 9));
}

TEST(Sheet, WeightsAreShownAroundGrey) {
  std::vector<float> w = {-2, 0, 2, 1};
  EXPECT_THAT(around_grey(w, 2, 2, 1, 2).pixels, ElementsAre(0, 128, 255, 191));
  EXPECT_THAT(around_grey(w, 2, 2, 1, 0).pixels, ElementsAre(128, 128, 128, 128));
}

TEST(Sheet, SignsHaveColors) {
  std::vector<float> v = {-1, 0, 5};
  Picture p = around_white(v, 3, 1, 1);
  EXPECT_GT(p.pixels[2], p.pixels[0]) << "blue below zero";
  EXPECT_GT(p.pixels[6], p.pixels[8]) << "orange above, and no more than the largest";
  EXPECT_GT(p.pixels[3], 240);
  EXPECT_THROW(around_white(v, 2, 2, 1), Error);
}

TEST(Sheet, HeatColorsWhereItIsAndNowhereElse) {
  Picture grey{4, 1, 1, {50, 100, 150, 200}};
  std::vector<float> heat = {0, 0, 0, 3};
  Picture p = heat_over(grey, heat, 4, 1);
  EXPECT_THAT(std::vector<std::uint8_t>(p.pixels.begin(), p.pixels.begin() + 9),
              ElementsAre(50, 50, 50, 100, 100, 100, 150, 150, 150));
  EXPECT_GT(p.pixels[9], p.pixels[11] + 50) << "warm";
  std::vector<float> none(4, 0);
  EXPECT_THAT(heat_over(grey, none, 4, 1).pixels, ElementsAre(50, 50, 50, 100, 100, 100, 150, 150, 150, 200, 200, 200));
}

// 2 x 1 values on 4 x 1 pixels: 0, 1/4, 3/4 and 1 of the way; 4 x 1 on 2 x 1: means.
TEST(Sheet, HeatIsBroughtToThePicturesSize) {
  Picture black{4, 1, 1, {0, 0, 0, 0}}, two{2, 1, 1, {0, 0}};
  std::vector<float> coarse = {0, 1}, quarters = {0, 0.25f, 0.75f, 1}, fine = {0, 0, 1, 3}, means = {0, 2};
  EXPECT_THAT(heat_over(black, coarse, 2, 1).pixels, ElementsAreArray(heat_over(black, quarters, 4, 1).pixels));
  EXPECT_THAT(heat_over(two, fine, 4, 1).pixels, ElementsAreArray(heat_over(two, means, 2, 1).pixels));
}

TEST(Sheet, ClassesAndDifferences) {
  Picture grey{3, 1, 1, {100, 100, 100}};
  std::vector<std::int32_t> a = {0, 1, 2}, b = {0, 1, 1};
  Picture p = classes_over(grey, a);
  EXPECT_THAT(std::vector<std::uint8_t>(p.pixels.begin(), p.pixels.begin() + 3), ElementsAre(100, 100, 100));
  Rgb one = class_color(1);  // 0.4 of the grey and 0.6 of the class's colour
  EXPECT_NEAR(p.pixels[3], 40 + 0.6 * one.red, 1);
  EXPECT_NEAR(p.pixels[5], 40 + 0.6 * one.blue, 1);
  Picture d = differences_over(grey, a, b);
  EXPECT_THAT(std::vector<std::uint8_t>(d.pixels.begin(), d.pixels.begin() + 6), ElementsAre(50, 50, 50, 50, 50, 50));
  EXPECT_GT(d.pixels[6], 200);
  EXPECT_THROW(classes_over(grey, std::vector<std::int32_t>{1}), Error);
}

}  // namespace
}  // namespace gradus
