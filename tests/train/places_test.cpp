// Masks and pictures as targets: what is measured, what is refused, and predictions patch by patch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "../base/expect_error.h"
#include "../data/nifti_file.h"
#include "../data/temp_folder.h"
#include "gradus/base/parallel.h"
#include "gradus/data/source.h"
#include "gradus/train/checks.h"
#include "gradus/train/evaluation.h"
#include "gradus/train/experiment.h"
#include "gradus/train/place_measures.h"
#include "gradus/train/sliding_window.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TaskSpec masks(std::vector<std::string> classes) {
  TaskSpec task{classes.size() == 2 ? Task::binary : Task::multiclass, std::move(classes), {"mask"}};
  task.per_place = true;
  return task;
}

TaskSpec pictures() {
  TaskSpec task{Task::regression, {}, {"grey"}};
  task.per_place = true;
  return task;
}

Evaluation unchanged(const TaskSpec& task, const std::string& loss, const Dataset& data, Measure measure) {
  Network network = nn::network(nn::layer("identity"));
  network.build(data.input_shape(), 1);
  return evaluate(network, *make_loss(loss, "loss"), task, data, measure);
}

// Scores that make the network predict the classes given.
Tensor scores(const std::vector<std::int32_t>& classes, const Shape& shape, std::int64_t k) {
  std::vector<float> v(classes.size() * static_cast<std::size_t>(k), 0);
  for (std::size_t i = 0; i < classes.size(); ++i) v[i * static_cast<std::size_t>(k) + classes[i]] = 9;
  return Tensor::from(v, shape.inserted(shape.rank(), k));
}

// Two images of 2 x 3: class 1 has 4 true and 3 predicted places, of which 2 agree; class 2 is nowhere.
const std::vector<std::int32_t> kTruth = {0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1},
                                kAnswer = {0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0};

TEST(Places, MasksAreMeasuredByClass) {
  ArrayDataset data({scores(kAnswer, {2, 2, 3}, 3)}, Tensor::from(kTruth, {2, 2, 3}));
  Value m = unchanged(masks({"background", "organ", "other"}), "dice", data, Measure::all).metrics();
  EXPECT_NEAR(m.at("accuracy").as_real(), 9 / 12.0, 1e-12);
  EXPECT_NEAR(m.at("mean_dice").as_real(), 2 * 2 / 7.0, 1e-12) << "neither the background nor what is nowhere";
  EXPECT_NEAR(m.at("mean_iou").as_real(), 2 / 5.0, 1e-12);
  EXPECT_EQ(to_json(m.at("confusion"), -1), "[[7,1,0],[2,2,0],[0,0,0]]");
  const Value& organ = m.at("per_class").as_array()[1];
  EXPECT_EQ(organ.at("class").as_string(), "organ");
  // The first image's true places are (0,1) (0,2) (1,1), those predicted (0,1) (1,1); the second's (1,2) and (1,0).
  EXPECT_NEAR(organ.at("hausdorff").as_real(), (1 + 2) / 2.0, 1e-12);
  EXPECT_NEAR(organ.at("hausdorff95").as_real(), (0.9 + 2) / 2.0, 1e-12);
  EXPECT_EQ(organ.at("hausdorff_examples").as_integer(), 2);
  EXPECT_NEAR(m.at("mean_hausdorff").as_real(), 1.5, 1e-12);
  EXPECT_EQ(m.at("per_class").as_array()[0].find("hausdorff"), nullptr);
  EXPECT_EQ(m.at("per_class").as_array()[2].find("dice"), nullptr);
}

TEST(Places, DistancesAreInTheSpacingOfPlaces) {
  ArrayDataset data({scores({1, 0, 0, 0, 0, 0}, {1, 2, 3}, 2)}, Tensor::from(std::vector{0, 0, 0, 0, 0, 1}, {1, 2, 3}));
  TaskSpec task = masks({"background", "organ"});
  task.spacing = {3, 2};
  Value m = unchanged(task, "cross_entropy", data, Measure::all).metrics();
  EXPECT_NEAR(m.at("mean_hausdorff").as_real(), 5, 1e-12);  // 3 down, 4 to the right
}

// Voxels of 1 x 2 x 3 mm: the object is seen two voxels higher and one further back than it is, 6 mm and 2 mm.
TEST(Places, DistancesOfScansAreInMillimetres) {
  TempFolder folder;
  auto scan = [](int y, int z, float seen) {
    std::vector<std::int16_t> voxels(4 * 5 * 6, static_cast<std::int16_t>(-seen));
    voxels[static_cast<std::size_t>((z * 5 + y) * 4 + 1)] = static_cast<std::int16_t>(seen);
    return with_field(with_field(nifti_bytes(4, 5, 6, voxels), 84, 2.0f), 88, 3.0f);
  };
  folder.write("image.nii", scan(1, 4, 9));
  folder.write("label.nii", scan(2, 2, 1));
  folder.write("scans.csv", "subject,image,label\n1,image.nii,label.nii\n2,image.nii,label.nii\n");
  auto distance = [&](const std::string& more) {
    LoadedData data = make_source({parse_toml("format = \"nifti\"\nsource = \"scans.csv\"\nlabel_values = [-1, 1]\n"
                                              "classes = [\"background\", \"organ\"]\n" +
                                                  more,
                                              ""),
                                   parse_toml("scale = \"none\"\nsplit = { method = \"subject\", train = 0.5, test = "
                                              "0.5 }\n",
                                              "")})
                          ->load(folder.path(), 1);
    Value m = unchanged(data.task, "binary_cross_entropy", *data.test, Measure::all).metrics();
    const Value* found = m.find("mean_hausdorff");
    return found == nullptr ? -1 : found->as_real();
  };
  EXPECT_NEAR(distance(""), std::sqrt(40.0), 1e-6);
  EXPECT_NEAR(distance("take = \"slices\"\naxis = \"sagittal\"\n"), std::sqrt(40.0), 1e-6);
  EXPECT_EQ(distance("take = \"slices\"\n"), -1) << "no axial slice has both";
}

// Of four images of 1 x 6 places the organ is found two places off, missed, seen where there is none, and nowhere.
TEST(Places, DistancesLeaveOutWhereAClassIsMissing) {
  const std::vector<std::int32_t> truth = {1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                  seen = {0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  ArrayDataset data({scores(seen, {4, 1, 6}, 3)}, Tensor::from(truth, {4, 1, 6}));
  Value m = unchanged(masks({"background", "organ", "other"}), "cross_entropy", data, Measure::all).metrics();
  const Value &organ = m.at("per_class").as_array()[1], &other = m.at("per_class").as_array()[2];
  EXPECT_EQ(organ.at("hausdorff").as_real(), 2);
  EXPECT_EQ(organ.at("hausdorff_examples").as_integer(), 1);
  EXPECT_EQ(m.at("mean_hausdorff").as_real(), 2) << "the mean over the classes that have one";
  EXPECT_EQ(other.find("hausdorff"), nullptr);
  EXPECT_EQ(other.find("hausdorff_examples"), nullptr);
  EXPECT_EQ(organ.at("dice").as_real(), 0) << "Dice counts what distances leave out";
}

// One place of an image counts as much as a whole organ: distances of nearly empty slices are large.
TEST(Places, DistancesOfFewPlacesCountLikeAnyOther) {
  const std::vector<std::int32_t> truth = {1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
                                  seen = {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  ArrayDataset data({scores(seen, {2, 1, 8}, 2)}, Tensor::from(truth, {2, 1, 8}));
  Value m = unchanged(masks({"background", "organ"}), "cross_entropy", data, Measure::all).metrics();
  EXPECT_EQ(m.at("mean_hausdorff").as_real(), (0 + 7) / 2.0);
}

TEST(Places, WatchedAreTheQuickMeasures) {
  ArrayDataset data({scores(kAnswer, {2, 2, 3}, 2)}, Tensor::from(kTruth, {2, 2, 3}));
  Evaluation e = unchanged(masks({"background", "organ"}), "cross_entropy", data, Measure::watched);
  EXPECT_EQ(e.metrics().find("mean_hausdorff"), nullptr);
  Measured s = e.summary();
  EXPECT_EQ(s.size(), 3u);
  EXPECT_EQ(s[2].first, "mean_dice");
  EXPECT_NEAR(s[2].second, 4 / 7.0, 1e-12);
  EXPECT_TRUE(e.truth.empty() && e.predicted.empty() && e.probabilities.empty()) << "no place is kept";
}

TEST(Places, OfWeight0AreIgnored) {
  std::vector<float> weight(12, 1);
  for (std::size_t i = 0; i < 12; ++i) weight[i] = kTruth[i] == kAnswer[i] ? 1 : 0;
  ArrayDataset data({scores(kAnswer, {2, 2, 3}, 2)}, Tensor::from(kTruth, {2, 2, 3}), Tensor::from(weight, {2, 2, 3}));
  Value m = unchanged(masks({"background", "organ"}), "dice", data, Measure::all).metrics();
  EXPECT_EQ(m.at("accuracy").as_real(), 1);
  EXPECT_EQ(m.at("mean_dice").as_real(), 1);
  EXPECT_EQ(m.at("mean_hausdorff").as_real(), 0);
}

TEST(Places, OneScoreTellsTwoClassesApart) {
  ArrayDataset data({Tensor::from(std::vector<float>{-1, 2, 3, -4}, {1, 4, 1})},
                    Tensor::from(std::vector{0, 1, 0, 0}, {1, 4}));
  for (const char* loss : {"binary_cross_entropy", "dice", "hinge"}) {
    Value m = unchanged(masks({"no", "yes"}), loss, data, Measure::all).metrics();
    EXPECT_EQ(to_json(m.at("confusion"), -1), "[[2,1],[0,1]]") << loss;
  }
}

TEST(Places, PicturesAreMeasuredInTheirUnits) {
  Tensor truth = Tensor::uniform({2, 12, 12, 1}, 0, 1, {1, 0, 0});
  ArrayDataset data({truth + 0.1}, truth);
  TaskSpec task = pictures();
  task.scales = {{0, 255}};  // trained on from 0 to 1
  Evaluation e = unchanged(task, "mse", data, Measure::all);
  EXPECT_NEAR(e.metrics().at("psnr").as_real(), 20, 1e-4);
  EXPECT_NEAR(e.metrics().at("mse").as_real(), 25.5 * 25.5, 1e-2);
  EXPECT_GT(e.metrics().at("ssim").as_real(), 0.5);
  EXPECT_LT(e.metrics().at("ssim").as_real(), 1);
  EXPECT_NEAR(e.loss, 0.01, 1e-6);
  Measured s = unchanged(task, "mse", data, Measure::watched).summary();
  EXPECT_EQ(s[1].first, "psnr");
  EXPECT_EQ(unchanged(task, "mse", data, Measure::watched).metrics().find("ssim"), nullptr);
}

TEST(Places, PredictionsThatDoNotFitAreErrors) {
  ArrayDataset data({Tensor::zeros({1, 4, 2})}, Tensor::zeros({1, 4}).to(Dtype::i32));
  PlaceMeasures measures(masks({"a", "b"}), Measure::all, true);
  Batch batch = data.fetch(std::vector<std::uint32_t>{0});
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         measures.add(Tensor::zeros({1, 3, 2}), batch);
                       }),
              AllOf(HasSubstr("[1, 3, 2]"), HasSubstr("[1, 4]")));
}

TEST(Places, TaskIsSavedAndDamageSeen) {
  TaskSpec task = pictures();
  task.low = -1;
  task.high = 1;
  TaskSpec back = TaskSpec::restored(task.state());
  EXPECT_TRUE(back.per_place);
  EXPECT_EQ(back.low, -1);
  EXPECT_EQ(back.high, 1);
  TaskSpec volume = masks({"a", "b"});
  volume.spacing = {0.5, 2};
  EXPECT_THAT(TaskSpec::restored(volume.state()).spacing, ElementsAre(0.5, 2));
  Value damaged = task.state();
  damaged.set("range", Value::Array{1, 1});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { TaskSpec::restored(damaged); }), HasSubstr("range"));
  damaged = volume.state();
  damaged.set("spacing", Value::Array{0});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { TaskSpec::restored(damaged); }), HasSubstr("spacing"));
}

// ---- what training refuses

std::vector<std::string> checked(const std::string& layers, const TaskSpec& task, const std::string& loss_name,
                                 const Tensor& target, const std::string& monitor = "validation.loss") {
  Value config = parse_toml("name = \"t\"\n[data]\n[prepare]\n[model]\nlayers = " + layers +
                                "\n[train]\nearly_stopping = { monitor = \"" + monitor + "\" }\n",
                            "config");
  Experiment e = experiment_of(config, ".");
  LoadedData data;
  data.task = task;
  data.train = data.validation = data.test =
      std::make_shared<const ArrayDataset>(ArrayInputs{Tensor::zeros({3, 8, 8, 1})}, target);
  auto loss = make_loss(loss_name, "model.loss");
  auto network = make_network(e.params.model.layers, task.classifies() ? loss->outputs(task.width()) : task.width(),
                              "model.layers");
  return check_experiment(e, data, *network, *loss);
}

TEST(PlaceChecks, TheNetworksResultHasTheMasksSize) {
  Tensor mask = Tensor::zeros({3, 8, 8}).to(Dtype::i32);
  TaskSpec task = masks({"a", "b", "c"});
  const std::string same = "{ type = \"conv2d\", kernel = 3, padding = \"same\" }";
  EXPECT_TRUE(checked("[ " + same + " ]", task, "cross_entropy", mask).empty());
  EXPECT_TRUE(checked("[ " + same + " ]", task, "combined", mask, "validation.mean_dice").empty());
  auto fails = [&](const std::string& layers, const std::string& result, const std::string& fix) {
    EXPECT_THAT(error_of(ErrorKind::config, [&] { checked(layers, task, "dice", mask); }),
                AllOf(HasSubstr("a result of [8, 8, 3] for the mask of [8, 8]"), HasSubstr(result), HasSubstr(fix)));
  };
  fails("[ { type = \"conv2d\", kernel = 3 } ]", "got [6, 6, 3]", "padding");
  fails("[ { type = \"flatten\" }, { type = \"linear\" } ]", "got [3]", "not with flatten");
  fails("[ { type = \"conv2d\", kernel = 3, padding = \"same\", channels = 5 } ]", "got [8, 8, 5]", "set them to 3");
}

TEST(PlaceChecks, AndThePicturesChannels) {
  Tensor picture = Tensor::zeros({3, 8, 8, 1});
  EXPECT_TRUE(checked("[ { type = \"conv2d\", kernel = 1 } ]", pictures(), "mse", picture, "validation.psnr").empty());
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] { checked("[ { type = \"conv2d\", kernel = 3 } ]", pictures(), "mse", picture); }),
              AllOf(HasSubstr("[8, 8, 1] for the picture of [8, 8, 1]"), HasSubstr("[6, 6, 1]")));
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] { checked("[ { type = \"conv2d\", kernel = 1 } ]", pictures(), "dice", picture); }),
              HasSubstr("dice needs classes"));
}

TEST(PlaceChecks, LossesOfOneScoreNeedTwoClasses) {
  Tensor mask = Tensor::zeros({3, 8, 8}).to(Dtype::i32);
  const std::string one = "[ { type = \"conv2d\", kernel = 1, channels = 1 } ]";
  EXPECT_TRUE(checked(one, masks({"a", "b"}), "dice", mask).empty());
  EXPECT_TRUE(checked(one, masks({"a", "b"}), "binary_cross_entropy", mask).empty());
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] {
                         checked(one, masks({"a", "b", "c"}), "dice", mask);
                       }),
              HasSubstr("[8, 8, 3]"));
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] {
                         checked(one, masks({"a", "b"}), "cross_entropy", mask);
                       }),
              HasSubstr("[8, 8, 2]"));
}

TEST(PlaceChecks, MonitorsAreTheMasksMeasures) {
  Tensor mask = Tensor::zeros({3, 8, 8}).to(Dtype::i32);
  EXPECT_THAT(
      error_of(ErrorKind::config,
               [&] {
                 checked("[ { type = \"conv2d\", kernel = 1 } ]", masks({"a", "b"}), "dice", mask, "validation.dice");
               }),
      HasSubstr("validation.mean_dice"));
}

// A disc in noise: a small network finds it with each loss of masks.
TEST(Places, AreLearned) {
  constexpr std::int64_t n = 24, size = 12;
  Tensor noise = Tensor::normal({n, size, size, 1}, 0, 0.4, {7, 0, 0});
  std::vector<float> values = noise.to_vector<float>();
  std::vector<std::int32_t> mask(values.size());
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t y = 0; y < size; ++y)
      for (std::int64_t x = 0; x < size; ++x) {
        std::int64_t dy = y - 4 - i % 4, dx = x - 4 - i % 3, at = (i * size + y) * size + x;
        mask[at] = dy * dy + dx * dx <= 9;
        values[at] += static_cast<float>(mask[at]);
      }
  ArrayDataset data({Tensor::from(values, {n, size, size, 1})}, Tensor::from(mask, {n, size, size}));
  for (const char* name : {"dice", "tversky", "combined"}) {
    auto network = make_network(
        parse_toml_value("[ { type = \"conv2d\", channels = 4, kernel = 3, padding = \"same\" }, { type = \"relu\" }, "
                         "{ type = \"conv2d\", kernel = 3, padding = \"same\" } ]"),
        2, "layers");
    network->build({size, size, 1}, 3);
    auto loss = make_loss(name, "loss");
    TrainParams params;
    params.epochs = 40;
    params.batch_size = 8;
    params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", 0.02}});
    Trainer(*network, *loss, params, 1).fit(data, {});
    Value m = evaluate(*network, *loss, masks({"background", "disc"}), data).metrics();
    EXPECT_GT(m.at("mean_dice").as_real(), 0.9) << name;
  }
}

// ---- patches

TEST(Patches, CoverEveryPlaceAndEndFlush) {
  EXPECT_THAT(patch_starts(10, 4, 0.5), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(patch_starts(11, 4, 0.5), ElementsAre(0, 2, 4, 6, 7));
  EXPECT_THAT(patch_starts(9, 4, 0), ElementsAre(0, 4, 5));
  EXPECT_THAT(patch_starts(4, 4, 0.25), ElementsAre(0));
  EXPECT_THAT(patch_starts(3, 4, 0.25), ElementsAre(0));
  for (std::int64_t n = 1; n < 30; ++n)
    for (double overlap : {0.0, 0.3, 0.9}) {
      std::set<std::int64_t> covered;
      for (std::int64_t start : patch_starts(n, 5, overlap))
        for (std::int64_t i = start; i < std::min(n, start + 5); ++i) covered.insert(i);
      EXPECT_EQ(covered.size(), static_cast<std::size_t>(n));
    }
  for (double overlap : {-0.1, 1.0, std::nan("")})
    EXPECT_THAT(error_of(ErrorKind::value, [&] { patch_starts(9, 4, overlap); }), HasSubstr("overlap in [0, 1)"));
}

TEST(Patches, OfANetworkThatSeesOnePlaceGiveWhatTheWholeGives) {
  auto loss = make_loss("cross_entropy", "loss");
  struct Trial {
    const char* layer;
    Shape input, patch;
  };
  for (const Trial& t : {Trial{"conv1d", {17, 2}, {5, 2}}, Trial{"conv2d", {13, 21, 2}, {8, 6, 2}},
                         Trial{"conv2d", {3, 21, 2}, {8, 6, 2}}, Trial{"conv3d", {7, 9, 11, 1}, {4, 4, 5, 1}}}) {
    auto network =
        make_network(parse_toml_value(std::string("[ { type = \"") + t.layer + "\", kernel = 1 } ]"), 3, "l");
    network->build(t.patch, 5);
    Tensor input = Tensor::normal(t.input, 0, 1, {8, 0, 0});
    Tensor whole = loss->probabilities(network->forward(expand_dims(input, 0), {}));
    for (Blend blend : {Blend::gaussian, Blend::linear})
      for (double overlap : {0.0, 0.5, 0.8}) {
        Tensor p = predict_by_patches(*network, *loss, input, t.patch, {overlap, blend});
        EXPECT_EQ(p.shape(), t.input.with(t.input.rank() - 1, 3));
        std::vector<float> a = p.to_vector<float>(), b = whole.to_vector<float>();
        for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-6f) << t.input.text() << " " << i;
      }
  }
}

// A network that looks at the border of its patch: means of patches weigh their middles most.
TEST(Patches, BlendByTheirWeights) {
  auto loss = make_loss("mse", "loss");
  auto network = make_network(parse_toml_value("[ { type = \"conv1d\", kernel = 3, padding = \"same\" } ]"), 1, "l");
  network->build({4, 1}, 1);
  auto state = state_of(*network);
  for (auto& [name, t] : state) t = name.ends_with("weight") ? Tensor::ones(t.shape()) : Tensor::zeros(t.shape());
  load_state(*network, state);
  Tensor input = Tensor::ones({6, 1});
  // Patches at 0 and 2 say 2 3 3 2; weights of the linear window are 0.4 0.8 0.8 0.4.
  Tensor p = predict_by_patches(*network, *loss, input, {4, 1}, {0.5, Blend::linear});
  std::vector<float> got = p.to_vector<float>(),
                     expected = {2, 3, (0.8f * 3 + 0.4f * 2) / 1.2f, (0.4f * 2 + 0.8f * 3) / 1.2f, 3, 2};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(got[i], expected[i], 1e-6f) << i;
}

TEST(Patches, AreTheSameBitsAtAnyThreadCount) {
  auto loss = make_loss("cross_entropy", "loss");
  auto network = make_network(parse_toml_value("[ { type = \"conv2d\", kernel = 3, padding = \"same\" } ]"), 3, "l");
  network->build({8, 8, 1}, 5);
  Tensor input = Tensor::normal({30, 25, 1}, 0, 1, {9, 0, 0});
  int before = threads();
  std::vector<float> first;
  for (int t : {1, 2, 3}) {
    set_threads(t);
    std::vector<float> got = predict_by_patches(*network, *loss, input, {8, 8, 1}).to_vector<float>();
    if (t == 1) first = got;
    EXPECT_EQ(got, first) << t;
  }
  set_threads(before);
}

// By hand: patches at 0 and 2 of six places hold the two in the middle twice.
TEST(Patches, LossesAreMeansOverPatches) {
  auto loss = make_loss("mse", "loss");
  Network network = nn::network(nn::layer("identity"));
  network.build({4, 1}, 1);
  auto measured = [&](const std::vector<float>& input, const std::vector<float>& target,
                      const std::vector<float>& weight = {}) {
    auto n = static_cast<std::int64_t>(input.size());
    ArrayDataset data({Tensor::from(input, {1, n, 1})}, Tensor::from(target, {1, n, 1}),
                      weight.empty() ? Tensor() : Tensor::from(weight, {1, n}));
    MeasuredPatches m = measure_by_patches(network, *loss, data.fetch(std::vector<std::uint32_t>{0}), {4, 1});
    EXPECT_EQ(m.predictions.shape(), (Shape{n, 1}));
    return m.loss;
  };
  EXPECT_NEAR(measured({1, 2, 3, 4, 5, 6}, {0, 0, 0, 0, 0, 0}), (1 + 4 + 9 + 16 + 9 + 16 + 25 + 36) / 8.0, 1e-5);
  EXPECT_NEAR(measured({1, 2, 3}, {0, 0, 0}), 14 / 3.0, 1e-5) << "what pads a patch counts nothing";
  EXPECT_NEAR(measured({1, 2, 3, 4, 5, 6}, {0, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 3}), (1 + 3 * 36) / 4.0, 1e-5);
}

// A network that sees one place at a time measures images of any size as it does when built for them.
TEST(Patches, AreEvaluatedAsTheWholeIs) {
  auto loss = make_loss("cross_entropy", "loss");
  const std::string layers = "[ { type = \"conv2d\", kernel = 1 } ]";
  auto whole = make_network(parse_toml_value(layers), 3, "l"),
       by_patches = make_network(parse_toml_value(layers), 3, "l");
  whole->build({9, 14, 2}, 5);
  by_patches->build({4, 6, 2}, 5);
  std::vector<std::int32_t> classes(3 * 9 * 14);
  for (std::size_t i = 0; i < classes.size(); ++i) classes[i] = static_cast<std::int32_t>(i * 7 / 5 % 3);
  ArrayDataset data({Tensor::normal({3, 9, 14, 2}, 0, 1, {8, 0, 0})}, Tensor::from(classes, {3, 9, 14}));
  TaskSpec task = masks({"background", "organ", "other"});
  Value a = evaluate(*whole, *loss, task, data).metrics(),
        b = evaluate_by_patches(*by_patches, *loss, task, data, {4, 6, 2}).metrics();
  EXPECT_EQ(a.at("confusion"), b.at("confusion"));
  EXPECT_EQ(a.at("per_class"), b.at("per_class"));
  Value same = evaluate_by_patches(*whole, *loss, task, data, {9, 14, 2}).metrics();
  EXPECT_NEAR(same.at("loss").as_real(), a.at("loss").as_real(), 1e-6) << "one patch is the whole";
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         ArrayDataset other({Tensor::zeros({1, 9, 14, 2})}, Tensor::zeros({1, 9, 13}).to(Dtype::i32));
                         evaluate_by_patches(*by_patches, *loss, task, other, {4, 6, 2});
                       }),
              AllOf(HasSubstr("[9, 14]"), HasSubstr("[1, 9, 13]")));
}

TEST(Patches, RefuseWhatDoesNotFit) {
  auto loss = make_loss("mse", "loss");
  auto network = make_network(parse_toml_value("[ { type = \"conv2d\", kernel = 3, padding = \"same\" } ]"), 3, "l");
  network->build({8, 8, 1}, 5);
  auto fails = [&](const Shape& input, const Shape& patch) {
    EXPECT_THAT(error_of(ErrorKind::shape, [&] { predict_by_patches(*network, *loss, Tensor::zeros(input), patch); }),
                AllOf(HasSubstr(input.text()), HasSubstr(patch.text())));
  };
  fails({9, 9, 2}, {8, 8, 1});
  fails({9, 9}, {8, 8, 1});
  fails({0, 9, 1}, {8, 8, 1});
  auto shrinking = make_network(parse_toml_value("[ { type = \"conv2d\", kernel = 3 } ]"), 3, "l");
  shrinking->build({8, 8, 1}, 5);
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         predict_by_patches(*shrinking, *loss, Tensor::zeros({9, 9, 1}), {8, 8, 1});
                       }),
              HasSubstr("a network that keeps the size of [8, 8, 1], got [6, 6, 3]"));
}

TEST(Evaluation, ManyClassesHaveATopFiveAccuracy) {
  for (std::int64_t k : {5, 6}) {
    std::vector<std::string> names;
    for (std::int64_t c = 0; c < k; ++c) names.push_back(std::to_string(c));
    // Scores fall with the class's number: the last class is the least probable.
    std::vector<float> z;
    for (int i = 0; i < 2; ++i)
      for (std::int64_t c = 0; c < k; ++c) z.push_back(static_cast<float>(-c));
    ArrayDataset data({Tensor::from(z, {2, k})}, Tensor::from(std::vector{4, static_cast<std::int32_t>(k - 1)}, {2}));
    Value m = unchanged({Task::multiclass, names, {"y"}}, "cross_entropy", data, Measure::all).metrics();
    ASSERT_EQ(m.find("top5_accuracy") != nullptr, k > 5);
    if (k > 5) {
      EXPECT_EQ(m.at("top5_accuracy").as_real(), 0.5);
    }
  }
}

}  // namespace
}  // namespace gradus
