#include "gradus/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "../base/expect_error.h"
#include "gradus/data/apportion.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

SplitParams params(const std::string& toml) { return read_split(parse_toml_value(toml), "prepare.split"); }

std::string config_error(const std::string& toml) {
  return error_of(ErrorKind::config, [&] { params(toml); });
}

const char* const kUsual = "train = 0.7, validation = 0.15, test = 0.15";

SplitParams usual(const std::string& method) { return params("{ method = \"" + method + "\", " + kUsual + " }"); }

SplitData rows(std::size_t n) {
  SplitData data;
  data.rows = n;
  return data;
}

SplitData classes(const std::vector<std::size_t>& sizes) {
  SplitData data;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    data.class_names.push_back(std::string(1, static_cast<char>('a' + k)));
    for (std::size_t i = 0; i < sizes[k]; ++i) data.classes.push_back(static_cast<std::int32_t>(k));
  }
  data.rows = data.classes.size();
  return data;
}

// Every row is in one part at most, and parts are ascending.
void expect_disjoint(const Split& split, std::size_t n) {
  std::set<std::uint32_t> seen;
  for (const RowIndices* part : {&split.train, &split.validation, &split.test}) {
    EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
    for (std::uint32_t row : *part) EXPECT_TRUE(seen.insert(row).second && row < n);
  }
  EXPECT_EQ(seen.size() + split.unused, n);
}

TEST(Apportion, DividesByLargestRemainders) {
  EXPECT_THAT(apportion(150, {0.7, 0.15, 0.15, 0}), ElementsAre(105, 23, 22, 0));
  EXPECT_THAT(apportion(10, {0.65, 0.35, 0, 0}), ElementsAre(7, 3, 0, 0));
  EXPECT_THAT(apportion(3, {1.0 / 3, 1.0 / 3, 1.0 / 3, 0}), ElementsAre(1, 1, 1, 0));
  EXPECT_THAT(apportion(100, {0.1, 0.2, 0.3, 0.4}), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(apportion(0, {0.5, 0.5, 0, 0}), ElementsAre(0, 0, 0, 0));
}

TEST(Apportion, ClassesKeepTotalsAndShares) {
  std::uint64_t state = 7;
  auto below = [&](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<std::size_t> sizes(1 + below(12));
    for (std::size_t& size : sizes) size = below(30);
    double a = 0.1 + 0.01 * static_cast<double>(below(60)), b = 0.01 * static_cast<double>(below(15)),
           c = 0.01 * static_cast<double>(1 + below(14));
    Shares shares = {a, b, c, 1 - a - b - c};
    std::vector<Sizes> table = apportion_classes(sizes, shares);
    Sizes totals{};
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      EXPECT_EQ(std::accumulate(table[k].begin(), table[k].end(), std::size_t{0}), sizes[k]);
      for (std::size_t p = 0; p < 4; ++p) {
        totals[p] += table[k][p];
        EXPECT_LT(std::fabs(static_cast<double>(table[k][p]) - static_cast<double>(sizes[k]) * shares[p]), 1 + 1e-9);
      }
    }
    EXPECT_EQ(totals, apportion(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), shares));
  }
}

TEST(Apportion, TotalsComeFirstWhereNotBothAreFeasible) {
  // No table with these totals has every size rounded down or up (found by search).
  Sizes totals{};
  for (const Sizes& row : apportion_classes({23, 3, 3, 0}, {0.68, 0.13, 0.13, 0.06}))
    for (std::size_t p = 0; p < 4; ++p) totals[p] += row[p];
  EXPECT_THAT(totals, ElementsAre(19, 4, 4, 2));
}

TEST(ReadSplit, ReadsCompleteSplits) {
  SplitParams p = usual("random");
  EXPECT_EQ(p.method, "random");
  EXPECT_EQ(p.train, 0.7);
  EXPECT_EQ(p.validation, 0.15);
  EXPECT_EQ(params("{ method = \"contiguous\", train = 0.5, test = 0.5 }").validation, 0);
  EXPECT_EQ(params("{ method = \"group\", column = \"patient\", train = 0.5, test = 0.5 }").column, "patient");
  EXPECT_EQ(params("\"files\"").method, "files");
  EXPECT_EQ(params("{ method = \"files\", validation = 0.1 }").validation, 0.1);
  EXPECT_EQ(params("{ method = \"random\", train = 0.1, validation = 0.2, test = 0.7 }").test, 0.7);
}

TEST(ReadSplit, RefusesIncompleteAndImpossibleSplits) {
  EXPECT_THAT(config_error("\"random\""),
              AllOf(HasSubstr("prepare.split"), HasSubstr("method \"random\" needs"),
                    HasSubstr("train and test are missing"), HasSubstr("train = 0.7, validation = 0.15, test = 0.15")));
  EXPECT_THAT(config_error("{ method = \"random\", train = 0.7 }"),
              HasSubstr("needs the parts' shares: test is missing"));
  EXPECT_THAT(config_error("{ method = \"random\", test = 0.3 }"), HasSubstr("shares: train is missing"));
  EXPECT_THAT(config_error("{ train = 0.7, test = 0.3 }"), HasSubstr("a method is missing"));
  EXPECT_THAT(config_error("{ method = \"randon\", train = 0.7, test = 0.3 }"), HasSubstr("did you mean \"random\"?"));
  EXPECT_THAT(config_error("{ method = \"random\", train = 0.7, test = 0.3, validaton = 0.1 }"),
              HasSubstr("did you mean \"validation\"?"));
  EXPECT_THAT(config_error("{ method = \"random\", train = 0.8, validation = 0.2, test = 0.2 }"),
              HasSubstr("at most 1, got 1.2"));
  EXPECT_THAT(config_error("{ method = \"random\", train = 0.0, test = 0.2 }"), HasSubstr("train must be in (0, 1]"));
  EXPECT_THAT(config_error("{ method = \"random\", train = 70, test = 30 }"), HasSubstr("got 70"));
  EXPECT_THAT(config_error("{ method = \"random\", train = 0.7, validation = -0.1, test = 0.2 }"),
              HasSubstr("validation"));
  EXPECT_THAT(config_error("{ method = \"group\", train = 0.7, test = 0.2 }"), HasSubstr("needs a column"));
  EXPECT_THAT(config_error("{ method = \"random\", column = \"x\", train = 0.7, test = 0.2 }"),
              HasSubstr("takes no column"));
  EXPECT_THAT(config_error("{ method = \"files\", train = 0.9, validation = 0.1 }"), HasSubstr("[data]"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { read_split(Value(), "prepare.split"); }),
              AllOf(HasSubstr("how to split the data is not said"), HasSubstr("split = {")));
  EXPECT_THAT(error_of(ErrorKind::config, [] { read_split(Value(3), "prepare.split"); }), HasSubstr("prepare.split"));
}

TEST(ReadSplit, NamesThePlaceInTheFile) {
  Value config = parse_toml("[prepare]\nsplit = \"random\"\n", "x.toml");
  EXPECT_THAT(error_of(ErrorKind::config, [&] { read_split(*config.find_path("prepare.split"), "prepare.split"); }),
              HasSubstr("x.toml:2"));
}

TEST(Split, RandomPartsHaveExactSizesAndDependOnTheSeed) {
  Split split = make_split(usual("random"), rows(150), 1);
  EXPECT_EQ(split.train.size(), 105u);
  EXPECT_EQ(split.validation.size(), 23u);
  EXPECT_EQ(split.test.size(), 22u);
  expect_disjoint(split, 150);
  EXPECT_EQ(make_split(usual("random"), rows(150), 1).train, split.train);
  EXPECT_NE(make_split(usual("random"), rows(150), 2).train, split.train);
  EXPECT_NE(split.train.back(), 104u);
}

TEST(Split, RandomPartsAreUniform) {
  // Each of 20 rows is in the test part (a quarter) of about a quarter of 2,000 splits: within 5 standard deviations.
  std::vector<int> times(20);
  for (std::uint64_t seed = 0; seed < 2000; ++seed)
    for (std::uint32_t row :
         make_split(params("{ method = \"random\", train = 0.75, test = 0.25 }"), rows(20), seed).test)
      ++times[row];
  for (int n : times) EXPECT_NEAR(n, 500, 5 * std::sqrt(2000 * 0.25 * 0.75));
}

TEST(Split, UnusedRowsAreCounted) {
  Split split = make_split(params("{ method = \"random\", train = 0.5, test = 0.2 }"), rows(100), 1);
  EXPECT_EQ(split.unused, 30u);
  expect_disjoint(split, 100);
}

TEST(Split, PartsWithoutRowsAreErrors) {
  EXPECT_THAT(error_of(ErrorKind::data, [] { make_split(usual("random"), rows(3), 1); }),
              AllOf(HasSubstr("part gets none of the 3 rows"), HasSubstr("larger share")));
  error_of(ErrorKind::data, [] { make_split(usual("random"), rows(0), 1); });
}

TEST(Split, StratifiedDividesEachClass) {
  SplitData data = classes({50, 50, 50});
  Split split = make_split(usual("stratified"), data, 3);
  expect_disjoint(split, 150);
  EXPECT_EQ(split.train.size(), 105u);
  EXPECT_EQ(split.validation.size(), 23u);
  for (std::int32_t k = 0; k < 3; ++k) {
    auto count = [&](const RowIndices& part) {
      return std::count_if(part.begin(), part.end(), [&](std::uint32_t row) { return data.classes[row] == k; });
    };
    EXPECT_EQ(count(split.train), 35);
    EXPECT_TRUE(count(split.validation) == 7 || count(split.validation) == 8);
  }
  EXPECT_NE(make_split(usual("stratified"), data, 4).test, split.test);
}

TEST(Split, StratifiedNamesClassesThatAreTooSmall) {
  EXPECT_THAT(error_of(ErrorKind::data,
                       [] {
                         make_split(usual("stratified"), classes({50, 2, 50}), 1);
                       }),
              AllOf(HasSubstr("class \"b\" has 2 rows"), HasSubstr("3 parts")));
  EXPECT_THAT(
      error_of(ErrorKind::data,
               [] {
                 make_split(params("{ method = \"stratified\", train = 0.1, test = 0.9 }"), classes({50, 3}), 1);
               }),
      AllOf(HasSubstr("\"b\""), HasSubstr("none is left to train on")));
  EXPECT_THAT(error_of(ErrorKind::config, [] { make_split(usual("stratified"), rows(100), 1); }),
              AllOf(HasSubstr("needs classes"), HasSubstr("random")));
  SplitData unlabelled = classes({10, 10});
  unlabelled.classes[4] = -1;
  EXPECT_THAT(error_of(ErrorKind::data, [&] { make_split(usual("stratified"), unlabelled, 1); }), HasSubstr("row 5"));
}

TEST(Split, ContiguousKeepsTheOrder) {
  Split split =
      make_split(params("{ method = \"contiguous\", train = 0.5, validation = 0.2, test = 0.2 }"), rows(10), 1);
  EXPECT_THAT(split.train, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(split.validation, ElementsAre(5, 6));
  EXPECT_THAT(split.test, ElementsAre(7, 8));
  EXPECT_EQ(split.unused, 1u);
}

SplitParams by_column(const char* method, const char* shares = kUsual) {
  return params(std::string("{ method = \"") + method + "\", column = \"c\", " + shares + " }");
}

Split split_column(const SplitParams& p, const Column& column, std::uint64_t seed = 1) {
  SplitData data = rows(column.size());
  data.column = &column;
  return make_split(p, data, seed);
}

TEST(Split, GroupsStayWhole) {
  std::vector<double> patients;
  for (int patient = 0; patient < 40; ++patient)
    for (int visit = 0; visit <= patient % 7; ++visit) patients.push_back(patient);
  Column column = Column::numeric("c", patients);
  Split split = split_column(by_column("group"), column);
  expect_disjoint(split, column.size());
  std::set<double> train, validation, test;
  for (auto row : split.train) train.insert(patients[row]);
  for (auto row : split.validation) validation.insert(patients[row]);
  for (auto row : split.test) test.insert(patients[row]);
  EXPECT_EQ(train.size() + validation.size() + test.size(), 40u);
  auto n = static_cast<double>(patients.size());
  EXPECT_NEAR(static_cast<double>(split.train.size()) / n, 0.7, 0.02);
  EXPECT_NEAR(static_cast<double>(split.test.size()) / n, 0.15, 0.02);
  EXPECT_EQ(split_column(by_column("group"), column).train, split.train);
  EXPECT_NE(split_column(by_column("group"), column, 2).train, split.train);
}

TEST(Split, GroupsThatAreNamedAreTheTestPart) {
  Column voice = Column::texts("voice", {"a", "b", "c", "a", "d", "b", "c", "d", "e", "e"});
  SplitParams params = read_split(
      parse_toml("s = { method = \"group\", column = \"voice\", test_groups = \"c\" }", "").at("s"), "prepare.split");
  Split split = split_column(params, voice);
  EXPECT_THAT(split.test, ElementsAre(2, 6));
  EXPECT_THAT(split.train, ElementsAre(0, 1, 3, 4, 5, 7, 8, 9));
  EXPECT_THAT(split.validation, ElementsAre());
  params.test_groups = {"c", "a"};
  params.validation = 0.2;
  split = split_column(params, voice);
  EXPECT_THAT(split.test, ElementsAre(0, 2, 3, 6));
  ASSERT_EQ(split.validation.size(), 2u) << "one group";
  EXPECT_EQ(voice.text(split.validation[0]), voice.text(split.validation[1]));
  EXPECT_EQ(split.train.size(), 4u);
  params.validation = 0.6;
  EXPECT_THAT(error_of(ErrorKind::data, [&] { split_column(params, voice); }), HasSubstr("nothing to train on"));
  params.validation = 0;
  params.test_groups = {"a", "b", "c", "d", "e"};
  EXPECT_THAT(error_of(ErrorKind::data, [&] { split_column(params, voice); }), HasSubstr("train"));
  params.test_groups = {"f"};
  EXPECT_THAT(error_of(ErrorKind::config, [&] { split_column(params, voice); }),
              AllOf(HasSubstr("test_groups"), HasSubstr("\"voice\""), HasSubstr("got \"f\"")));
  params.test_groups = {"7"};
  EXPECT_THAT(split_column(params, Column::numeric("voice", {7, 8, 7, 9})).test, ElementsAre(0, 2));
}

TEST(Split, GroupsAreNamedInsteadOfShares) {
  for (const char* split : {"{ method = \"random\", test_groups = [\"a\"] }",
                            "{ method = \"group\", column = \"c\", test_groups = [\"a\"], train = 0.5 }"})
    EXPECT_THAT(config_error(split), HasSubstr("test_groups goes with method \"group\"")) << split;
}

TEST(Split, GroupsFillEveryPart) {
  Column three = Column::texts("c", {"a", "a", "a", "a", "b", "b", "c"});
  Split split = split_column(by_column("group"), three);
  EXPECT_THAT(split.train, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(split.validation.size() + split.test.size(), 3u);
  EXPECT_FALSE(split.test.empty());
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         split_column(by_column("group"), Column::texts("c", {"a", "b", "b"}));
                       }),
              AllOf(HasSubstr("2 groups"), HasSubstr("3 parts")));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         split_column(by_column("group"), Column::texts("c", {"a", "", "b"}));
                       }),
              AllOf(HasSubstr("\"c\""), HasSubstr("row 2")));
  EXPECT_THAT(error_of(ErrorKind::config, [] { make_split(by_column("group"), rows(10), 1); }),
              HasSubstr("needs a column"));
}

TEST(Split, TimeGoesForward) {
  Column days = Column::numeric("c", {5, 1, 9, 3, 7, 2, 8, 4, 6, 10});
  Split split = split_column(by_column("time", "train = 0.5, validation = 0.2, test = 0.2"), days);
  EXPECT_EQ(split.unused, 1u);  // the oldest row
  EXPECT_THAT(split.train, ElementsAre(0, 3, 5, 7, 8));
  EXPECT_THAT(split.validation, ElementsAre(4, 6));
  EXPECT_THAT(split.test, ElementsAre(2, 9));
}

TEST(Split, EqualTimesStayTogether) {
  Column days = Column::numeric("c", {1, 1, 1, 2, 2, 2, 2, 3, 3, 3});
  Split split = split_column(by_column("time", "train = 0.5, test = 0.5"), days);
  EXPECT_THAT(split.train, ElementsAre(0, 1, 2, 3, 4, 5, 6));  // 3 and 7 are equally near to 5
  EXPECT_THAT(split.test, ElementsAre(7, 8, 9));
  Split earlier = split_column(by_column("time", "train = 0.4, test = 0.6"), days);
  EXPECT_THAT(earlier.train, ElementsAre(0, 1, 2));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] { split_column(by_column("time"), Column::numeric("c", std::vector<double>(10, 4))); }),
              HasSubstr("gets none"));
}

TEST(Split, TimeTakesDatesWrittenYearFirst) {
  Column days = Column::texts("c", {"2024-03-01", "2023-12-31", "2024-01-15", "2024-02-10"});
  Split split = split_column(by_column("time", "train = 0.5, test = 0.5"), days);
  EXPECT_THAT(split.train, ElementsAre(1, 2));
  for (const char* other : {"01.03.2024", "2024-3-1", "March", "2024-03-01+02:00"})
    EXPECT_THAT(error_of(ErrorKind::data,
                         [&] {
                           split_column(by_column("time"), Column::texts("c", {"2024-03-01", other, "2024-04-01"}));
                         }),
                AllOf(HasSubstr("2024-03-31"), HasSubstr("\"c\"")))
        << other;
}

// As texts 10:00-00:00 comes before 10:15-11:00, which is half a day later.
TEST(Split, TimeRefusesOffsetsOfEitherSign) {
  for (const char* sign : {"+", "-"})
    EXPECT_THAT(error_of(ErrorKind::data,
                         [&] {
                           std::string day = "2024-03-31T", east = "10:00" + std::string(sign) + "00:00";
                           split_column(by_column("time"), Column::texts("c", {day + east, day + "10:15-11:00"}));
                         }),
                AllOf(HasSubstr("\"c\""), HasSubstr("no offset")));
  Column plain = Column::texts("c", {"2024-03-31 10-15", "2024-03-30 10-15"});
  EXPECT_THAT(split_column(by_column("time", "train = 0.5, test = 0.5"), plain).train, ElementsAre(1));
}

TEST(Split, FilesCutValidationFromTheTrainingFile) {
  SplitData data = classes({40, 40});
  data.classes.insert(data.classes.end(), 20, 1);
  data.rows = 100;
  data.train_rows = 80;
  Split split = make_split(params("{ method = \"files\", validation = 0.1 }"), data, 1);
  EXPECT_EQ(split.train.size(), 72u);
  EXPECT_EQ(split.validation.size(), 8u);
  EXPECT_EQ(std::count_if(split.validation.begin(), split.validation.end(), [](auto row) { return row < 40; }), 4);
  EXPECT_EQ(split.test.front(), 80u);
  expect_disjoint(split, 100);
  data.classes.clear();
  Split regression = make_split(params("{ method = \"files\", validation = 0.1 }"), data, 1);
  EXPECT_EQ(regression.validation.size(), 8u);
  EXPECT_TRUE(make_split(params("\"files\""), data, 1).validation.empty());
  data.rows = 80;
  EXPECT_THAT(error_of(ErrorKind::data, [&] { make_split(params("\"files\""), data, 1); }), HasSubstr("test part"));
}

TEST(Split, ClassesMissingFromTrainingAreNamed) {
  SplitData data;
  data.class_names = {"ant", "bee", "cow", "dog"};
  data.classes = {0, 1, 1, 2, -1};  // no row is a dog
  SplitParams random = params("{ method = \"random\", train = 0.6, test = 0.4 }");
  check_classes({0, 1, 3}, data, random);
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         check_classes({1, 4}, data, random);
                       }),
              AllOf(HasSubstr("\"ant\", \"cow\""), HasSubstr("stratified")));
}

// Advice must be possible to follow: where the parts are files, no other method can be chosen.
TEST(Split, AdviceOnMissingClassesFitsTheMethod) {
  SplitData data;
  data.class_names = {"ant", "bee"};
  data.classes = {0, 1};
  auto advice = [&](const std::string& split) {
    return error_of(ErrorKind::data, [&] { check_classes({0}, data, params(split)); });
  };
  EXPECT_THAT(advice("\"files\""), AllOf(HasSubstr("\"bee\""), HasSubstr("training file"), Not(HasSubstr("stratified")),
                                         Not(HasSubstr("validation"))));
  EXPECT_THAT(advice("{ method = \"files\", validation = 0.5 }"), HasSubstr("validation share"));
  EXPECT_THAT(advice("{ method = \"time\", train = 0.5, test = 0.5, column = \"day\" }"),
              AllOf(HasSubstr("larger share"), Not(HasSubstr("stratified"))));
}

}  // namespace
}  // namespace gradus
