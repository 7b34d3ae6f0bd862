#include "gradus/data/target.h"

#include <cmath>

#include "../base/expect_error.h"
#include "gradus/data/readers/csv.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const double kMissing = NAN;

Table table(std::vector<Column> columns) {
  Table out("t.csv");
  for (Column& column : columns) out.add(std::move(column));
  return out;
}

Table numbers(std::vector<double> values) { return table({Column::numeric("y", std::move(values))}); }

Target infer(const Table& data, const std::string& task = "auto", std::vector<std::string> columns = {"y"}) {
  return Target::infer(data, {std::move(columns), task});
}

std::string error(const Table& data, const std::string& task, ErrorKind kind,
                  std::vector<std::string> columns = {"y"}) {
  return error_of(kind, [&] { infer(data, task, columns); });
}

TEST(Target, CategoriesAreClasses) {
  Target binary = infer(table({Column::texts("y", {"yes", "no", "yes", ""})}));
  EXPECT_EQ(binary.task(), Task::binary);
  EXPECT_THAT(binary.class_names(), ElementsAre("no", "yes"));
  EXPECT_EQ(binary.outputs(), 1u);
  EXPECT_THAT(binary.classes(table({Column::texts("y", {"yes", "no", "yes", ""})})), ElementsAre(1, 0, 1, -1));
  EXPECT_EQ(binary.reason(), "\"y\" has 2 categories");
  Target three = infer(table({Column::texts("y", {"c", "b", "a"})}));
  EXPECT_EQ(three.task(), Task::multiclass);
  EXPECT_EQ(three.outputs(), 3u);
}

TEST(Target, FewWholeNumbersAreClasses) {
  EXPECT_EQ(infer(numbers({0, 1, 1, 0})).task(), Task::binary);
  EXPECT_EQ(infer(numbers({0, 1})).task(), Task::binary);
  Target digits = infer(numbers({3, 1, 2, 3, 1, 2, 10, 10, 10, 1, 2, 3, kMissing}));
  EXPECT_EQ(digits.task(), Task::multiclass);
  EXPECT_THAT(digits.class_names(), ElementsAre("1", "2", "3", "10"));
  EXPECT_THAT(digits.classes(numbers({10, 1, kMissing})), ElementsAre(3, 0, -1));
}

TEST(Target, OtherNumbersAreRegressed) {
  EXPECT_EQ(infer(numbers({0.5, 1.5, 0.5, 1.5})).task(), Task::regression);
  EXPECT_EQ(infer(numbers({1, 2, 3, 4, 5, 6})).task(), Task::regression);  // each once
  std::vector<double> many;
  for (int i = 0; i < 300; ++i) many.push_back(i % 21);
  EXPECT_EQ(infer(numbers(many)).task(), Task::regression);  // 21 different ones
  many.assign(300, 0);
  for (int i = 0; i < 300; ++i) many[static_cast<std::size_t>(i)] = i % 20;
  EXPECT_EQ(infer(numbers(many)).task(), Task::multiclass);
}

TEST(Target, SeveralNumericColumnsAreOneRegression) {
  Table data =
      table({Column::numeric("a", {1, 0}), Column::numeric("b", {0.5, kMissing}), Column::texts("t", {"x", "y"})});
  Target both = infer(data, "auto", {"b", "a"});
  EXPECT_EQ(both.task(), Task::regression);
  EXPECT_EQ(both.outputs(), 2u);
  std::vector<double> values = both.values(data);
  EXPECT_EQ(values[0], 0.5);
  EXPECT_EQ(values[1], 1);
  EXPECT_TRUE(std::isnan(values[2]));
  EXPECT_THAT(error(data, "auto", ErrorKind::config, {"a", "t"}),
              AllOf(HasSubstr("target \"t\""), HasSubstr("\"x\""), HasSubstr("all be numeric")));
  EXPECT_THAT(error(data, "binary", ErrorKind::config, {"a", "b"}), HasSubstr("2 are given"));
  EXPECT_THAT(error(data, "auto", ErrorKind::config, {"a", "a"}), HasSubstr("listed twice"));
}

TEST(Target, TheTaskCanBeAskedFor) {
  EXPECT_EQ(infer(numbers({0, 1, 1, 0}), "regression").task(), Task::regression);
  Target two = infer(numbers({0.5, 1.5}), "binary");
  EXPECT_THAT(two.class_names(), ElementsAre("0.5", "1.5"));
  EXPECT_EQ(infer(numbers({0, 1, 1, 0}), "multiclass").outputs(), 2u);
  EXPECT_THAT(error(numbers({0, 1, 2}), "binary", ErrorKind::config),
              HasSubstr("needs 2 classes, and the column has 3"));
  EXPECT_THAT(error(table({Column::texts("y", {"a", "b"})}), "regression", ErrorKind::config), HasSubstr("\"a\""));
}

TEST(Target, RefusesTargetsThatCannotBeLearned) {
  EXPECT_THAT(error(table({Column::texts("y", {"a", "a", ""})}), "auto", ErrorKind::data), HasSubstr("class \"a\""));
  EXPECT_THAT(error(numbers({kMissing, kMissing}), "auto", ErrorKind::data), HasSubstr("no value"));
  EXPECT_THAT(error(numbers({1, INFINITY, 2.5}), "auto", ErrorKind::data), HasSubstr("row 2 is infinite"));
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back("n" + std::to_string(i));
  EXPECT_THAT(error(table({Column::texts("y", names)}), "auto", ErrorKind::data),
              AllOf(HasSubstr("30 classes in 30 rows"), HasSubstr("identifier")));
  EXPECT_THAT(error(numbers({1, 2}), "auto", ErrorKind::data, {"z"}), HasSubstr("no column \"z\""));
  EXPECT_THAT(error(numbers({1, 2}), "auto", ErrorKind::config, {}), HasSubstr("no column to predict"));
}

TEST(Target, KnowsOnlyItsClasses) {
  Target target = infer(table({Column::texts("y", {"a", "b"})}));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         target.classes(table({Column::texts("y", {"a", "c"})}));
                       }),
              AllOf(HasSubstr("row 2 has the class \"c\""), HasSubstr("a, b")));
  EXPECT_THAT(error_of(ErrorKind::state,
                       [] {
                         infer(numbers({0.5, 1, 2})).classes(numbers({1}));
                       }),
              HasSubstr("regression"));
}

TEST(Target, LevelsThatNoRowHasAreNoClasses) {
  Table all = table({Column::texts("y", {"a", "b", "c"})});
  EXPECT_THAT(infer(all.select_rows({0, 2})).class_names(), ElementsAre("a", "c"));
}

TEST(Target, TravelsInTheModelFile) {
  for (const Target& target : {infer(table({Column::texts("y", {"01", "1", "x"})})), infer(numbers({0.5, 2, 3}))}) {
    Target restored;
    restored.restore(parse_json(to_json(target.state()), "state"));
    EXPECT_EQ(restored.task(), target.task());
    EXPECT_EQ(restored.class_names(), target.class_names());
    EXPECT_EQ(restored.columns(), target.columns());
    EXPECT_EQ(restored.inputs(), target.inputs());
    EXPECT_EQ(restored.state(), target.state());
  }
}

TEST(Target, RefusesDamagedStates) {
  Target target = infer(table({Column::texts("y", {"a", "b"})}));
  for (auto [key, value] : {std::pair{"task", Value("cooking")},
                            {"task", Value("regression")},
                            {"task", Value(3)},
                            {"columns", Value::array()},
                            {"classes", Value::array()},
                            {"classes", Value("ab")}}) {
    Value state = target.state();
    state.set(key, value);
    EXPECT_THAT(error_of(ErrorKind::data, [&] { Target().restore(state); }), HasSubstr("damaged")) << to_json(state);
  }
  EXPECT_THAT(error_of(ErrorKind::data, [] { Target().restore(Value()); }), HasSubstr("damaged"));
}

TEST(Target, InfersTheProjectsDataSets) {
  auto task = [](const char* file, const char* column) {
    return Target::infer(read_csv(std::string(PROJECT_DATA) + "/" + file), {{column}}).task();
  };
  EXPECT_EQ(task("iris.csv", "species"), Task::multiclass);
  EXPECT_EQ(task("wdbc.csv", "diagnosis"), Task::binary);
  EXPECT_EQ(task("digits.csv", "digit"), Task::multiclass);
  EXPECT_EQ(task("diabetes.csv", "progression"), Task::regression);
  EXPECT_EQ(task("penguins.csv", "body_mass_g"), Task::regression);
}

TEST(Labels, RowsWithoutATargetAreLeftOut) {
  Table data = table({Column::numeric("a", {1, kMissing, 3, 4}), Column::texts("b", {"x", "y", "", "z"})});
  EXPECT_THAT(labelled_rows(data, {"a"}), ElementsAre(0, 2, 3));
  EXPECT_THAT(labelled_rows(data, {"a", "b"}), ElementsAre(0, 3));
  EXPECT_THAT(labelled_rows(numbers({kMissing}), {"y"}), IsEmpty());
}

TEST(Labels, AreCounted) { EXPECT_THAT(class_counts({0, 2, 2, -1, 1}, {1, 2, 3, 4}, 4), ElementsAre(0, 1, 2, 0)); }

TEST(Weights, AreNonNegativeNumbers) {
  EXPECT_THAT(example_weights(numbers({1, 0, 2.5}), "y"), ElementsAre(1, 0, 2.5));
  auto refused = [](std::vector<double> values) {
    return error_of(ErrorKind::data, [&] { example_weights(numbers(std::move(values)), "y"); });
  };
  EXPECT_THAT(refused({1, -1}), AllOf(HasSubstr("weight \"y\""), HasSubstr("-1 in row 2")));
  EXPECT_THAT(refused({1, kMissing}), HasSubstr("none in row 2"));
  EXPECT_THAT(refused({INFINITY}), HasSubstr("row 1"));
  EXPECT_THAT(refused({1, 1e300}), HasSubstr("row 2"));
  EXPECT_THAT(refused({0, 0}), HasSubstr("all weights are 0"));
  EXPECT_THAT(error_of(ErrorKind::data, [] { example_weights(table({Column::texts("w", {"a"})}), "w"); }),
              HasSubstr("numeric"));
}

}  // namespace
}  // namespace gradus
