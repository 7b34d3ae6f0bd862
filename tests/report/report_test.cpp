#include "gradus/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/error.h"
#include "markup.h"

namespace gradus {
namespace {

using testing::HasSubstr;
using testing::Not;

RunReport classification() {
  RunReport r;
  r.name = "iris";
  r.date = "14 March 2026";
  r.version = "0.1.0";
  r.task = "classification in 3 classes";
  r.classes = {"setosa", "versicolor", "virginica"};
  r.metrics = parse_json(R"({"train": {"loss": 0.04, "accuracy": 0.98},
    "validation": {"loss": 0.07, "accuracy": 0.95},
    "test": {"loss": 0.09, "accuracy": 0.9545, "confusion": [[8, 0, 0], [0, 6, 1], [0, 0, 7]]}})",
                         "metrics");
  r.history = {{"train.loss", {1, 0.5, 0.3, 0.2}},
               {"validation.loss", {1, 0.6, 0.4, 0.45}},
               {"train.accuracy", {0.4, 0.7, 0.9, 0.95}},
               {"lr", {0.1, 0.1, 0.01, 0.01}},
               {"seconds", {1, 2, 1, 2}}};
  r.kept_epoch = 3;
  r.run = parse_json(R"({"epochs": 4, "seconds": 75, "threads": 2, "stopped": "all epochs done"})", "run");
  r.data = parse_json(R"({"source": "data/iris.csv", "rows": 150, "parts": {"train": 105, "validation": 23, "test": 22},
    "columns": [{"name": "sepal length", "kind": "number", "mean": 5.8433}, {"name": "species", "kind": "category"}],
    "classes": {"setosa": {"train": 35, "test": 8}, "versicolor": {"train": 35, "test": 7}}})",
                      "data");
  Picture grey{2, 2, 1, {0, 255, 255, 0}}, color{1, 1, 3, {1, 2, 3}};
  r.mistakes.push_back({grey, "versicolor", "virginica", 0.75});
  r.galleries.push_back({"Samples", "What the model sees.", {}});
  r.galleries[0].items.push_back({color, "a setosa"});
  r.model = {{"hidden", "linear", "[batch, 16]", 80, 64, 1024}, {"out", "linear", "[batch, 3]", 51, 48, 512}};
  r.config = "name = \"iris\"\n[data]\nsource = \"data/iris.csv\"\n# a comment\n";
  r.commands = {"gradus train iris.toml"};
  r.warnings = {"a warning"};
  r.notes = {"a note"};
  return r;
}

RunReport regression() {
  RunReport r;
  r.name = "diabetes";
  r.metrics = parse_json(R"({"test": {"mse": 2.5, "r2": 0.5,
    "per_output": [{"output": "weight", "r2": 0.4}, {"output": "waist", "r2": 0.6}]}})",
                         "metrics");
  r.fits = {{"weight", {1, 2, 3}, {1.5, 2, 2.5}}, {"waist", {4, 5}, {4, 5}}};
  r.fits_part = "test";
  return r;
}

TEST(Report, IsWellFormedAndHoldsEveryPart) {
  std::string page = html_report(classification());
  EXPECT_EQ(markup_fault(page), "");
  for (const char* part : {"summary", "curves", "results", "mistakes", "gallery-1", "data", "model", "reproduce"}) {
    EXPECT_THAT(page, HasSubstr("<section id=\"" + std::string(part) + "\"")) << part;
    EXPECT_THAT(page, HasSubstr("<a href=\"#" + std::string(part) + "\"")) << part;
  }
  for (const char* text :
       {"<title>iris", "14 March 2026", "sepal length", "[batch, 16]", ">131<", "gradus train iris.toml", "A warning",
        "A note", "epoch 3 kept", "1 min 15 s", "What the model sees."})
    EXPECT_THAT(page, HasSubstr(text));
}

TEST(Report, NeedsNoNetwork) {
  std::string page = html_report(classification());
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_EQ(count_of(page, "http://"), 1);  // the name of the SVG namespace in the script
  EXPECT_EQ(count_of(page, "http://www.w3.org/2000/svg"), 1);
  EXPECT_EQ(count_of(page, "https://"), 0);
  EXPECT_EQ(count_of(page, "<link"), 0);
  for (const std::string& source : attribute_values(page, "src"))
    EXPECT_THAT(source, testing::StartsWith("data:image/png"));
}

TEST(Report, ClassFiguresComeFromTheConfusionMatrix) {
  std::string page = html_report(classification());
  // versicolor: 6 of 6 answers right, 6 of 7 rows found, F1 = 12 / 13. virginica: 7 of 8, 7 of 7, F1 = 14 / 15.
  for (const char* figure : {"0.857", "0.923", "0.875", "0.933"}) EXPECT_THAT(page, HasSubstr(figure));
  EXPECT_THAT(page, HasSubstr("versicolor</th><td>virginica</td>"));
}

TEST(Report, SeriesOfOneMetricShareAPlot) {
  std::string page = html_report(classification());
  EXPECT_EQ(count_of(page, "data-area="), 3);  // loss, accuracy, learning rate; seconds are no learning curve
  EXPECT_THAT(attribute_values(page, "data-v"),
              testing::ElementsAre("1 0.5 0.3 0.2", "1 0.6 0.4 0.45", "0.4 0.7 0.9 0.95", "0.1 0.1 0.01 0.01"));
}

TEST(Report, RegressionShowsEveryOutput) {
  std::string page = html_report(regression());
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, HasSubstr("True and predicted weight"));
  EXPECT_THAT(page, HasSubstr("Errors of waist"));
  EXPECT_THAT(page, HasSubstr("By output, test part"));
  EXPECT_EQ(count_of(page, "Each dot is one row"), 1);  // explained once
}

RunReport forecasts() {
  RunReport r;
  r.name = "sunspots";
  r.metrics = parse_json(R"({"test": {"mae": 1.5, "rmse": 2, "mase": 0.5, "naive": {"mae": 3, "rmse": 4, "mase": 1},
    "seasonal_naive": {"season": 11, "mae": 6, "rmse": 7, "mase": 2}, "per_horizon": [
    {"value": "x", "horizon": 1, "mae": 1.25, "rmse": 1.75, "naive": {"mae": 2.25, "rmse": 3.5},
     "seasonal_naive": {"mae": 5.5, "rmse": 6.25}},
    {"value": "x", "horizon": 2, "mae": 1.875, "rmse": 2.25, "naive": {"mae": 3.75, "rmse": 4.5},
     "seasonal_naive": {"mae": 6.5, "rmse": 7.75}}]}})",
                         "metrics");
  r.forecasts = {{"x", 1, {"2001", "2002", "2003"}, {1, 2, 3}, {1.5, 2, 3}, {0, 1, 2}, {4, 5, 6}},
                 {"x", 2, {"2002", "2003"}, {2, 3}, {2, 2}, {0, 1}, {4, 5}}};
  return r;
}

TEST(Report, ForecastsStandBesideTheNaiveOnes) {
  std::string page = html_report(forecasts());
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, HasSubstr("<section id=\"forecasts\""));
  EXPECT_EQ(count_of(page, "the model beats both."), 2) << "in short, and above the plots";
  for (const char* text :
       {"x, one step ahead", "x, 2 steps ahead", "data-names=\"2001\n2002\n2003\"", "MAE, seasonal naive", ">1.250<",
        ">2.250<", ">5.500<", ">7.750<", "<th scope=\"row\">all</th>"})
    EXPECT_THAT(page, HasSubstr(text));
  EXPECT_EQ(count_of(page, "By per horizon"), 0);
}

TEST(Report, WithoutASeasonForecastsHaveTwoRivals) {
  RunReport r = forecasts();
  Value test = parse_json(R"({"mae": 4, "rmse": 5, "naive": {"mae": 3, "rmse": 4}, "per_horizon": [
    {"value": "x", "horizon": 1, "mae": 4, "rmse": 5, "naive": {"mae": 3, "rmse": 4}}]})",
                          "test");
  r.metrics.set("test", test);
  r.forecasts = {{"x", 1, {"2001", "2002"}, {1, 2}, {1.5, 2}, {0, 1}, {}}};
  std::string page = html_report(r);
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, testing::AllOf(HasSubstr("the model does not beat it"), Not(HasSubstr("seasonal naive<")),
                                   Not(HasSubstr(">all</th>"))));
  r.forecasts[0].model.pop_back();
  EXPECT_THROW(html_report(r), Error);
}

TEST(Report, WrongTextsAreShownWithTheAnswer) {
  RunReport r = classification();
  r.mistakes.clear();
  r.text_mistakes = {{"a <b>text</b> \x01 & more", "ham", "spam", 0.875}, {std::string(1000, 'x'), "spam", "ham", 0.5}};
  std::string page = html_report(r);
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, testing::AllOf(HasSubstr("<section id=\"mistakes\""), HasSubstr("a &lt;b&gt;text&lt;/b&gt;"),
                                   HasSubstr("87.5 %"), HasSubstr(std::string(399, 'x') + "…"),
                                   Not(HasSubstr(std::string(400, 'x')))));
}

TEST(Report, EmptyPartsAreLeftOut) {
  std::string page = html_report({});
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, HasSubstr("<h1>Training run</h1>"));
  EXPECT_EQ(count_of(page, "<section"), 0);

  RunReport hollow = classification();
  hollow.metrics = Value::table();
  hollow.history = {{"train.loss", {}}};
  hollow.data = Value::table();
  hollow.mistakes.clear();
  hollow.galleries = {{"Nothing", "", {}}};
  hollow.fits = {{"y", {}, {}}};
  hollow.model.clear();
  page = html_report(hollow);
  EXPECT_EQ(markup_fault(page), "");
  for (const char* part : {"curves", "results", "fits", "mistakes", "gallery-1", "data", "model"})
    EXPECT_THAT(page, Not(HasSubstr("id=\"" + std::string(part) + "\""))) << part;
}

TEST(Report, EverythingUntrustedIsEscaped) {
  const std::string bad = "<script>alert(\"x\")</script>&'\x1b\xff";
  RunReport r = classification();
  r.name = r.date = r.version = r.task = r.config = bad;
  r.classes = {bad, bad, bad};
  r.commands = r.warnings = r.notes = {bad};
  r.history.push_back({"validation." + bad, {1, 2}});
  r.history.push_back({bad, {1, 2}});
  r.mistakes[0].truth = r.mistakes[0].predicted = bad;
  r.galleries[0].title = r.galleries[0].explanation = r.galleries[0].items[0].caption = bad;
  r.model[0] = {bad, bad, bad, 1, 1, 1};
  r.fits = {{bad, {1, 2}, {1, 2}}};
  r.fits_part = bad;
  r.run.set(bad, bad);
  for (const char* part : {"train", "test", bad.c_str()}) {
    Value table = Value::table();
    table.set(bad, 1.5);
    table.set("records", parse_json(R"([{"a": 1}])", "j"));
    r.metrics.set(part, std::move(table));
  }
  Value row = Value::table();
  row.set(bad, bad);
  Value nested = Value::table();
  nested.set(bad, row);
  r.data.set(bad, bad);
  r.data.set("parts", parse_json("{}", "j"));
  r.data.find("parts")->set(bad, 3);
  r.data.set("columns", Value::Array{row});
  r.data.set("classes", nested);
  r.data.set("lists", Value::Array{Value(bad), row});
  std::string page = html_report(r);
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_EQ(count_of(page, "<script>"), 1);  // the report's own
  EXPECT_EQ(count_of(page, "alert(\""), 0);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  EXPECT_EQ(page.find('\xff'), std::string::npos);
  EXPECT_GT(count_of(page, "&lt;script&gt;"), 30);
}

TEST(Report, ValuesThatAreNotFiniteAreSaid) {
  RunReport r = classification();
  double nan = std::nan("");
  r.history = {
      {"train.loss", {1, 2, nan, nan}}, {"validation.loss", {1, INFINITY, nan, -INFINITY}}, {"lr", {nan, nan}}};
  r.metrics.find("test")->set("loss", nan);
  std::string page = html_report(r);
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, HasSubstr("stopped being a finite number in epoch 3"));
  for (const std::string& d : attribute_values(page, "d")) {
    EXPECT_EQ(d.find("nan"), std::string::npos) << d;
    EXPECT_EQ(d.find("inf"), std::string::npos) << d;
  }
  EXPECT_THAT(page, HasSubstr("not a number"));
}

TEST(Report, TheLowestLossIsMarkedOnTheLossAlone) {
  RunReport r = classification();
  EXPECT_EQ(count_of(html_report(r), ">epoch 3 kept<"), 2);  // on every plot of the parts
  r.kept_epoch = std::nullopt;
  EXPECT_EQ(count_of(html_report(r), ">lowest in epoch 3<"), 1);
}

TEST(Report, ListsAreTheLastColumn) {
  RunReport r = classification();
  r.data = parse_json(R"({"columns": [{"name": "species", "levels": ["a", "b"], "missing": 0},
    {"name": "length", "missing": 1, "mean": 2.5}]})",
                      "data");
  std::string page = html_report(r);
  EXPECT_LT(page.find(">mean<"), page.find(">levels<"));
}

TEST(Report, OneEpoch) {
  RunReport r = classification();
  for (EpochSeries& s : r.history) s.values.resize(1);
  r.kept_epoch = 1;
  std::string page = html_report(r);
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, HasSubstr("alone"));
  EXPECT_THAT(page, Not(HasSubstr("epoch 1 kept")));
  EXPECT_THAT(page, Not(HasSubstr("<details>")));
}

TEST(Report, TenThousandEpochsStaySmall) {
  RunReport r = classification();
  for (EpochSeries& s : r.history) {
    s.values.resize(10000);
    for (int i = 0; i < 10000; ++i) s.values[i] = 1 + std::sin(i * 0.7) + 1e-4 * i;
  }
  std::string page = html_report(r);
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_LT(page.size(), 200000u);
  EXPECT_THAT(page, HasSubstr("one epoch in 334"));
}

TEST(Report, DataAsDescribedByTheReaders) {
  RunReport r;
  r.data = parse_json(R"({"name": "t.csv", "columns": 2, "shape": [28, 28], "empty": [],
    "column": [{"name": "x", "min": 0.5}, {"name": "c", "levels": [{"level": "a", "count": 3}, {"level": "b", "count": 2}]}],
    "notes": ["2 rows were short"], "warnings": [], "parts": {"train": 4, "validation": 0, "test": 1}})",
                      "data");
  std::string page = html_report(r);
  EXPECT_EQ(markup_fault(page), "");
  for (const char* text : {"<dd>28 × 28</dd>", "a (3), b (2)", "<li>2 rows were short</li>", "<h3>Columns</h3>",
                           "train <b>4</b> <small>80.0 %</small>"})
    EXPECT_THAT(page, HasSubstr(text));
  for (const char* text : {"validation <b>0</b>", "Warnings", "<dt>empty</dt>"})
    EXPECT_THAT(page, Not(HasSubstr(text)));
}

TEST(Report, WideTablesSayWhatTheyLeaveOut) {
  RunReport r;
  Value columns = Value::array();
  for (int i = 0; i < 1000; ++i) {
    std::string name = "x";
    name += std::to_string(i);
    Value column = Value::table();
    column.set("name", name);
    columns.push_back(std::move(column));
  }
  r.data = Value::table();
  r.data.set("columns", std::move(columns));
  std::string page = html_report(r);
  EXPECT_THAT(page, HasSubstr("800 more are not shown."));
  EXPECT_THAT(page, Not(HasSubstr(">x200<")));
}

TEST(Report, RefusesSizesThatDisagree) {
  RunReport r = regression();
  r.fits[1].predicted.pop_back();
  try {
    html_report(r);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("waist"), HasSubstr("1 and 2")));
  }
  r = classification();
  r.mistakes[0].picture.width = 3;
  EXPECT_THROW(html_report(r), Error);
  r = classification();
  r.classes.pop_back();
  EXPECT_THROW(html_report(r), Error);
}

}  // namespace
}  // namespace gradus
