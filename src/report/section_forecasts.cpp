#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gradus/base/error.h"
#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/observations.h"
#include "gradus/report/plot.h"
#include "gradus/report/run_facts.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

constexpr std::size_t kMostPlots = 12;
constexpr std::size_t kTallTable = 25;  // rows
constexpr std::array<const char*, 3> kForecasts = {"", "naive", "seasonal_naive"};

void check(const ForecastCurves& f) {
  for (const std::vector<double>* curve : {&f.truth, &f.model, &f.naive, &f.seasonal_naive})
    if (curve->size() != f.times.size() && !(curve->empty() && curve != &f.truth && curve != &f.model))
      throw Error(ErrorKind::shape, {"forecasts of " + f.value, fmt::format("{} values, one a time", f.times.size()),
                                     std::to_string(curve->size()), ""});
}

std::string steps_ahead(std::int64_t horizon) {
  return horizon == 1 ? "one step ahead" : fmt::format("{} steps ahead", horizon);
}

std::string forecast_plot(const ForecastCurves& f, bool explained) {
  check(f);
  std::vector<double> at;
  for (std::size_t i = 0; i < f.times.size(); ++i) at.push_back(static_cast<double>(i));
  Plot plot(shorten(f.value, 40) + ", " + steps_ahead(f.horizon));
  plot.x_names(f.times).size(860, 320);
  plot.line("truth", at, f.truth).color(0);
  if (!f.naive.empty()) plot.line("naive", at, f.naive).color(4).dashed();
  if (!f.seasonal_naive.empty()) plot.line("seasonal naive", at, f.seasonal_naive).color(2).dashed();
  plot.line("model", at, f.model).color(1);
  return figure(plot.svg(),
                explained ? "The end of the test part. Each forecast was made so many steps before the time it stands "
                            "at, from what was known then: the naive one repeats the last value, the seasonal naive "
                            "one the value a whole number of seasons before."
                          : "",
                "forecast");
}

// The errors `key` of the model and the naive forecasts in a record of metrics.json.
void add_errors(const Value& record, const char* key, const std::vector<const char*>& forecasts,
                std::vector<std::string>& cells) {
  for (const char* name : forecasts) {
    const Value* own = *name == '\0' ? &record : record.find(name);
    const Value* error = own != nullptr ? own->find(key) : nullptr;
    cells.push_back(error != nullptr ? format_figure(error->as_real()) : "–");
  }
}

std::vector<std::string> error_cells(std::string heading, const Value& record,
                                     const std::vector<const char*>& forecasts) {
  std::vector<std::string> cells = {std::move(heading)};
  for (const char* key : {"mae", "rmse"}) add_errors(record, key, forecasts, cells);
  return cells;
}

// Errors by step ahead of one value; `all` holds those over all steps.
std::string error_table(const std::string& value, const Value::Array& by_horizon, const Value& all) {
  std::vector<const char*> forecasts;
  for (const char* name : kForecasts)
    if (*name == '\0' || all.find(name) != nullptr) forecasts.push_back(name);
  HtmlTable table;
  table.label = "Errors of " + value + " by step ahead";
  table.columns.push_back({"steps ahead", false});
  for (const char* error : {"MAE", "RMSE"})
    for (const char* name : forecasts)
      table.columns.push_back({fmt::format("{}, {}", error, *name == '\0' ? "model" : readable(name)), true});
  for (const Value& record : by_horizon)
    if (record.at("value").as_string() == value)
      table.rows.push_back(error_cells(format_count(record.at("horizon").as_integer()), record, forecasts));
  if (table.rows.size() > 1) table.total = error_cells("all", all, forecasts);
  table.tall = table.rows.size() > kTallTable;
  return table.html();
}

std::string error_tables(const Value& metrics) {
  const Value* by_horizon = metrics.find("per_horizon");
  if (by_horizon == nullptr || by_horizon->as_array().empty()) return "";
  const Value* by_value = metrics.find("per_value");
  std::string title = "Errors by step ahead", of = by_horizon->as_array()[0].at("value").as_string();
  if (by_value == nullptr)
    return element("h3", "", escape_html(title)) + error_table(of, by_horizon->as_array(), metrics);
  std::string out;
  for (const Value& all : by_value->as_array()) {
    of = all.at("value").as_string();
    out += element("h3", "", escape_html(title + ", " + of)) + error_table(of, by_horizon->as_array(), all);
  }
  return out;
}

}  // namespace

Section forecasts_section(const RunReport& report) {
  Section s{"forecasts", "Forecasts", ""};
  std::string part = result_part(report), plots;
  for (std::size_t i = 0; i < std::min(report.forecasts.size(), kMostPlots); ++i)
    if (!report.forecasts[i].times.empty()) plots += forecast_plot(report.forecasts[i], plots.empty());
  if (report.forecasts.size() > kMostPlots)
    plots += element("p", "class=\"hint\"",
                     fmt::format("The first {} of {} plots are shown.", kMostPlots, report.forecasts.size()));
  if (auto verdict = against_naive(report)) s.body = element("p", "class=\"lead\"", escape_html(verdict->text));
  s.body += plots;
  if (!part.empty()) s.body += error_tables(report.metrics.at(part));
  return s;
}

}  // namespace gradus
