#include "gradus/data/image_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "../base/expect_error.h"
#include "temp_folder.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const char* const kFiles = "split = \"files\"\n";
const char* const kInOrder = "split = { method = \"contiguous\", train = 0.5, test = 0.5 }\n";

SourceConfig config(const std::string& data, const std::string& prepare) {
  return {parse_toml(data, ""), parse_toml(prepare, "")};
}

LoadedData load(const TempFolder& folder, const std::string& data, const std::string& prepare = kFiles) {
  return make_source(config(data, prepare))->load(folder.path(), 1);
}

std::string load_error(const TempFolder& folder, ErrorKind kind, const std::string& data,
                       const std::string& prepare = kFiles) {
  return error_of(kind, [&] { load(folder, data, prepare); });
}

Batch all_of(const Dataset& data) {
  std::vector<std::uint32_t> rows(static_cast<std::size_t>(data.size()));
  std::iota(rows.begin(), rows.end(), 0);
  return data.fetch(rows);
}

std::vector<float> inputs(const Dataset& data) { return all_of(data).inputs.to_vector<float>(); }
std::vector<std::int32_t> classes(const Dataset& data) { return all_of(data).target.to_vector<std::int32_t>(); }

const std::string kFolder = "format = \"folder\"\ntrain = \"train\"\ntest = \"test\"\n";

// Two pictures of 1 x 2 pixels for each of two classes, and one to test on.
void write_classes(const TempFolder& f) {
  f.write_png("train/dog/b.png", 1, 2, {5, 6});
  f.write_png("train/dog/a.png", 1, 2, {3, 4});
  f.write_png("train/cat/z.png", 1, 2, {1, 2});
  f.write_png("train/cat/.hidden.png", 1, 2, {9, 9});
  f.write("train/cat/notes.txt", "no image");
  f.write_png("test/dog/t.png", 1, 2, {7, 8});
}

TEST(FolderSource, SubFoldersAreClasses) {
  TempFolder f;
  write_classes(f);
  LoadedData data = load(f, kFolder);
  EXPECT_EQ(data.task.kind, Task::binary);
  EXPECT_THAT(data.task.classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(data.train->input_shape(), (Shape{1, 2, 1}));
  EXPECT_THAT(inputs(*data.train), ElementsAre(1, 2, 3, 4, 5, 6)) << "in the order of the names";
  EXPECT_THAT(classes(*data.train), ElementsAre(0, 1, 1));
  EXPECT_THAT(inputs(*data.test), ElementsAre(7, 8));
  EXPECT_THAT(classes(*data.test), ElementsAre(1));
  EXPECT_THAT(data.class_counts, ElementsAre(1, 2));
  EXPECT_FALSE(data.train->is_costly()) << "all are held in memory";
}

// Of the training part's six values 1 ... 6: mean 3.5, deviation sqrt(35 / 12).
TEST(FolderSource, ScalesAreLearnedFromTheTrainingPart) {
  TempFolder f;
  write_classes(f);
  std::vector<float> x = inputs(*load(f, kFolder, std::string(kFiles) + "scale = \"standardize\"\n").test);
  EXPECT_NEAR(x[0], 3.5 / std::sqrt(35.0 / 12), 1e-6);
  EXPECT_THAT(inputs(*load(f, kFolder, std::string(kFiles) + "scale = \"normalize\"\n").train)[5], 1);
  TempFolder g;
  g.write_png("a/x/1.png", 1, 1, {10, 0, 7});
  g.write_png("a/y/2.png", 1, 1, {20, 0, 9});
  g.write_png("b/x/3.png", 1, 1, {30, 1, 8});
  std::string data = "format = \"folder\"\ntrain = \"a\"\ntest = \"b\"\n";
  EXPECT_THAT(inputs(*load(g, data, std::string(kFiles) + "scale = \"standardize\"\n").test), ElementsAre(3, 1, 0))
      << "each channel has its own; one that is constant only a shift";
}

TEST(FolderSource, ListsNameFilesLabelsAndGroups) {
  TempFolder f;
  for (int i = 0; i < 4; ++i) f.write_png("in/" + std::to_string(i) + ".png", 1, 1, {static_cast<std::uint8_t>(i)});
  f.write("in/list.csv", "name,size,who\n2.png,1.5,a\n0.png,2.5,b\n3.png,3.5,a\n1.png,4.5,b\n");
  std::string data = "format = \"folder\"\nsource = \"in/list.csv\"\nfile = \"name\"\nlabel = \"size\"\n";
  LoadedData halves = load(f, data, kInOrder);
  EXPECT_EQ(halves.task.kind, Task::regression);
  EXPECT_THAT(inputs(*halves.train), ElementsAre(2, 0));
  EXPECT_THAT(all_of(*halves.test).target.to_vector<float>(), ElementsAre(3.5, 4.5));
  LoadedData groups = load(f, data, "split = { method = \"group\", column = \"who\", train = 0.5, test = 0.5 }\n");
  std::vector<float> trained = inputs(*groups.train);
  EXPECT_TRUE(trained == std::vector<float>({2, 3}) || trained == std::vector<float>({0, 1}));

  f.write("in/absent.csv", "file,label\n0.png,a\n9.png,b\n");
  EXPECT_THAT(load_error(f, ErrorKind::file, "format = \"folder\"\nsource = \"in/absent.csv\"\n", kInOrder),
              AllOf(HasSubstr("absent.csv"), HasSubstr("row 2"), HasSubstr("9.png")));
  f.write("in/blank.csv", "file,label\n0.png,a\n1.png,\n");
  EXPECT_THAT(load_error(f, ErrorKind::data, "format = \"folder\"\nsource = \"in/blank.csv\"\n", kInOrder),
              HasSubstr("row 2 has no label"));
}

TEST(FolderSource, MixedSizesAreNamedOrFitted) {
  TempFolder f;
  write_classes(f);
  f.write_png("train/dog/c.png", 2, 4, {1, 1, 2, 2, 1, 1, 2, 2});
  EXPECT_THAT(load_error(f, ErrorKind::data, kFolder),
              AllOf(HasSubstr("c.png"), HasSubstr("1 x 2"), HasSubstr("z.png"), HasSubstr("got 2 x 4"),
                    HasSubstr("image = { size = [1, 2] }")));
  EXPECT_THAT(inputs(*load(f, kFolder + "image = { size = [1, 2] }\n").train), ElementsAre(1, 2, 3, 4, 5, 6, 1, 2));
  EXPECT_THAT(load_error(f, ErrorKind::data, kFolder + "image = { size = [1, 2], fit = \"refuse\" }\n"),
              HasSubstr("c.png"));
  EXPECT_THAT(load_error(f, ErrorKind::config, kFolder + "image = { channels = 2 }\n"), HasSubstr("image.channels"));
  EXPECT_THAT(load_error(f, ErrorKind::config, kFolder + "image = { size = [1] }\n"), HasSubstr("image.size"));
}

TEST(FolderSource, BrokenImagesFailOrAreLeftOutByName) {
  TempFolder f;
  write_classes(f);
  f.write("train/cat/broken.png", "no picture");
  EXPECT_THAT(load_error(f, ErrorKind::data, kFolder), AllOf(HasSubstr("broken.png"), HasSubstr("on_broken")));
  LoadedData data = load(f, kFolder + "on_broken = \"skip\"\n");
  EXPECT_THAT(inputs(*data.train), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(classes(*data.train), ElementsAre(0, 1, 1));
  EXPECT_THAT(data.notes, Contains(AllOf(HasSubstr("1 example is broken"), HasSubstr("broken.png"))));
}

TEST(FolderSource, DecodedAgainOrHeldTheBatchesAreTheSame) {
  TempFolder f;
  write_classes(f);
  LoadedData held = load(f, kFolder + "stream = \"never\"\n"), decoded = load(f, kFolder + "stream = \"always\"\n");
  EXPECT_TRUE(decoded.train->is_costly());
  EXPECT_EQ(inputs(*held.train), inputs(*decoded.train));
  EXPECT_EQ(fingerprint(*held.train), fingerprint(*decoded.train));
}

TEST(FolderSource, MistakesInTheConfigAreTold) {
  TempFolder f;
  write_classes(f);
  EXPECT_THAT(load_error(f, ErrorKind::file, "format = \"folder\"\ntrain = \"none\"\ntest = \"test\"\n"),
              HasSubstr("data.train: there is no file or folder"));
  EXPECT_THAT(load_error(f, ErrorKind::data, "format = \"folder\"\ntrain = \"train/dog\"\ntest = \"test\"\n"),
              HasSubstr("a sub-folder of images for each class"));
  EXPECT_THAT(load_error(f, ErrorKind::config, kFolder, kInOrder), HasSubstr("the split must be by files"));
  EXPECT_THAT(load_error(f, ErrorKind::config, "format = \"folder\"\nsource = \"train\"\n"),
              HasSubstr("names no train"));
  EXPECT_THAT(load_error(f, ErrorKind::data, "format = \"folder\"\ntrain = \"train\"\ntest = \"train\"\n"),
              HasSubstr("among the training images and the test images"));
  EXPECT_THAT(load_error(f, ErrorKind::config, kFolder + "augment = [ { type = \"flop\" } ]\n"),
              HasSubstr("data.augment[0]"));
}

TEST(FolderSource, NewImagesAreTreatedAsInTraining) {
  TempFolder f;
  write_classes(f);
  auto source = make_source(config(kFolder, std::string(kFiles) + "scale = \"normalize\"\n"));
  LoadedData data = source->load(f.path(), 1);
  auto restored = sources().make("folder", Value::table(), "");
  restored->restore(source->state());
  EXPECT_EQ(restored->state(), source->state());
  OpenedData test = restored->open({f.path("test")}, true);
  EXPECT_EQ(inputs(*test.data), inputs(*data.test));
  EXPECT_THAT(classes(*test.data), ElementsAre(1));
  OpenedData some = restored->open({f.path("test/dog/t.png"), f.path("train/dog")}, false);
  ASSERT_EQ(some.echo.size(), 1u);
  EXPECT_EQ(some.echo[0].first, "file");
  EXPECT_THAT(some.echo[0].second, ElementsAre(EndsWith("t.png"), EndsWith("a.png"), EndsWith("b.png")));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { restored->open({f.path("test/dog")}, true); }),
              HasSubstr("a sub-folder for each class"));
  f.write_png("other/large.png", 2, 2, {1, 2, 3, 4});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { restored->open({f.path("other/large.png")}, false); }),
              AllOf(HasSubstr("large.png"), HasSubstr("1 x 2")));
}

const std::string kMasks =
    "format = \"image_mask\"\ntrain = { images = \"images\", masks = \"masks\" }\n"
    "test = { images = \"images2\", masks = \"masks2\" }\n";

void write_masks(const TempFolder& f, std::uint8_t object) {
  f.write_png("images/a.png", 1, 3, {1, 2, 3});
  f.write_png("masks/a.png", 1, 3, {0, object, object});
  f.write_png("images/b.png", 1, 3, {4, 5, 6});
  f.write_png("masks/b.png", 1, 3, {0, 0, object});
  f.write_png("images2/c.png", 1, 3, {7, 8, 9});
  f.write_png("masks2/c.png", 1, 3, {object, 0, 0});
}

TEST(MaskSource, ImagesHaveMasksOfTheirName) {
  TempFolder f;
  write_masks(f, 1);
  LoadedData data = load(f, kMasks);
  EXPECT_EQ(data.task.kind, Task::binary);
  EXPECT_TRUE(data.task.per_place);
  EXPECT_THAT(data.task.classes, ElementsAre("0", "1"));
  Batch train = all_of(*data.train);
  EXPECT_EQ(train.target.shape(), (Shape{2, 1, 3}));
  EXPECT_EQ(train.total_weight, 6) << "a place counts";
  EXPECT_THAT(classes(*data.train), ElementsAre(0, 1, 1, 0, 0, 1));
  EXPECT_THAT(data.class_counts, ElementsAre(3, 3));
  EXPECT_EQ(data.summary.at("classes").at("1").at("test").as_integer(), 1);
}

TEST(MaskSource, NumbersThatAreNoClassesAreToBeNamed) {
  TempFolder f;
  write_masks(f, 255);
  EXPECT_THAT(load_error(f, ErrorKind::data, kMasks),
              AllOf(HasSubstr("a.png"), HasSubstr("255"), HasSubstr("values = [0, 255]")));
  LoadedData data = load(f, kMasks + "values = [0, 255]\nclasses = [\"sky\", \"bird\"]\n");
  EXPECT_THAT(classes(*data.test), ElementsAre(1, 0, 0));
  EXPECT_THAT(data.task.classes, ElementsAre("sky", "bird"));
  EXPECT_THAT(load_error(f, ErrorKind::data, kMasks + "values = [0, 7]\n"),
              AllOf(HasSubstr("masks/a.png"), HasSubstr("255 at row 0, column 1"), HasSubstr("0, 7")));
  EXPECT_THAT(load_error(f, ErrorKind::config, kMasks + "values = [7, 7]\n"), HasSubstr("listed twice"));
  EXPECT_THAT(load_error(f, ErrorKind::config, kMasks + "values = [0, 1, 2]\nclasses = [\"a\", \"b\"]\n"),
              HasSubstr("data.values"));
}

TEST(MaskSource, MasksThatDoNotFitAreNamed) {
  TempFolder f;
  write_masks(f, 1);
  f.write_png("masks/b.png", 1, 2, {0, 1});
  EXPECT_THAT(load_error(f, ErrorKind::data, kMasks),
              AllOf(HasSubstr("masks/b.png"), HasSubstr("1 x 3"), HasSubstr("images/b.png"), HasSubstr("got 1 x 2")));
  f.write_png("masks/b.png", 1, 3, {0, 1, 1});
  f.write_png("images/d.png", 1, 3, {0, 1, 1});
  EXPECT_THAT(load_error(f, ErrorKind::data, kMasks), AllOf(HasSubstr("images/d.png"), HasSubstr("no partner d.*")));
  EXPECT_THAT(load_error(f, ErrorKind::config, "format = \"image_mask\"\nsource = { images = \"images\" }\n", kInOrder),
              HasSubstr("data.source: is neither"));
}

TEST(MaskSource, ListsPairImagesAndMasks) {
  TempFolder f;
  write_masks(f, 1);
  f.write("pairs.csv", "image,mask,who\nimages/b.png,masks/b.png,x\nimages/a.png,masks/a.png,y\n");
  std::string data = "format = \"image_mask\"\nsource = { list = \"pairs.csv\" }\n";
  EXPECT_THAT(inputs(*load(f, data, kInOrder).train), ElementsAre(4, 5, 6));
  EXPECT_EQ(load(f, data, "split = { method = \"group\", column = \"who\", train = 0.5, test = 0.5 }").test->size(), 1);
}

TEST(MaskSource, NewImagesNeedNoMasks) {
  TempFolder f;
  write_masks(f, 1);
  auto source = make_source(config(kMasks, kFiles));
  LoadedData data = source->load(f.path(), 1);
  auto restored = sources().make("image_mask", Value::table(), "");
  restored->restore(source->state());
  EXPECT_EQ(restored->state(), source->state());
  EXPECT_THAT(classes(*restored->open({f.path("images2"), f.path("masks2")}, true).data), ElementsAre(1, 0, 0));
  EXPECT_THAT(classes(*restored->open({f.path("images")}, false).data), Each(0));
  EXPECT_THAT(error_of(ErrorKind::usage, [&] { restored->open({f.path("images2")}, true); }), HasSubstr("--data"));
}

// 51 / 255 = 0.2.
TEST(MaskSource, TargetsMayBePictures) {
  TempFolder f;
  f.write_png("in/a.png", 1, 2, {1, 2});
  f.write_png("in/b.png", 1, 2, {3, 4});
  f.write_png("out/a.png", 2, 1, {51, 0, 102, 0, 0, 255});
  f.write_png("out/b.png", 2, 1, {0, 0, 0, 0, 0, 0});
  std::string pairs = "format = \"image_mask\"\nsource = { images = \"in\", targets = \"out\" }\n";
  LoadedData data = load(f, pairs, kInOrder);
  EXPECT_EQ(data.task.kind, Task::regression);
  EXPECT_TRUE(data.task.per_place);
  EXPECT_THAT(data.task.outputs, ElementsAre("red", "green", "blue"));
  Batch train = all_of(*data.train);
  EXPECT_EQ(train.target.shape(), (Shape{1, 2, 1, 3}));
  std::vector<float> target = train.target.to_vector<float>();
  EXPECT_NEAR(target[0], 0.2, 1e-6);
  EXPECT_NEAR(target[5], 1, 1e-6);
  unscale_targets(data.task.scales, target);
  EXPECT_NEAR(target[2], 102, 1e-4) << "back in the pictures' own units";
  EXPECT_THAT(load(f, pairs + "target_image = { channels = 1 }\n", kInOrder).task.outputs, ElementsAre("grey"));
}

TEST(GridSource, TilesAreExamples) {
  TempFolder f;
  f.write_png("grid.png", 2, 4, {1, 2, 3, 4, 5, 6, 7, 8});
  f.write("labels.txt", "0 1\n1\n");
  std::string data =
      "format = \"image_grid\"\nsource = { image = \"grid.png\", labels = \"labels.txt\", tile = [1, 2] }\n";
  LoadedData parts = load(f, data, "split = { method = \"contiguous\", train = 0.67, test = 0.33 }\n");
  EXPECT_THAT(inputs(*parts.train), ElementsAre(1, 2, 3, 4)) << "the last tile has no label: it fills the row";
  EXPECT_THAT(inputs(*parts.test), ElementsAre(5, 6));
  EXPECT_THAT(classes(*parts.train), ElementsAre(0, 1));
  f.write("labels.txt", "0 1");
  EXPECT_THAT(load_error(f, ErrorKind::data, data, kInOrder), AllOf(HasSubstr("labels.txt"), HasSubstr("4 tiles")));
  f.write("labels.csv", "label\ncat\ndog\ndog\ncat\n");
  auto source = make_source(
      config("format = \"image_grid\"\nsource = { image = \"grid.png\", labels = \"labels.csv\", tile = [1, 2] }\n",
             kInOrder));
  source->load(f.path(), 1);
  auto restored = sources().make("image_grid", Value::table(), "");
  restored->restore(source->state());
  EXPECT_THAT(classes(*restored->open({f.path("grid.png"), f.path("labels.csv")}, true).data), ElementsAre(0, 1, 1, 0));
  EXPECT_EQ(restored->open({f.path("grid.png")}, false).data->size(), 4);
  EXPECT_THAT(load_error(f, ErrorKind::config,
                         "format = \"image_grid\"\n"
                         "train = { image = \"grid.png\", labels = \"labels.csv\", tile = [1, 2] }\n"
                         "test = { image = \"grid.png\", labels = \"labels.csv\", tile = [2, 1] }\n"),
              AllOf(HasSubstr("data.test.tile"), HasSubstr("[1, 2]"), HasSubstr("[2, 1]")));
  EXPECT_THAT(load_error(f, ErrorKind::data,
                         "format = \"image_grid\"\n"
                         "source = { image = \"grid.png\", labels = \"labels.csv\", tile = [1, 3] }\n",
                         kInOrder),
              AllOf(HasSubstr("grid.png"), HasSubstr("1 x 3")));
}

}  // namespace
}  // namespace gradus
