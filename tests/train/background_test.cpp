// Training on batches that are made in the background: the same bits as from batches made in front, and when resumed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "../base/with_threads.h"
#include "../data/temp_folder.h"
#include "gradus/data/source.h"
#include "gradus/train/trainer.h"

namespace gradus {
namespace {

constexpr int kSide = 10, kExamples = 22;  // batches of 4: the last one of an epoch is short

// Another data set whose batches are made when they are asked for.
class InFront final : public Dataset {
 public:
  explicit InFront(const Dataset& data) : data_(data) {}
  std::int64_t size() const override { return data_.size(); }
  Shape input_shape() const override { return data_.input_shape(); }
  Batch fetch(std::span<const std::uint32_t> rows) const override { return data_.fetch(rows); }
  Batch draw(std::span<const std::uint32_t> rows, std::int64_t epoch) const override { return data_.draw(rows, epoch); }

 private:
  const Dataset& data_;
};

const char* const kAugment =
    "augment = [ \"flip_horizontal\", { type = \"rotate\", degrees = 30 }, { type = \"elastic\", alpha = 12, sigma = 2 "
    "}, { type = \"crop\", padding = 2 }, \"noise\"";

// Pictures that are decoded for every batch: with a class each, or with masks.
class Pictures {
 public:
  Pictures() {
    for (int i = 0; i < kExamples; ++i) {
      std::vector<std::uint8_t> image, mask;
      for (int p = 0; p < kSide * kSide; ++p) {
        image.push_back(static_cast<std::uint8_t>((p * (i + 3) + p / kSide * 17) % 256));
        mask.push_back(image.back() > 100);
      }
      std::string name = std::to_string(10 + i) + ".png";
      folder_.write_png("images/" + name, kSide, kSide, image);
      folder_.write_png("masks/" + name, kSide, kSide, mask);
      folder_.write_png(std::string("classes/") + "abc"[i % 3] + "/" + name, kSide, kSide, image);
    }
  }
  std::shared_ptr<const Dataset> of_classes() const {
    return training("format = \"folder\"\nsource = \"classes\"\n", ", { type = \"mixup\", alpha = 1 } ]");
  }
  std::shared_ptr<const Dataset> with_masks() const {
    return training("format = \"image_mask\"\nsource = { images = \"images\", masks = \"masks\" }\n", " ]");
  }

 private:
  std::shared_ptr<const Dataset> training(const std::string& data, const std::string& rest) const {
    return make_source({parse_toml(data + "stream = \"always\"\n" + kAugment + rest + "\n", ""),
                        parse_toml("scale = \"standardize\"\nsplit = { method = \"contiguous\", train = 0.82, test = "
                                   "0.18 }\n",
                                   "")})
        ->load(folder_.path(), 1)
        .train;
  }
  TempFolder folder_;
};

struct Saved {
  Value metadata;
  std::vector<std::pair<std::string, Tensor>> tensors;
};

// What training is left with: every number of the network, and the course of the losses.
struct Trained {
  std::vector<float> state;
  std::vector<double> losses;
  std::int64_t steps = 0;
  bool operator==(const Trained&) const = default;
};

class Course {
 public:
  explicit Course(bool masks) : masks_(masks), loss_(make_loss("cross_entropy", "loss")) {
    params_.epochs = 3;
    params_.batch_size = 4;
    params_.optimizer = "adam";
    params_.schedule = "cosine";
    params_.checkpoint_steps = 1;
  }
  // From the beginning or from a checkpoint; stopped by `stop` after `stop_at` steps, where that is not 0.
  Trained train(const Dataset& data, const Saved* from = nullptr, std::vector<Saved>* saved = nullptr,
                std::int64_t stop_at = 0) const {
    std::string layers = "[ { type = \"conv2d\", channels = 3, padding = \"same\" }, \"batch_norm\", \"relu\", ";
    layers += masks_ ? "{ type = \"conv2d\", padding = \"same\" } ]"
                     : "\"flatten\", { type = \"dropout\", rate = 0.3 }, { type = \"linear\" } ]";
    auto network = make_network(parse_toml_value(layers), masks_ ? 2 : 3, "layers");
    network->build(data.input_shape(), 3);
    Trainer trainer(*network, *loss_, params_, 5);
    if (from != nullptr) trainer.resume(from->metadata, from->tensors);
    std::atomic<bool> stop = false;
    std::int64_t steps = 0;
    TrainCallbacks callbacks;
    callbacks.stop = &stop;
    callbacks.progress = [&](const Progress&) { stop = ++steps == stop_at; };
    if (saved != nullptr)
      callbacks.save = [&](const Value& m, const std::vector<std::pair<std::string, Tensor>>& tensors) {
        Saved s{m, {}};
        for (const auto& [name, t] : tensors) s.tensors.emplace_back(name, t.copy());
        saved->push_back(std::move(s));
      };
    TrainResult r = trainer.fit(data, callbacks);
    Trained out;
    out.steps = r.steps;
    for (const auto& [name, t] : state_of(*network))
      for (float v : t.to(Dtype::f32).to_vector<float>()) out.state.push_back(v);
    for (const EpochRecord& e : r.history) out.losses.push_back(e.train_loss);
    return out;
  }

 private:
  bool masks_;
  std::unique_ptr<Loss> loss_;
  TrainParams params_;
};

TEST(BackgroundTraining, GivesTheBitsOfBatchesMadeInFront) {
  Pictures pictures;
  for (bool masks : {false, true}) {
    std::shared_ptr<const Dataset> data = masks ? pictures.with_masks() : pictures.of_classes();
    ASSERT_TRUE(data->is_costly());
    ASSERT_FALSE(InFront(*data).is_costly());
    ASSERT_NE(data->size() % 4, 0) << "the last batch is to be short";
    Course run(masks);
    Trained expected;
    {
      WithThreads one(1);
      expected = run.train(InFront(*data));
    }
    EXPECT_EQ(expected.losses.size(), 3u);
    for (int n : {1, 2, 4}) {
      WithThreads scope(n);
      EXPECT_EQ(run.train(*data), expected) << n << " threads";
      EXPECT_EQ(run.train(InFront(*data)), expected) << n << " threads";
    }
  }
}

TEST(BackgroundTraining, StoppedInsideAnEpochAndResumedGivesTheSameBits) {
  Pictures pictures;
  for (bool masks : {false, true}) {
    std::shared_ptr<const Dataset> data = masks ? pictures.with_masks() : pictures.of_classes();
    Course run(masks);
    Trained whole = run.train(InFront(*data));
    for (int n : {1, 3}) {
      WithThreads scope(n);
      for (std::int64_t stop_at : {2, 5, 7, 13}) {
        std::vector<Saved> saved;
        Trained part = run.train(*data, nullptr, &saved, stop_at);
        ASSERT_EQ(part.steps, stop_at);
        ASSERT_NE(part, whole);
        EXPECT_EQ(run.train(*data, &saved.back()), whole) << n << " threads, stopped after step " << stop_at;
      }
    }
  }
}

// Killed at any time: what counts is the last checkpoint.
TEST(BackgroundTraining, ResumesFromEveryCheckpoint) {
  WithThreads scope(2);
  Pictures pictures;
  std::shared_ptr<const Dataset> data = pictures.with_masks();
  Course run(true);
  std::vector<Saved> saved;
  Trained whole = run.train(*data, nullptr, &saved);
  std::size_t inside = 0;
  for (const Saved& s : saved) {
    inside += s.metadata.at("position").as_integer() > 0;
    EXPECT_EQ(run.train(*data, &s), whole) << "from step " << s.metadata.at("steps").as_integer();
  }
  EXPECT_GE(inside, 9u) << "checkpoints inside an epoch";
}

}  // namespace
}  // namespace gradus
