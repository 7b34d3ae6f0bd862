// Training on augmented images: warnings about transforms that change classes, exact resume.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "../base/expect_error.h"
#include "../data/idx_bytes.h"
#include "../data/temp_file.h"
#include "gradus/train/experiment.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kSide = 12;

// The letters b, d, p and q: one shape, mirrored left to right, top to bottom, and both. Each image is moved by up to a
// pixel and speckled.
std::string letter(int which, std::uint64_t image) {
  RandomKey key = RandomKey{5, 0, 0}.in("letters").at_step(static_cast<std::uint32_t>(image));
  auto down = static_cast<std::int64_t>(uniform_below(key, 0, 3)) - 1,
       right = static_cast<std::int64_t>(uniform_below(key, 1, 3)) - 1;
  std::string pixels;
  for (std::int64_t y = 0; y < kSide; ++y)
    for (std::int64_t x = 0; x < kSide; ++x) {
      std::int64_t i = y - down, j = x - right;
      if (which == 1 || which == 3) j = kSide - 1 - j;
      if (which >= 2) i = kSide - 1 - i;
      bool stem = j == 4 && i >= 2 && i <= 9, bowl = j >= 5 && j <= 8 && i >= 5 && i <= 9;
      bool hole = (j == 5 || j == 6 || j == 7) && i >= 6 && i <= 8;
      double ink = stem || (bowl && !hole) ? 200 : 20;
      ink += 50 * static_cast<double>(uniform01(key, 100 + static_cast<std::uint64_t>(y * kSide + x)));
      pixels += static_cast<char>(static_cast<unsigned char>(ink));
    }
  return pixels;
}

struct Letters {
  static constexpr std::uint32_t kImages = 800;
  static std::string pixels() {
    std::string all = idx_header(0x08, {kImages, kSide, kSide});
    for (std::uint32_t i = 0; i < kImages; ++i) all += letter(static_cast<int>(i % 4), i);
    return all;
  }
  static std::string classes() {
    std::string all = idx_header(0x08, {kImages});
    for (std::uint32_t i = 0; i < kImages; ++i) all += static_cast<char>(i % 4);
    return all;
  }
  TempFile images{pixels(), ".idx"}, labels{classes(), ".idx"};

  Experiment experiment(const std::string& augment, const std::string& train = "epochs = 15",
                        const std::string& loss = "cross_entropy") const {
    return experiment_of(
        parse_toml("name = \"letters\"\n[data]\nformat = \"idx\"\ntrain = [\"" + images.path() + "\", \"" +
                       labels.path() + "\"]\nclasses = [\"b\", \"d\", \"p\", \"q\"]\naugment = " + augment +
                       "\n[prepare]\nscale = \"normalize\"\n" +
                       "split = { method = \"stratified\", train = 0.5, validation = 0.4, test = 0.1 }\n" +
                       "[model]\nloss = \"" + loss + "\"\nlayers = [ { type = \"flatten\" }, " +
                       "{ type = \"linear\", units = 32 }, { type = \"relu\" }, { type = \"linear\" } ]\n[train]\n" +
                       train + "\n",
                   ""),
        ".");
  }
};

struct RunIn {
  std::string path = testing::TempDir() + "gradus_augmented_" + std::to_string(getpid());
  ~RunIn() { std::filesystem::remove_all(path); }
  RunOutcome run(const Experiment& e, RunOptions options = {}) const {
    options.out = path;
    options.overwrite = !options.resume;
    return run_experiment(e, options);
  }
};

std::vector<std::string> warnings(const RunOutcome& run) {
  std::vector<std::string> all;
  for (const std::string& note : run.notes)
    if (note.find("turns") != std::string::npos) all.push_back(note);
  return all;
}

double accuracy(const RunOutcome& run) { return run.metrics.at("metrics").at("validation").at("accuracy").as_real(); }

TEST(AugmentationCheck, MirroredLettersAreNamed) {
  RunOutcome run = RunIn().run(Letters().experiment("[\"flip_horizontal\"]"));
  EXPECT_LT(accuracy(run), 0.8);  // it cannot know which letter was mirrored
  std::vector<std::string> said = warnings(run);
  // Of each pair at least the letter that it answers less often.
  EXPECT_THAT(said, Contains(AnyOf(HasSubstr("data.augment: flip_horizontal turns \"b\" into \"d\" in"),
                                   HasSubstr("data.augment: flip_horizontal turns \"d\" into \"b\" in"))));
  EXPECT_THAT(said, Contains(AnyOf(HasSubstr("turns \"p\" into \"q\" in"), HasSubstr("turns \"q\" into \"p\" in"))));
  EXPECT_THAT(said, Each(Not(AllOf(HasSubstr("\"b\" into"), HasSubstr("\"p\" in")))));
}

// Seldom mirrored, the network still knows the letters, and mistakes mirrored ones for each other.
TEST(AugmentationCheck, ANetworkThatKnowsTheClassesSaysItItself) {
  RunOutcome run = RunIn().run(Letters().experiment("[{ type = \"flip_vertical\", probability = 0.1 }]"));
  EXPECT_GT(accuracy(run), 0.95);
  EXPECT_THAT(warnings(run), Contains(AllOf(HasSubstr("flip_vertical turns \"b\" into \"p\" in"),
                                            HasSubstr("(0 % without)"), Not(HasSubstr("nearest")))));
}

TEST(AugmentationCheck, HarmlessTransformsAreNot) {
  RunOutcome run = RunIn().run(Letters().experiment(
      "[{ type = \"shift\", pixels = 1 }, { type = \"rotate\", degrees = 10 }, \"noise\", \"brightness\"]",
      "epochs = 40"));
  EXPECT_GT(accuracy(run), 0.95);
  EXPECT_THAT(warnings(run), testing::IsEmpty());
}

TEST(AugmentationCheck, OnlyTheTransformToBlameIsNamed) {
  RunOutcome run = RunIn().run(
      Letters().experiment("[{ type = \"noise\", deviation = 0.02 }, \"flip_horizontal\", \"brightness\"]"));
  EXPECT_THAT(warnings(run), Each(HasSubstr("flip_horizontal")));
  EXPECT_THAT(warnings(run), Not(testing::IsEmpty()));
}

const char* const kMany =
    "[{ type = \"crop\", padding = 1 }, \"rotate\", \"elastic\", \"noise\", \"cut_out\", \"mixup\"]";

// Stopped inside the second epoch and resumed.
TEST(AugmentedTraining, ResumedGivesTheSameBits) {
  Letters letters;
  Experiment e = letters.experiment(kMany, "epochs = 4");
  RunIn folder;
  Value whole = folder.run(e).metrics.at("model");
  std::atomic<bool> stop = false;
  RunOptions options;
  options.stop = &stop;
  options.progress = [&](const Progress& p) { stop = p.epoch == 2 && p.step == 5; };
  EXPECT_EQ(folder.run(e, options).training.stopped, Stopped::interrupted);
  RunOptions again;
  again.resume = true;
  RunOutcome resumed = folder.run(e, again);
  EXPECT_EQ(resumed.training.epochs, 4);
  EXPECT_EQ(resumed.metrics.at("model").at("hash"), whole.at("hash"));
}

TEST(AugmentedTraining, ResumeRefusesAnotherList) {
  Letters letters;
  RunIn folder;
  folder.run(letters.experiment("[\"noise\"]", "epochs = 1"));
  RunOptions again;
  again.resume = true;
  EXPECT_THAT(error_of(ErrorKind::config, [&] { folder.run(letters.experiment("[\"blur\"]", "epochs = 1"), again); }),
              HasSubstr("data.augment"));
  folder.run(letters.experiment("[{ type = \"noise\", deviation = 0.05 }]", "epochs = 1"), again);  // as it was
}

TEST(AugmentedTraining, MixupNeedsALossOfShares) {
  Letters letters;
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] { prepare_experiment(letters.experiment("[\"mixup\"]", "epochs = 1", "hinge")); }),
              AllOf(HasSubstr("data.augment"), HasSubstr("hinge"), HasSubstr("cross_entropy")));
  prepare_experiment(letters.experiment("[\"noise\"]", "epochs = 1", "hinge"));
}

TEST(AugmentedTraining, MixupGoesWithClassWeights) {
  RunOutcome run = RunIn().run(Letters().experiment("[\"mixup\"]", "epochs = 15\nclass_weights = { b = 2 }"));
  EXPECT_GT(accuracy(run), 0.95);
}

}  // namespace
}  // namespace gradus
