#include "gradus/report/heatmap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradus/base/error.h"
#include "markup.h"

namespace gradus {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> names(int n) {
  std::vector<std::string> all;
  for (int i = 0; i < n; ++i) all.push_back("class " + std::to_string(i));
  return all;
}

TEST(Heatmap, SmallMatricesCarryNumbers) {
  Heatmap map = confusion_heatmap({"cat", "<dog>"}, {{50, 4}, {0, 46}});
  map.title = "Confusion";
  std::string svg = map.svg();
  EXPECT_EQ(markup_fault(svg), "");
  EXPECT_THAT(svg, HasSubstr(">50</text>"));
  EXPECT_THAT(svg, HasSubstr(">4</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">0</text>")));
  EXPECT_THAT(svg, HasSubstr("&lt;dog&gt;"));
  EXPECT_THAT(attribute_values(svg, "data-cells"), testing::ElementsAre("0 0 50 0 1 4 1 1 46"));
}

TEST(Heatmap, ALongTitleOfASmallMatrixHasRoom) {
  auto place_of_rows_name = [](const std::string& title) {
    Heatmap map = confusion_heatmap({"a", "b"}, {{5, 4}, {3, 4}});
    map.title = title;
    const std::string svg = map.svg(), before = svg.substr(0, svg.find("↓ true"));
    return std::stod(before.substr(before.rfind("x=\"") + 3));
  };
  EXPECT_GT(place_of_rows_name("Confusion matrix, validation part"), 250) << "33 letters of some 7 units";
  EXPECT_LT(place_of_rows_name("C"), 250) << "else it ends with the cells";
}

TEST(Heatmap, ShadesAreSharesOfTheTrueClass) {
  Heatmap map = confusion_heatmap({"a", "b", "c"}, {{75, 25, 0}, {0, 4, 0}, {0, 0, 0}});
  EXPECT_THAT(map.shades, testing::ElementsAre(0.75, 0.5, 0, 0, 1, 0, 0, 0, 0));  // 0.5 = sqrt(25 / 100)
}

TEST(Heatmap, HundredClassesAreShadesOnlyAndSmall) {
  std::vector<std::vector<double>> counts(100, std::vector<double>(100, 1));
  for (int i = 0; i < 100; ++i) counts[i][i] = 500;
  std::string svg = confusion_heatmap(names(100), counts).svg();
  EXPECT_EQ(markup_fault(svg), "");
  EXPECT_EQ(count_of(svg, ">500</text>"), 0);
  EXPECT_LT(count_of(svg, "<text"), 110);  // not every label fits
  EXPECT_LT(svg.size(), 300000u);          // every one of 10,000 cells filled
}

TEST(Heatmap, AnyValuesScaleFromLowestToHighest) {
  Heatmap map;
  map.row_labels = {"r"};
  map.column_labels = {"low", "mid", "high"};
  map.values = {-2, 0, 2};
  std::string svg = map.svg();
  EXPECT_EQ(markup_fault(svg), "");
  EXPECT_THAT(svg, HasSubstr("class=\"h4\""));  // half way
  EXPECT_THAT(svg, HasSubstr("class=\"h8\""));  // the highest
}

TEST(Heatmap, RefusesSizesThatDisagree) {
  try {
    confusion_heatmap({"a", "b"}, {{1, 2}, {3}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("confusion matrix"), HasSubstr("2 rows of 2 counts")));
  }
  Heatmap map;
  map.row_labels = {"a"};
  map.column_labels = {"b", "c"};
  map.values = {1};
  EXPECT_THROW(map.svg(), Error);
}

}  // namespace
}  // namespace gradus
