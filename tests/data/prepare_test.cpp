#include "gradus/data/prepare.h"

#include <cmath>
#include <numeric>

#include "../base/expect_error.h"
#include "gradus/base/file.h"
#include "gradus/data/readers/csv.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const double kMissing = NAN;

TablePipeline pipeline(const std::string& toml) {
  PrepareParams params;
  read_params(params, parse_toml_value(toml), "prepare");
  return TablePipeline(params);
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

Table animals() {
  return table({Column::numeric("id", {1, 2, 3, 4}), Column::numeric("mass", {10, kMissing, 30, 80}),
                Column::texts("kind", {"cat", "dog", "cat", "dog"}), Column::numeric("age", {1, 2, 3, 4})});
}

std::vector<std::string> strings(const Value& array) {
  std::vector<std::string> all;
  for (const Value& text : array.as_array()) all.push_back(text.as_string());
  return all;
}

RowIndices indices(const Value& array) {
  RowIndices all;
  for (const Value& row : array.as_array()) all.push_back(static_cast<std::uint32_t>(row.as_integer()));
  return all;
}

TEST(TablePipeline, AgreesWithScikitLearn) {
  Value oracle = parse_json(read_file(std::string(TEST_DATA) + "/data_prepare.json"), "data_prepare.json");
  for (const Value& example : oracle.at("cases").as_array()) {
    Table data = read_csv(std::string(PROJECT_DATA) + "/" + example.at("file").as_string());
    PrepareParams params;
    params.missing = Value::table();
    params.missing.set("default", example.at("missing"));
    if (const Value* value = example.find("value")) params.missing.set("value", *value);
    params.encode = example.at("encode");
    params.scale = example.at("scale");
    TablePipeline fitted(params);
    fitted.fit(data, strings(example.at("features")), indices(example.at("train")));
    EXPECT_EQ(fitted.outputs(), strings(example.at("names")));

    Matrix matrix = fitted.matrix(data, indices(example.at("shown")));
    const Value::Array& expected = example.at("matrix").as_array();
    ASSERT_EQ(matrix.rows, expected.size());
    for (std::size_t r = 0; r < matrix.rows; ++r) {
      ASSERT_EQ(matrix.cols, expected[r].as_array().size());
      for (std::size_t c = 0; c < matrix.cols; ++c) {
        double x = expected[r].as_array()[c].as_real();
        EXPECT_NEAR(matrix.values[r * matrix.cols + c], x, 1e-6 * std::max(1.0, std::fabs(x)))
            << matrix.names[c] << " " << r;
      }
    }
  }
}

TEST(TablePipeline, LearnsFromTrainingRowsOnly) {
  TablePipeline fitted = pipeline("{ missing = \"mean\", scale = \"normalize\" }");
  fitted.fit(animals(), {"mass", "kind"}, {0, 1, 2});
  EXPECT_THAT(fitted.outputs(), ElementsAre("mass", "kind=cat", "kind=dog"));
  Matrix matrix = fitted.matrix(animals());
  EXPECT_EQ(matrix.rows, 4u);
  EXPECT_THAT(matrix.values, ElementsAre(0, 1, 0, 0.5, 0, 1, 1, 1, 0, 3.5, 0, 1));
  EXPECT_THAT(fitted.matrix(animals(), {3, 0}).values, ElementsAre(3.5, 0, 1, 0, 1, 0));
}

TEST(TablePipeline, AppliesToLaterTablesByName) {
  TablePipeline fitted = pipeline("{ missing = \"mean\" }");
  fitted.fit(animals(), {"mass", "kind"}, first(4));
  Table later = table({Column::texts("note", {"?"}), Column::texts("kind", {"dog"}), Column::numeric("mass", {7})});
  EXPECT_THAT(fitted.matrix(later).values, ElementsAre(7, 0, 1));
  Table without = table({Column::texts("knid", {"dog"}), Column::numeric("mass", {7})});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { fitted.matrix(without); }),
              AllOf(HasSubstr("t.csv"), HasSubstr("no column \"kind\""), HasSubstr("did you mean \"knid\"?")));
}

TEST(TablePipeline, ConvertsKindsWhereCellsAllowIt) {
  Table grades = table({Column::texts("grade", {"1", "2", "x"}), Column::numeric("size", {1, 2, 3})});
  TablePipeline fitted = pipeline("{ encode = \"ordinal\" }");
  fitted.fit(grades, {"grade", "size"}, first(3));
  Table numbers = table({Column::numeric("grade", {2, 1}), Column::texts("size", {"2.5", "10"})});
  EXPECT_THAT(fitted.matrix(numbers).values, ElementsAre(1, 2.5, 0, 10));
  Table words = table({Column::texts("grade", {"1", "1"}), Column::texts("size", {"3", "big"})});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { fitted.matrix(words); }),
              AllOf(HasSubstr("column \"size\""), HasSubstr("numbers"), HasSubstr("\"big\" in row 2")));
  EXPECT_EQ(fitted.inputs()[0].second, ColumnKind::categorical);
  EXPECT_EQ(fitted.inputs()[1].second, ColumnKind::numeric);
}

TEST(TablePipeline, MissingValuesNeedADecision) {
  TablePipeline undecided = pipeline("{}");
  EXPECT_THAT(
      error_of(ErrorKind::data, [&] { undecided.fit(animals(), {"mass"}, first(4)); }),
      AllOf(HasSubstr("prepare.missing"), HasSubstr("column \"mass\""), HasSubstr("row 2"), HasSubstr("median")));
  undecided.fit(animals(), {"mass"}, {0, 2});
  EXPECT_THAT(undecided.matrix(animals(), {0, 3}).values, ElementsAre(10, 80));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { undecided.matrix(animals()); }), HasSubstr("row 2"));
}

TEST(TablePipeline, DropsRows) {
  TablePipeline fitted = pipeline("{ missing = \"drop_row\", scale = \"normalize\" }");
  fitted.fit(animals(), {"mass", "age"}, {0, 1, 2});
  EXPECT_THAT(fitted.usable_rows(animals(), first(4)), ElementsAre(0, 2, 3));
  EXPECT_THAT(fitted.matrix(animals(), {0, 2, 3}).values, ElementsAre(0, 0, 1, 1, 3.5, 1.5));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { fitted.matrix(animals()); }),
              AllOf(HasSubstr("row 2"), HasSubstr("complete rows")));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         fitted.fit(animals(), {"age", "mass"}, {1});
                       }),
              AllOf(HasSubstr("no training row is without"), HasSubstr("column \"mass\" lacks 1 of 1")));
}

TEST(TablePipeline, ErrorsCountTheRowsOfTheTable) {
  std::vector<std::string> words(10000, "a");
  words[9876] = "b";
  Table data = table({Column::texts("w", words)});
  TablePipeline fitted = pipeline("{ encode = { unseen = \"error\" } }");
  fitted.fit(data, {"w"}, first(100));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { fitted.matrix(data); }), HasSubstr("\"b\" in row 9877"));
  std::vector<double> numbers(10000, 1.0);
  numbers[8765] = 1e300;
  Table wide = table({Column::numeric("x", numbers)});
  TablePipeline plain = pipeline("{}");
  plain.fit(wide, {"x"}, first(100));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { plain.matrix(wide); }),
              AllOf(HasSubstr("row 8766"), HasSubstr("1e+300")));
}

TEST(TablePipeline, RefusesInfiniteNumbers) {
  Table data = table({Column::numeric("x", {1, INFINITY, 2})});
  TablePipeline fitted = pipeline("{ missing = \"mean\", scale = \"standardize\" }");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { fitted.fit(data, {"x"}, first(3)); }),
              AllOf(HasSubstr("column \"x\""), HasSubstr("row 2 is infinite")));
}

TEST(TablePipeline, RefusesEmptyWork) {
  TablePipeline drop = pipeline("{ missing = \"drop_column\" }");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { drop.fit(animals(), {"mass"}, first(4)); }),
              HasSubstr("no feature is left"));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { drop.fit(animals(), {"age"}, {}); }), HasSubstr("no training row"));
  EXPECT_THAT(error_of(ErrorKind::state, [&] { pipeline("{}").matrix(animals()); }), HasSubstr("fit first"));
}

TEST(TablePipeline, ChecksItsConfiguration) {
  auto error = [](const char* toml) { return error_of(ErrorKind::config, [&] { pipeline(toml); }); };
  EXPECT_THAT(error("{ missing = \"medain\" }"),
              AllOf(HasSubstr("prepare.missing"), HasSubstr("did you mean \"median\"?")));
  EXPECT_THAT(error("{ scale = \"standardise\" }"), HasSubstr("did you mean \"standardize\"?"));
  EXPECT_THAT(error("{ encode = { unseen = \"drop\" } }"),
              AllOf(HasSubstr("prepare.encode.unseen"), HasSubstr("ignore")));
  EXPECT_THAT(error("{ missing = 3 }"), HasSubstr("prepare.missing"));
  EXPECT_THAT(error("{ mising = \"mean\" }"), HasSubstr("did you mean \"missing\"?"));
}

TEST(TablePipeline, TravelsInTheModelFile) {
  Table data = read_csv(std::string(PROJECT_DATA) + "/penguins.csv");
  TablePipeline fitted = pipeline(
      "{ missing = { default = \"median\", columns = { sex = \"drop_row\" } }, scale = \"standardize\", encode = { "
      "columns = { "
      "island = \"ordinal\" } } }");
  fitted.fit(data, {"island", "bill_length_mm", "sex", "body_mass_g"}, first(200));
  TablePipeline restored;
  restored.restore(parse_json(to_json(fitted.state()), "state"));
  EXPECT_EQ(restored.outputs(), fitted.outputs());
  EXPECT_EQ(restored.inputs(), fitted.inputs());
  RowIndices usable = restored.usable_rows(data, first(344));
  EXPECT_EQ(usable.size(), 333u);
  EXPECT_EQ(restored.matrix(data, usable).values, fitted.matrix(data, usable).values);
  EXPECT_EQ(restored.state(), fitted.state());
}

TEST(TablePipeline, RefusesDamagedStates) {
  TablePipeline fitted = pipeline("{ missing = \"mean\", scale = \"standardize\" }");
  fitted.fit(animals(), {"mass", "kind"}, first(4));
  const Value good = fitted.state();
  auto refuses = [&](const Value& state) {
    EXPECT_THAT(error_of(ErrorKind::data, [&] { fitted.restore(state); }), HasSubstr("damaged")) << to_json(state);
  };
  refuses(Value());
  refuses(Value("text"));
  for (const auto& [key, part] : good.as_table()) {
    Value without = good;
    without.erase(key);
    refuses(without);
    Value other = good;
    other.set(key, Value(3));
    refuses(other);
  }
  Value unknown_step = good;
  unknown_step.find("steps")->as_array()[0].set("type", "no_such_step");
  refuses(unknown_step);
  Value other_columns = good;
  other_columns.find("inputs")->as_array()[0].set("name", "weight");
  refuses(other_columns);
  Value other_outputs = good;
  other_outputs.find("outputs")->as_array()[0] = Value("x");
  refuses(other_outputs);
  EXPECT_EQ(fitted.state(), good);  // a refused state changes nothing
}

TEST(Features, AreAllColumnsWithoutAnotherRole) {
  ColumnRoles roles{{"age"}, "mass", "id"};
  EXPECT_THAT(choose_features(animals(), {}, {}, roles), ElementsAre("kind"));
  EXPECT_THAT(choose_features(animals(), {}, {}, {{"age"}, {}, {}}), ElementsAre("id", "mass", "kind"));
  EXPECT_THAT(choose_features(animals(), {}, {"id"}, {{"age"}, {}, {}}), ElementsAre("mass", "kind"));
  EXPECT_THAT(choose_features(animals(), {"kind", "id"}, {}, roles), ElementsAre("kind", "id"));
}

TEST(Features, Refuse) {
  ColumnRoles roles{{"age"}, "mass", {}};
  auto error = [&](std::vector<std::string> listed, std::vector<std::string> dropped, ErrorKind kind) {
    return error_of(kind, [&] { choose_features(animals(), listed, dropped, roles); });
  };
  EXPECT_THAT(error({"kind", "age"}, {}, ErrorKind::config), HasSubstr("target \"age\" is among the features"));
  EXPECT_THAT(error({"mass"}, {}, ErrorKind::config), HasSubstr("weight \"mass\" is among the features"));
  EXPECT_THAT(error({"kin"}, {}, ErrorKind::data), HasSubstr("did you mean \"kind\"?"));
  EXPECT_THAT(error({}, {"knd"}, ErrorKind::data), HasSubstr("did you mean \"kind\"?"));
  EXPECT_THAT(error({}, {"id", "kind"}, ErrorKind::config), HasSubstr("no column is left"));
}

}  // namespace
}  // namespace gradus
