#include "gradus/data/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "../base/expect_error.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace gradus
