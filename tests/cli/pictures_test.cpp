#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../data/idx_bytes.h"
#include "command.h"

namespace gradus::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Sixty images of 12 x 12 pixels, bright on the left or on the right, and a config that learns which.
std::string sides(const Folder& f) {
  std::string images = idx_header(8, {60, 12, 12}), labels = idx_header(8, {60});
  for (int i = 0; i < 60; ++i) {
    for (int p = 0; p < 144; ++p)
      images += static_cast<char>((p % 12 < 6) == (i % 2 == 0) ? 180 + i : (p * 7 + i) % 90);
    labels += static_cast<char>(i % 7 == 0 ? 1 - i % 2 : i % 2);  // some labels are wrong: mistakes to show
  }
  f.write("images.idx", images);
  f.write("labels.idx", labels);
  return f.write(
      "sides.toml",
      "name = \"sides\"\nseed = 1\n[data]\nformat = \"idx\"\ntrain = [\"images.idx\", \"labels.idx\"]\n"
      "classes = [\"left\", \"right\"]\n[prepare]\nsplit = { method = \"stratified\", train = 0.5, validation "
      "= 0.2, test = 0.3 }\nscale = \"standardize\"\n[model]\nlayers = [ { type = \"conv2d\", channels = 4 }, "
      "\"relu\", \"max_pool2d\", \"flatten\", { type = \"linear\" } ]\n[train]\nepochs = 3\nbatch_size = 8\n");
}

TEST(Pictures, TheReportOfImagesShowsThem) {
  Folder f;
  Result r = gradus({"train", sides(f), "--out", f / "run", "--quiet"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(f.read("run/report.html"),
              AllOf(HasSubstr(">Worst mistakes</h2>"), HasSubstr("Grad-CAM"), HasSubstr(">Samples</h2>"),
                    HasSubstr(">First filters</h2>"), HasSubstr(">Layer by layer</h2>"), HasSubstr("10 × 10 × 4")));
}

TEST(Pictures, OverlaysOfNewImages) {
  Folder f;
  ASSERT_EQ(gradus({"train", sides(f), "--out", f / "run", "--quiet"}).code, 0);
  Result r = gradus({"predict", f / "run", "--data", f / "images.idx", "--overlay", f / "seen"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("60 pictures in "));
  EXPECT_TRUE(f.has("seen/01.png"));
  EXPECT_TRUE(f.has("seen/60.png"));
  EXPECT_FALSE(f.has("seen/61.png"));
  // Signature, header, then width and height: 21 times as large, the most that 256 pixels allow.
  EXPECT_EQ(f.read("seen/07.png").substr(16, 8), be32(252) + be32(252));
}

TEST(Pictures, NoOverlaysOfTables) {
  Folder f;
  std::string config =
      f.write("iris.toml",
              "name = \"iris\"\n[data]\nsource = \"" PROJECT_DATA
              "/iris.csv\"\ntarget = \"species\"\n[prepare]\nsplit = { method = \"random\", train = 0.7, validation = "
              "0.1, test = 0.2 }\n[model]\nlayers = [ { type = \"linear\" } ]\n[train]\nepochs = 1\n");
  ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--quiet"}).code, 0);
  Result r = gradus({"predict", f / "run", "--data", PROJECT_DATA "/iris.csv", "--overlay", f / "seen"});
  EXPECT_NE(r.code, 0);
  EXPECT_THAT(r.err, AllOf(HasSubstr("--overlay"), HasSubstr("no images")));
  EXPECT_EQ(r.out, "");
  EXPECT_FALSE(f.has("seen"));
}

}  // namespace
}  // namespace gradus::test
