#include "gradus/data/transform.h"

#include <cmath>
#include <numeric>

#include "../base/expect_error.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const double kMissing = NAN;

std::unique_ptr<TableTransform> make(const char* name, const std::string& toml) {
  return table_transforms().make(name, parse_toml_value(toml), std::string("prepare.") + name);
}

RowIndices first(std::size_t n) {
  RowIndices rows(n);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

Table table(std::vector<Column> columns) {
  Table out("t.csv");
  for (Column& column : columns) out.add(std::move(column));
  return out;
}

// Rows 0-4 are for training; the last two would change every statistic.
Table mixed() {
  return table({Column::numeric("x", {4, 1, kMissing, 1, 2, 1000, kMissing}),
                Column::texts("c", {"b", "a", "", "b", "c", "z", "z"})});
}

Table fitted(const char* name, const std::string& toml, Table data, std::size_t train = 5) {
  std::unique_ptr<TableTransform> transform = make(name, toml);
  transform->fit(data, first(train));
  transform->apply(data);
  return data;
}

std::string fit_error(const char* name, const std::string& toml, const Table& data, ErrorKind kind,
                      std::size_t train = 5) {
  return error_of(kind, [&] { fitted(name, toml, data, train); });
}

TEST(Transforms, AreInTheCatalog) {
  EXPECT_THAT(table_transforms().names(), ElementsAre("encode", "impute", "scale"));
  for (const std::string& name : table_transforms().names())
    EXPECT_FALSE(table_transforms().entry(name).summary.empty());
}

TEST(Transforms, StateComesBackThroughJson) {
  Table data = mixed();
  for (const auto& [name, toml] :
       {std::pair{"impute", "{ default = \"median\" }"}, {"encode", "{}"}, {"scale", "{}"}}) {
    std::unique_ptr<TableTransform> transform = make(name, toml), restored = make(name, toml);
    transform->fit(data, first(5));
    restored->restore(parse_json(to_json(transform->state()), "state"));
    EXPECT_EQ(restored->state(), transform->state()) << name;
    Table a = data, b = data;
    transform->apply(a);
    restored->apply(b);
    ASSERT_EQ(a.names(), b.names());
    for (std::size_t c = 0; c < a.columns(); ++c)
      for (std::size_t row = 0; row < a.rows(); ++row) EXPECT_EQ(a.column(c).text(row), b.column(c).text(row));
  }
}

TEST(Transforms, FittingAgainForgets) {
  for (const auto& [name, toml] : {std::pair{"impute", "{ default = \"mean\" }"}, {"encode", "{}"}, {"scale", "{}"}}) {
    std::unique_ptr<TableTransform> once = make(name, toml), twice = make(name, toml);
    twice->fit(table({Column::numeric("other", {1, 2}), Column::texts("word", {"q", "r"})}), first(2));
    for (TableTransform* transform : {once.get(), twice.get()}) transform->fit(mixed(), first(5));
    EXPECT_EQ(once->state(), twice->state()) << name;
  }
}

TEST(Impute, LearnsFromTheTrainingRows) {
  auto x = [](const char* method) {
    return fitted("impute", std::string("{ default = \"") + method + "\" }", mixed()).column("x").numbers()[6];
  };
  EXPECT_EQ(x("mean"), 2);  // of 4, 1, 1, 2
  EXPECT_EQ(x("median"), 1.5);
  EXPECT_EQ(x("most_frequent"), 1);
  EXPECT_EQ(fitted("impute", "{ default = \"median\" }", mixed(), 2).column("x").numbers()[2], 2.5);
}

TEST(Impute, CategoriesTakeTheMostFrequent) {
  Table out = fitted("impute", "{ default = \"median\" }", mixed());
  EXPECT_EQ(out.column("c").text(2), "b");
  EXPECT_EQ(out.column("c").text(5), "z");
  Table tie = fitted("impute", "{ default = \"mean\" }", table({Column::texts("c", {"d", "b", "", "b", "d"})}));
  EXPECT_EQ(tie.column("c").text(2), "b");
}

TEST(Impute, ConstantsAndExceptions) {
  Table out = fitted("impute", "{ default = \"constant\", value = -1 }", mixed());
  EXPECT_EQ(out.column("x").numbers()[2], -1);
  EXPECT_EQ(out.column("c").text(2), "-1");
  Table own = fitted(
      "impute", "{ default = \"median\", columns = { c = { method = \"constant\", value = \"none\" }, x = \"mean\" } }",
      mixed());
  EXPECT_EQ(own.column("c").text(2), "none");
  EXPECT_EQ(own.column("x").numbers()[2], 2);
  EXPECT_THAT(fit_error("impute", "{ default = \"constant\" }", mixed(), ErrorKind::config),
              HasSubstr("needs a value"));
  EXPECT_THAT(fit_error("impute", "{ default = \"constant\", value = \"none\" }", mixed(), ErrorKind::config),
              HasSubstr("column \"x\""));
}

TEST(Impute, DropsColumnsThatLackTrainingValues) {
  Table data = table({Column::numeric("lacks", {1, kMissing, 3}), Column::numeric("full", {1, 2, 3})});
  EXPECT_THAT(fitted("impute", "{ default = \"drop_column\" }", data, 3).names(), ElementsAre("full"));
  EXPECT_THAT(fit_error("impute", "{ default = \"drop_column\" }", data, ErrorKind::data, 1),
              AllOf(HasSubstr("column \"lacks\""), HasSubstr("first in row 2")));
}

TEST(Impute, DropsRows) {
  std::unique_ptr<TableTransform> drop = make("impute", "{ default = \"drop_row\" }");
  EXPECT_THAT(drop->usable_rows(mixed(), first(7)), ElementsAre(0, 1, 3, 4, 5));
  std::unique_ptr<TableTransform> only_c = make("impute", "{ default = \"mean\", columns = { c = \"drop_row\" } }");
  EXPECT_THAT(only_c->usable_rows(mixed(), first(7)), ElementsAre(0, 1, 3, 4, 5, 6));
  Table data = mixed();
  drop->fit(data, {0, 1});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { drop->apply(data); }),
              AllOf(HasSubstr("row 3"), HasSubstr("complete rows")));
}

TEST(Impute, RefusesWhatItCannotFill) {
  EXPECT_THAT(
      fit_error("impute", "{}", mixed(), ErrorKind::data),
      AllOf(HasSubstr("column \"x\""), HasSubstr("2 values are missing, the first in row 3"), HasSubstr("median")));
  Table empty = table({Column::numeric("e", {kMissing, kMissing, 5})});
  for (const char* method : {"mean", "median", "most_frequent"})
    EXPECT_THAT(fit_error("impute", std::string("{ default = \"") + method + "\" }", empty, ErrorKind::data, 2),
                AllOf(HasSubstr("column \"e\""), HasSubstr("no training row has a value to take the "),
                      HasSubstr(method == std::string("most_frequent") ? "most frequent of" : method)));
  EXPECT_THAT(fit_error("impute", "{ default = \"median\", columns = { c = \"mean\" } }", mixed(), ErrorKind::config),
              AllOf(HasSubstr("column \"c\""), HasSubstr("categorical")));
  EXPECT_THAT(
      fit_error("impute", "{ default = \"median\", columns = { cc = \"drop_row\" } }", mixed(), ErrorKind::config),
      AllOf(HasSubstr("no feature \"cc\""), HasSubstr("did you mean \"c\"?")));
  EXPECT_THAT(error_of(ErrorKind::config, [] { make("impute", "{ default = \"medain\" }"); }), HasSubstr("median"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { make("impute", "{ columns = { a = \"maen\" } }"); }),
              AllOf(HasSubstr("columns.a"), HasSubstr("did you mean \"mean\"?")));
  EXPECT_THAT(error_of(ErrorKind::config, [] { make("impute", "{ defualt = \"mean\" }"); }),
              HasSubstr("did you mean \"default\"?"));
}

Table cities() {
  return table({Column::numeric("n", {1, 2, 3, 4}), Column::texts("city", {"Rome", "Bern", "Rome", "Oslo"}),
                Column::texts("size", {"2", "10", "", "2"})});
}

TEST(Encode, OneHotHasAColumnPerTrainingLevel) {
  Table out = fitted("encode", "{}", cities(), 3);
  EXPECT_THAT(out.names(), ElementsAre("n", "city=Bern", "city=Rome", "size=2", "size=10"));
  EXPECT_THAT(out.column("city=Bern").numbers(), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(out.column("city=Rome").numbers(), ElementsAre(1, 0, 1, 0));  // the unseen Oslo is all zeros
  EXPECT_THAT(out.column("size=2").numbers(), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(out.column("size=10").numbers(), ElementsAre(0, 1, 0, 0));
}

TEST(Encode, OrdinalCountsFromZero) {
  Table out = fitted("encode", "{ default = \"ordinal\" }", cities(), 3);
  EXPECT_THAT(out.names(), ElementsAre("n", "city", "size"));
  EXPECT_THAT(out.column("city").numbers(), ElementsAre(1, 0, 1, -1));
  EXPECT_EQ(out.column("size").numbers()[1], 1);
  EXPECT_TRUE(out.column("size").is_missing(2));
  EXPECT_THAT(fitted("encode", "{ columns = { size = \"ordinal\" } }", cities(), 3).names(),
              ElementsAre("n", "city=Bern", "city=Rome", "size"));
}

TEST(Encode, LevelsAreMatchedByTheirText) {
  std::unique_ptr<TableTransform> encode = make("encode", "{ default = \"ordinal\" }");
  encode->fit(cities(), first(4));
  Table later = table({Column::texts("size", {"10"}), Column::texts("city", {"Rome"}), Column::numeric("n", {0})});
  encode->apply(later);
  EXPECT_THAT(later.names(), ElementsAre("size", "city", "n"));
  EXPECT_EQ(later.column("city").numbers()[0], 2);  // of Bern, Oslo, Rome
  EXPECT_EQ(later.column("size").numbers()[0], 1);
  Table without = table({Column::numeric("n", {0})});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { encode->apply(without); }), HasSubstr("\"city\""));
}

TEST(Encode, Refuses) {
  EXPECT_THAT(fit_error("encode", "{ unseen = \"error\" }", cities(), ErrorKind::data, 3),
              AllOf(HasSubstr("column \"city\""), HasSubstr("\"Oslo\" in row 4")));
  EXPECT_THAT(
      fit_error("encode", "{ max_levels = 2 }", cities(), ErrorKind::data, 4),
      AllOf(HasSubstr("column \"city\""), HasSubstr("3 categories in 4 training rows"), HasSubstr("max_levels")));
  EXPECT_THAT(fit_error("encode", "{ columns = { n = \"one_hot\" } }", cities(), ErrorKind::config, 4),
              AllOf(HasSubstr("column \"n\""), HasSubstr("numeric")));
}

TEST(Scale, StandardizesAndNormalizesByTrainingRows) {
  Table data = table({Column::numeric("x", {1, 2, 3, 6, 100, kMissing})});
  Table standard = fitted("scale", "{}", data, 4);
  std::span<const double> z = standard.column("x").numbers();
  double deviation = std::sqrt((4 + 1 + 0 + 9) / 4.0);  // around the mean 3, over n
  EXPECT_DOUBLE_EQ(z[0], -2 / deviation);
  EXPECT_DOUBLE_EQ(z[4], 97 / deviation);
  EXPECT_TRUE(std::isnan(z[5]));
  Table normal = fitted("scale", "{ default = \"normalize\" }", data, 4);
  EXPECT_DOUBLE_EQ(normal.column("x").numbers()[1], 0.2);
  EXPECT_DOUBLE_EQ(normal.column("x").numbers()[4], 99 / 5.0);
}

TEST(Scale, ConstantColumnsBecomeZero) {
  Table data = table({Column::numeric("x", {0.1, 0.1, 0.1, 0.3})});
  for (const char* method : {"standardize", "normalize"}) {
    Table out = fitted("scale", std::string("{ default = \"") + method + "\" }", data, 3);
    EXPECT_EQ(out.column("x").numbers()[0], 0) << method;
    EXPECT_DOUBLE_EQ(out.column("x").numbers()[3], 0.3 - 0.1) << method;
  }
}

TEST(Scale, LeavesIndicatorsCategoriesAndExceptionsAlone) {
  Table data = table({Column::indicator("c=a", {0, 1, 1}), Column::texts("t", {"a", "b", "a"}),
                      Column::numeric("x", {1, 2, 3}), Column::numeric("y", {1, 2, 3})});
  Table out = fitted("scale", "{ columns = { y = \"none\" } }", data, 3);
  EXPECT_THAT(out.column("c=a").numbers(), ElementsAre(0, 1, 1));
  EXPECT_EQ(out.column("t").text(1), "b");
  EXPECT_EQ(out.column("x").numbers()[1], 0);
  EXPECT_THAT(out.column("y").numbers(), ElementsAre(1, 2, 3));
}

TEST(Scale, EncodedColumnsAreNoExceptions) {
  Table data = table({Column::indicator("c=a", {0, 1, 1}), Column::numeric("x", {1, 2, 3})});
  EXPECT_THAT(
      fit_error("scale", "{ columns = { c = \"none\" } }", data, ErrorKind::config, 3),
      AllOf(HasSubstr("prepare.scale.columns.c"), HasSubstr("it is categorical"), Not(HasSubstr("did you mean"))));
}

TEST(Scale, RefusesWhatOverflows) {
  Table data = table({Column::numeric("x", {-1.7e308, 1.7e308})});
  for (const char* method : {"standardize", "normalize"})
    EXPECT_THAT(fit_error("scale", std::string("{ default = \"") + method + "\" }", data, ErrorKind::data, 2),
                AllOf(HasSubstr("column \"x\""), HasSubstr("beyond what can be scaled")));
}

}  // namespace
}  // namespace gradus
