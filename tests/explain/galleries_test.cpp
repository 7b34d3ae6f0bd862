#include "gradus/explain/galleries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gradus/base/error.h"
#include "gradus/explain/overlays.h"
#include "gradus/report/sheet.h"

namespace gradus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::unique_ptr<Network> network_of(const std::string& layers, const Shape& input) {
  auto n = make_network(parse_toml_value("[ " + layers + " ]"), 0, "layers");
  n->build(input, 5);
  return n;
}

// The weights of a network's first layers, in order.
void set_weights(Network& n, const std::vector<std::vector<float>>& values) {
  auto state = state_of(n);
  for (std::size_t i = 0; i < values.size(); ++i) state[i].second = Tensor::from(values[i], state[i].second.shape());
  load_state(n, state);
}

const ImageFormat kBytes{{0}, {1}, 0, 255};

// Grey images of one value each, in training met as their negatives.
class Plain final : public Dataset {
 public:
  Plain(Shape one, std::vector<float> values, std::vector<std::int32_t> classes, bool negatives)
      : one_(std::move(one)), values_(std::move(values)), classes_(std::move(classes)), negatives_(negatives) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(values_.size()); }
  Shape input_shape() const override { return one_; }
  Batch fetch(std::span<const std::uint32_t> rows) const override { return made(rows, false); }
  Batch draw(std::span<const std::uint32_t> rows, std::int64_t) const override { return made(rows, negatives_); }

 private:
  Batch made(std::span<const std::uint32_t> rows, bool negative) const {
    std::vector<float> all;
    std::vector<std::int32_t> classes;
    for (std::uint32_t r : rows) {
      all.insert(all.end(), static_cast<std::size_t>(one_.size()), negative ? 255 - values_[r] : values_[r]);
      classes.push_back(classes_[r]);
    }
    auto n = static_cast<std::int64_t>(rows.size());
    return {Tensor::from(all, one_.inserted(0, n)), {}, Tensor::from(classes, {n}), {}, static_cast<double>(n)};
  }

  Shape one_;
  std::vector<float> values_;
  std::vector<std::int32_t> classes_;
  bool negatives_;
};

// The greys that occur in a sheet's opaque pixels.
std::set<int> greys(const Picture& p) {
  std::set<int> all;
  for (std::size_t i = 0; i < p.pixels.size(); i += 2)
    if (p.pixels[i + 1] == 255) all.insert(p.pixels[i]);
  return all;
}

const TaskSpec kThree{Task::multiclass, {"a", "b", "c"}, {"label"}};

TEST(Galleries, SamplesOfEachClass) {
  Plain data({30, 30, 1}, {10, 11, 20, 21, 12}, {0, 0, 1, 1, 0}, false);
  Gallery g = sample_gallery(data, kThree, kBytes);
  ASSERT_EQ(g.items.size(), 2u) << "a class without examples is left out";
  EXPECT_EQ(g.items[0].caption, "a");
  EXPECT_THAT(greys(g.items[0].picture), ElementsAre(10, 11, 12));
  EXPECT_THAT(greys(g.items[1].picture), ElementsAre(20, 21));
  EXPECT_EQ(g.tile, 30);
  EXPECT_THAT(g.explanation, Not(HasSubstr("epochs")));
}

TEST(Galleries, SamplesAsTrainingMeetsThem) {
  Plain data({30, 30, 1}, {10, 20}, {0, 1}, true);
  Gallery g = sample_gallery(data, kThree, kBytes);
  ASSERT_EQ(g.items.size(), 2u);
  EXPECT_THAT(greys(g.items[0].picture), ElementsAre(10, 245));
  EXPECT_EQ(std::count(g.items[0].picture.pixels.begin(), g.items[0].picture.pixels.end(), 245), 3 * 30 * 30);
  EXPECT_THAT(g.explanation, HasSubstr("first three epochs"));
}

// Sorted by class, the last with a single example among many.
TEST(Galleries, RareClassesAreFoundWhereFewExamplesAreRead) {
  std::vector<float> values(400, 1);
  std::vector<std::int32_t> classes(400, 0);
  std::fill(classes.begin() + 399, classes.end(), 2);
  Gallery g = sample_gallery(Plain({2, 2, 1}, values, classes, false), kThree, kBytes);
  ASSERT_EQ(g.items.size(), 2u);
  EXPECT_EQ(g.items[1].caption, "c");
}

TEST(Galleries, FiltersAreShownAroundZero) {
  auto n = network_of(R"({ type = "conv2d", channels = 2, kernel = 2, bias = false }, "flatten")", {4, 4, 1});
  set_weights(*n, {{4, 1, -4, -1, 0, 0, 2, 0.5}});  // [2, 2, 1, 2]: the second filter is a quarter of the first
  Gallery g = filter_gallery(*n, {4, 4, 1});
  ASSERT_EQ(g.items.size(), 1u);
  EXPECT_THAT(greys(g.items[0].picture), ElementsAre(0, 128, 191, 255));
  EXPECT_EQ(g.items[0].picture.width, 24 + 2 + 24);
  EXPECT_THAT(g.explanation, HasSubstr("conv2d1"));
}

TEST(Galleries, FiltersOverColorsAreColoredAndOthersAreSummed) {
  auto color = network_of(R"({ type = "conv2d", channels = 70, kernel = 3 }, "flatten")", {5, 5, 3});
  Gallery g = filter_gallery(*color, {5, 5, 3});
  EXPECT_EQ(g.items[0].picture.channels, 4);
  EXPECT_EQ(g.items[0].picture.height, 4 * 24 + 3 * 2) << "64 filters in lines of 16";
  EXPECT_THAT(g.explanation, HasSubstr("64 of 70"));
  auto two = network_of(R"({ type = "conv2d", channels = 1, kernel = 1, bias = false }, "flatten")", {5, 5, 2});
  set_weights(*two, {{3, -3}});
  EXPECT_THAT(greys(filter_gallery(*two, {5, 5, 2}).items[0].picture), ElementsAre(128));
}

TEST(Galleries, AFirstLinearLayerOnPixelsHasFiltersToo) {
  auto n = network_of(R"("flatten", { type = "linear", units = 3 })", {4, 4, 1});
  EXPECT_EQ(filter_gallery(*n, {4, 4, 1}).items.size(), 1u);
  auto vector = network_of(R"({ type = "linear", units = 3 })", {16});
  EXPECT_TRUE(filter_gallery(*vector, {16}).items.empty());
}

TEST(Galleries, ActivationsInTheOrderOfTheLayers) {
  auto n = network_of(R"({ type = "conv2d", channels = 20, kernel = 3 }, "batch_norm", "relu", { type = "dropout" },
                         "max_pool2d", "flatten", { type = "linear", units = 3 })",
                      {30, 30, 1});
  auto loss = make_loss("cross_entropy", "loss");
  Plain data({30, 30, 1}, {10, 20, 30, 40}, {0, 1, 2, 0}, false);
  Gallery g = activation_gallery({*n, *loss, kThree, kBytes}, data);
  std::vector<std::string> captions;
  for (const Gallery::Item& i : g.items) captions.push_back(i.caption);
  EXPECT_THAT(captions,
              ElementsAre("conv2d1\n28 × 28 × 20, the first 16 channels", "relu1\n28 × 28 × 20, the first 16 channels",
                          "max_pool2d1\n14 × 14 × 20, the first 16 channels"));
  for (const Gallery::Item& i : g.items) EXPECT_EQ(i.picture.height, 3 * 30 + 2 * 2) << "three images";
}

TEST(Galleries, ManyLayersAreThinnedOut) {
  std::string layers = R"({ type = "conv2d", channels = 2 })";
  for (int i = 0; i < 20; ++i) layers += R"(, "tanh")";
  auto n = network_of(layers + R"(, "flatten", { type = "linear", units = 3 })", {6, 6, 1});
  auto loss = make_loss("cross_entropy", "loss");
  Plain data({6, 6, 1}, {10, 20}, {0, 1}, false);
  EXPECT_EQ(activation_gallery({*n, *loss, kThree, kBytes}, data).items.size(), 12u);
}

// Class 1 where a pixel is above zero: a 1x1 convolution with logits (0, v).
struct Threshold {
  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss = make_loss("cross_entropy", "loss");
  TaskSpec task{Task::binary, {"ground", "shape"}, {"mask"}, {}, true};
  ImageFormat format{{0}, {1}, 0, 1};
  ImageModel model() { return {*network, *loss, task, format}; }

  explicit Threshold(const Shape& input)
      : network(network_of(input.rank() == 4 ? R"({ type = "conv3d", channels = 2, kernel = 1, bias = false })"
                                             : R"({ type = "conv2d", channels = 2, kernel = 1, bias = false })",
                           input)) {
    set_weights(*network, {{0, 1}});
  }
};

bool is_red(const Picture& p, int x, int y) {
  const std::uint8_t* at = p.pixels.data() + (static_cast<std::size_t>(y) * p.width + x) * 4;
  return at[0] > 200 && at[1] < 80 && at[2] < 80 && at[3] == 255;
}

TEST(Galleries, SegmentationShowsWhereTruthAndPredictionDiffer) {
  Threshold t({24, 24, 1});
  std::vector<float> image(24 * 24, 0);
  std::vector<std::int32_t> mask(24 * 24, 0);
  for (int i = 0; i < 40; ++i) image[100 + i] = 1, mask[100 + i] = i < 37;  // three pixels are not in the truth
  auto data =
      std::make_shared<ArrayDataset>(ArrayInputs{Tensor::from(image, {1, 24, 24, 1})}, Tensor::from(mask, {1, 24, 24}));
  Gallery g = segmentation_gallery(t.model(), data);
  ASSERT_EQ(g.items.size(), 1u);
  const Picture& line = g.items[0].picture;
  ASSERT_EQ(line.width, 4 * 24 + 3 * 2);
  EXPECT_EQ(g.tile, 24);
  int red = 0, truth = 0, predicted = 0;
  for (int y = 0; y < 24; ++y)
    for (int x = 0; x < 24; ++x) {
      auto colored = [&](int tile) {
        const std::uint8_t* at = line.pixels.data() + (static_cast<std::size_t>(y) * line.width + tile * 26 + x) * 4;
        return at[0] != at[2];
      };
      truth += colored(1);
      predicted += colored(2);
      red += is_red(line, 3 * 26 + x, y);
    }
  EXPECT_EQ(truth, 37);
  EXPECT_EQ(predicted, 40);
  EXPECT_EQ(red, 3);
  ASSERT_EQ(g.legend.size(), 1u);
  EXPECT_EQ(g.legend[0].name, "shape");
  EXPECT_THAT(g.explanation, HasSubstr("\"ground\""));
}

TEST(Galleries, OfVolumesTheSlicesWithTheLargestClassesAreShown) {
  Threshold t({5, 24, 24, 1});
  t.task.classes = {"ground", "one", "two"};
  t.network = network_of(R"({ type = "conv3d", channels = 3, kernel = 1, bias = false })", {5, 24, 24, 1});
  std::vector<std::int32_t> mask(5 * 576, 0);
  auto fill = [&](int slice, std::int32_t c, int count) { std::fill_n(mask.begin() + slice * 576, count, c); };
  fill(1, 1, 300);
  fill(2, 1, 200);
  fill(4, 2, 20);
  auto data =
      std::make_shared<ArrayDataset>(ArrayInputs{Tensor::zeros({1, 5, 24, 24, 1})}, Tensor::from(mask, {1, 5, 24, 24}));
  Gallery g = segmentation_gallery(t.model(), data);
  std::vector<std::string> captions;
  for (const Gallery::Item& i : g.items) captions.push_back(i.caption);
  EXPECT_THAT(captions, ElementsAre("test image 1\nslice 2", "test image 1\nslice 5"));
}

TEST(Galleries, RestorationShowsInputPredictionAndTruth) {
  auto n = network_of(R"("identity")", {24, 24, 1});
  auto loss = make_loss("mse", "loss");
  TaskSpec task{Task::regression, {}, {"grey"}, {}, true};
  std::vector<float> image(576, 0.25f), truth(576, 0.5f);
  truth[0] = 0;
  truth[1] = 1;  // from black to white
  auto data = std::make_shared<ArrayDataset>(ArrayInputs{Tensor::from(image, {1, 24, 24, 1})},
                                             Tensor::from(truth, {1, 24, 24, 1}));
  Gallery g = restoration_gallery({*n, *loss, task, {{0}, {1}, 0, 1}}, data);
  ASSERT_EQ(g.items.size(), 1u);
  EXPECT_EQ(g.items[0].picture.width, 3 * 24 + 2 * 2);
  EXPECT_THAT(greys(g.items[0].picture), ElementsAre(0, 64, 128, 255));
}

TEST(Galleries, ExplainedPicturesStandBesideTheImage) {
  auto n = network_of(R"({ type = "conv2d", channels = 2 }, "relu", "global_average_pool",
                         { type = "linear", units = 3 })",
                      {30, 30, 1});
  auto loss = make_loss("cross_entropy", "loss");
  ImageModel model{*n, *loss, kThree, kBytes};
  Plain data({30, 30, 1}, {10, 20, 30}, {0, 1, 2}, false);
  std::vector<std::uint32_t> rows = {2, 0};
  std::vector<std::int32_t> classes = {1, 1};
  std::vector<Picture> pictures = explained_pictures(model, data, rows, classes);
  ASSERT_EQ(pictures.size(), 2u);
  EXPECT_EQ(pictures[0].width, 3 * 30 + 2 * 2);
  EXPECT_EQ(pictures[0].pixels[0], 30);
  EXPECT_EQ(pictures[1].pixels[0], 10);
  EXPECT_THAT(explanation_of_pictures(model, {30, 30, 1}), HasSubstr("Grad-CAM"));

  auto plain = network_of(R"("flatten", { type = "linear", units = 3 })", {30, 30, 1});
  ImageModel without{*plain, *loss, kThree, kBytes};
  EXPECT_EQ(explained_pictures(without, data, rows, classes)[0].width, 2 * 30 + 2);
  EXPECT_THAT(explanation_of_pictures(without, {30, 30, 1}), Not(HasSubstr("Grad-CAM")));
}

std::vector<Picture> overlays(const ImageModel& model, const std::shared_ptr<const Dataset>& data) {
  std::vector<Picture> all;
  each_overlay(model, data, [&](std::int64_t row, const Picture& p) {
    EXPECT_EQ(row, static_cast<std::int64_t>(all.size()));
    all.push_back(p);
  });
  return all;
}

TEST(Overlays, ClassesAreExplained) {
  auto n = network_of(R"({ type = "conv2d", channels = 2 }, "relu", "global_average_pool",
                         { type = "linear", units = 3 })",
                      {30, 30, 1});
  auto loss = make_loss("cross_entropy", "loss");
  std::vector<float> values(200, 10);
  auto data = std::make_shared<Plain>(Shape{30, 30, 1}, values, std::vector<std::int32_t>(200, 0), false);
  std::vector<Picture> all = overlays({*n, *loss, kThree, kBytes}, data);
  ASSERT_EQ(all.size(), 200u);
  EXPECT_EQ(all[0].width, 240) << "eight times as large";
}

TEST(Overlays, MasksAreLaidOver) {
  Threshold t({2, 1, 256, 1});
  std::vector<float> image(512, 0);
  std::fill_n(image.begin() + 256, 100, 1.0f);  // in the second slice
  auto data = std::make_shared<ArrayDataset>(ArrayInputs{Tensor::from(image, {1, 2, 1, 256, 1})},
                                             Tensor::zeros({1, 2, 1, 256}, Dtype::i32));
  std::vector<Picture> all = overlays(t.model(), data);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].width, 2 * 256 + 2) << "slices side by side";
  std::size_t colored = 0;
  for (std::size_t i = 0; i < all[0].pixels.size(); i += 4) colored += all[0].pixels[i] != all[0].pixels[i + 2];
  EXPECT_EQ(colored, 100u);
}

TEST(Overlays, NumbersCannotBeLaidOver) {
  auto n = network_of(R"("flatten", { type = "linear", units = 1 })", {4, 4, 1});
  auto loss = make_loss("mse", "loss");
  auto data = std::make_shared<ArrayDataset>(ArrayInputs{Tensor::zeros({1, 4, 4, 1})}, Tensor::zeros({1, 1}));
  TaskSpec task{Task::regression, {}, {"y"}};
  EXPECT_THROW(overlays({*n, *loss, task, kBytes}, data), Error);
}

}  // namespace
}  // namespace gradus
