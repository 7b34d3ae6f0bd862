#include "gradus/data/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "../base/expect_error.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

Value data_of(const char* toml) { return parse_toml(toml, ""); }

// Written by hand: from /a/b to /a/runs/x, t.csv is ../../b/t.csv.
TEST(Source, RelativeFilesAreWrittenFromAnotherFolder) {
  Value moved = with_files_from(data_of("source = \"t.csv\"\ntrain = [\"../c/i\", \"/d/l\"]\ntarget = \"t.csv\"\n"),
                                "/a/b", "/a/runs/x");
  EXPECT_EQ(moved.at("source").as_string(), "../../b/t.csv");
  EXPECT_EQ(moved.at("train").as_array()[0].as_string(), "../../c/i");
  EXPECT_EQ(moved.at("train").as_array()[1].as_string(), "/d/l") << "absolute names stay";
  EXPECT_EQ(moved.at("target").as_string(), "t.csv") << "which is no file";
  EXPECT_EQ(with_files_from(moved, "/a/runs/x", "/a/b").at("source").as_string(), "t.csv");
}

TEST(Source, FilesInATableAreWrittenFromAnotherFolderToo) {
  Value moved =
      with_files_from(data_of("train = { images = \"in\", masks = \"/m\", tile = [2, 2] }\nsource = \"pictures\"\n"),
                      "/a/b", "/a/runs/x");
  EXPECT_EQ(moved.at("train").at("images").as_string(), "../../b/in");
  EXPECT_EQ(moved.at("train").at("masks").as_string(), "/m");
  EXPECT_EQ(moved.at("source").as_string(), "../../b/pictures");
  EXPECT_THAT(error_of(ErrorKind::config,
                       [] {
                         source_format({data_of("train = { images = \"in\" }"), {}});
                       }),
              HasSubstr("data.format"));
}

TEST(Source, TheOtherFolderMayBeRelativeAndNotThereYet) {
  std::string here = fs::current_path().string();
  Value moved = with_files_from(data_of("source = \"t.csv\"\n"), here, "none/yet");
  EXPECT_EQ(fs::path(moved.at("source").as_string()).lexically_normal(), "../../t.csv");
}

TEST(Source, AFileThatIsNotThereIsNamedWithWhereItWasSought) {
  EXPECT_THAT(error_of(ErrorKind::file, [] { data_file("/none", "t.csv", "data.source"); }),
              AllOf(HasSubstr("data.source: there is no file /none/t.csv"), HasSubstr("the config's folder")));
  EXPECT_THAT(error_of(ErrorKind::file, [] { data_file("/", "tmp", "data.source"); }),
              HasSubstr("got the folder /tmp"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { data_file("/", "", "data.train[1]"); }), HasSubstr("data.train[1]"));
  EXPECT_EQ(data_file("/none", PROJECT_DATA "/iris.csv", "data.source"), PROJECT_DATA "/iris.csv");
}

const char* const kHalves = "split = { method = \"contiguous\", train = 0.5, test = 0.5 }\n";

LoadedData load(const std::string& data, const std::string& prepare = kHalves) {
  return make_source({parse_toml(data, ""), parse_toml(prepare, "")})->load("", 0);
}

std::string load_error(ErrorKind kind, const std::string& data, const std::string& prepare = kHalves) {
  return error_of(kind, [&] { load(data, prepare); });
}

std::string table(const TempFile& file, const std::string& more = "") {
  return "source = \"" + file.path() + "\"\ntarget = \"y\"\n" + more;
}

TEST(TableSource, ColumnsHaveOneRole) {
  TempFile file("x,z,y\n1,5,0.5\n2,6,1.5\n3,7,2.5\n4,8,3.5\n");
  EXPECT_THAT(load_error(ErrorKind::config, table(file, "weight = \"y\"\n")),
              AllOf(HasSubstr("data.weight"), HasSubstr("target \"y\"")));
  EXPECT_THAT(load_error(ErrorKind::config, table(file, "features = [\"x\", \"x\"]\n")),
              AllOf(HasSubstr("data.features"), HasSubstr("\"x\" is listed twice")));
  EXPECT_THAT(load_error(ErrorKind::config, table(file, "features = []\n")),
              AllOf(HasSubstr("data.features"), HasSubstr("an empty list"), HasSubstr("all columns")));
  EXPECT_THAT(load(table(file, "exclude = [\"y\"]\n")).notes, Contains(HasSubstr("exclude names the target \"y\"")));
  EXPECT_THAT(load(table(file, "exclude = [\"z\"]\n")).notes, Not(Contains(HasSubstr("exclude"))));
}

TEST(TableSource, APartWithoutWeightIsNamed) {
  TempFile file("x,w,y\n1,1,0.5\n2,1,1.5\n3,0,2.5\n4,0,3.5\n");
  EXPECT_THAT(load_error(ErrorKind::data, table(file, "weight = \"w\"\n")),
              AllOf(HasSubstr("\"w\""), HasSubstr("of the test part are 0")));
}

TEST(TableSource, TestFilesMayLackWhatIsLeftOut) {
  TempFile train("id,x,name,y\n1,1,a,0.5\n2,2,b,1.5\n"), test("x,y\n3,2.5\n");
  std::string files = "train = \"" + train.path() + "\"\ntest = \"" + test.path() + "\"\ntarget = \"y\"\n";
  LoadedData data = load(files + "exclude = [\"id\", \"name\"]\n", "split = \"files\"\n");
  EXPECT_THAT(data.test->fetch(std::vector<std::uint32_t>{0}).inputs.to_vector<float>(), ElementsAre(3));
  EXPECT_THAT(load_error(ErrorKind::data, files, "split = \"files\"\n"), HasSubstr("\"id\""));
}

TEST(TableSource, DroppedRowsAreCounted) {
  TempFile file("x,y\n1,0.5\n,1.5\n3,2.5\n4,3.5\n,4.5\n6,5.5\n");
  EXPECT_THAT(load(table(file), std::string(kHalves) + "missing = \"drop_row\"\n").notes,
              Contains(AllOf(HasSubstr("2 rows have missing values"), HasSubstr("drop_row"))));
  EXPECT_THAT(load(table(file), std::string(kHalves) + "missing = \"mean\"\n").notes,
              Not(Contains(HasSubstr("missing values"))));
}

std::string idx(char type, const std::vector<char>& dims, const std::string& elements) {
  std::string bytes = {'\0', '\0', type, static_cast<char>(dims.size())};
  for (char d : dims) bytes += std::string(3, '\0') + d;
  return bytes + elements;
}

const std::string kPictures = idx(0x08, {4, 1, 2}, "abcdefgh");

// Loads four pictures with these labels.
std::string pair(const TempFile& values, const TempFile& labels, const std::string& task = "auto") {
  return "format = \"idx\"\ntrain = [\"" + values.path() + "\", \"" + labels.path() + "\"]\ntask = \"" + task + "\"\n";
}

TEST(IdxSource, ValuesMustBeFinite) {
  TempFile labels(idx(0x08, {4}, std::string("\0\1\0\1", 4)), ".idx");
  const std::string one("\x3F\x80\0\0", 4), infinite("\x7F\x80\0\0", 4), nan("\x7F\xC0\0\0", 4);
  TempFile values(idx(0x0D, {4, 2}, one + one + one + one + one + infinite + one + nan), ".idx");
  EXPECT_THAT(load_error(ErrorKind::data, pair(values, labels)),
              AllOf(HasSubstr(values.path()), HasSubstr("finite"), HasSubstr("inf in example 2")));
  const std::string huge("\x7E\x37\xE4\x3C\x88\0\x75\x9C", 8);  // 1e300
  TempFile wide(idx(0x0E, {4}, std::string(24, '\0') + huge), ".idx");
  EXPECT_THAT(load_error(ErrorKind::data, pair(wide, labels)), HasSubstr("1e+300 in example 3"));
  TempFile pictures(kPictures, ".idx"), bad_labels(idx(0x0D, {4}, one + nan + one + one), ".idx");
  EXPECT_THAT(load_error(ErrorKind::data, pair(pictures, bad_labels)),
              AllOf(HasSubstr(bad_labels.path()), HasSubstr("nan in example 1")));
}

TEST(IdxSource, LabelsAreOneForEachExample) {
  TempFile pictures(kPictures, ".idx"), labels(idx(0x08, {4}, std::string("\0\1\0\1", 4)), ".idx");
  EXPECT_THAT(load_error(ErrorKind::data, pair(labels, pictures)),
              AllOf(HasSubstr(pictures.path()), HasSubstr("labels of shape [4]"), HasSubstr("got [4, 1, 2]"),
                    HasSubstr("wrong order")));
  TempFile fewer(idx(0x08, {3}, std::string("\0\1\0", 3)), ".idx");
  EXPECT_THAT(load_error(ErrorKind::data, pair(pictures, fewer)), AllOf(HasSubstr("got [3]"), HasSubstr("a pair?")));
  TempFile none(idx(0x08, {0, 1, 2}, ""), ".idx"), no_labels(idx(0x08, {0}, ""), ".idx");
  EXPECT_THAT(load_error(ErrorKind::data, pair(none, no_labels)),
              AllOf(HasSubstr(none.path()), HasSubstr("no examples")));
}

TEST(IdxSource, TheTaskIsToldFromTheLabels) {
  TempFile pictures(kPictures, ".idx"), classes(idx(0x08, {4}, std::string("\0\1\0\1", 4)), ".idx");
  EXPECT_THAT(load(pair(pictures, classes)).notes, Contains("task: binary (the labels are whole numbers)"));
  const std::string half("\x3F\0\0\0", 4), one("\x3F\x80\0\0", 4);
  TempFile reals(idx(0x0D, {4}, half + one + half + one), ".idx");
  EXPECT_THAT(load(pair(pictures, reals)).notes, Contains(HasSubstr("task: regression (the labels are not all whole")));
  EXPECT_THAT(load_error(ErrorKind::data, pair(pictures, reals, "binary")), HasSubstr("got 0.5 in example 0"));
}

// What is read batch by batch is what is held.
TEST(IdxSource, StreamedExamplesAreThoseHeld) {
  TempFile pictures(kPictures, ".idx"), labels(idx(0x08, {4}, std::string("\0\1\0\1", 4)), ".idx");
  for (const char* scale : {"none", "normalize", "standardize"}) {
    std::string prepare = std::string(kHalves) + "scale = \"" + scale + "\"\n";
    LoadedData held = load(pair(pictures, labels), prepare),
               streamed = load(pair(pictures, labels) + "stream = \"always\"\n", prepare);
    EXPECT_EQ(fingerprint(*streamed.train), fingerprint(*held.train)) << scale;
    EXPECT_EQ(fingerprint(*streamed.test), fingerprint(*held.test)) << scale;
    EXPECT_NE(fingerprint(*held.train), fingerprint(*held.test)) << scale;
    EXPECT_THAT(streamed.notes, Contains(HasSubstr("read batch by batch"))) << scale;
    EXPECT_THAT(held.notes, Not(Contains(HasSubstr("batch by batch")))) << scale;
  }
}

TEST(IdxSource, PreparedExamplesAreShownAsTheyWere) {
  TempFile pictures(kPictures, ".idx"), labels(idx(0x08, {4}, std::string("\0\1\0\1", 4)), ".idx");
  for (const char* stream : {"never", "always"})
    for (const char* scale : {"none", "normalize", "standardize"}) {
      std::string prepare = std::string(kHalves) + "scale = \"" + scale + "\"\n";
      auto source = make_source(
          {parse_toml(pair(pictures, labels) + "stream = \"" + stream + "\"\n", ""), parse_toml(prepare, "")});
      LoadedData data = source->load("", 0);
      const std::uint32_t last = 1;
      Pixels shown = pixels_of(source->image_format().value(), data.test->fetch({&last, 1}).inputs, 0);
      EXPECT_EQ(shown.height * 10 + shown.width, 12);
      EXPECT_EQ(std::string(shown.values.begin(), shown.values.end()), "gh") << stream << scale;
    }
}

// -1 and 1 are classes in other tools, and so are numbers above the limit: whether they are here is asked.
TEST(IdxSource, WholeLabelsThatAreNoClassesAreAskedAbout) {
  TempFile pictures(kPictures, ".idx"), signs(idx(0x09, {4}, "\1\xFF\1\xFF"), ".idx");
  for (const char* task : {"auto", "binary", "multiclass"})
    EXPECT_THAT(load_error(ErrorKind::data, pair(pictures, signs, task)),
                AllOf(HasSubstr(signs.path()), HasSubstr("from 0 to 65535"), HasSubstr("got -1 in example 1"),
                      HasSubstr("task = \"regression\"")))
        << task;
  EXPECT_EQ(load(pair(pictures, signs, "regression")).task.kind, Task::regression);
}

}  // namespace
}  // namespace gradus
