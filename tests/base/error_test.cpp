#include "gradus/base/error.h"

#include <gtest/gtest.h>

namespace gradus {
namespace {

TEST(Error, TellsPlaceExpectedGivenAndFix) {
  Error full(ErrorKind::shape, {"conv1", "input [batch, 3, h, w]", "[32, 28, 28]", "add a channel axis"});
  EXPECT_STREQ(full.what(), "conv1: expected input [batch, 3, h, w], got [32, 28, 28]; add a channel axis");
  EXPECT_STREQ(Error(ErrorKind::shape, {"", "a table", "", ""}).what(), "expected a table");
  EXPECT_STREQ(Error(ErrorKind::file, "a.csv", "cannot read", "check the path").what(),
               "a.csv: cannot read; check the path");
  EXPECT_STREQ(Error(ErrorKind::value, "", "adam.lr must be > 0").what(), "adam.lr must be > 0");
}

TEST(Error, CanBeToldOfAnOuterPlace) {
  Error inner(ErrorKind::shape, {"linear", "[4]", "[5]", "reshape"});
  Error outer = inner.at("layer 3");
  EXPECT_STREQ(outer.what(), "layer 3: linear: expected [4], got [5]; reshape");
  EXPECT_EQ(outer.facts().given, "[5]");
  EXPECT_EQ(outer.kind(), ErrorKind::shape);
  EXPECT_STREQ(Error(ErrorKind::value, "", "lr must be > 0", "lower it").at("adam").what(),
               "adam: lr must be > 0; lower it");
}

TEST(Error, UsageAndConfigMistakesExitWithTwo) {
  for (ErrorKind kind : {ErrorKind::config, ErrorKind::usage}) EXPECT_EQ(Error(kind, "", "x").exit_code(), 2);
  for (ErrorKind kind :
       {ErrorKind::data, ErrorKind::shape, ErrorKind::value, ErrorKind::file, ErrorKind::numeric, ErrorKind::state})
    EXPECT_EQ(Error(kind, "", "x").exit_code(), 1);
}

}  // namespace
}  // namespace gradus
