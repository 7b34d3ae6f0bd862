#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/report/display.h"
#include "gradus/report/heatmap.h"
#include "gradus/report/html.h"
#include "gradus/report/plot.h"
#include "gradus/report/run_facts.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

constexpr std::size_t kMostFits = 12;
constexpr std::size_t kMostConfusions = 8;

// Parts that have a table, in the order train, validation, test, others.
std::vector<std::string> parts_of(const Value& metrics) {
  std::vector<std::string> parts;
  for (const char* part : {"train", "validation", "test"})
    if (const Value* table = metrics.find(part); table && table->is_table()) parts.push_back(part);
  if (!metrics.is_table()) return parts;
  for (const auto& [key, value] : metrics.as_table())
    if (value.is_table() && std::find(parts.begin(), parts.end(), key) == parts.end()) parts.push_back(key);
  return parts;
}

std::string metrics_table(const RunReport& report) {
  std::vector<std::string> parts = parts_of(report.metrics), keys;
  HtmlTable table;
  table.label = "Metrics of each part";
  table.columns.push_back({"metric", false});
  for (const std::string& part : parts) {
    table.columns.push_back({part, true});
    for (const auto& [key, value] : report.metrics.at(part).as_table())
      if (value.is_number() && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    std::string what = meaning(key);
    std::vector<std::string> cells = {escape_html(readable(key)) +
                                      (what.empty() ? "" : element("small", "", escape_html(what)))};
    for (const std::string& part : parts) {
      auto value = metric(report, part, key);
      const bool is_count = value && report.metrics.at(part).at(key).type() == Value::Type::integer;
      cells.push_back(!value ? "" : is_count ? format_number(*value) : format_figure(*value));
    }
    table.rows.push_back(std::move(cells));
  }
  return table.rows.empty() ? "" : element("div", "class=\"metrics\"", table.html());
}

std::string other_tables(const RunReport& report) {
  std::string out, part = result_part(report);
  if (part.empty()) return "";
  for (const auto& [key, value] : report.metrics.at(part).as_table()) {
    bool of_forecasts = key == "per_value" || key == "per_horizon";  // their section shows them
    bool records = !of_forecasts && value.is_array() && !value.as_array().empty() && value.as_array()[0].is_table();
    if (records)
      out += element("h3", "", escape_html("By " + readable(key) + ", " + part + " part")) +
             records_table(readable(key), value.as_array());
  }
  return out;
}

std::string ratio(double of, double total) { return total > 0 ? fmt::format("{:.3f}", of / total) : "–"; }

std::string class_table(const std::vector<std::string>& names, const std::vector<std::vector<double>>& counts,
                        const std::string& unit) {
  HtmlTable table;
  table.label = "Figures of each class";
  table.columns = {{"class", false}, {"precision", true}, {"recall", true}, {"F1", true}, {unit, true}};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    double right = counts[i][i], truth = 0, answered = 0;
    for (std::size_t j = 0; j < counts.size(); ++j) {
      truth += counts[i][j];
      answered += counts[j][i];
    }
    double recall = truth > 0 ? right / truth : 0;
    table.rows.push_back({escape_html(names[i]), ratio(right, answered), with_bar(ratio(right, truth), recall),
                          ratio(2 * right, truth + answered), format_number(truth)});
  }
  table.tall = counts.size() > 25;
  return table.html() +
         element("p", "class=\"hint\"",
                 "Precision: of the " + unit + " given this answer, the share that deserved it. Recall: of the " +
                     unit + " of this class, the share that was found. F1 is high only when both are.");
}

std::string mistakes_table(const std::vector<std::string>& names, const std::vector<std::vector<double>>& counts,
                           const std::string& unit) {
  HtmlTable table;
  table.label = "Commonest mistakes";
  table.columns = {{"true", false}, {"taken for", false}, {unit, true}, {"of the class", true}};
  for (const Confusion& c : worst_confusions(counts, kMostConfusions))
    table.rows.push_back({escape_html(names[c.truth]), escape_html(names[c.predicted]), format_number(c.count),
                          format_share(c.count / c.of)});
  return table.rows.empty() ? "" : element("h3", "", "Commonest mistakes") + table.html();
}

std::string confusion_part(const RunReport& report) {
  std::string part = result_part(report);
  auto counts = confusion(report, part);
  if (counts.empty()) return "";
  std::vector<std::string> names = class_names(report, counts.size());
  Heatmap map = confusion_heatmap(names, counts);
  map.title = "Confusion matrix, " + part + " part";
  std::string picture =
      figure(map.svg(),
             "Each row holds the examples of one true class, each column those given one answer. Right answers lie on "
             "the blue diagonal; every orange cell is one kind of mistake, stronger where it is a larger share of its "
             "class.",
             "confusion");
  const std::string unit = metric(report, part, "mean_dice") ? "places" : "rows";
  if (counts.size() > 2) picture += mistakes_table(names, counts, unit);
  std::string classes = element("h3", "", "Each class") + class_table(names, counts, unit);
  return element("div", counts.size() > 12 ? "class=\"stack\"" : "class=\"beside\"",
                 element("div", "", picture) + element("div", "", classes));
}

void check(const Fit& fit) {
  if (fit.truth.size() != fit.predicted.size())
    throw Error(ErrorKind::shape, {"fit " + fit.name, "as many predicted as true values",
                                   fmt::format("{} and {}", fit.predicted.size(), fit.truth.size()), ""});
}

// A scatter and a histogram; `explained` gives them their captions.
std::string fit_plots(const Fit& fit, const std::string& part, bool explained) {
  check(fit);
  std::string name = shorten(fit.name.empty() ? "target" : fit.name, 24);
  Plot scatter("True and predicted " + name);
  scatter.x_axis("true").y_axis("predicted").equal_ranges().identity().points("", fit.truth, fit.predicted);
  std::vector<double> errors;
  for (std::size_t i = 0; i < fit.truth.size(); ++i) errors.push_back(fit.predicted[i] - fit.truth[i]);
  int bins = std::clamp(static_cast<int>(2 * std::cbrt(static_cast<double>(errors.size()))), 5, 40);
  Plot histogram("Errors of " + name);
  histogram.x_axis("predicted minus true").y_axis("rows").histogram("", errors, bins).mark_x(0, "");
  std::string of = part.empty() ? "" : " of the " + part + " part";
  std::string scatter_text = fmt::format(
      "Each dot is one row{}. On the dashed line the prediction is exact; dots above it are predicted too "
      "high, dots below too low.",
      of);
  std::string histogram_text =
      "How often each size of error occurs. A good model's errors gather around zero, as often above as below; a peak "
      "aside from the dashed line is a constant mistake.";
  return figure(scatter.size(460, 380).svg(), explained ? scatter_text : "") +
         figure(histogram.size(460, 380).svg(), explained ? histogram_text : "");
}

}  // namespace

Section results_section(const RunReport& report) {
  return {"results", "Results", metrics_table(report) + other_tables(report) + confusion_part(report)};
}

Section fits_section(const RunReport& report) {
  std::string plots;
  for (std::size_t i = 0; i < std::min(report.fits.size(), kMostFits); ++i)
    if (!report.fits[i].truth.empty()) plots += fit_plots(report.fits[i], report.fits_part, plots.empty());
  if (plots.empty()) return {};
  std::string body = element("div", "class=\"plots\"", plots);
  if (report.fits.size() > kMostFits)
    body += element("p", "class=\"hint\"",
                    fmt::format("The first {} of {} outputs are shown.", kMostFits, report.fits.size()));
  return {"fits", "Predicted against true", body};
}

}  // namespace gradus
