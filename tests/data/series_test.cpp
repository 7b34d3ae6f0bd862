#include "gradus/data/series.h"

#include <cmath>

#include "../base/expect_error.h"
#include "gradus/data/source.h"
#include "temp_folder.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;
using ::testing::Pair;

// ---- frequencies

double at(const char* date) {
  std::vector<std::string> text = {date};
  Table table("t");
  table.add(Column::texts("d", text));
  table.add(Column::numeric("x", {1}));
  std::vector<std::string> notes;
  SeriesForm form{"d", {"x"}};
  form.frequency = "daily";
  return series_of(table, form, notes).times[0];
}

TEST(Frequency, MonthsAreThoseOfTheCalendar) {
  const Frequency monthly = Frequency::of("monthly", {}, true);
  EXPECT_EQ(monthly.steps(at("2020-01-15"), at("2021-03-15")), 14);
  EXPECT_EQ(monthly.steps(at("2020-01-15"), at("2020-02-16")), 0) << "another day";
  EXPECT_EQ(monthly.after(at("2019-11-30"), 2), at("2020-01-30"));
  EXPECT_EQ(Frequency::of("quarterly", {}, true).steps(at("2020-01-01"), at("2020-05-01")), 0);
  EXPECT_EQ(Frequency::of("yearly", {}, true).steps(at("2019-02-28"), at("2024-02-28")), 5);
  EXPECT_EQ(Frequency::of("daily", {}, true).steps(at("2020-02-28"), at("2020-03-01")), 2);
}

TEST(Frequency, ItIsToldFromTheTimes) {
  EXPECT_EQ(Frequency::of("auto", {at("2020-01-01"), at("2020-02-01"), at("2020-03-01")}, true).text(true), "monthly");
  EXPECT_EQ(
      Frequency::of("auto", {at("2020-01-01"), at("2020-01-02"), at("2020-01-05"), at("2020-01-06")}, true).text(true),
      "daily");
  EXPECT_EQ(Frequency::of("auto", {at("2020-01-01"), at("2020-01-29"), at("2020-02-26")}, true).text(true),
            "every 2.4192e+06 s")
      << "28 days, on other days of the month";
  EXPECT_EQ(Frequency::of("auto", {1, 1.5, 2, 2.5}, false).text(false), "every 0.5");
  EXPECT_EQ(Frequency::of("auto", {1700, 1701}, false).text(false), "every 1") << "which are no seconds";
  const Frequency twelfth = Frequency::of("auto", {1749, 1749.083, 1749.167, 1749.25}, false);
  EXPECT_EQ(twelfth.steps(1749.25, 1749.333), 1) << "rounded times are met to within a tenth of a step";
  EXPECT_EQ(twelfth.steps(1749.25, 1749.3), 0);
}

TEST(Frequency, TheUsualSeasonIsADayAWeekOrAYear) {
  const std::pair<const char*, std::int64_t> seasons[] = {{"minutely", 1440}, {"hourly", 24},  {"daily", 7},
                                                          {"weekly", 52},     {"monthly", 12}, {"quarterly", 4},
                                                          {"yearly", 1}};
  for (const auto& [name, season] : seasons) EXPECT_EQ(Frequency::of(name, {}, true).season(true), season) << name;
  EXPECT_EQ(Frequency::of(1800, {}, true).season(true), 48);
  EXPECT_EQ(Frequency::of(5000, {}, true).season(true), 1) << "a day is no whole number of steps";
  EXPECT_EQ(Frequency::of(2 * 86400, {}, true).season(true), 1);
  EXPECT_EQ(Frequency::of(86400, {}, false).season(false), 1) << "plain numbers";
}

TEST(Frequency, MistakesAreNamed) {
  auto refused = [](const Value& v, bool dates = true) {
    return error_of(ErrorKind::config, [&] { Frequency::of(v, {0, 1}, dates); });
  };
  EXPECT_THAT(refused("dayly"), AllOf(HasSubstr("data.frequency"), HasSubstr("daily"), HasSubstr("\"dayly\"")));
  EXPECT_THAT(refused(0), HasSubstr("above 0"));
  EXPECT_THAT(refused("daily", false), HasSubstr("plain numbers"));
  EXPECT_THAT(error_of(ErrorKind::data, [] { Frequency::of("auto", {1}, false); }), HasSubstr("one time"));
  EXPECT_THAT(error_of(ErrorKind::data, [] { Frequency::restored(parse_toml("units = -1\nmonths = 0", "")); }),
              HasSubstr("units above 0"));
}

// ---- tables

struct Read {
  Series series;
  std::vector<std::string> notes;
};

Read read(const std::vector<std::string>& days, const std::vector<double>& x, const std::string& gaps = "error",
          bool sort = false) {
  Table table("t.csv");
  table.add(Column::texts("day", days));
  table.add(Column::numeric("x", x));
  SeriesForm form{"day", {"x"}};
  form.gaps = gaps;
  form.sort = sort;
  Read out;
  out.series = series_of(table, form, out.notes);
  return out;
}

std::string refused(const std::vector<std::string>& days, const std::vector<double>& x,
                    const std::string& gaps = "error", bool sort = false) {
  return error_of(ErrorKind::data, [&] { read(days, x, gaps, sort); });
}

const std::vector<std::string> kGap = {"2020-01-01", "2020-01-02", "2020-01-05", "2020-01-06"};

TEST(Series, TheFirstGapIsNamed) {
  EXPECT_THAT(refused(kGap, {1, 2, 5, 6}),
              AllOf(HasSubstr("t.csv: column \"day\", row 3"),
                    HasSubstr("no row between 2020-01-02 and \"2020-01-05\" (daily)"), HasSubstr("interpolate")));
  EXPECT_THAT(refused({"2020-01-01", "2020-01-02", "2020-01-03"}, {1, NAN, 3}),
              AllOf(HasSubstr("column \"x\", row 2"), HasSubstr("no value at 2020-01-02")));
  EXPECT_THAT(refused({"2020-01-01", "2020-01-02", "2020-01-03", "2020-01-03T12:00"}, {1, 2, 3, 4}),
              AllOf(HasSubstr("row 4"), HasSubstr("no whole number of steps")));
}

// By hand: 2, ., ., 5 on a line is 2, 3, 4, 5.
TEST(Series, GapsAreFilledWhenAsked) {
  Read r = read(kGap, {1, 2, 5, NAN}, "interpolate");
  EXPECT_THAT(r.series.values, ElementsAre(1, 2, 3, 4, 5, 5));
  EXPECT_EQ(r.series.time_name(3), "2020-01-04");
  EXPECT_THAT(r.notes, Contains("3 values are filled (interpolate): 2 steps had no row"));
  r = read(kGap, {NAN, 2, 5, NAN}, "interpolate");
  EXPECT_THAT(r.series.values, ElementsAre(2, 2, 3, 4, 5, 5));
  r = read(kGap, {1, 2, 5, NAN}, "previous");
  EXPECT_THAT(r.series.values, ElementsAre(1, 2, 2, 2, 5, 5));
  EXPECT_THAT(refused(kGap, {NAN, 2, 5, 6}, "previous"), HasSubstr("begins without a value"));
  EXPECT_THAT(refused(kGap, {NAN, NAN, NAN, NAN}, "interpolate"), HasSubstr("has no value"));
  EXPECT_THAT(refused(kGap, {1, INFINITY, 5, 6}, "interpolate"), HasSubstr("row 2: the value is infinite"));
}

TEST(Series, MonthsAreFilledByTheCalendar) {
  const Read r = read({"2020-01", "2020-02", "2020-05"}, {1, 2, 5}, "interpolate");
  EXPECT_THAT(r.series.values, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(r.series.time_name(2), "2020-03-01");
}

TEST(Series, AnEndlessGapIsRefused) {
  EXPECT_THAT(error_of(ErrorKind::data,
                       [] {
                         Table table("t.csv");
                         table.add(Column::numeric("t", {0, 1, 2, 1e15}));
                         table.add(Column::numeric("x", {0, 1, 2, 3}));
                         SeriesForm form{"t", {"x"}};
                         form.gaps = "previous";
                         std::vector<std::string> notes;
                         series_of(table, form, notes);
                       }),
              AllOf(HasSubstr("row 4"), HasSubstr("data.frequency")));
}

TEST(Series, RowsOutOfOrderAreSortedWhenAsked) {
  const std::vector<std::string> days = {"2020-01-02", "2020-01-01", "2020-01-03"};
  EXPECT_THAT(refused(days, {2, 1, 3}), AllOf(HasSubstr("row 2"), HasSubstr("earlier than that of row 1")));
  EXPECT_THAT(read(days, {2, 1, 3}, "error", true).series.values, ElementsAre(1, 2, 3));
  for (bool sort : {false, true})
    EXPECT_THAT(refused({"2020-01-01", "2020-01-01", "2020-01-03"}, {2, 1, 3}, "error", sort),
                AllOf(HasSubstr("row 2"), HasSubstr("stands already in row 1")));
}

// By hand: 2024-02-29 is a Thursday, day 59 (the first is 0) of 366; 18:00 is three quarters of a day.
TEST(Series, TheCalendarIsCycles) {
  Series s;
  s.has_dates = true;
  s.times = {at("2024-02-29") + 18 * 3600};
  const double turn = 2 * std::acos(-1.0);
  const std::pair<const char*, double> phases[] = {
      {"month", 1 / 12.0}, {"weekday", 3 / 7.0}, {"hour", 0.75}, {"year_day", 59.75 / 366}};
  for (const auto& [cycle, phase] : phases) {
    const std::vector<double> waves = calendar_features(s, cycle);
    ASSERT_EQ(waves.size(), 2u);
    EXPECT_NEAR(waves[0], std::sin(turn * phase), 1e-12) << cycle;
    EXPECT_NEAR(waves[1], std::cos(turn * phase), 1e-12) << cycle;
  }
  s.has_dates = false;
  EXPECT_THAT(error_of(ErrorKind::config, [&] { calendar_features(s, "hour"); }), HasSubstr("data.calendar"));
}

// ---- the source

// Day i of 2020 has x = i, z = 100 + i, i = 0 .. 19.
std::string twenty_days() {
  std::string csv = "day,x,z\n";
  for (int i = 0; i < 20; ++i)
    csv += "2020-01-" + std::string(i < 9 ? "0" : "") + std::to_string(i + 1) + "," + std::to_string(i) + "," +
           std::to_string(100 + i) + "\n";
  return csv;
}

const char* const kSplit = "split = { method = \"time\", validation = 0.2, test = 0.3 }\n";
const char* const kKeys = "time = \"day\"\nvalue = \"x\"\nwindow = 3\nhorizon = 2\n";

std::unique_ptr<Source> source_of(const std::string& data, const std::string& prepare = kSplit) {
  return make_source({parse_toml("format = \"series\"\nsource = \"t.csv\"\n" + data, ""), parse_toml(prepare, "")});
}

struct OneTable {
  explicit OneTable(const std::string& csv = twenty_days()) { folder.write("t.csv", csv); }
  LoadedData load(const std::string& data, const std::string& prepare = kSplit) const {
    return source_of(data, prepare)->load(folder.path(), 1);
  }
  std::string error(ErrorKind kind, const std::string& data, const std::string& prepare = kSplit) const {
    return error_of(kind, [&] { load(data, prepare); });
  }
  TempFolder folder;
};

Batch all_of(const Dataset& data) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < data.size(); ++i) rows.push_back(i);
  return data.fetch(rows);
}
Batch row_of(const Dataset& data, std::uint32_t row) { return data.fetch(std::vector<std::uint32_t>{row}); }

// 20 days: 10 train (0 to 9), 4 validate (10 to 13), 6 test (14 to 19).
TEST(SeriesSource, WindowsEndAtTheirOrigin) {
  const OneTable table;
  const LoadedData data = table.load(kKeys);
  EXPECT_THAT(data.task.outputs, ElementsAre("x+1", "x+2"));
  EXPECT_EQ(data.train->input_shape(), (Shape{3, 1}));
  Batch batch = row_of(*data.train, 0);
  EXPECT_THAT(batch.inputs.to_vector<float>(), ElementsAre(0, 1, 2));
  EXPECT_THAT(batch.target.to_vector<float>(), ElementsAre(3, 4));
  EXPECT_EQ(data.train->size(), 6) << "origins 2 to 7";
  EXPECT_EQ(data.validation->size(), 4) << "origins 8 to 11";
  EXPECT_EQ(data.test->size(), 6) << "origins 12 to 17";
  EXPECT_THAT(data.notes, Contains("20 steps (daily) from 2020-01-01 to 2020-01-20"));
}

TEST(SeriesSource, NoTargetOfAPartLiesBehindItsBorder) {
  const OneTable table;
  for (int horizon : {1, 2, 3, 4}) {
    const LoadedData data =
        table.load("time = \"day\"\nvalue = \"x\"\nwindow = 2\nhorizon = " + std::to_string(horizon));
    EXPECT_THAT(all_of(*data.train).target.to_vector<float>(), Each(Lt(10))) << horizon;
    EXPECT_THAT(all_of(*data.train).inputs.to_vector<float>(), Each(Lt(10))) << horizon;
    EXPECT_THAT(all_of(*data.validation).target.to_vector<float>(), Each(Lt(14))) << horizon;
    std::vector<float> last;
    for (std::uint32_t i = 0; i < data.test->size(); ++i)
      last.push_back(row_of(*data.test, i).target.to_vector<float>().back());
    EXPECT_THAT(last, ElementsAre(14, 15, 16, 17, 18, 19)) << "each origin once: a rolling origin";
  }
}

TEST(SeriesSource, BordersMayBeTimes) {
  const OneTable table;
  const LoadedData data = table.load(
      kKeys, "split = { method = \"time\", validation_from = \"2020-01-11\", test_from = \"2020-01-15\" }\n");
  EXPECT_THAT(all_of(*data.train).target.to_vector<float>(), Each(Lt(10)));
  EXPECT_EQ(data.train->size(), 6);
  EXPECT_EQ(data.validation->size(), 4);
  EXPECT_EQ(data.test->size(), 6);
  const LoadedData two = table.load(kKeys, "split = { method = \"time\", test_from = \"2020-01-15T12:00\" }\n");
  EXPECT_EQ(two.validation, nullptr);
  EXPECT_THAT(all_of(*two.train).target.to_vector<float>(), Each(Lt(15)));
}

TEST(SeriesSource, TheOldestStepsMayBeUnused) {
  const OneTable table;
  const LoadedData data = table.load(kKeys, "split = { method = \"time\", train = 0.4, test = 0.3 }\n");
  EXPECT_THAT(all_of(*data.train).inputs.to_vector<float>(), Each(AllOf(Ge(6), Lt(14))));
  EXPECT_THAT(data.notes, Contains("6 steps before the others in no part"));
}

// Training rows 0 to 9: mean 4.5, deviation sqrt(99 / 12); of z 104.5.
TEST(SeriesSource, ScalesAreThoseOfTheTrainingSteps) {
  const OneTable table;
  const LoadedData data = table.load(std::string(kKeys) + "features = \"z\"\n",
                                     std::string(kSplit) + "scale = \"standardize\"\nscale_target = \"standardize\"\n");
  const double deviation = std::sqrt(99 / 12.0);
  const Batch batch = row_of(*data.test, 5);
  const auto scaled = [&](double x) { return ::testing::FloatEq(static_cast<float>((x - 4.5) / deviation)); };
  EXPECT_THAT(batch.inputs.to_vector<float>(),
              ElementsAre(scaled(15), scaled(15), scaled(16), scaled(16), scaled(17), scaled(17)));
  EXPECT_THAT(batch.target.to_vector<float>(), ElementsAre(scaled(18), scaled(19)));
  ASSERT_EQ(data.task.scales.size(), 2u);
  EXPECT_DOUBLE_EQ(data.task.scales[1].undo(data.task.scales[1].apply(18)), 18);
}

TEST(SeriesSource, LagsAndTheCalendarAreFeaturesOfEachStep) {
  const OneTable table;
  const LoadedData data = table.load(
      "time = \"day\"\nvalue = [\"x\", \"z\"]\nwindow = 2\nhorizon = 1\nlags = [1, 4]\ncalendar = \"weekday\"\n");
  EXPECT_THAT(data.task.outputs, ElementsAre("x+1", "z+1"));
  const Batch batch = row_of(*data.train, 0);  // origin 5: steps 4 and 5; 2020-01-05 is a Sunday
  ASSERT_EQ(batch.inputs.shape(), (Shape{1, 2, 8}));
  const std::vector<float> x = batch.inputs.to_vector<float>();
  EXPECT_THAT(std::vector<float>(x.begin(), x.begin() + 6), ElementsAre(4, 104, 3, 103, 0, 100));
  EXPECT_NEAR(x[6], std::sin(2 * std::acos(-1.0) * 6 / 7), 1e-6);
  EXPECT_THAT(std::vector<float>(x.begin() + 8, x.begin() + 14), ElementsAre(5, 105, 4, 104, 1, 101));
  EXPECT_NEAR(x[14], 0, 1e-6) << "Monday";
  EXPECT_NEAR(x[15], 1, 1e-6);
  EXPECT_THAT(batch.target.to_vector<float>(), ElementsAre(6, 106));
}

// x grows by 1 a day: the naive forecast repeats the origin, the seasonal one the day a week before.
TEST(SeriesSource, EachPartKnowsItsNaiveForecasts) {
  const OneTable table;
  const LoadedData data = table.load(std::string(kKeys) + "season = 7\n");
  EXPECT_THAT(row_of(*data.test, 0).target.to_vector<float>(), ElementsAre(13, 14)) << "origin 12";
  const auto first = [](const Tensor& t) {
    const std::vector<float> all = t.to_vector<float>();
    return std::vector<float>(all.begin(), all.begin() + 2);
  };
  EXPECT_EQ(data.test->naive_forecasts(1).shape(), (Shape{6, 2}));
  EXPECT_THAT(first(data.test->naive_forecasts(1)), ElementsAre(12, 12));
  EXPECT_THAT(first(data.test->naive_forecasts(7)), ElementsAre(6, 7));
  EXPECT_THAT(first(data.train->naive_forecasts(1)), ElementsAre(2, 2));
  EXPECT_FALSE(data.train->naive_forecasts(7).defined()) << "the first origin is day 2";
  ASSERT_TRUE(data.task.forecast);
  EXPECT_EQ(data.task.forecast->season, 7);
  EXPECT_EQ(data.task.forecast->horizon, 2);
  EXPECT_THAT(data.task.forecast->differences, ElementsAre(7));
  EXPECT_THAT(data.test_names,
              ElementsAre("2020-01-15", "2020-01-16", "2020-01-17", "2020-01-18", "2020-01-19", "2020-01-20"))
      << "of the last step forecast";
}

TEST(SeriesSource, NaiveForecastsOfSeveralValuesAreScaledAsTheirTargets) {
  const OneTable table;
  const LoadedData data = table.load("time = \"day\"\nvalue = [\"x\", \"z\"]\nwindow = 3\nhorizon = 2\n",
                                     std::string(kSplit) + "scale_target = \"standardize\"\n");
  std::vector<float> naive = data.test->naive_forecasts(1).to_vector<float>();
  unscale_targets(data.task.scales, naive);
  ASSERT_EQ(naive.size(), 24u);
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t h = 0; h < 2; ++h) {
      EXPECT_NEAR(naive[4 * i + 2 * h], 12.0 + static_cast<double>(i), 1e-4);
      EXPECT_NEAR(naive[4 * i + 2 * h + 1], 112.0 + static_cast<double>(i), 1e-4);
    }
}

TEST(SeriesSource, TheSeasonComesFromTheFrequency) {
  const OneTable table;
  EXPECT_EQ(table.load(kKeys).task.forecast->season, 7) << "days";
  EXPECT_EQ(table.load("value = \"x\"\nwindow = 3\n").task.forecast->season, 1) << "rows in order";
  const std::string short_split = "split = { method = \"time\", test = 0.65 }\n";
  EXPECT_EQ(table.load("time = \"day\"\nvalue = \"x\"\nwindow = 3\n", short_split).task.forecast->season, 1)
      << "a week is no shorter than the 7 training steps";
}

TEST(SeriesSource, NewFilesThatAreShorterThanASeasonSaySo) {
  const OneTable table;
  std::unique_ptr<Source> source = source_of(kKeys);
  source->load(table.folder.path(), 1);
  EXPECT_THAT(source->open({table.folder.path("t.csv")}, true).notes,
              Contains(HasSubstr("no seasonal naive forecasts")));
  EXPECT_THAT(source->open({table.folder.path("t.csv")}, false).notes, Not(Contains(HasSubstr("seasonal"))));
}

TEST(SeriesSource, TheTimesAreNoFeatureToBeWarnedOf) {
  const OneTable table;
  EXPECT_THAT(table.load(kKeys).notes, Not(Contains(HasSubstr("holds dates"))));
}

TEST(SeriesSource, ATrainedModelForecastsFromTheLastStep) {
  const OneTable table;
  auto source = source_of(std::string(kKeys) + "lags = [2]\n", std::string(kSplit) + "scale = \"normalize\"\n");
  source->load(table.folder.path(), 1);
  auto restored = source_of("");
  restored->restore(parse_json(to_json(source->state()), "state"));
  std::string fresh = "x,day\n";
  for (int i = 0; i < 7; ++i) fresh += std::to_string(9 * i) + ",2021-03-0" + std::to_string(i + 1) + "\n";
  table.folder.write("new.csv", fresh);
  const OpenedData opened = restored->open({table.folder.path("new.csv")}, false);
  EXPECT_THAT(opened.echo, ElementsAre(Pair("origin", ElementsAre("2021-03-05", "2021-03-06", "2021-03-07"))));
  EXPECT_THAT(row_of(*opened.data, 2).inputs.to_vector<float>(), ElementsAre(4, 2, 5, 3, 6, 4));
  const OpenedData known = restored->open({table.folder.path("new.csv")}, true);
  EXPECT_THAT(known.echo[0].second, ElementsAre("2021-03-05"));
  EXPECT_THAT(row_of(*known.data, 0).target.to_vector<float>(), ElementsAre(45, 54));
  table.folder.write("short.csv", "x,day\n1,2021-03-01\n2,2021-03-02\n");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { restored->open({table.folder.path("short.csv")}, false); }),
              AllOf(HasSubstr("short.csv"), HasSubstr("at least 5 steps, got 2")));
}

TEST(SeriesSource, WithoutTimesRowsAreInOrder) {
  const OneTable table;
  const LoadedData data = table.load("value = \"x\"\nwindow = 3\nhorizon = 2\n");
  EXPECT_EQ(data.test->size(), 6);
  EXPECT_EQ(data.summary.at("to").as_string(), "19");
}

TEST(SeriesSource, MistakesAreNamed) {
  const OneTable table;
  auto config = [&](const std::string& data, const std::string& prepare = kSplit) {
    return table.error(ErrorKind::config, data, prepare);
  };
  EXPECT_THAT(config("window = 3\n"), HasSubstr("data.value: is missing"));
  EXPECT_THAT(config("value = \"x\"\n"), HasSubstr("data.window: is missing"));
  EXPECT_THAT(config("time = \"day\"\nvalue = \"x\"\nfeatures = \"x\"\nwindow = 2\n"), HasSubstr("\"x\" twice"));
  EXPECT_THAT(config(std::string(kKeys) + "lags = [3, 3]\n"), HasSubstr("data.lags: names 3 twice"));
  EXPECT_THAT(config(std::string(kKeys) + "calendar = [\"month\", \"month\"]\n"), HasSubstr("\"month\" twice"));
  EXPECT_THAT(config(std::string(kKeys) + "calendar = \"moon\"\n"),
              AllOf(HasSubstr("data.calendar"), HasSubstr("\"moon\"")));
  EXPECT_THAT(config(std::string(kKeys) + "season = 10\n"), AllOf(HasSubstr("data.season"), HasSubstr("at most 9")));
  EXPECT_THAT(config(kKeys, ""), HasSubstr("prepare.split: is missing"));
  const std::pair<const char*, const char*> splits[] = {
      {"validation = 0.1", "does not say what is tested on"},
      {"test = 0.2, test_from = \"2020-01-15\"", "says twice where the test part begins"},
      {"validation = 0.1, validation_from = \"2020-01-11\", test_from = \"2020-01-15\"", "says twice"},
      {"test = 0.2, validation_from = \"2020-01-11\"", "needs test_from"},
      {"train = 0.5, test_from = \"2020-01-15\"", "train is a share"},
      {"validation = 0.5, test = 0.5", "nothing to train on"},
      {"train = 0.9, test = 0.5", "sum to 1.4"},
      {"test_from = \"2020-01-01\"", "a time after 2020-01-01 and up to 2020-01-20"},
      {"test_from = \"2021-01-01\"", "got \"2021-01-01\""},
      {"test_from = \"soon\"", "a date or time"},
      {"validation_from = \"2020-01-16\", test_from = \"2020-01-15\"", "later than test_from"}};
  for (const auto& [split, message] : splits)
    EXPECT_THAT(config(kKeys, "split = { method = \"time\", " + std::string(split) + " }\n"), HasSubstr(message))
        << split;
  EXPECT_THAT(config(kKeys, "split = { method = \"random\", test = 0.5 }\n"), HasSubstr("time"));
  EXPECT_THAT(table.error(ErrorKind::data, "time = \"day\"\nvalue = \"x\"\nwindow = 9\nhorizon = 2\n"),
              AllOf(HasSubstr("the training part has 10 steps and no window"), HasSubstr("shorten window")));
  EXPECT_THAT(table.error(ErrorKind::data, "time = \"day\"\nvalue = \"y\"\nwindow = 3\n"), HasSubstr("\"y\""));
}

}  // namespace
}  // namespace gradus
