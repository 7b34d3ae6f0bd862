// Real transforms through the sources of pictures and scans: masks and target pictures move with their images, and a
// drawn example is a function of seed, epoch and row alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../base/with_threads.h"
#include "gradus/data/batch_stream.h"
#include "gradus/data/source.h"
#include "nifti_file.h"
#include "temp_folder.h"

namespace gradus {
namespace {

using Rows = std::vector<std::uint32_t>;

constexpr int kExamples = 12, kHeight = 14, kWidth = 11, kDepth = 6, kThreshold = 128;

// Values of no pattern, so that no place looks like another.
std::uint8_t value_at(int example, int place) {
  return static_cast<std::uint8_t>(256 * uniform01(RandomKey{3, 0, 0}.at_step(static_cast<std::uint32_t>(example)),
                                                   static_cast<std::uint64_t>(place)));
}

// A field that changes slowly from place to place, dark and bright by turns.
std::uint8_t smooth_at(int example, int place) {
  int y = place / kWidth, x = place % kWidth;
  return static_cast<std::uint8_t>(127.5 + 120 * std::sin(0.25 * y + 0.3 * example) * std::cos(0.2 * x));
}

using ValueAt = std::uint8_t (*)(int example, int place);

// Images, the masks of their values from kThreshold on (0 and 1), images of the masks (0 and 255), and the images by
// class.
void write_pictures(const TempFolder& f, ValueAt value) {
  for (int i = 0; i < kExamples; ++i) {
    std::vector<std::uint8_t> image, mask, shown;
    for (int p = 0; p < kHeight * kWidth; ++p) {
      image.push_back(value(i, p));
      mask.push_back(image.back() >= kThreshold);
      shown.push_back(mask.back() ? 255 : 0);
    }
    std::string name = std::to_string(10 + i) + ".png";
    f.write_png("images/" + name, kHeight, kWidth, image);
    f.write_png("masks/" + name, kHeight, kWidth, mask);
    f.write_png("shown/" + name, kHeight, kWidth, shown);
    f.write_png(std::string("classes/") + "abc"[i % 3] + "/" + name, kHeight, kWidth, image);
  }
}

// The same as scans, whose labels are the masks.
void write_scans(const TempFolder& f) {
  std::string list = "subject,image,label\n";
  for (int i = 0; i < kExamples; ++i) {
    std::vector<std::int16_t> scan, labels;
    for (int p = 0; p < kDepth * kHeight * kWidth; ++p) {
      scan.push_back(value_at(i, p));
      labels.push_back(scan.back() >= kThreshold);
    }
    std::string name = std::to_string(10 + i);
    f.write(name + ".nii", nifti_bytes(kWidth, kHeight, kDepth, scan));
    f.write(name + "_seg.nii", nifti_bytes(kWidth, kHeight, kDepth, labels));
    list += name + "," + name + ".nii," + name + "_seg.nii\n";
  }
  f.write("scans.csv", list);
}

const std::string kMasks = "format = \"image_mask\"\nsource = { images = \"images\", masks = \"masks\" }\n",
                  kShown = "format = \"image_mask\"\nsource = { images = \"shown\", masks = \"masks\" }\n",
                  kPictures = "format = \"image_mask\"\nsource = { images = \"images\", targets = \"images\" }\n",
                  kClasses = "format = \"folder\"\nsource = \"classes\"\n",
                  kScans = "format = \"nifti\"\nsource = \"scans.csv\"\nclasses = [\"dark\", \"bright\"]\n";

// The training part, ten examples or those of ten scans in whole.
std::shared_ptr<const Dataset> training(const TempFolder& f, const std::string& data, const std::string& augment,
                                        std::uint64_t seed = 1) {
  bool scans = data.find("nifti") != std::string::npos, pictures = data.find("targets") != std::string::npos;
  std::string prepare = std::string("scale = \"none\"\nsplit = { method = \"") + (scans ? "subject" : "contiguous") +
                        "\", train = 0.84, test = 0.16 }\n" + (pictures ? "scale_target = \"none\"\n" : "");
  return make_source({parse_toml(data + "augment = " + augment + "\n", ""), parse_toml(prepare, "")})
      ->load(f.path(), seed)
      .train;
}

Rows all_rows(const Dataset& data) {
  Rows rows(static_cast<std::size_t>(data.size()));
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

std::vector<float> targets_of(const Batch& batch) { return batch.target.to(Dtype::f32).to_vector<float>(); }

const std::string kFlipsAndCrops =
    "[ \"flip_horizontal\", \"flip_vertical\", { type = \"crop\", padding = 3 }, "
    "{ type = \"crop\", padding = 2, fill = \"edge\" }, { type = \"crop\", padding = 4, fill = \"reflect\" } ]";
const std::string kMoves =
    "[ { type = \"rotate\", degrees = 25 }, { type = \"elastic\", alpha = 20, sigma = 3 }, \"flip_horizontal\", "
    "{ type = \"crop_resize\", area = [0.6, 1.0], fill = \"reflect\" } ]";

// What the threshold makes of the image is what it makes of the moved image.
void expect_threshold(const Dataset& data, const std::string& what) {
  SCOPED_TRACE(what);
  Rows rows = all_rows(data);
  std::size_t moved = 0;
  std::vector<float> still = data.fetch(rows).inputs.to_vector<float>();
  for (std::int64_t epoch = 0; epoch < 6; ++epoch) {
    Batch batch = data.draw(rows, epoch);
    std::vector<float> x = batch.inputs.to_vector<float>();
    std::vector<std::int32_t> mask = batch.target.to_vector<std::int32_t>();
    ASSERT_EQ(x.size(), mask.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(mask[i], x[i] >= kThreshold) << "epoch " << epoch << ", place " << i;
      moved += x[i] != still[i];
    }
  }
  EXPECT_GT(moved, still.size()) << "or nothing was tested";
}

TEST(AugmentedSources, MasksStayWhatAThresholdMakesOfTheImage) {
  TempFolder f;
  write_pictures(f, value_at);
  write_scans(f);
  for (const char* one :
       {"[ \"flip_horizontal\" ]", "[ \"flip_vertical\" ]", "[ { type = \"crop\", padding = 3 } ]",
        "[ { type = \"shift\", pixels = 3, fill = \"reflect\" } ]", "[ { type = \"rotate\", degrees = [180, 180] } ]"})
    expect_threshold(*training(f, kMasks, one), one);
  expect_threshold(*training(f, kMasks, kFlipsAndCrops), "pictures");
  std::string depth = kFlipsAndCrops.substr(0, kFlipsAndCrops.size() - 1) + ", \"flip_depth\" ]";
  expect_threshold(*training(f, kScans, depth), "volumes");
  expect_threshold(*training(f, kScans + "take = \"patches\"\npatch = [3, 7, 5]\n", depth), "patches");
  for (const char* axis : {"axial", "coronal", "sagittal"})
    expect_threshold(*training(f, kScans + "take = \"slices\"\naxis = \"" + axis + "\"\n", kFlipsAndCrops), axis);
}

// Of pictures of the masks themselves: a place read between alike neighbours has their value, and so has the mask.
TEST(AugmentedSources, MasksTurnAndBendWithTheImage) {
  TempFolder f;
  write_pictures(f, smooth_at);
  std::shared_ptr<const Dataset> data = training(f, kShown, kMoves);
  Rows rows = all_rows(*data);
  std::vector<float> still = data->fetch(rows).inputs.to_vector<float>();
  for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
    Batch batch = data->draw(rows, epoch);
    std::vector<float> x = batch.inputs.to_vector<float>();
    std::vector<std::int32_t> mask = batch.target.to_vector<std::int32_t>();
    std::size_t sure = 0, moved = 0, bright = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      moved += x[i] != still[i];
      if (x[i] != 0 && x[i] != 255) continue;
      ASSERT_EQ(mask[i], x[i] == 255) << "epoch " << epoch << ", place " << i;
      ++sure;
      bright += x[i] == 255;
    }
    EXPECT_GT(sure, x.size() / 2);
    EXPECT_GT(bright, x.size() / 8);
    EXPECT_GT(moved, x.size() / 8);
  }
}

TEST(AugmentedSources, TargetPicturesMoveWithTheImage) {
  TempFolder f;
  write_pictures(f, value_at);
  for (const std::string& augment : {kFlipsAndCrops, kMoves}) {
    std::shared_ptr<const Dataset> data = training(f, kPictures, augment);
    Rows rows = all_rows(*data);
    for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
      Batch batch = data->draw(rows, epoch);
      EXPECT_EQ(batch.inputs.to_vector<float>(), targets_of(batch));
      EXPECT_NE(batch.inputs.to_vector<float>(), data->fetch(rows).inputs.to_vector<float>());
    }
  }
}

struct Case {
  std::string name, data, augment;
};

std::vector<Case> cases() {
  std::string all = kMoves.substr(0, kMoves.size() - 1) +
                    ", { type = \"crop\", padding = 2 }, \"noise\", \"brightness\", \"blur\", \"cut_out\" ]";
  return {{"folder", kClasses, all},
          {"decoded again", kClasses + "stream = \"always\"\n", all},
          {"masks", kMasks, all},
          {"target pictures", kPictures, all},
          {"volumes", kScans, all},
          {"slices", kScans + "take = \"slices\"\naxis = \"coronal\"\n", all},
          {"patches", kScans + "take = \"patches\"\npatch = [3, 7, 5]\nper_volume = 2\n", all}};
}

// Alone, among others, in another order, on any number of threads and in the background.
TEST(AugmentedSources, AnExampleIsAFunctionOfSeedEpochAndRow) {
  TempFolder f;
  write_pictures(f, value_at);
  write_scans(f);
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    std::shared_ptr<const Dataset> data = training(f, c.data, c.augment), again = training(f, c.data, c.augment);
    Rows rows = all_rows(*data);
    Batch whole;
    {
      WithThreads one(1);
      whole = data->draw(rows, 2);
    }
    std::vector<float> x = whole.inputs.to_vector<float>(), t = targets_of(whole);
    EXPECT_NE(x, data->draw(rows, 3).inputs.to_vector<float>());
    EXPECT_NE(x, training(f, c.data, c.augment, 7)->draw(rows, 2).inputs.to_vector<float>());
    std::size_t width = x.size() / rows.size(), places = t.size() / rows.size();
    auto expect = [&](const Batch& batch, std::span<const std::uint32_t> of) {
      std::vector<float> values = batch.inputs.to_vector<float>(), target = targets_of(batch);
      ASSERT_EQ(values.size(), of.size() * width);
      for (std::size_t i = 0; i < of.size(); ++i) {
        ASSERT_TRUE(std::equal(values.begin() + i * width, values.begin() + (i + 1) * width, x.begin() + of[i] * width))
            << "row " << of[i];
        ASSERT_TRUE(
            std::equal(target.begin() + i * places, target.begin() + (i + 1) * places, t.begin() + of[i] * places))
            << "row " << of[i];
      }
    };
    Rows mixed = rows;
    std::ranges::reverse(mixed);
    mixed.push_back(mixed[3]);  // a sample with repeats
    for (int n : {1, 2, 4}) {
      WithThreads scope(n);
      expect(again->draw(mixed, 2), mixed);
      for (std::uint32_t row : mixed) expect(again->draw(Rows{row}, 2), Rows{row});
      auto batches = static_cast<std::int64_t>((mixed.size() + 3) / 4);
      BatchStream stream(*again, mixed, 4, 0, batches, 2);
      for (std::int64_t k = 0; k < batches; ++k) {
        std::size_t first = static_cast<std::size_t>(4 * k);
        expect(stream.next(), std::span(mixed).subspan(first, std::min<std::size_t>(4, mixed.size() - first)));
      }
    }
  }
}

// Who is whose partner depends on the batch: of one batch the bits are the same.
TEST(AugmentedSources, MixedBatchesAreTheSameAtAnyThreadCount) {
  TempFolder f;
  write_pictures(f, value_at);
  std::string augment = kMoves.substr(0, kMoves.size() - 1) + ", { type = \"mixup\", alpha = 1 } ]";
  std::shared_ptr<const Dataset> data = training(f, kClasses, augment), unmixed = training(f, kClasses, kMoves);
  Rows rows = all_rows(*data);
  Batch first;
  {
    WithThreads one(1);
    first = data->draw(rows, 1);
  }
  EXPECT_EQ(first.target.shape(), (Shape{data->size(), 3}));
  EXPECT_NE(first.inputs.to_vector<float>(), unmixed->draw(rows, 1).inputs.to_vector<float>());
  for (int n : {2, 4}) {
    WithThreads scope(n);
    BatchStream stream(*data, rows, data->size(), 0, 1, 1);
    for (const Batch& batch : {data->draw(rows, 1), stream.next()}) {
      EXPECT_EQ(batch.inputs.to_vector<float>(), first.inputs.to_vector<float>());
      EXPECT_EQ(batch.target.to_vector<float>(), first.target.to_vector<float>());
    }
  }
  // Alone an example has itself for a partner.
  EXPECT_THAT(data->draw(Rows{4}, 1).inputs.to_vector<float>(),
              testing::Pointwise(testing::FloatNear(1e-4f), unmixed->draw(Rows{4}, 1).inputs.to_vector<float>()));
}

}  // namespace
}  // namespace gradus
