#include "gradus/data/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/file.h"
#include "gradus/data/readers/csv.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const double kMissing = NAN;

std::vector<std::string> warnings(const Value& description) {
  std::vector<std::string> all;
  for (const Value& text : description.at("warnings").as_array()) all.push_back(text.as_string());
  return all;
}

const Value& column(const Value& description, const std::string& name) {
  for (const Value& one : description.at("column").as_array())
    if (one.at("name").as_string() == name) return one;
  throw std::runtime_error("no column " + name);
}

Table table(std::vector<Column> columns) {
  Table out;
  for (Column& one : columns) out.add(std::move(one));
  return out;
}

TEST(Describe, StatisticsAgreeWithNumPy) {
  Value oracle = parse_json(read_file(std::string(TEST_DATA) + "/data_prepare.json"), "data_prepare.json");
  for (const Value& file : oracle.at("statistics").as_array()) {
    Value description = describe(read_csv(std::string(PROJECT_DATA) + "/" + file.at("file").as_string()));
    for (const auto& [name, expected] : file.at("columns").as_table())
      for (const auto& [key, value] : expected.as_table()) {
        double x = value.as_real();
        EXPECT_NEAR(column(description, name).at(key).as_real(), x, 1e-12 * std::fabs(x)) << name << " " << key;
      }
  }
}

TEST(Describe, CountsLevels) {
  Value description = describe(read_csv(std::string(PROJECT_DATA) + "/penguins.csv"));
  EXPECT_EQ(description.at("rows"), Value(344));
  EXPECT_EQ(description.at("columns"), Value(8));
  const Value& species = column(description, "species");
  EXPECT_EQ(species.at("kind"), Value("categorical"));
  EXPECT_EQ(species.at("distinct"), Value(3));
  EXPECT_EQ(species.at("levels").as_array()[0].at("level"), Value("Adelie"));
  EXPECT_EQ(species.at("levels").as_array()[0].at("count"), Value(152));
  EXPECT_EQ(species.at("levels").as_array()[2].at("count"), Value(68));
  EXPECT_EQ(column(description, "sex").at("missing"), Value(11));
  EXPECT_EQ(column(description, "year").at("distinct"), Value(3));
  EXPECT_EQ(column(description, "body_mass_g").find("distinct"), nullptr);
}

TEST(Describe, CountsDuplicateRows) {
  Table data = table({Column::numeric("a", {1, 2, 1, 1, kMissing, kMissing, 0.0}),
                      Column::texts("b", {"x", "x", "x", "y", "", "", "x"})});
  EXPECT_EQ(describe(data).at("duplicate_rows"), Value(2));
}

TEST(Describe, WarnsOfOddColumns) {
  std::vector<double> count, noise, gappy(20, kMissing), constant(20, 7), empty(20, kMissing), infinite(20, 1);
  std::vector<std::string> names, groups;
  for (int i = 0; i < 20; ++i) {
    count.push_back(i + 100);
    noise.push_back((i * 7) % 20 + 0.5);
    names.push_back("name" + std::to_string(i));
    groups.push_back(i % 2 ? "a" : "b");
  }
  gappy[3] = 1;
  gappy[4] = 2;
  infinite[5] = INFINITY;
  Table data =
      table({Column::numeric("count", count), Column::numeric("noise", noise), Column::numeric("gappy", gappy),
             Column::numeric("constant", constant), Column::numeric("constant2", constant),
             Column::numeric("empty", empty), Column::texts("names", names), Column::texts("groups", groups),
             Column::numeric("infinite", infinite), Column::numeric("again", noise), Column::texts("groups2", groups)});
  EXPECT_THAT(warnings(describe(data)),
              ElementsAre("\"count\": it numbers the rows", "\"gappy\": 90 % of it is missing",
                          "\"constant\": it is constant", "\"constant2\": it is constant", "\"empty\": it has no value",
                          "\"names\": each row has its own value: an identifier?", "\"infinite\": 1 value is infinite",
                          "\"again\": it equals \"noise\"", "\"groups2\": it equals \"groups\""));
}

TEST(Describe, WarnsOfColumnsThatGiveTheTargetAway) {
  std::vector<double> target, linear, noise, code;
  std::vector<std::string> label, unrelated;
  for (int i = 0; i < 60; ++i) {
    target.push_back((i * 17) % 60);
    linear.push_back(3 * target.back() - 5);
    noise.push_back((i * 31) % 59);
    code.push_back(10 * (i % 3));
    label.push_back(std::string(1, static_cast<char>('a' + i % 3)));
    unrelated.push_back(i % 7 < 3 ? "p" : "q");
  }
  Table data =
      table({Column::numeric("target", target), Column::numeric("linear", linear), Column::numeric("noise", noise),
             Column::numeric("code", code), Column::texts("label", label), Column::texts("unrelated", unrelated)});
  EXPECT_THAT(warnings(describe(data)), IsEmpty());
  EXPECT_THAT(warnings(describe(data, "target")),
              ElementsAre(AllOf(HasSubstr("\"linear\""), HasSubstr("\"target\" away"))));
  EXPECT_THAT(warnings(describe(data, "label")),
              ElementsAre(AllOf(HasSubstr("\"code\""), HasSubstr("\"label\" away"))));
  EXPECT_THAT(warnings(describe(read_csv(std::string(PROJECT_DATA) + "/iris.csv"), "species")), IsEmpty());
}

TEST(Describe, WritesAlignedTextWithoutControlCharacters) {
  Table data("evil\x1B[31m.csv");
  data.add(Column::numeric("m\xC3\xBC\n\x1B[2Jx", {1, 2.5, kMissing}));
  data.add(Column::numeric("long_name", {10, 20, 30}));
  data.add(Column::texts("c", {"a\tb",
                               "\xC2\x9B"
                               "31m",
                               "a\tb"}));
  data.add_note("a note");
  std::string text = describe_text(describe(data));
  for (char c : text)
    EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F)) << static_cast<int>(c);
  EXPECT_THAT(text, Not(HasSubstr("\xC2\x9B")));
  EXPECT_THAT(text, AllOf(HasSubstr("3 rows, 3 columns, 0 duplicate rows\n"), HasSubstr("notes:\n- a note\n"),
                          HasSubstr("numeric    missing  min  mean  median  max    std\n"),
                          HasSubstr("m\xC3\xBC??[2Jx         1    1  1.75    1.75  2.5   0.75\n"),
                          HasSubstr("long_name        0   10    20      20   30  8.165\n"),
                          HasSubstr("c            0        2         a?b 2, ?31m 1\n")));
}

TEST(Describe, TakesEmptyTables) {
  Value description = describe(Table("none.csv"));
  EXPECT_EQ(description.at("rows"), Value(0));
  EXPECT_EQ(describe_text(description), "none.csv: 0 rows, 0 columns, 0 duplicate rows\n");
  EXPECT_THAT(warnings(describe(table({Column::numeric("a", {}), Column::texts("b", {})}))), IsEmpty());
}

}  // namespace
}  // namespace gradus
