#include "gradus/data/image_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../base/expect_error.h"
#include "idx_bytes.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Rows = std::vector<std::uint32_t>;

// Images [2, 2, 2] whose values are 8 i, 8 i + 1, ..., with masks or target pictures where they are asked for.
class Counting final : public ImageStore {
 public:
  explicit Counting(Shape mask = {}, Shape target = {}) : mask_(mask), target_(target) {}
  std::int64_t size() const override { return 40; }
  Shape shape() const override { return {2, 2, 2}; }
  void read(std::int64_t image, std::span<float> v) const override { std::iota(v.begin(), v.end(), 8.0f * image); }
  Shape mask_shape() const override { return mask_; }
  void read_mask(std::int64_t, std::span<std::int32_t> v) const override { std::iota(v.begin(), v.end(), 0); }
  Shape target_shape() const override { return target_; }
  void read_target(std::int64_t, std::span<float> v) const override { std::iota(v.begin(), v.end(), 10.0f); }

 private:
  Shape mask_, target_;
};

ImageDataset::Parts parts(const std::string& augment, std::shared_ptr<ImageStore> images, const Tensor& target = {}) {
  ImageDataset::Parts p;
  p.images = std::move(images);
  p.target = target;
  p.augmenter = std::make_shared<const Augmenter>(parse_toml_value(augment), 1);
  return p;
}

TEST(ImageDataset, ScalesEachChannel) {
  ImageDataset::Parts p = parts("[]", std::make_shared<Counting>(), Tensor::zeros({40, 1}));
  p.format.shift = {8, 10};
  p.format.scale = {2, 0.5};
  EXPECT_THAT(ImageDataset(p).fetch(Rows{1}).inputs.to_vector<float>(), ElementsAre(0, -0.5, 4, 0.5, 8, 1.5, 12, 2.5));
}

TEST(ImageDataset, MasksAndPicturesFollow) {
  const char* flip = "[{ type = \"flip_horizontal\", probability = 1 }]";
  Batch masks = ImageDataset(parts(flip, std::make_shared<Counting>(Shape{2, 2}))).draw(Rows{0}, 0);
  EXPECT_THAT(masks.inputs.to_vector<float>(), ElementsAre(2, 3, 0, 1, 6, 7, 4, 5));
  EXPECT_THAT(masks.target.to_vector<std::int32_t>(), ElementsAre(1, 0, 3, 2));
  EXPECT_EQ(masks.total_weight, 4);
  ImageDataset pictures(parts(flip, std::make_shared<Counting>(Shape{}, Shape{1, 3, 1})));
  EXPECT_THAT(pictures.draw(Rows{0}, 0).target.to_vector<float>(), ElementsAre(12, 11, 10));
  EXPECT_THAT(pictures.fetch(Rows{0}).target.to_vector<float>(), ElementsAre(10, 11, 12));
}

// One batch of all or batches of one, one thread or four, any order: an example is drawn the same.
TEST(ImageDataset, DrawsDoNotDependOnTheBatch) {
  ImageDataset data(parts("[\"flip_horizontal\", \"rotate\", \"elastic\", \"noise\"]", std::make_shared<Counting>(),
                          Tensor::zeros({40, 1})));
  Rows rows(40);
  std::iota(rows.begin(), rows.end(), 0u);
  std::vector<float> all = data.draw(rows, 3).inputs.to_vector<float>();
  EXPECT_NE(all, data.draw(rows, 4).inputs.to_vector<float>());
  std::reverse(rows.begin(), rows.end());
  for (std::uint32_t row : rows) {
    std::vector<float> one = data.draw(Rows{row}, 3).inputs.to_vector<float>();
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + row * 8)) << row;
  }
}

TEST(ImageDataset, MixupMakesSharesOfClasses) {
  std::vector<std::int32_t> classes(40);
  for (std::int32_t i = 0; i < 40; ++i) classes[i] = i % 3;
  ImageDataset::Parts p =
      parts("[{ type = \"mixup\", alpha = 2 }]", std::make_shared<Counting>(), Tensor::from(classes, {40}));
  Batch given = ImageDataset(p).draw(Rows{0, 1, 2, 3}, 0);
  EXPECT_EQ(given.target.shape(), (Shape{4, 3}));  // the largest class is 2
  EXPECT_EQ(given.total_weight, 4);
  EXPECT_EQ(ImageDataset(p).fetch(Rows{0, 1, 2, 3}).target.dtype(), Dtype::i32);
  p.classes = 5;
  Batch batch = ImageDataset(p).draw(Rows{0, 1, 2, 3}, 0);
  EXPECT_EQ(batch.target.shape(), (Shape{4, 5}));
  // Image i begins with 8 i and has class i % 3: the shares that explain the inputs are those of the classes.
  std::vector<float> x = batch.inputs.to_vector<float>(), t = batch.target.to_vector<float>();
  int mixed = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    float first = x[i * 8] / 8, own = t[i * 5 + i % 3];
    bool explained = false;
    for (std::size_t j = 0; j < 4; ++j)
      explained |= std::fabs(own * static_cast<float>(i) + (1 - own) * static_cast<float>(j) - first) < 1e-5f ||
                   (i % 3 == j % 3 && own == 1);
    EXPECT_TRUE(explained) << i;
    mixed += own < 1;
  }
  EXPECT_GT(mixed, 0);
}

TEST(ImageDataset, RefusesMixupOfMasks) {
  for (auto [mask, target] : {std::pair{Shape{2, 2}, Shape{}}, {Shape{}, Shape{2, 2, 1}}})
    EXPECT_THAT(
        error_of(ErrorKind::config,
                 [&, m = mask, t = target] { ImageDataset(parts("[\"mixup\"]", std::make_shared<Counting>(m, t))); }),
        AllOf(HasSubstr("data.augment"), HasSubstr("masks")));
}

// ---- IDX

struct IdxFiles {
  explicit IdxFiles(const std::vector<std::uint32_t>& dims, std::size_t size)
      : values(idx_header(0x08, dims) + bytes(size), ".idx"),
        labels(idx_header(0x08, {dims[0]}) + std::string(dims[0] / 2, '\0') + std::string(dims[0] / 2, '\1'), ".idx") {}
  static std::string bytes(std::size_t size) {
    std::string all(size, '\0');
    for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<char>(i * 7 % 251);
    return all;
  }
  LoadedData load(const std::string& augment, const std::string& more = "", std::unique_ptr<Source>* kept = nullptr) {
    Value config = parse_toml("[data]\nformat = \"idx\"\ntrain = [\"" + values.path() + "\", \"" + labels.path() +
                                  "\"]\n" + augment + "\n[prepare]\n" + more +
                                  "\nsplit = { method = \"random\", train = 0.5, validation = 0.3, test = 0.2 }\n",
                              "");
    std::unique_ptr<Source> source = make_source({config.at("data"), config.at("prepare")});
    LoadedData data = source->load("", 1);
    if (kept != nullptr) *kept = std::move(source);
    return data;
  }
  TempFile values, labels;
};

TEST(IdxImages, TrainingIsAugmentedAndNothingElse) {
  IdxFiles files({20, 6, 5}, 600);
  LoadedData plain = files.load(""), augmented = files.load("augment = [\"flip_horizontal\", \"rotate\", \"noise\"]"),
             streamed = files.load("stream = \"always\"\naugment = [\"flip_horizontal\", \"rotate\", \"noise\"]");
  Rows rows = {0, 3, 5, 4};
  auto values = [](const Batch& b) { return b.inputs.to_vector<float>(); };
  EXPECT_EQ(values(augmented.train->fetch(rows)), values(plain.train->fetch(rows)));
  EXPECT_EQ(values(augmented.validation->draw(rows, 1)), values(plain.validation->fetch(rows)));
  EXPECT_EQ(fingerprint(*augmented.train), fingerprint(*plain.train));
  EXPECT_NE(values(augmented.train->draw(rows, 1)), values(plain.train->fetch(rows)));
  EXPECT_NE(values(augmented.train->draw(rows, 1)), values(augmented.train->draw(rows, 2)));
  EXPECT_EQ(values(augmented.train->draw(rows, 1)), values(streamed.train->draw(rows, 1)));
  EXPECT_TRUE(augmented.train->is_costly());
  EXPECT_FALSE(plain.train->is_costly());
  EXPECT_FALSE(augmented.validation->is_costly());
}

TEST(IdxImages, RefusesToAugmentOtherArrays) {
  IdxFiles files({20, 30}, 600);
  EXPECT_THAT(error_of(ErrorKind::config, [&] { files.load("augment = [\"noise\"]"); }),
              AllOf(HasSubstr("data.augment"), HasSubstr("[30]"), HasSubstr("[height, width, channels]")));
  EXPECT_THAT(error_of(ErrorKind::config, [&] { files.load("augment = [\"nois\"]"); }), HasSubstr("\"noise\""));
}

TEST(IdxImages, ChannelsAreStandardizedEachForItself) {
  IdxFiles files({20, 4, 4, 3}, 960);
  for (const char* augment : {"", "augment = [{ type = \"flip_horizontal\", probability = 0 }]"}) {
    std::unique_ptr<Source> source;
    LoadedData data = files.load(augment, "scale = \"standardize\"", &source);
    Rows rows(10);
    std::iota(rows.begin(), rows.end(), 0u);
    std::vector<float> x = data.train->fetch(rows).inputs.to_vector<float>();
    EXPECT_EQ(data.train->draw(rows, 0).inputs.to_vector<float>(), x);
    for (std::size_t c = 0; c < 3; ++c) {
      double sum = 0, squares = 0;
      for (std::size_t i = c; i < x.size(); i += 3) {
        sum += static_cast<double>(x[i]);
        squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      }
      EXPECT_NEAR(sum / 160, 0, 1e-5);
      EXPECT_NEAR(squares / 160, 1, 1e-4);
    }
    // New data are treated the same, also by a source made from the state.
    std::unique_ptr<Source> restored = sources().make("idx", Value::table(), "format");
    restored->restore(source->state());
    EXPECT_EQ(restored->image_format()->shift.size(), 3u);
    EXPECT_EQ(fingerprint(*restored->open({files.values.path(), files.labels.path()}, true).data),
              fingerprint(*source->open({files.values.path(), files.labels.path()}, true).data));
    Value damaged = source->state();
    damaged.set("shift", Value(Value::Array{1.0, 2.0}));
    EXPECT_THAT(error_of(ErrorKind::data, [&] { restored->restore(damaged); }), HasSubstr("channel"));
  }
}

}  // namespace
}  // namespace gradus
