#include "gradus/data/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "../base/expect_error.h"
#include "gradus/base/file.h"
#include "gradus/data/smooth.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

// A picture or volume with a mask of the same numbers and a target picture.
struct Picture {
  std::int64_t depth = 1, height, width, channels = 1;
  std::vector<float> values = {};
  std::vector<std::int32_t> mask = {};
  std::vector<float> target = {};
  std::int64_t target_height = 0, target_width = 0;

  AugmentedExample example() {
    AugmentedExample e;
    e.depth = depth;
    e.height = height;
    e.width = width;
    e.channels = channels;
    e.values = values;
    e.mask = mask;
    e.target = target;
    e.target_height = target_height;
    e.target_width = target_width;
    e.target_channels = target.empty() ? 0 : 1;
    return e;
  }
};

Picture counting(std::int64_t height, std::int64_t width, std::int64_t channels = 1, std::int64_t depth = 1) {
  Picture p{depth, height, width, channels};
  p.values.resize(static_cast<std::size_t>(depth * height * width * channels));
  std::iota(p.values.begin(), p.values.end(), 1.0f);
  p.mask.resize(static_cast<std::size_t>(depth * height * width));
  std::iota(p.mask.begin(), p.mask.end(), 1);
  return p;
}

Picture changed(Picture p, const std::string& list, std::uint32_t row = 0, std::int64_t epoch = 0) {
  AugmentedExample e = p.example();
  Augmenter(parse_toml_value(list), 1).apply(e, row, epoch);
  return p;
}

std::vector<float> numbers(const Value& list) {
  std::vector<float> out;
  for (const Value& v : list.as_array()) out.push_back(static_cast<float>(v.as_real()));
  return out;
}

Value oracle() { return parse_json(read_file(std::string(TEST_DATA) + "/augment.json"), "augment.json"); }

void expect_near(const std::vector<float>& actual, const std::vector<float>& expected, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 2e-3) << what << " at " << i;
}

// ---- what the transforms compute

TEST(Augment, FlipsMirrorValuesMaskAndTarget) {
  Picture p = counting(2, 3);
  p.target = {1, 2, 3, 4};
  p.target_height = p.target_width = 2;
  Picture h = changed(p, "[{ type = \"flip_horizontal\", probability = 1 }]");
  EXPECT_THAT(h.values, ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(h.mask, ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(h.target, ElementsAre(2, 1, 4, 3));
  Picture v = changed(p, "[{ type = \"flip_vertical\", probability = 1 }]");
  EXPECT_THAT(v.values, ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(v.mask, ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(v.target, ElementsAre(3, 4, 1, 2));
  EXPECT_THAT(changed(counting(1, 2, 3), "[{ type = \"flip_horizontal\", probability = 1 }]").values,
              ElementsAre(4, 5, 6, 1, 2, 3));
}

TEST(Augment, FlipsOfVolumes) {
  Picture p = counting(2, 2, 1, 2);
  EXPECT_THAT(changed(p, "[{ type = \"flip_depth\", probability = 1 }]").values, ElementsAre(5, 6, 7, 8, 1, 2, 3, 4));
  EXPECT_THAT(changed(p, "[{ type = \"flip_depth\", probability = 1 }]").mask, ElementsAre(5, 6, 7, 8, 1, 2, 3, 4));
  EXPECT_THAT(changed(p, "[{ type = \"flip_horizontal\", probability = 1 }]").mask,
              ElementsAre(2, 1, 4, 3, 6, 5, 8, 7));
  EXPECT_THAT(changed(p, "[{ type = \"flip_vertical\", probability = 1 }]").values,
              ElementsAre(3, 4, 1, 2, 7, 8, 5, 6));
}

TEST(Augment, MovesAgreeWithSciPy) {
  Value all = oracle();
  for (const Value& c : all.at("cases").as_array()) {
    Picture p{1, 7, 9, 1, numbers(all.at("picture"))};
    AugmentedExample e = p.example();
    Augmenter(c.at("augment"), 1).apply(e, 0, 0);
    expect_near(p.values, numbers(c.at("result")), c.at("name").as_string());
  }
}

TEST(Augment, DisplacementsAgreeWithSciPy) {
  Value all = oracle();
  const Value& elastic = all.at("elastic");
  std::vector<float> way = numbers(elastic.at("way"));
  std::span<const float> down(way.data(), 63), right(way.data() + 63, 63);
  for (const char* expected : {"result", "after_rotation"}) {
    Picture p{1, 7, 9, 1, numbers(all.at("picture"))};
    AugmentedExample e = p.example();
    Warp warp;
    warp.begin(7, 9);
    if (expected == std::string("after_rotation")) warp.add(turned(30));
    warp.add(down, right);
    warp.apply(e, Fill::black);
    expect_near(p.values, numbers(elastic.at(expected)), expected);
  }
}

// Displacements are whole numbers here, so that they can be moved without interpolation.
TEST(Augment, MovesAfterDisplacementsTakeThemAlong) {
  Picture once = counting(6, 6), twice = once;
  std::vector<float> down(36, 0.0f), right(36, 0.0f);
  for (std::size_t i = 0; i < 36; ++i) right[i] = i % 6 < 3 ? 1 : -1;
  Warp warp;
  warp.begin(6, 6);
  warp.add(down, right);
  warp.add(turned(90));
  AugmentedExample e = once.example();
  warp.apply(e, Fill::edge);
  e = twice.example();
  warp.begin(6, 6);
  warp.add(down, right);
  warp.apply(e, Fill::edge);
  warp.begin(6, 6);
  warp.add(turned(90));
  warp.apply(e, Fill::edge);
  EXPECT_EQ(once.values, twice.values);
  EXPECT_EQ(once.mask, twice.mask);
}

TEST(Augment, ElasticSmoothsItsFieldAsSciPyDoes) {
  Value all = oracle();
  const Value& elastic = all.at("elastic");
  std::vector<float> field = numbers(elastic.at("field")), way = numbers(elastic.at("way"));
  GaussianSmooth smooth(1.2);
  for (std::size_t axis : {0, 1}) {
    std::vector<float> one(field.begin() + axis * 63, field.begin() + (axis + 1) * 63);
    for (float& v : one) v = (2 * v - 1) * 8;
    smooth(one, 7, 9, 1, Fill::black);
    for (std::size_t i = 0; i < 63; ++i) EXPECT_NEAR(one[i], way[axis * 63 + i], 1e-5);
  }
}

TEST(Augment, QuarterTurnsAreExact) {
  Picture p = counting(3, 3);
  EXPECT_THAT(changed(p, "[{ type = \"rotate\", degrees = [90, 90] }]").values,
              ElementsAre(3, 6, 9, 2, 5, 8, 1, 4, 7));  // counter-clockwise
  EXPECT_THAT(changed(p, "[{ type = \"rotate\", degrees = [90, 90] }]").mask, ElementsAre(3, 6, 9, 2, 5, 8, 1, 4, 7));
  EXPECT_THAT(changed(p, "[{ type = \"rotate\", degrees = [-180, -180] }]").values,
              ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1));
  Picture even = counting(28, 28);
  Picture once =
      changed(even, "[{ type = \"rotate\", degrees = [30, 30] }, { type = \"rotate\", degrees = [-30, -30] }]");
  for (std::size_t i = 0; i < even.values.size(); ++i) EXPECT_NEAR(once.values[i], even.values[i], 1e-3) << i;
}

TEST(Augment, WholeShiftsAreExact) {
  EXPECT_THAT(changed(counting(2, 3), "[{ type = \"shift\", pixels = [1, 1] }]").values, ElementsAre(0, 0, 0, 0, 1, 2));
  Picture p = changed(counting(2, 3), "[{ type = \"shift\", pixels = [-1, -1], fill = \"edge\" }]");
  EXPECT_THAT(p.values, ElementsAre(5, 6, 6, 5, 6, 6));
  EXPECT_THAT(p.mask, ElementsAre(5, 6, 6, 5, 6, 6));
  EXPECT_THAT(changed(counting(2, 3), "[{ type = \"shift\", pixels = [-2, -2], fill = \"reflect\" }]").values,
              ElementsAre(6, 6, 5, 3, 3, 2));
}

TEST(Augment, TargetsOfAnotherSizeMoveInProportion) {
  Picture p = counting(2, 2);
  p.target_height = p.target_width = 4;
  p.target.resize(16);
  std::iota(p.target.begin(), p.target.end(), 1.0f);
  EXPECT_THAT(changed(p, "[{ type = \"shift\", pixels = [1, 1] }]").target,
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 5, 6));
  EXPECT_THAT(changed(p, "[{ type = \"rotate\", degrees = [90, 90] }]").target,
              ElementsAre(4, 8, 12, 16, 3, 7, 11, 15, 2, 6, 10, 14, 1, 5, 9, 13));
}

TEST(Augment, CropMovesByWholePixels) {
  Picture p = counting(3, 4, 2);
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  for (std::uint32_t row = 0; row < 400; ++row) {
    Picture q = changed(p, "[{ type = \"crop\", padding = 1 }]", row);
    // Where the mask's middle pixel came from says how far it moved; all others must have moved as far.
    std::int64_t from = q.mask[5] - 1, down = from / 4 - 1, right = from % 4 - 1;
    seen.insert({down, right});
    for (std::int64_t y = 0; y < 3; ++y)
      for (std::int64_t x = 0; x < 4; ++x) {
        bool inside = y + down >= 0 && y + down < 3 && x + right >= 0 && x + right < 4;
        std::int64_t at = (y + down) * 4 + x + right;
        EXPECT_EQ(q.mask[y * 4 + x], inside ? at + 1 : 0);
        for (std::int64_t c = 0; c < 2; ++c)
          EXPECT_EQ(q.values[(y * 4 + x) * 2 + c], inside ? static_cast<float>(at * 2 + c + 1) : 0);
      }
  }
  EXPECT_EQ(seen.size(), 9u);
}

TEST(Augment, CropOfATargetOfAnotherSize) {
  Picture p = counting(4, 4);
  p.target_height = p.target_width = 2;
  p.target = {4, 4, 4, 4};
  for (std::uint32_t row = 0; row < 20; ++row) {
    Picture q = changed(p, "[{ type = \"crop\", padding = 1 }]", row);
    std::int64_t from = q.mask[5] - 1, down = from / 4 - 1, right = from % 4 - 1;
    // Half a pixel for one of the image: the side that comes into view is half black.
    EXPECT_EQ(q.target[0], 4 * (down < 0 ? 0.5f : 1) * (right < 0 ? 0.5f : 1));
    EXPECT_EQ(q.target[3], 4 * (down > 0 ? 0.5f : 1) * (right > 0 ? 0.5f : 1));
  }
}

TEST(Augment, CropResizeKeepsAPartOfTheGivenArea) {
  Picture p{1, 40, 40, 1};
  p.values.resize(1600);
  for (std::size_t i = 0; i < 1600; ++i) p.values[i] = static_cast<float>(i % 40);  // the column, so a ramp stays one
  double steps = 0;
  for (std::uint32_t row = 0; row < 200; ++row) {
    Picture q = changed(p, "[{ type = \"crop_resize\", area = 0.25, ratio = 1, fill = \"edge\" }]", row);
    float step = q.values[20] - q.values[19];
    EXPECT_NEAR(step, 0.5, 1e-4);
    EXPECT_GE(q.values[1], 0);
    EXPECT_LE(q.values[38], 39);
    steps += static_cast<double>(q.values[0]);
  }
  EXPECT_NEAR(steps / 200, 10, 1.5);  // the left edge lies anywhere in the first half
}

TEST(Augment, BrightnessAndContrastByHand) {
  Picture p{1, 1, 4, 1, {0, 100, 200, 100}};
  EXPECT_THAT(changed(p, "[{ type = \"brightness\", amount = [0.4, 0.4] }]").values, ElementsAre(102, 202, 255, 202));
  EXPECT_THAT(changed(p, "[{ type = \"contrast\", factor = [0.5, 0.5] }]").values, ElementsAre(50, 100, 150, 100));
  EXPECT_THAT(changed(p, "[{ type = \"contrast\", factor = [2, 2] }]").values, ElementsAre(0, 100, 255, 100));
}

TEST(Augment, NoiseHasItsDeviation) {
  Picture p{1, 100, 100, 1, std::vector<float>(10000, 127.5f)};
  Picture q = changed(p, "[{ type = \"noise\", deviation = 0.1 }]");
  double sum = 0, squares = 0, fourth = 0;
  for (float v : q.values) {
    double z = (static_cast<double>(v) - 127.5) / 25.5;
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
  }
  EXPECT_NEAR(sum / 1e4, 0, 0.05);
  EXPECT_NEAR(squares / 1e4, 1, 0.06);
  EXPECT_NEAR(fourth / 1e4, 3, 0.4);
  std::set<float> distinct(q.values.begin(), q.values.end());
  EXPECT_GT(distinct.size(), 9000u);
}

TEST(Augment, CutOutBlackensASquare) {
  Picture p = counting(10, 10, 1, 2);
  std::vector<int> sizes;
  for (std::uint32_t row = 0; row < 300; ++row) {
    Picture q = changed(p, "[{ type = \"cut_out\", size = 3 }]", row);
    EXPECT_EQ(q.mask, p.mask);
    int black = 0;
    for (std::size_t i = 0; i < 100; ++i) {
      EXPECT_EQ(q.values[i] == 0, q.values[i + 100] == 0);  // the same in every slice
      black += q.values[i] == 0;
    }
    sizes.push_back(black);
  }
  EXPECT_EQ(std::ranges::max(sizes), 9);
  EXPECT_EQ(std::ranges::min(sizes), 4);  // its middle is in a corner
}

TEST(Augment, PhotometricChangesLeaveTheMaskAlone) {
  Picture p = counting(8, 8);
  for (const char* type : {"blur", "noise", "brightness", "contrast", "cut_out"})
    EXPECT_EQ(changed(p, "[\"" + std::string(type) + "\"]").mask, p.mask) << type;
}

// A mask that says which values are large still says so afterwards: both moved alike.
TEST(Augment, MasksMoveWithTheirPicture) {
  Picture p{1, 20, 20, 1, std::vector<float>(400, 0.0f), std::vector<std::int32_t>(400, 0)};
  for (std::size_t y = 5; y < 14; ++y)
    for (std::size_t x = 6; x < 12; ++x) {
      p.values[y * 20 + x] = 200;
      p.mask[y * 20 + x] = 1;
    }
  for (const char* type :
       {"\"shift\"", "\"elastic\"", "\"crop\"", "\"crop_resize\"", "{ type = \"rotate\", degrees = 40 }",
        "{ type = \"zoom\", factor = [0.5, 0.8] }", "{ type = \"shear\", degrees = 40 }"}) {
    int moved = 0;
    for (std::uint32_t row = 0; row < 10; ++row) {
      Picture q = changed(p, "[" + std::string(type) + "]", row);
      moved += q.mask != p.mask;
      for (std::size_t i = 0; i < 400; ++i) {
        bool inside = q.mask[i] == 1;  // the nearest of four pixels counts for a quarter at least
        EXPECT_TRUE(inside ? q.values[i] > 49 : q.values[i] < 151) << type;
      }
    }
    EXPECT_GE(moved, 5) << type;
  }
}

TEST(Augment, SlicesOfAVolumeMoveAlike) {
  Picture slice = counting(6, 6), volume{2, 6, 6, 1};
  for (int copy = 0; copy < 2; ++copy) {
    volume.values.insert(volume.values.end(), slice.values.begin(), slice.values.end());
    volume.mask.insert(volume.mask.end(), slice.mask.begin(), slice.mask.end());
  }
  for (const char* type : {"rotate", "elastic", "crop", "blur"}) {
    Picture q = changed(volume, "[\"" + std::string(type) + "\"]", 3),
            one = changed(slice, "[\"" + std::string(type) + "\"]", 3);
    for (std::size_t z : {0, 1}) {
      EXPECT_TRUE(std::equal(one.values.begin(), one.values.end(), q.values.begin() + z * 36)) << type;
      EXPECT_TRUE(std::equal(one.mask.begin(), one.mask.end(), q.mask.begin() + z * 36)) << type;
    }
  }
}

// ---- randomness

const char* const kEverything =
    "[\"flip_horizontal\", \"flip_vertical\", \"shift\", \"rotate\", \"zoom\", \"shear\", \"elastic\", \"crop\", "
    "\"crop_resize\", \"blur\", \"noise\", \"brightness\", \"contrast\", \"cut_out\"]";

TEST(Augment, IsAFunctionOfSeedExampleAndEpoch) {
  Picture p = counting(9, 11, 3);
  Augmenter all(parse_toml_value(kEverything), 7), again(parse_toml_value(kEverything), 7),
      other(parse_toml_value(kEverything), 8);
  auto with = [&](const Augmenter& a, std::uint32_t row, std::int64_t epoch) {
    Picture q = p;
    AugmentedExample e = q.example();
    a.apply(e, row, epoch);
    return q.values;
  };
  std::vector<float> first = with(all, 5, 2);
  with(all, 6, 2);  // another order changes nothing
  EXPECT_EQ(with(all, 5, 2), first);
  EXPECT_EQ(with(again, 5, 2), first);
  EXPECT_NE(with(all, 6, 2), first);
  EXPECT_NE(with(all, 5, 3), first);
  EXPECT_NE(with(other, 5, 2), first);
}

TEST(Augment, PlacesInTheListDrawForThemselves) {
  int differ = 0;
  for (std::uint32_t row = 0; row < 100; ++row)
    differ += changed(counting(1, 2), "[\"flip_horizontal\", \"flip_horizontal\"]", row).values[0] == 2;
  EXPECT_NEAR(differ, 50, 20);  // always 0 if both drew the same
}

TEST(Augment, ProbabilityIsHowOften) {
  for (double probability : {0.0, 0.25, 1.0}) {
    int flipped = 0;
    std::string list = "[{ type = \"flip_horizontal\", probability = " + std::to_string(probability) + " }]";
    for (std::uint32_t row = 0; row < 2000; ++row) flipped += changed(counting(1, 2), list, row).values[0] == 2;
    EXPECT_NEAR(flipped, 2000 * probability, probability == 0.25 ? 80 : 0);
  }
}

TEST(Augment, NothingIsLeftOfATransformThatNeverActs) {
  Picture p = counting(7, 5, 2);
  for (const std::string& name : augmentations().names()) {
    if (name == "mixup") continue;
    Picture q = changed(p, "[{ type = \"" + name + "\", probability = 0 }]");
    EXPECT_EQ(q.values, p.values) << name;
    EXPECT_EQ(q.mask, p.mask) << name;
  }
  for (const char* list :
       {"[{ type = \"rotate\", degrees = 0 }]", "[{ type = \"zoom\", factor = 1 }]",
        "[{ type = \"shear\", degrees = 0 }]", "[{ type = \"shift\", pixels = 0 }]",
        "[{ type = \"shift\", share = 0 }]", "[{ type = \"crop\", padding = 0 }]",
        "[{ type = \"elastic\", alpha = 0 }]", "[{ type = \"blur\", sigma = 0 }]",
        "[{ type = \"noise\", deviation = 0 }]", "[{ type = \"brightness\", amount = 0 }]",
        "[{ type = \"contrast\", factor = 0 }]", "[{ type = \"crop_resize\", area = 1, ratio = 1 }]"}) {
    EXPECT_EQ(changed(p, list).values, p.values) << list;
    EXPECT_EQ(changed(p, list).mask, p.mask) << list;
  }
}

TEST(Augment, ParametersAreUniformInTheirRange) {
  std::vector<double> drawn;
  for (std::uint32_t row = 0; row < 2000; ++row) {
    Picture p{1, 1, 1, 1, {100}};
    drawn.push_back(static_cast<double>(changed(p, "[{ type = \"brightness\", amount = 0.2 }]", row).values[0]) - 100);
  }
  std::ranges::sort(drawn);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    EXPECT_NEAR(drawn[i], -51 + 102 * static_cast<double>(i) / 2000, 102 * 0.035);  // Kolmogorov's bound at 1 %
}

// ---- mixup

Batch one_hot_batch(std::int64_t n) {
  Batch batch;
  batch.inputs = Tensor::zeros({n, n});
  for (std::int64_t i = 0; i < n; ++i) batch.inputs.mutable_data<float>()[i * n + i] = 1;
  batch.target = batch.inputs.copy();
  return batch;
}

TEST(Mixup, MixesInputsAndTargetsInTheSameShares) {
  Augmenter mixup(parse_toml_value("[{ type = \"mixup\", alpha = 1 }]"), 1);
  EXPECT_TRUE(mixup.mixes());
  std::vector<std::uint32_t> rows = {9, 4, 7, 1, 0, 12};
  Batch batch = one_hot_batch(6);
  mixup.mix(batch, rows, 3);
  std::vector<float> x = batch.inputs.to_vector<float>();
  EXPECT_EQ(x, batch.target.to_vector<float>());
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(std::accumulate(x.begin() + i * 6, x.begin() + (i + 1) * 6, 0.0f), 1, 1e-6);
    EXPECT_LE(std::count_if(x.begin() + i * 6, x.begin() + (i + 1) * 6, [](float v) { return v > 0; }), 2);
  }
  Batch again = one_hot_batch(6);
  mixup.mix(again, rows, 3);
  EXPECT_EQ(again.inputs.to_vector<float>(), x);
  Batch later = one_hot_batch(6);
  mixup.mix(later, rows, 4);
  EXPECT_NE(later.inputs.to_vector<float>(), x);
}

// Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)).
TEST(Mixup, SharesFollowTheBetaDistribution) {
  for (double alpha : {0.1, 0.4, 1.0, 5.0}) {
    Value spec = parse_toml_value("{ type = \"mixup\" }");
    spec.set("alpha", alpha);
    std::unique_ptr<Augmentation> mixup = augmentations().make(spec, "augment");
    double sum = 0, squares = 0;
    constexpr int kDraws = 20000;
    for (std::uint32_t i = 0; i < kDraws; ++i) {
      double share = mixup->kept_share({RandomKey{1, 2, 3}, i});
      EXPECT_GE(share, 0);
      EXPECT_LE(share, 1);
      sum += share;
      squares += share * share;
    }
    double mean = sum / kDraws, variance = squares / kDraws - mean * mean;
    EXPECT_NEAR(mean, 0.5, 0.015) << alpha;
    EXPECT_NEAR(variance, 1 / (4 * (2 * alpha + 1)), 0.006) << alpha;
  }
}

// ---- what is refused

std::string refusal(const std::string& list) {
  return error_of(ErrorKind::config, [&] { Augmenter(parse_toml_value(list), 1); });
}

TEST(Augment, RefusesWhatItCannotDo) {
  EXPECT_THAT(refusal("[\"flip_horizontal\", \"rotat\"]"),
              AllOf(HasSubstr("data.augment[1]"), HasSubstr("\"rotate\"")));
  EXPECT_THAT(refusal("[{ type = \"rotate\", degree = 3 }]"), HasSubstr("degrees"));
  EXPECT_THAT(refusal("[{ type = \"rotate\", degrees = 500 }]"),
              AllOf(HasSubstr("data.augment[0].degrees"), HasSubstr("[-360, 360]"), HasSubstr("-500 to 500")));
  EXPECT_THAT(refusal("[{ type = \"rotate\", degrees = [5, -5] }]"), HasSubstr("5 to -5"));
  EXPECT_THAT(refusal("[{ type = \"rotate\", degrees = [5] }]"), HasSubstr("a list of 1"));
  EXPECT_THAT(refusal("[{ type = \"rotate\", degrees = \"much\" }]"), HasSubstr("much"));
  EXPECT_THAT(refusal("[{ type = \"shift\", pixels = 2, share = 0.1 }]"), HasSubstr("both pixels and share"));
  EXPECT_THAT(refusal("[{ type = \"shift\", pixels = 1.5 }]"), HasSubstr("whole numbers"));
  EXPECT_THAT(refusal("[{ type = \"zoom\", factor = 0 }]"), HasSubstr("[0.01, 100]"));
  EXPECT_THAT(refusal("[{ type = \"zoom\", fill = \"white\" }]"), HasSubstr("white"));
  EXPECT_THAT(refusal("[{ type = \"flip_vertical\", probability = 2 }]"), HasSubstr("[0, 1]"));
  EXPECT_THAT(refusal("[{ type = \"crop\", padding = -1 }]"), HasSubstr("padding"));
  EXPECT_THAT(refusal("[{ type = \"crop_resize\", area = 0 }]"), HasSubstr("(0, 1]"));
  EXPECT_THAT(refusal("[{ type = \"elastic\", sigma = 0 }]"), HasSubstr("sigma"));
  EXPECT_THAT(refusal("[{ type = \"mixup\", alpha = 0 }]"), HasSubstr("alpha"));
  EXPECT_THAT(refusal("\"flip_horizontal\""), HasSubstr("data.augment"));
}

}  // namespace
}  // namespace gradus
