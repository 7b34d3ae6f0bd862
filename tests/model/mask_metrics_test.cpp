#include "gradus/model/mask_metrics.h"

#include <cmath>

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/model/image_scores.h"
#include "gradus/model/surface_distance.h"

namespace gradus {
namespace {

using ::testing::HasSubstr;

template <class T>
std::vector<T> numbers(const Array& a) {
  return {a.data.begin(), a.data.end()};
}

// Calls check(case) for each of the oracle's cases of an op, of which there are `count`.
template <class Check>
void for_each_case(const char* op, int count, Check&& check) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/mask_metrics.json")) {
    if (c.op != op) continue;
    SCOPED_TRACE(c.name);
    check(c);
    ++ran;
  }
  EXPECT_EQ(ran, count);
}

double expected(const Case& c, const char* key) { return c.outputs.at(key).data[0]; }

TEST(MaskMetrics, AgreeWithScikitLearnHoweverTheyAreCounted) {
  for_each_case("confusion", 5, [](const Case& c) {
    auto truth = numbers<std::int32_t>(c.inputs.at("truth")),
         predicted = numbers<std::int32_t>(c.inputs.at("predicted"));
    std::vector<double> weights(truth.size(), 1);
    bool weighted = c.inputs.count("weight") != 0;
    if (weighted) weights = c.inputs.at("weight").data;
    ConfusionMatrix m(static_cast<int>(c.params.at("classes").as_integer()));
    for (std::size_t i = 0; i < truth.size(); i += 100) {
      auto part = [&](const auto& all) { return std::span(all).subspan(i, 100); };
      m.add(part(truth), part(predicted), weighted ? part(weights) : std::span<const double>());
    }
    MaskMetrics got = mask_metrics(m, static_cast<int>(c.params.at("background").as_integer()));
    EXPECT_NEAR(got.accuracy, expected(c, "accuracy"), 1e-12);
    EXPECT_NEAR(got.mean_dice, expected(c, "mean_dice"), 1e-12);
    EXPECT_NEAR(got.mean_iou, expected(c, "mean_iou"), 1e-12);
    for (std::size_t k = 0; k < got.dice.size(); ++k) {
      ASSERT_EQ(got.dice[k].has_value(), c.outputs.at("present").data[k] != 0) << k;
      ASSERT_EQ(got.iou[k].has_value(), got.dice[k].has_value()) << k;
      if (!got.dice[k]) continue;
      EXPECT_NEAR(*got.dice[k], c.outputs.at("dice").data[k], 1e-12) << k;
      EXPECT_NEAR(*got.iou[k], c.outputs.at("iou").data[k], 1e-12) << k;
    }
  });
}

TEST(MaskMetrics, NothingToFindAndNothingFoundIsRight) {
  ConfusionMatrix m(3);
  m.add(std::vector<std::int32_t>{0, 0}, std::vector<std::int32_t>{0, 0});
  MaskMetrics got = mask_metrics(m, 0);
  EXPECT_EQ(got.mean_dice, 1);
  EXPECT_EQ(got.mean_iou, 1);
  EXPECT_EQ(got.accuracy, 1);
  EXPECT_EQ(got.dice[0], 1);
  EXPECT_EQ(got.dice[1], std::nullopt);
}

TEST(MaskMetrics, RefuseWhatIsNoMask) {
  ConfusionMatrix m(2);
  using Ints = std::vector<std::int32_t>;
  EXPECT_THAT(error_of(ErrorKind::value, [&] { mask_metrics(m); }), HasSubstr("a place whose weight is above 0"));
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         m.add(Ints{0, 1}, Ints{0});
                       }),
              HasSubstr("2 predictions, one per place"));
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         m.add(Ints{0}, Ints{0}, std::vector<double>{1, 2});
                       }),
              HasSubstr("1 weights, one per place"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { m.add(Ints{2}, Ints{0}); }), HasSubstr("classes in [0, 2), got 2"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { m.add(Ints{0}, Ints{-1}); }), HasSubstr("classes in [0, 2), got -1"));
}

TEST(SurfaceDistances, AgreeWithSciPy) {
  for_each_case("distance", 9, [](const Case& c) {
    auto a = numbers<std::uint8_t>(c.inputs.at("a")), b = numbers<std::uint8_t>(c.inputs.at("b"));
    std::vector<double> spacing;
    if (c.inputs.count("spacing") != 0) spacing = c.inputs.at("spacing").data;
    for (bool swapped : {false, true}) {
      auto got = surface_distances(swapped ? b : a, swapped ? a : b, c.inputs.at("a").shape, spacing);
      ASSERT_TRUE(got);
      EXPECT_NEAR(got->maximum, expected(c, "maximum"), 1e-12);
      EXPECT_NEAR(got->percentile95, expected(c, "percentile95"), 1e-12);
    }
  });
}

TEST(SurfaceDistances, OfAnEmptyMaskThereAreNone) {
  std::vector<std::uint8_t> none(6, 0), some = {0, 1, 0, 0, 0, 0};
  EXPECT_FALSE(surface_distances(none, some, {2, 3}));
  EXPECT_FALSE(surface_distances(some, none, {2, 3}));
  EXPECT_FALSE(surface_distances(none, none, {2, 3}));
}

TEST(SurfaceDistances, RefuseWhatDoesNotFit) {
  std::vector<std::uint8_t> six(6, 1), five(5, 1);
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         surface_distances(six, five, {2, 3});
                       }),
              HasSubstr("6 and 5 places for [2, 3]"));
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { surface_distances(six, six, {1, 1, 2, 3}); }), HasSubstr("1 to 3 axes"));
  for (std::vector<double> spacing : {std::vector<double>{1}, {1, 0}, {1, std::nan("")}})
    EXPECT_THAT(error_of(ErrorKind::value,
                         [&] {
                           surface_distances(six, six, {2, 3}, spacing);
                         }),
                HasSubstr("a spacing above 0 for each of 2 axes"));
}

TEST(ImageScores, AgreeWithScikitImage) {
  for_each_case("image", 4, [](const Case& c) {
    ImageScores got = image_scores(numbers<float>(c.inputs.at("truth")), numbers<float>(c.inputs.at("predicted")),
                                   c.inputs.at("truth").shape, c.params.at("range").as_real());
    EXPECT_NEAR(got.mse, expected(c, "mse"), 1e-10 * std::max(1.0, expected(c, "mse")));
    EXPECT_NEAR(got.psnr, expected(c, "psnr"), 1e-10);
    ASSERT_TRUE(got.ssim);
    EXPECT_NEAR(*got.ssim, expected(c, "ssim"), 1e-10);
  });
}

TEST(ImageScores, OfEqualPicturesAreTheBest) {
  std::vector<float> x(144, 0.25f);
  x[3] = 1;
  ImageScores got = image_scores(x, x, {12, 12, 1}, 1);
  EXPECT_EQ(got.mse, 0);
  EXPECT_EQ(got.psnr, 100);
  EXPECT_DOUBLE_EQ(got.ssim.value(), 1);
  EXPECT_FALSE(image_scores(x, x, {9, 16, 1}, 1).ssim) << "its window does not fit";
}

TEST(ImageScores, RefuseWhatDoesNotFit) {
  std::vector<float> x(4, 1), y(3, 1);
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { image_scores(x, y, {2, 2, 1}, 1); }), HasSubstr("4 and 3 values"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { image_scores(x, x, {2, 2, 1}, 0); }), HasSubstr("range of values"));
}

}  // namespace
}  // namespace gradus
