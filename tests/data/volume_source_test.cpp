#include "gradus/data/volume_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>

#include "../base/expect_error.h"
#include "nifti_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

// A folder that is there as long as the object.
class TempFolder {
 public:
  TempFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = fs::path(testing::TempDir()) / (std::string("gradus_") + test->test_suite_name() + "_" + test->name());
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~TempFolder() { fs::remove_all(path_); }
  std::string path(const std::string& name = "") const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }
  // A scan of x * y * z voxels numbered from `first` on, and labels voxel % `classes`.
  void write_scan(const std::string& name, int x, int y, int z, int first = 0) const {
    std::vector<std::int16_t> voxels(static_cast<std::size_t>(x * y * z));
    std::iota(voxels.begin(), voxels.end(), static_cast<std::int16_t>(first));
    write(name, nifti_bytes(x, y, z, voxels));
  }
  void write_labels(const std::string& name, int x, int y, int z, int classes = 2) const {
    std::vector<std::int16_t> voxels(static_cast<std::size_t>(x * y * z));
    for (std::size_t i = 0; i < voxels.size(); ++i)
      voxels[i] = static_cast<std::int16_t>(static_cast<int>(i) % classes);
    write(name, nifti_bytes(x, y, z, voxels));
  }

 private:
  fs::path path_;
};

const char* const kBySubject = "split = { method = \"subject\", train = 0.5, test = 0.5 }\nscale = \"none\"\n";

std::unique_ptr<Source> source_of(const std::string& data, const std::string& prepare = kBySubject) {
  return make_source({parse_toml(data, ""), parse_toml(prepare, "")});
}

// Three subjects, the second scanned twice, each scan 4 x 3 x 2 voxels with labels 0 and 1.
void write_study(const TempFolder& folder) {
  std::string list = "subject,image,label,group\n";
  int k = 0;
  for (const char* row : {"001,a", "002,b", "002,c", "003,d"}) {
    std::string name = std::string(row).substr(4);
    folder.write_scan(name + ".nii", 4, 3, 2, 100 * k++);
    folder.write_labels(name + "_seg.nii", 4, 3, 2);
    list += std::string(row) + ".nii," + name + "_seg.nii," + (k < 3 ? "ill" : "well") + "\n";
  }
  folder.write("scans.csv", list);
}

std::string study(const TempFolder& folder, const std::string& more = "") {
  return "format = \"nifti\"\nsource = \"" + folder.path("scans.csv") + "\"\n" + more;
}

std::vector<float> inputs_of(const Dataset& data, std::uint32_t row) {
  return data.fetch(std::vector<std::uint32_t>{row}).inputs.to_vector<float>();
}

TEST(VolumeSource, WholeScansComeWithTheirLabels) {
  TempFolder folder;
  write_study(folder);
  LoadedData data = source_of(study(folder))->load("", 1);
  EXPECT_TRUE(data.task.per_place);
  EXPECT_EQ(data.task.kind, Task::binary);
  EXPECT_THAT(data.task.classes, ElementsAre("0", "1"));
  EXPECT_EQ(data.train->input_shape(), (Shape{2, 3, 4, 1}));
  EXPECT_EQ(data.train->size() + data.test->size(), 4);
  EXPECT_EQ(data.validation, nullptr);
  Batch batch = data.train->fetch(std::vector<std::uint32_t>{0});
  EXPECT_EQ(batch.target.shape(), (Shape{1, 2, 3, 4}));
  std::vector<float> x = batch.inputs.to_vector<float>();
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(x[i], x[0] + static_cast<float>(i));
  EXPECT_THAT(batch.target.to_vector<std::int32_t>(), Contains(1));
  double n = static_cast<double>(data.train->size()) * 12;
  EXPECT_THAT(data.class_counts, ElementsAre(n, n));
}

// The two scans of subject 002 hold 100 to 123 and 200 to 223.
TEST(VolumeSource, ASubjectIsInOnePart) {
  TempFolder folder;
  write_study(folder);
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    LoadedData data = source_of(study(folder, "take = \"slices\"\n"))->load("", seed);
    std::array<std::set<int>, 2> subjects;
    const Dataset* parts[] = {data.train.get(), data.test.get()};
    for (std::size_t p = 0; p < 2; ++p)
      for (std::uint32_t r = 0; r < parts[p]->size(); ++r)
        subjects[p].insert(std::array{1, 2, 2, 3}[static_cast<std::size_t>(inputs_of(*parts[p], r)[0]) / 100]);
    EXPECT_EQ(subjects[0].size() + subjects[1].size(), 3u);
  }
}

TEST(VolumeSource, ASplitThatTearsASubjectApartIsRefused) {
  TempFolder folder;
  write_study(folder);
  std::string split = "scale = \"none\"\nsplit = { method = \"contiguous\", train = 0.5, test = 0.5";
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(study(folder), split + " }\n")->load("", 1); }),
              AllOf(HasSubstr("subject \"002\""), HasSubstr("training and the test part"),
                    HasSubstr("allow_same_subject = true")));
  LoadedData meant = source_of(study(folder), split + ", allow_same_subject = true }\n")->load("", 1);
  EXPECT_EQ(meant.train->size(), 2);
  fs::copy_file(folder.path("scans.csv"), folder.path("test.csv"));
  std::string files =
      "format = \"nifti\"\ntrain = \"" + folder.path("scans.csv") + "\"\ntest = \"" + folder.path("test.csv") + "\"\n";
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(files, "split = \"files\"\n")->load("", 1); }),
              HasSubstr("subject \"001\""));
}

TEST(VolumeSource, ValidationIsCutFromTheTrainingFileBySubject) {
  TempFolder folder;
  write_study(folder);
  folder.write("test.csv", "subject,image,label\n9,d.nii,d_seg.nii\n");
  folder.write("train.csv", "subject,image,label\n1,a.nii,a_seg.nii\n2,b.nii,b_seg.nii\n2,c.nii,c_seg.nii\n");
  std::string files = "format = \"nifti\"\ntrain = \"train.csv\"\ntest = \"test.csv\"\n";
  LoadedData data = source_of(files, "split = { method = \"files\", validation = 0.3 }\n")->load(folder.path(), 1);
  EXPECT_EQ(data.train->size(), 2);
  EXPECT_EQ(data.validation->size(), 1);
  EXPECT_EQ(data.test->size(), 1);
}

VolumeSplit slices(double train, double validation, double test, std::int64_t gap, std::int64_t blocks) {
  VolumeSplit s;
  s.slices = true;
  s.params.train = train;
  s.params.validation = validation;
  s.params.test = test;
  s.gap = gap;
  s.blocks = blocks;
  return s;
}

// Worked by hand.
TEST(VolumeSource, SlicesAreDividedInRunsWithGaps) {
  EXPECT_THAT(slice_parts(slices(0.5, 0, 0.5, 2, 1), 8, ""), ElementsAre(0, 0, 0, 3, 3, 2, 2, 2));
  EXPECT_THAT(slice_parts(slices(0.5, 0.25, 0.25, 1, 1), 6, ""), ElementsAre(0, 0, 3, 1, 3, 2));
  EXPECT_THAT(slice_parts(slices(0.5, 0, 0.5, 1, 2), 6, ""), ElementsAre(0, 3, 2, 2, 3, 0));
  EXPECT_THAT(slice_parts(slices(0.5, 0, 0.25, 0, 1), 4, ""), ElementsAre(0, 0, 2, 3));
  EXPECT_THAT(error_of(ErrorKind::data, [] { slice_parts(slices(0.7, 0.1, 0.2, 2, 2), 10, "t1.nii"); }),
              AllOf(HasSubstr("t1.nii"), HasSubstr("a block of 5 slices")));
}

// Whatever the shares: slices of different parts are further apart than the gap.
TEST(VolumeSource, NoPartsAreNeighbours) {
  for (std::int64_t gap : {0, 1, 2, 5})
    for (std::int64_t blocks : {1, 2, 3}) {
      std::vector<int> parts = slice_parts(slices(0.6, 0.2, 0.2, gap, blocks), 97, "");
      ASSERT_EQ(parts.size(), 97u);
      for (std::size_t i = 0; i < parts.size(); ++i)
        for (std::size_t j = i + 1; j <= i + static_cast<std::size_t>(gap) && j < parts.size(); ++j)
          EXPECT_TRUE(parts[i] == parts[j] || parts[i] == 3 || parts[j] == 3) << gap << " " << blocks << " " << i;
    }
}

TEST(VolumeSource, SlicesOfOneScanAreTrainedAndTestedOnApart) {
  TempFolder folder;
  folder.write_scan("a.nii", 2, 2, 10);
  folder.write_labels("s.nii", 2, 2, 10, 4);
  folder.write("scans.csv", "subject,image,label\n1,a.nii,s.nii\n");
  std::string split = "scale = \"none\"\nsplit = { method = \"slices\", train = 0.5, test = 0.5, gap = 2 }\n";
  LoadedData data = source_of(study(folder, "take = \"slices\"\n"), split)->load("", 1);
  EXPECT_EQ(data.train->size(), 4);
  EXPECT_EQ(data.test->size(), 4);
  // the upper row of a slice is at the patient's front: voxels 2 and 3 of it
  EXPECT_THAT(inputs_of(*data.train, 3), ElementsAre(14, 15, 12, 13));
  EXPECT_THAT(inputs_of(*data.test, 0), ElementsAre(26, 27, 24, 25));
  EXPECT_THAT(data.notes, Contains(HasSubstr("2 left out between them")));
  EXPECT_THAT(error_of(ErrorKind::config, [&] { source_of(study(folder), split)->load("", 1); }),
              HasSubstr("take = \"slices\""));
}

// Voxel numbers of a 4 x 3 x 2 scan (x fastest): 12 z + 4 y + x.
TEST(VolumeSource, SlicesHaveHeadOrFrontOnTop) {
  TempFolder folder;
  write_study(folder);
  auto first = [&](const std::string& axis) {
    auto source = source_of(study(folder, "take = \"slices\"\naxis = \"" + axis + "\"\n"));
    source->load("", 1);
    return inputs_of(*source->open({folder.path("a.nii")}, false).data, 1);
  };
  EXPECT_THAT(first("axial"), ElementsAre(20, 21, 22, 23, 16, 17, 18, 19, 12, 13, 14, 15));
  EXPECT_THAT(first("coronal"), ElementsAre(16, 17, 18, 19, 4, 5, 6, 7));
  EXPECT_THAT(first("sagittal"), ElementsAre(13, 17, 21, 1, 5, 9));
}

TEST(VolumeSource, PatchesLieOnAGridOrAtRandomPlaces) {
  TempFolder folder;
  write_study(folder);
  std::string patch = "take = \"patches\"\npatch = [2, 2, 2]\n";
  LoadedData grid = source_of(study(folder, patch))->load("", 1);
  EXPECT_EQ(grid.train->size() + grid.test->size(), 4 * 4) << "1 x 2 x 2, the last ones ending with the scan";
  EXPECT_EQ(grid.train->input_shape(), (Shape{2, 2, 2, 1}));
  LoadedData a = source_of(study(folder, patch + "per_volume = 5\n"))->load("", 1),
             b = source_of(study(folder, patch + "per_volume = 5\n"))->load("", 1),
             c = source_of(study(folder, patch + "per_volume = 5\n"))->load("", 2);
  EXPECT_EQ(a.train->size() + a.test->size(), 20);
  EXPECT_EQ(fingerprint(*a.train), fingerprint(*b.train));
  EXPECT_NE(fingerprint(*a.train), fingerprint(*c.train));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] { source_of(study(folder, "take = \"patches\"\npatch = [3, 2, 2]\n"))->load("", 1); }),
              AllOf(HasSubstr("a.nii"), HasSubstr("3 x 2 x 2"), HasSubstr("2 x 3 x 4")));
}

TEST(VolumeSource, OnlyLabelledExamplesAreTaken) {
  TempFolder folder;
  folder.write_scan("a.nii", 2, 1, 6);
  folder.write("s.nii", nifti_bytes(2, 1, 6, {0, 0, 0, 7, 7, 0, 0, 0, 7, 7, 0, 0}));
  folder.write("scans.csv", "subject,image,label\n1,a.nii,s.nii\n");
  std::string split = "split = { method = \"slices\", train = 0.5, test = 0.5, gap = 1 }\n";
  LoadedData data =
      source_of(study(folder, "take = \"slices\"\nonly_labelled = true\nlabel_values = [0, 7]\n"), split)->load("", 1);
  EXPECT_EQ(data.train->size(), 2) << "slices 1 and 2";
  EXPECT_EQ(data.test->size(), 1) << "slice 4";
  EXPECT_THAT(data.task.classes, ElementsAre("0", "7"));
}

TEST(VolumeSource, ScansOfSeveralSizesAreCutToOne) {
  TempFolder folder;
  write_study(folder);
  folder.write_scan("b.nii", 6, 3, 2);
  folder.write_labels("b_seg.nii", 6, 3, 2);
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(study(folder))->load("", 1); }),
              AllOf(HasSubstr("b.nii"), HasSubstr("2 x 3 x 6"), HasSubstr("data.size")));
  LoadedData data = source_of(study(folder, "size = [2, 4, 2]\n"))->load("", 1);
  EXPECT_EQ(data.train->input_shape(), (Shape{2, 4, 2, 1}));
  data = source_of(study(folder, "spacing = [1, 1, 2]\nsize = [2, 3, 2]\n"))->load("", 1);
  EXPECT_EQ(data.train->input_shape(), (Shape{2, 3, 2, 1}));
}

TEST(VolumeSource, LabelsThatDoNotFitAreNamedWithTheirFile) {
  TempFolder folder;
  write_study(folder);
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(study(folder, "label_values = [[0, 2], 3]\n"))->load("", 1); }),
              AllOf(HasSubstr("a_seg.nii"), HasSubstr("got 1"), HasSubstr("data.label_values")));
  folder.write_labels("c_seg.nii", 4, 2, 2);
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(study(folder))->load("", 1); }),
              AllOf(HasSubstr("c_seg.nii"), HasSubstr("2 x 3 x 4 voxels"), HasSubstr("2 x 2 x 4")));
  folder.write("c_seg.nii", nifti_bytes(4, 3, 2, std::vector<std::int16_t>(24, 1), 2.0f));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(study(folder))->load("", 1); }),
              AllOf(HasSubstr("c_seg.nii"), HasSubstr("mm")));
  std::string half = with_field(nifti_bytes(4, 3, 2, std::vector<std::int16_t>(24, 1)), 112, 0.5f);
  folder.write("c_seg.nii", half);
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(study(folder))->load("", 1); }),
              AllOf(HasSubstr("c_seg.nii"), HasSubstr("whole numbers"), HasSubstr("0.5")));
}

TEST(VolumeSource, MistakesInTheConfigAreNamed) {
  TempFolder folder;
  write_study(folder);
  auto config = [&](const std::string& more, const std::string& prepare = kBySubject) {
    return error_of(ErrorKind::config, [&] { source_of(study(folder, more), prepare)->load("", 1); });
  };
  EXPECT_THAT(config("", "scale = \"none\"\n"), HasSubstr("method = \"subject\""));
  EXPECT_THAT(config("", "split = { method = \"patients\", train = 0.5, test = 0.5 }\n"), HasSubstr("one of subject"));
  EXPECT_THAT(config("", "split = { method = \"subject\", train = 0.5, test = 0.5, gap = 1 }\n"),
              HasSubstr("method \"slices\""));
  EXPECT_THAT(config("spacing = [1, 2]\n"), HasSubstr("data.spacing"));
  EXPECT_THAT(config("spacing = -1\n"), HasSubstr("mm above 0"));
  EXPECT_THAT(config("size = [1, 2]\n"), HasSubstr("data.size"));
  EXPECT_THAT(config("take = \"patches\"\n"), HasSubstr("data.patch"));
  EXPECT_THAT(config("label_values = [0, [1, 0]]\n"), HasSubstr("lists the value 0 twice"));
  EXPECT_THAT(config("classes = [\"a\"]\nlabel_values = [0, 1]\n"), HasSubstr("a name for each of 2 classes"));
  folder.write("scans.csv", "subject,image\n1,a.nii\n");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of(study(folder))->load("", 1); }), HasSubstr("column \"label\""));
}

TEST(VolumeSource, ScansAreClassified) {
  TempFolder folder;
  write_study(folder);
  folder.write("scans.csv", "subject,image,label\n1,a.nii,ill\n2,b.nii,well\n3,c.nii,ill\n4,d.nii,well\n5,d.nii,\n");
  auto source = source_of(study(folder), "split = { method = \"stratified\", train = 0.5, test = 0.5 }\n");
  LoadedData data = source->load("", 1);
  EXPECT_FALSE(data.task.per_place);
  EXPECT_THAT(data.task.classes, ElementsAre("ill", "well"));
  EXPECT_THAT(data.class_counts, ElementsAre(1, 1));
  EXPECT_THAT(data.notes, Contains(HasSubstr("1 scan has no label")));
  EXPECT_EQ(data.train->fetch(std::vector<std::uint32_t>{0, 1}).target.shape(), (Shape{2}));
  OpenedData opened = source->open({folder.path("scans.csv")}, true);
  EXPECT_THAT(opened.data->fetch(std::vector<std::uint32_t>{0, 1, 2, 3}).target.to_vector<std::int32_t>(),
              ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(source->open({folder.path("a.nii")}, false).data->size(), 1);
}

// Mean 0 and deviation 1 of every scan, or of the training part.
TEST(VolumeSource, ScansAreStandardizedEachOrTogether) {
  TempFolder folder;
  write_study(folder);
  std::string split = "split = { method = \"subject\", train = 0.5, test = 0.5 }\nscale = ";
  auto moments = [&](const std::string& scale, bool test) {
    LoadedData data = source_of(study(folder), split + "\"" + scale + "\"\n")->load("", 1);
    double sum = 0, squares = 0, n = 0;
    const Dataset& part = test ? *data.test : *data.train;
    for (std::uint32_t r = 0; r < part.size(); ++r)
      for (float v : inputs_of(part, r)) {
        sum += static_cast<double>(v);
        squares += static_cast<double>(v) * static_cast<double>(v);
        ++n;
      }
    return std::pair(sum / n, squares / n);
  };
  for (bool test : {false, true}) {
    EXPECT_NEAR(moments("standardize_each", test).first, 0, 1e-5);
    EXPECT_NEAR(moments("standardize_each", test).second, 1, 1e-5);
  }
  EXPECT_NEAR(moments("standardize", false).first, 0, 1e-5);
  EXPECT_NEAR(moments("standardize", false).second, 1, 1e-5);
  EXPECT_GT(moments("standardize", true).second, 1.5);
}

TEST(VolumeSource, AModelFileSaysHowNewScansAreTaken) {
  TempFolder folder;
  write_study(folder);
  std::string data = "take = \"slices\"\naxis = \"coronal\"\nspacing = 2\nsize = [2, 2, 2]\nclasses = [\"a\", \"b\"]\n";
  auto trained = source_of(study(folder, data), "split = { method = \"subject\", train = 0.5, test = 0.5 }\n");
  trained->load("", 1);
  auto restored = sources().make("nifti", Value::table(), "format");
  restored->restore(parse_json(to_json(trained->state()), ""));
  OpenedData a = trained->open({folder.path("scans.csv")}, true), b = restored->open({folder.path("scans.csv")}, true);
  EXPECT_EQ(fingerprint(*a.data), fingerprint(*b.data));
  EXPECT_THAT(b.echo[0].second, Contains("002"));
  EXPECT_EQ(b.echo[1].second[1], "a.nii slice 1");
  EXPECT_EQ(restored->image_format()->high, trained->image_format()->high);
}

// Voxels of 1 x 2 x 3 mm along right, front and head; distances are measured along z, y, x.
TEST(VolumeSource, MasksTellTheSpacingOfTheirPlaces) {
  TempFolder folder;
  auto write = [&](const std::string& name, float head) {
    std::vector<std::int16_t> voxels(24);
    std::iota(voxels.begin(), voxels.end(), std::int16_t{0});
    std::string scan = with_field(with_field(nifti_bytes(4, 3, 2, voxels), 84, 2.0f), 88, head);
    for (std::int16_t& v : voxels) v = v % 2;
    folder.write(name + ".nii", scan);
    folder.write(name + "_seg.nii", with_field(with_field(nifti_bytes(4, 3, 2, voxels), 84, 2.0f), 88, head));
  };
  write("a", 3);
  write("b", 3.0001f);
  write("c", 3.5f);
  folder.write("scans.csv", "subject,image,label\n1,a.nii,a_seg.nii\n2,b.nii,b_seg.nii\n");
  folder.write("thick.csv", "subject,image,label\n1,a.nii,a_seg.nii\n2,c.nii,c_seg.nii\n");
  auto spacing = [&](const std::string& list, const std::string& more) {
    LoadedData data = source_of("format = \"nifti\"\nsource = \"" + folder.path(list) + "\"\n" + more)->load("", 1);
    bool says_voxels = std::ranges::any_of(data.notes, [](const std::string& n) {
      return n.find("distances between surfaces are in voxels") != std::string::npos;
    });
    EXPECT_EQ(says_voxels, data.task.spacing.empty());
    return data.task.spacing;
  };
  EXPECT_THAT(spacing("scans.csv", ""), ElementsAre(3, 2, 1));
  EXPECT_THAT(spacing("scans.csv", "take = \"patches\"\npatch = [1, 1, 2]\n"), ElementsAre(3, 2, 1));
  EXPECT_THAT(spacing("scans.csv", "take = \"slices\"\n"), ElementsAre(2, 1));
  EXPECT_THAT(spacing("scans.csv", "take = \"slices\"\naxis = \"coronal\"\n"), ElementsAre(3, 1));
  EXPECT_THAT(spacing("scans.csv", "take = \"slices\"\naxis = \"sagittal\"\n"), ElementsAre(3, 2));
  EXPECT_THAT(spacing("thick.csv", ""), ElementsAre()) << "the scans differ";
  EXPECT_THAT(spacing("thick.csv", "take = \"slices\"\n"), ElementsAre(2, 1)) << "not in their slices";
  EXPECT_THAT(spacing("thick.csv", "spacing = [3.0, 2.0, 0.5]\nsize = [2, 3, 8]\n"), ElementsAre(3, 2, 0.5));

  auto trained = source_of(study(folder));
  trained->load("", 1);
  EXPECT_THAT(trained->open({folder.path("scans.csv")}, true).spacing, ElementsAre(3, 2, 1));
  folder.write("new.csv", "subject,image,label\n1,c.nii,c_seg.nii\n");
  EXPECT_THAT(trained->open({folder.path("new.csv")}, true).spacing, ElementsAre(3.5, 2, 1)) << "their own";
}

// The labels themselves taken for predictions come back voxel by voxel, on the grid of each scan.
TEST(VolumeSource, PredictionsAreWrittenOnTheScansOwnGrid) {
  TempFolder folder;
  std::string bytes = from_base64(nifti_case("tilted").at("file").as_string());
  folder.write("a.nii", bytes);
  NiftiImage scan = read_nifti(folder.path("a.nii"));
  for (std::size_t i = 0; i < scan.volume.values.size(); ++i) scan.volume.values[i] = i % 5 < 2 ? 40 : 7;
  write_nifti(folder.path("s.nii.gz"), scan.header, scan.volume, NiftiType::u8);
  folder.write("scans.csv", "subject,image,label\n1,a.nii,s.nii.gz\n2,a.nii,s.nii.gz\n");
  for (const char* take : {"take = \"volumes\"\n", "take = \"slices\"\n", "take = \"slices\"\naxis = \"sagittal\"\n",
                           "take = \"patches\"\npatch = [1, 2, 2]\n", "size = [4, 7, 9]\n"}) {
    SCOPED_TRACE(take);
    auto source = source_of(study(folder, std::string("label_values = [7, 40]\n") + take));
    source->load("", 1);
    OpenedData opened = source->open({folder.path("scans.csv")}, true);
    std::vector<std::int32_t> classes;
    for (std::uint32_t r = 0; r < opened.data->size(); ++r) {
      std::vector<std::int32_t> one =
          opened.data->fetch(std::vector<std::uint32_t>{r}).target.to_vector<std::int32_t>();
      classes.insert(classes.end(), one.begin(), one.end());
    }
    std::vector<std::string> paths =
        source->open({folder.path("a.nii"), folder.path("a.nii")}, false).write_masks(folder.path("out"), classes);
    ASSERT_EQ(paths.size(), 2u);
    EXPECT_THAT(paths[1], HasSubstr("a_2_prediction.nii.gz"));
    for (const std::string& path : paths) {
      NiftiImage written = read_nifti(path);
      EXPECT_EQ(written.volume.values, scan.volume.values);
      EXPECT_EQ(written.header.affine, scan.header.affine);
      EXPECT_EQ(written.header.file_size, scan.header.file_size);
    }
    classes.pop_back();
    error_of(ErrorKind::shape, [&] { opened.write_masks(folder.path("out"), classes); });
  }
}

// A block twice as fine as the grid that is worked on: nearest voxels give it back.
TEST(VolumeSource, PredictionsAreResampledBack) {
  TempFolder folder;
  std::vector<std::int16_t> blocks;
  for (int i = 0; i < 64; ++i) blocks.push_back(static_cast<std::int16_t>(i % 4 / 2 + i / 4 % 4 / 2));
  folder.write("a.nii", nifti_bytes(4, 4, 4, blocks));
  folder.write("scans.csv", "subject,image,label\n1,a.nii,a.nii\n2,a.nii,a.nii\n");
  auto source = source_of(study(folder, "spacing = 2\n"));
  EXPECT_EQ(source->load("", 1).train->input_shape(), (Shape{2, 2, 2, 1}));
  OpenedData opened = source->open({folder.path("a.nii")}, false);
  std::vector<std::int32_t> classes = {0, 1, 1, 2, 0, 1, 1, 2};
  NiftiImage written = read_nifti(opened.write_masks(folder.path(), classes)[0]);
  EXPECT_EQ(written.volume.values, std::vector<float>(blocks.begin(), blocks.end()));
}

// Patches that overlap: the place nearer to the middle of its patch counts.
TEST(VolumeSource, OverlappingPatchesAreJoinedInTheirMiddles) {
  TempFolder folder;
  folder.write_scan("a.nii", 6, 1, 1);
  folder.write("s.nii", nifti_bytes(6, 1, 1, {0, 1, 2, 3, 4, 5}));
  folder.write("scans.csv", "subject,image,label\n1,a.nii,s.nii\n2,a.nii,s.nii\n");
  auto source = source_of(study(folder, "take = \"patches\"\npatch = [1, 1, 4]\nstride = [1, 1, 2]\n"));
  source->load("", 1);
  OpenedData opened = source->open({folder.path("a.nii")}, false);
  ASSERT_EQ(opened.data->size(), 2);
  EXPECT_THAT(
      read_nifti(opened.write_masks(folder.path(), std::vector<std::int32_t>{0, 0, 0, 0, 1, 1, 1, 1})[0]).volume.values,
      ElementsAre(0, 0, 0, 0, 1, 1));
}

TEST(ScanCache, KeepsWhatFitsAndReadsTheRestAgain) {
  TempFolder folder;
  write_study(folder);
  std::vector<Scan> scans;
  for (const char* name : {"a", "b", "c"})
    scans.push_back({name, folder.path(std::string(name) + ".nii"), folder.path(std::string(name) + "_seg.nii")});
  LabelMap labels{{{0}, {1}}};
  constexpr std::uint64_t kScan = 24 * 5;
  ScanCache all(scans, {}, labels, 3 * kScan), two(scans, {}, labels, 2 * kScan), none(scans, {}, labels, 0);
  EXPECT_TRUE(all.holds_all());
  EXPECT_FALSE(two.holds_all());
  auto a = two.get(0), b = two.get(1);
  EXPECT_EQ(two.get(0), a);
  two.get(2);  // in the place of b, which was not asked for so lately
  EXPECT_EQ(two.get(0), a);
  auto again = two.get(1);
  EXPECT_NE(again, b);
  EXPECT_EQ(again->values, b->values);
  EXPECT_EQ(again->mask, b->mask);
  auto one = none.get(0);
  EXPECT_EQ(none.get(0), one);
  fs::remove(scans[2].image);
  error_of(ErrorKind::file, [&] { none.get(2); });
}

// Two subjects with two sessions each, labels among the derivatives.
void write_bids(const TempFolder& folder) {
  folder.write("dataset_description.json", "{\"Name\": \"x\", \"BIDSVersion\": \"1.8.0\"}");
  folder.write("participants.tsv", "participant_id\tage\tdiagnosis\nsub-01\t31\twell\nsub-02\t44\till\n");
  int k = 0;
  for (const char* subject : {"sub-01", "sub-02"})
    for (const char* session : {"ses-1", "ses-2"}) {
      std::string stem = std::string(subject) + "/" + session + "/anat/" + subject + "_" + session;
      folder.write_scan(stem + "_T1w.nii", 2, 2, 2, 10 * k++);
      folder.write_scan(stem + "_T2w.nii", 2, 2, 2, 500);
      folder.write_labels("derivatives/labels/" + stem + "_space-orig_seg.nii", 2, 2, 2);
    }
}

std::string bids(const TempFolder& folder, const std::string& more) {
  return "format = \"bids\"\nsource = \"" + folder.path() + "\"\nimage = \"T1w\"\n" + more;
}

TEST(BidsSource, LabelsAmongDerivativesAreMatchedByTheirEntities) {
  TempFolder folder;
  write_bids(folder);
  auto source = source_of(bids(folder, "label = \"derivatives/labels/*_seg\"\n"));
  LoadedData data = source->load("", 1);
  EXPECT_TRUE(data.task.per_place);
  EXPECT_EQ(data.train->size(), 2);
  EXPECT_EQ(data.test->size(), 2);
  OpenedData opened = source->open({folder.path()}, true);
  EXPECT_THAT(opened.echo[0].second, ElementsAre("sub-01", "sub-01", "sub-02", "sub-02"));
  EXPECT_EQ(inputs_of(*opened.data, 3)[0], 30);
  auto restored = sources().make("bids", Value::table(), "format");
  restored->restore(parse_json(to_json(source->state()), ""));
  EXPECT_EQ(fingerprint(*restored->open({folder.path()}, true).data), fingerprint(*opened.data));

  fs::remove(folder.path("derivatives/labels/sub-01/ses-2/anat/sub-01_ses-2_space-orig_seg.nii"));
  EXPECT_THAT(source_of(bids(folder, "label = \"derivatives/labels/*_seg\"\n"))->load("", 1).notes,
              Contains(HasSubstr("1 scan has no label")));
  folder.write_labels("derivatives/labels/sub-02/anat/sub-02_ses-1_desc-b_seg.nii", 2, 2, 2);
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] { source_of(bids(folder, "label = \"derivatives/labels/*_seg\"\n"))->load("", 1); }),
              AllOf(HasSubstr("sub-02_ses-1_T1w.nii"), HasSubstr("one label volume")));
}

TEST(BidsSource, AColumnOfParticipantsIsPredicted) {
  TempFolder folder;
  write_bids(folder);
  LoadedData data = source_of(bids(folder, "target = \"diagnosis\"\n"),
                              "split = { method = \"random\", train = 0.5, test = 0.5, allow_same_subject = true }\n")
                        ->load("", 3);
  EXPECT_THAT(data.task.classes, ElementsAre("ill", "well"));
  EXPECT_EQ(data.train->size(), 2);
}

TEST(BidsSource, WhatIsNotFoundIsNamed) {
  TempFolder folder;
  auto load_error = [&](ErrorKind kind, const std::string& more) {
    return error_of(kind, [&] { source_of(bids(folder, more))->load("", 1); });
  };
  EXPECT_THAT(load_error(ErrorKind::data, ""), HasSubstr("folders sub-..."));
  write_bids(folder);
  EXPECT_THAT(load_error(ErrorKind::data, "label = \"derivatives/other/*_seg\"\n"),
              HasSubstr("\"derivatives/other/*_seg\""));
  EXPECT_THAT(load_error(ErrorKind::data, "target = \"sex\"\n"), HasSubstr("sex"));
  EXPECT_THAT(load_error(ErrorKind::config, "target = \"age\"\nlabel = \"derivatives/labels/*_seg\"\n"),
              HasSubstr("both label and target"));
  EXPECT_THAT(
      error_of(ErrorKind::data,
               [&] {
                 source_of("format = \"bids\"\nsource = \"" + folder.path() + "\"\nimage = \"FLAIR\"\n")->load("", 1);
               }),
      HasSubstr("*_FLAIR.nii.gz"));
  fs::remove(folder.path("participants.tsv"));
  EXPECT_THAT(load_error(ErrorKind::file, "target = \"age\"\n"), HasSubstr("participants.tsv"));
}

}  // namespace
}  // namespace gradus
