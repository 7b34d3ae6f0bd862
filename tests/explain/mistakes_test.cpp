#include "gradus/explain/mistakes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gradus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Mistakes, TheSurestComeFirst) {
  Evaluation e;
  e.task = {Task::multiclass, {"a", "b", "c"}, {}};
  e.truth = {0, 1, 2, 0, 1};
  e.predicted = {0, 0, 1, 2, 0};
  e.probabilities = {0.9f, 0.1f, 0, 0.5f, 0.25f, 0.25f, 0.25f, 0.75f, 0, 0.1f, 0.3f, 0.6f, 0.5f, 0.25f, 0.25f};
  EXPECT_THAT(worst_mistakes(e, 10), ElementsAre(2, 3, 1, 4)) << "of equals the first";
  EXPECT_THAT(worst_mistakes(e, 2), ElementsAre(2, 3));
  EXPECT_DOUBLE_EQ(confidence(e, 2), 0.75);
  e.probabilities.clear();
  EXPECT_THAT(worst_mistakes(e, 2), IsEmpty());
}

}  // namespace
}  // namespace gradus
