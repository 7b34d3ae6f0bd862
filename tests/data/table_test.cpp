#include "gradus/data/table.h"

#include <cmath>

#include "../base/expect_error.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const double kMissing = NAN;

Table people() {
  Table table("people.csv");
  table.add(Column::numeric("age", {30, kMissing, 25.5}));
  table.add(Column::texts("city", {"Rome", "", "Bern"}));
  table.add(Column::numeric("height", {1.8, 1.7, 1.6}));
  return table;
}

TEST(Column, LevelsAreInStandardOrder) {
  EXPECT_THAT(Column::texts("c", {"b", "a", "c", "a"}).levels(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Column::texts("c", {"b", "a", "c", "a"}).codes(), ElementsAre(1, 0, 2, 0));
  EXPECT_THAT(Column::texts("c", {"10", "9", "-1", "9.5"}).levels(), ElementsAre("-1", "9", "9.5", "10"));
  EXPECT_THAT(Column::texts("c", {"10", "9", "x"}).levels(), ElementsAre("10", "9", "x"));
  Column renumbered = Column::categorical("c", {0, 1, -1}, {"z", "a"});
  EXPECT_EQ(renumbered.text(0), "z");
  EXPECT_EQ(renumbered.text(1), "a");
  EXPECT_TRUE(renumbered.is_missing(2));
}

TEST(Column, RefusesBadCategories) {
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         Column::categorical("c", {0, 2}, {"a", "b"});
                       }),
              AllOf(HasSubstr("\"c\""), HasSubstr("codes from -1 to 1, got 2")));
  EXPECT_THAT(error_of(ErrorKind::value, [] { Column::categorical("c", {0}, {"a", "a"}); }), HasSubstr("given twice"));
  Column text = Column::texts("c", {"a"});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { text.numbers(); }),
              HasSubstr("expected a numeric column, got a categorical one"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { text.text(1); }), HasSubstr("a row below 1, got 1"));
}

TEST(Column, SlicesAndSelectsKeepLevels) {
  Column column = Column::texts("c", {"b", "a", "c", "a"});
  Column slice = column.slice(1, 3);
  EXPECT_THAT(slice.codes(), ElementsAre(0, 2));
  EXPECT_THAT(slice.levels(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(column.select({3, 0, 0}).codes(), ElementsAre(0, 1, 1));
  EXPECT_THAT(Column::numeric("n", {1, 2, 3}).slice(1, 3).numbers(), ElementsAre(2, 3));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { column.slice(2, 5); }), HasSubstr("[2, 5)"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { column.select({4}); }), HasSubstr("a row below 4"));
}

TEST(Column, NumbersBecomeCategories) {
  Column column = Column::numeric("n", {10, 2, kMissing, 0.5, -0.0, 0.0}).as_categorical();
  EXPECT_THAT(column.levels(), ElementsAre("0", "0.5", "2", "10"));
  EXPECT_THAT(column.codes(), ElementsAre(3, 2, -1, 1, 0, 0));
}

TEST(Table, FindsColumnsByName) {
  Table table = people();
  EXPECT_EQ(table.rows(), 3u);
  EXPECT_THAT(table.names(), ElementsAre("age", "city", "height"));
  EXPECT_EQ(table.find("none"), nullptr);
  EXPECT_EQ(table.column("city").missing_count(), 1u);
  EXPECT_THAT(error_of(ErrorKind::data, [&] { table.column("hieght"); }),
              AllOf(HasSubstr("people.csv"), HasSubstr("no column \"hieght\""), HasSubstr("did you mean \"height\"?")));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { table.column("zzzzzzzz"); }), HasSubstr("\"age\", \"city\", \"height\""));
}

TEST(Table, KeepsNamesAndLengthsStraight) {
  Table table = people();
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         table.add(Column::numeric("age", {1, 2, 3}));
                       }),
              HasSubstr("two columns"));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { table.add(Column::numeric("x", {1})); }),
              HasSubstr("expected 3 rows, got 1"));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { table.replace(0, Column::numeric("age", {1})); }), HasSubstr("3 rows"));
  error_of(ErrorKind::data, [&] { table.replace(0, Column::numeric("city", {1, 2, 3})); });
  table.replace(0, Column::numeric("years", {1, 2, 3}));
  EXPECT_EQ(table.find("age"), nullptr);
  EXPECT_EQ(table.column("years").numbers()[2], 3);
}

TEST(Table, SelectsRowsAndColumns) {
  Table table = people();
  table.add_note("repaired");
  Table some = table.select_columns({"height", "age"}).select_rows({2, 0});
  EXPECT_THAT(some.names(), ElementsAre("height", "age"));
  EXPECT_THAT(some.column("height").numbers(), ElementsAre(1.6, 1.8));
  EXPECT_THAT(some.notes(), ElementsAre("repaired"));
  EXPECT_THAT(table.drop_columns({"city"}).names(), ElementsAre("age", "height"));
  error_of(ErrorKind::data, [&] { table.drop_columns({"town"}); });
  error_of(ErrorKind::data, [&] { table.select_columns({"age", "age"}); });
}

TEST(Table, AppendsRowsByName) {
  Table table = people();
  Table more("more.csv");
  more.add(Column::numeric("height", {1.5}));
  more.add(Column::numeric("extra", {0}));
  more.add(Column::texts("city", {"Aarau"}));
  more.add(Column::numeric("age", {41}));
  table.append(more);
  EXPECT_EQ(table.rows(), 4u);
  EXPECT_THAT(table.names(), ElementsAre("age", "city", "height"));
  EXPECT_THAT(table.column("city").levels(), ElementsAre("Aarau", "Bern", "Rome"));
  EXPECT_EQ(table.column("city").text(0), "Rome");
  EXPECT_EQ(table.column("city").text(3), "Aarau");
  EXPECT_EQ(table.column("age").numbers()[3], 41);
}

TEST(Table, AppendsOnlyWhatGoesTogether) {
  auto one = [](Column column) {
    Table table("t.csv");
    table.add(std::move(column));
    return table;
  };
  Table numbers = one(Column::numeric("x", {1})), words = one(Column::texts("x", {"word"}));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { Table(numbers).append(words); }),
              AllOf(HasSubstr("t.csv: column \"x\""), HasSubstr("numbers"), HasSubstr("\"word\"")));
  Table mixed = words;
  mixed.append(numbers);
  EXPECT_EQ(mixed.column("x").text(1), "1");
  Table empty = one(Column::numeric("x", {kMissing}));
  Table filled = empty;
  filled.append(words);
  EXPECT_EQ(filled.column("x").text(1), "word");
  Table padded = numbers;
  padded.append(one(Column::texts("x", {""})));
  EXPECT_TRUE(padded.column("x").is_missing(1));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { numbers.append(one(Column::numeric("y", {1}))); }),
              HasSubstr("no column \"x\""));
}

TEST(Numbers, TextReadsBack) {
  EXPECT_EQ(number_text(5), "5");
  EXPECT_EQ(number_text(0.1), "0.1");
  double x = 0;
  EXPECT_TRUE(parse_number(number_text(1.0 / 3), x));
  EXPECT_EQ(x, 1.0 / 3);
  EXPECT_FALSE(parse_number("", x));
  EXPECT_FALSE(parse_number("+", x));
  EXPECT_FALSE(parse_number("1 ", x));
}

TEST(Numbers, LongTextsAreCutBetweenCharacters) {
  std::string cut = short_quoted(std::string(59, 'a') + "\xC3\xA9\xC3\xA9");
  EXPECT_EQ(cut, "\"" + std::string(59, 'a') + "\"...");
  EXPECT_EQ(short_quoted("a\tb"), "\"a\\tb\"");
}

}  // namespace
}  // namespace gradus
