// Pictures, masks and scans through the command: training, evaluation, predictions in files, and mistakes in the data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "../data/idx_bytes.h"
#include "../data/nifti_file.h"
#include "command.h"
#include "gradus/data/readers/image.h"
#include "gradus/report/png.h"

namespace gradus::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

void write_png(const Folder& f, const std::string& name, int height, int width,
               const std::vector<std::uint8_t>& pixels) {
  fs::create_directories(fs::path(f / name).parent_path());
  f.write(name, encode_png({width, height, static_cast<int>(pixels.size()) / (height * width), pixels}));
}

// A bright disc on a dark, uneven ground, and the mask of the disc.
void write_disc(const Folder& f, const std::string& part, int number, int height, int width) {
  std::vector<std::uint8_t> image, mask;
  int top = 4 + number % 5, left = 4 + number * 3 % 7;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      bool inside = (y - top) * (y - top) + (x - left) * (x - left) <= 9;
      image.push_back(static_cast<std::uint8_t>((inside ? 170 : 10) + (y * 31 + x * 17 + number * 7) % 60));
      mask.push_back(inside);
    }
  std::string name = "/" + std::to_string(10 + number) + ".png";
  write_png(f, part + "/images" + name, height, width, image);
  write_png(f, part + "/masks" + name, height, width, mask);
}

std::string masks_config(const std::string& more = "") {
  return "name = \"discs\"\nseed = 1\n[data]\nformat = \"image_mask\"\ntrain = { images = \"train/images\", masks = "
         "\"train/masks\" }\ntest = { images = \"test/images\", masks = \"test/masks\" }\nclasses = [\"background\", "
         "\"disc\"]\n" +
         more +
         "[prepare]\nsplit = \"files\"\nscale = \"standardize\"\n[model]\nloss = \"cross_entropy\"\nlayers = [ { type "
         "= "
         "\"conv2d\", channels = 4, padding = \"same\" }, \"relu\", { type = \"conv2d\", padding = \"same\" } ]\n"
         "[train]\nepochs = 12\nbatch_size = 4\noptimizer = { type = \"adam\", lr = 0.03 }\n";
}

constexpr int kHeight = 15, kWidth = 18;

void write_discs(const Folder& f) {
  for (int i = 0; i < 16; ++i) write_disc(f, i < 12 ? "train" : "test", i, kHeight, kWidth);
}

Value parsed(const Result& r) {
  EXPECT_EQ(r.code, 0) << r.err;
  return parse_json(r.out, "out");
}

// How often each class was predicted (column) for each true one (row), from the masks in two folders.
std::string confusion_of(const Folder& f, const std::string& truth, const std::string& predicted) {
  std::array<std::array<int, 2>, 2> counts{};
  for (const auto& entry : fs::directory_iterator(f / truth)) {
    LabelImage t = read_label_image(entry.path()),
               p = read_label_image(f / predicted + "/" + entry.path().filename().string());
    EXPECT_EQ(p.height, t.height);
    EXPECT_EQ(p.width, t.width);
    for (std::size_t i = 0; i < t.values.size(); ++i) {
      EXPECT_LT(p.values[i], 2) << "a class number";
      ++counts[t.values[i]][std::min<std::uint16_t>(p.values[i], 1)];
    }
  }
  return "[[" + std::to_string(counts[0][0]) + "," + std::to_string(counts[0][1]) + "],[" +
         std::to_string(counts[1][0]) + "," + std::to_string(counts[1][1]) + "]]";
}

TEST(Masks, AreTrainedEvaluatedAndWrittenAsClassNumbers) {
  Folder f;
  write_discs(f);
  std::string config = f.write("discs.toml", masks_config("augment = [ \"flip_horizontal\", { type = \"crop\", padding "
                                                          "= 2 } ]\nstream = \"always\"\n"));
  Value trained = parsed(gradus({"train", config, "--out", f / "run", "--quiet", "--json"}));
  Value test = *trained.find_path("metrics.test");
  EXPECT_GT(test.at("mean_dice").as_real(), 0.8);
  EXPECT_NE(test.find("mean_hausdorff"), nullptr);
  Value again =
      parsed(gradus({"evaluate", f / "run", "--data", f / "test/images", f / "test/masks", "--json"})).at("metrics");
  EXPECT_EQ(again.at("confusion"), test.at("confusion"));
  EXPECT_EQ(again.at("per_class"), test.at("per_class"));
  EXPECT_THAT(gradus({"evaluate", f / "run", "--data", f / "test/images", f / "test/masks"}).out,
              AllOf(HasSubstr("mean_dice"), HasSubstr("disc"), HasSubstr("hausdorff95")));

  Result r = gradus({"predict", f / "run", "--data", f / "test/images", "--out", f / "predicted"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("4 files in "));
  EXPECT_EQ(confusion_of(f, "test/masks", "predicted"), to_json(test.at("confusion"), -1));
}

TEST(Masks, PredictedHaveTheSizeOfTheirImages) {
  Folder f;
  write_discs(f);
  for (int i = 20; i < 23; ++i) write_disc(f, "new", i, 20 + i, 44 - i);
  for (const char* fit : {"stretch", "crop", "pad"}) {
    SCOPED_TRACE(fit);
    std::string config =
        f.write("discs.toml", masks_config(std::string("image = { size = [16, 16], fit = \"") + fit + "\" }\n"));
    ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--quiet", "--overwrite"}).code, 0);
    fs::remove_all(f / "predicted");
    Result r = gradus({"predict", f / "run", "--data", f / "new/images", f / "test/images", "--out", f / "predicted"});
    ASSERT_EQ(r.code, 0) << r.err;
    confusion_of(f, "new/masks", "predicted");
    confusion_of(f, "test/masks", "predicted");
  }
}

// Trained on 15 x 18 pixels; larger and smaller images are taken in patches of that size.
TEST(Masks, OfOtherSizesAreEvaluatedAndPredictedInPatches) {
  Folder f;
  write_discs(f);
  for (int i = 20; i < 23; ++i) write_disc(f, "large", i, 33, 40);
  for (int i = 20; i < 23; ++i) write_disc(f, "small", i, 15, 16);
  ASSERT_EQ(gradus({"train", f.write("discs.toml", masks_config()), "--out", f / "run", "--quiet"}).code, 0);
  for (const char* size : {"large", "small"}) {
    SCOPED_TRACE(size);
    std::string part = size;
    Result r = gradus({"evaluate", f / "run", "--data", f / part + "/images", f / part + "/masks", "--json"});
    Value metrics = parsed(r).at("metrics");
    EXPECT_THAT(r.err, HasSubstr("in patches of 15 x 18"));
    EXPECT_GT(metrics.at("mean_dice").as_real(), 0.8);
    EXPECT_TRUE(std::isfinite(metrics.at("loss").as_real()));
    ASSERT_EQ(gradus({"predict", f / "run", "--data", f / part + "/images", "--out", f / part + "/predicted"}).code, 0);
    EXPECT_EQ(confusion_of(f, part + "/masks", part + "/predicted"), to_json(metrics.at("confusion"), -1));
  }
  Result overlay = gradus({"predict", f / "run", "--data", f / "large/images", "--overlay", f / "seen"});
  EXPECT_EQ(overlay.code, 2) << overlay.err;
  EXPECT_THAT(overlay.err, AllOf(HasSubstr("--overlay"), HasSubstr("[15, 18, 1]"), HasSubstr("[33, 40, 1]")));
  EXPECT_FALSE(f.has("seen"));
  Result mixed = gradus({"predict", f / "run", "--data", f / "large/images", f / "small/images", "--out", f / "both"});
  EXPECT_EQ(mixed.code, 1);
  EXPECT_THAT(mixed.err, AllOf(HasSubstr("small/images"), HasSubstr("33 x 40"), HasSubstr("got 15 x 16"),
                               HasSubstr("one size at a time")));
}

TEST(Masks, OverlaysShowThem) {
  Folder f;
  write_discs(f);
  ASSERT_EQ(gradus({"train", f.write("discs.toml", masks_config()), "--out", f / "run", "--quiet"}).code, 0);
  Result r = gradus({"predict", f / "run", "--data", f / "test/images", "--overlay", f / "seen"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("4 pictures in "));
  int pictures = 0;
  for (const auto& entry : fs::directory_iterator(f / "seen")) {
    Image p = read_image(entry.path());
    EXPECT_EQ(p.width, 14 * kWidth) << "the most that 256 pixels allow";
    EXPECT_EQ(p.height, 14 * kHeight);
    EXPECT_EQ(p.channels, 3);
    ++pictures;
  }
  EXPECT_EQ(pictures, 4);
  EXPECT_TRUE(f.has("seen/22.png")) << "named after its image";
}

TEST(Masks, AreNeverWrittenOverTheImages) {
  Folder f;
  write_discs(f);
  ASSERT_EQ(gradus({"train", f.write("discs.toml", masks_config()), "--out", f / "run", "--quiet"}).code, 0);
  std::string before = f.read("test/images/22.png");
  f.write("list.csv", "image\ntest/images/22.png\n");
  for (const std::string& data : {f / "test/images", f / "test/images/22.png", f / "list.csv"}) {
    Result r = gradus({"predict", f / "run", "--data", data, "--out", f / "test/images"});
    EXPECT_EQ(r.code, 2) << r.err;
    EXPECT_EQ(f.read("test/images/22.png"), before) << data;
  }
  // An image in the folder where the command runs is shown under its own name.
  fs::path from = fs::current_path();
  f.write("22.png", before);
  fs::current_path(f / "");
  Result r = gradus({"predict", "run", "--data", "22.png", "--overlay", "."});
  fs::current_path(from);
  EXPECT_EQ(r.code, 2) << r.err;
  EXPECT_THAT(r.err, AllOf(HasSubstr("--overlay"), HasSubstr("22.png")));
  EXPECT_EQ(f.read("22.png"), before);
}

// Tiles of 6 x 6, bright above or below.
TEST(Grid, IsTrainedEvaluatedAndPredicted) {
  Folder f;
  constexpr int kRows = 6, kColumns = 8, kTile = 6;
  std::vector<std::uint8_t> pixels;
  std::string labels;
  for (int y = 0; y < kRows * kTile; ++y)
    for (int x = 0; x < kColumns * kTile; ++x) {
      int tile = y / kTile * kColumns + x / kTile;
      pixels.push_back(static_cast<std::uint8_t>((y % kTile < 3) == (tile % 3 == 0) ? 200 : (x * 13 + y * 7) % 80));
    }
  for (int tile = 0; tile < kRows * kColumns; ++tile) labels += tile % 3 == 0 ? "above\n" : "below\n";
  write_png(f, "grid.png", kRows * kTile, kColumns * kTile, pixels);
  f.write("labels.txt", labels);
  std::string config = f.write(
      "grid.toml",
      "name = \"grid\"\nseed = 1\n[data]\nformat = \"image_grid\"\nsource = { image = \"grid.png\", labels = "
      "\"labels.txt\", tile = [6, 6] }\n[prepare]\nsplit = { method = \"stratified\", train = 0.7, test = 0.3 }\nscale "
      "= \"normalize\"\n[model]\nlayers = [ \"flatten\", { type = \"linear\" } ]\n[train]\nepochs = 20\nbatch_size = "
      "8\n"
      "optimizer = { type = \"adam\", lr = 0.02 }\n");
  Value trained = parsed(gradus({"train", config, "--out", f / "run", "--quiet", "--json"}));
  EXPECT_EQ(trained.find_path("metrics.test.accuracy")->as_real(), 1);
  Value again = parsed(gradus({"evaluate", f / "run", "--data", f / "grid.png", f / "labels.txt", "--json"}));
  EXPECT_EQ(again.find_path("metrics.accuracy")->as_real(), 1);
  Result r = gradus({"predict", f / "run", "--data", f / "grid.png", "--out", f / "answers.csv"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(f.read("answers.csv"), AllOf(HasSubstr("grid.png[0],above"), HasSubstr("grid.png[47],below")));
  f.write("labels.txt", labels + "above\n");
  Result wrong = gradus({"train", config, "--out", f / "other", "--quiet"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("labels.txt"), HasSubstr("48 tiles"), HasSubstr("got 49")));
}

// Scans of 8 x 8 x 8 voxels of `mm` with a bright block, and labels beside it.
std::string scan_bytes(int number, bool labels, float mm) {
  std::vector<std::int16_t> voxels;
  for (int z = 0; z < 8; ++z)
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) {
        int from = labels ? 2 : 1 + number % 2;  // of every other scan the labels lie one voxel off
        bool inside = z >= from && z < from + 3 && y >= 2 && y < 6 && x >= 3 && x < 6;
        voxels.push_back(static_cast<std::int16_t>(labels ? inside : inside * 300 + (x * 7 + y * 5 + z * 3) % 40));
      }
  return nifti_bytes(8, 8, 8, voxels, mm);
}

std::string scans_config(const Folder& f) {
  std::string list = "subject,image,label\n";
  for (int i = 0; i < 8; ++i) {
    std::string name = std::to_string(i);
    f.write(name + ".nii", scan_bytes(i, false, 1));
    f.write(name + "_seg.nii", scan_bytes(i, true, 1));
    list += name + "," + name + ".nii," + name + "_seg.nii\n";
  }
  f.write("scans.csv", list);
  return f.write("scans.toml",
                 "name = \"scans\"\nseed = 1\n[data]\nformat = \"nifti\"\nsource = \"scans.csv\"\nclasses = "
                 "[\"background\", \"organ\"]\n[prepare]\nsplit = { method = \"subject\", train = 0.5, test = 0.5 }\n"
                 "[model]\nloss = \"cross_entropy\"\nlayers = [ { type = \"conv3d\", kernel = 1 } ]\n[train]\nepochs = "
                 "30\nbatch_size = 2\noptimizer = { type = \"adam\", lr = 0.1 }\n");
}

// The same voxels twice as far apart: the predictions are the same, and twice as far from the truth.
TEST(Scans, DistancesAreInMillimetres) {
  Folder f;
  ASSERT_EQ(gradus({"train", scans_config(f), "--out", f / "run", "--quiet"}).code, 0);
  auto distance = [&](float mm) {
    f.write("new.nii", scan_bytes(0, false, mm));
    f.write("new_seg.nii", scan_bytes(0, true, mm));
    f.write("new.csv", "subject,image,label\n1,new.nii,new_seg.nii\n");
    return parsed(gradus({"evaluate", f / "run", "--data", f / "new.csv", "--json"}))
        .find_path("metrics.mean_hausdorff")
        ->as_real();
  };
  EXPECT_NEAR(distance(1), 1, 1e-6);
  EXPECT_NEAR(distance(2), 2, 1e-6);
}

// What a mistake in the data is told as: in one line, with the file; nothing is left behind.
void expect_told(const Folder& f, const std::string& config, const std::vector<std::string>& says) {
  Result r = gradus({"train", config, "--out", f / "wrong", "--quiet"});
  EXPECT_EQ(r.code, 1) << r.err;
  EXPECT_THAT(r.err, StartsWith("gradus: "));
  for (const std::string& s : says) EXPECT_THAT(r.err, HasSubstr(s));
  EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
  EXPECT_EQ(r.out, "");
  EXPECT_FALSE(f.has("wrong"));
}

TEST(WrongData, MasksAreNamedWithWhatWasExpected) {
  Folder f;
  write_discs(f);
  std::string config = f.write("discs.toml", masks_config()), mask = f.read("train/masks/13.png");
  write_png(f, "train/masks/13.png", 10, 18, std::vector<std::uint8_t>(180, 0));
  expect_told(f, config, {"train/masks/13.png", "expected 15 x 18", "train/images/13.png", "got 10 x 18"});
  std::vector<std::uint8_t> numbers(15 * 18, 1);
  numbers[2 * 18 + 5] = 7;
  write_png(f, "train/masks/13.png", 15, 18, numbers);
  expect_told(f, config, {"train/masks/13.png", "class numbers below 2", "7 at row 2, column 5"});
  fs::remove(f / "train/masks/13.png");
  expect_told(f, config, {"train/images/13.png", "no partner 13.*", "train/masks"});
  write_png(f, "train/masks/13.png", 15, 18, std::vector<std::uint8_t>(15 * 18 * 3, 1));
  expect_told(f, config, {"train/masks/13.png", "a grey or palette PNG", "one of colours"});
  f.write("train/masks/13.png", mask.substr(0, mask.size() / 2));
  expect_told(f, config, {"train/masks/13.png", "damaged"});
  f.write("train/masks/13.png", mask);
  EXPECT_EQ(gradus({"train", config, "--out", f / "right", "--quiet", "--set", "train.epochs=1"}).code, 0);
}

TEST(WrongData, BrokenImagesAreNamed) {
  Folder f;
  write_discs(f);
  std::string config = f.write("discs.toml", masks_config()), image = f.read("test/images/23.png");
  f.write("test/images/23.png", image.substr(0, image.size() - 20));
  expect_told(f, config, {"test/images/23.png", "damaged", "data.on_broken"});
  f.write("test/images/23.png", "no picture");
  expect_told(f, config, {"test/images/23.png", "a PNG, JPEG or WebP image", "6e 6f 20 70"});
  f.write("test/images/23.png", "");
  expect_told(f, config, {"test/images/23.png", "an empty file"});
  f.write("test/images/23.png", image.substr(0, 16) + be32(100000) + be32(100000) + image.substr(24));
  expect_told(f, config, {"test/images/23.png", "at most 100 million pixels", "100000 x 100000"});
  Result skipped = gradus({"train", config, "--out", f / "run", "--set", "data.on_broken=skip"});
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_THAT(skipped.err, AllOf(HasSubstr("1 example is broken"), HasSubstr("test/images/23.png")));
  Result predicted = gradus({"predict", f / "run", "--data", f / "test/images", "--out", f / "predicted"});
  EXPECT_EQ(predicted.code, 0) << "as in training";
  EXPECT_THAT(predicted.err, AllOf(HasSubstr("3 files in"), HasSubstr("test/images/23.png")));
}

TEST(WrongData, NewDataAreNamedToo) {
  Folder f;
  write_discs(f);
  ASSERT_EQ(gradus({"train", f.write("discs.toml", masks_config()), "--out", f / "run", "--quiet"}).code, 0);
  std::string image = f.read("test/images/23.png");
  write_png(f, "test/masks/23.png", 15, 17, std::vector<std::uint8_t>(15 * 17, 0));
  Result r = gradus({"evaluate", f / "run", "--data", f / "test/images", f / "test/masks"});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, AllOf(HasSubstr("test/masks/23.png"), HasSubstr("expected 15 x 18"), HasSubstr("got 15 x 17")));
  fs::remove(f / "test/masks/23.png");
  r = gradus({"evaluate", f / "run", "--data", f / "test/images", f / "test/masks"});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, AllOf(HasSubstr("test/images/23.png"), HasSubstr("no partner")));
  f.write("test/images/23.png", image.substr(0, 16) + be32(100000) + be32(100000) + image.substr(24));
  r = gradus({"predict", f / "run", "--data", f / "test/images", "--out", f / "predicted"});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, AllOf(HasSubstr("test/images/23.png"), HasSubstr("100000 x 100000")));
}

TEST(WrongData, ScansAreNamed) {
  Folder f;
  std::string config = scans_config(f), scan = scan_bytes(3, false, 1), labels = scan_bytes(3, true, 1);
  f.write("3.nii", with_field(scan, 42, std::int16_t{30000}));
  expect_told(f, config, {"3.nii", "bytes, as the header says", "cut off"});
  f.write("3.nii", scan.substr(0, scan.size() - 100));
  expect_told(f, config, {"3.nii", std::to_string(352 + 2 * 512) + " bytes", std::to_string(scan.size() - 100)});
  f.write("3.nii", scan);
  f.write("3_seg.nii", with_field(labels, 352 + 2 * 77, std::int16_t{9}));
  expect_told(f, config, {"3_seg.nii", "label values that classes have", "got 9"});
  f.write("3_seg.nii", nifti_bytes(8, 8, 7, std::vector<std::int16_t>(448, 0)));
  expect_told(f, config, {"3_seg.nii", "8 x 8 x 8 voxels like the scan", "3.nii", "got 7 x 8 x 8"});
  fs::remove(f / "3_seg.nii");
  expect_told(f, config, {"3_seg.nii"});
}

}  // namespace
}  // namespace gradus::test
