#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/observations.h"
#include "gradus/report/plot.h"
#include "gradus/report/run_facts.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

constexpr std::array<const char*, 3> kParts = {"train", "validation", "test"};
constexpr std::size_t kMostTableRows = 30;

// One plot: all series of the same metric.
struct Group {
  struct Member {
    std::string part;
    const EpochSeries* series;
  };
  std::string metric;
  std::vector<Member> members;
};

// Times are facts of the run, not of learning.
bool is_time(const std::string& name) {
  static constexpr std::array<std::string_view, 5> kTimes = {"epoch", "step", "steps", "seconds",
                                                             "examples_per_second"};
  return std::find(kTimes.begin(), kTimes.end(), name) != kTimes.end();
}

// How many different finite values a series has, counted up to two.
int different_values(const EpochSeries& s) {
  const double* first = nullptr;
  for (const double& v : s.values) {
    if (!std::isfinite(v)) continue;
    if (first && v != *first) return 2;
    if (!first) first = &v;
  }
  return first ? 1 : 0;
}

// A constant learning rate needs no picture, and neither does what was never measured.
bool worth_a_plot(const EpochSeries& s, bool has_part) { return different_values(s) >= (has_part ? 1 : 2); }

std::vector<Group> groups(const RunReport& report) {
  std::vector<Group> all;
  for (const EpochSeries& s : report.history) {
    std::size_t dot = s.name.find('.');
    std::string part = dot == std::string::npos ? "" : s.name.substr(0, dot);
    bool has_part = std::find(kParts.begin(), kParts.end(), part) != kParts.end();
    std::string metric = has_part ? s.name.substr(dot + 1) : s.name;
    if (is_time(metric) || !worth_a_plot(s, has_part)) continue;
    auto at = std::find_if(all.begin(), all.end(), [&](const Group& g) { return g.metric == metric; });
    if (at == all.end()) at = all.insert(all.end(), {metric, {}});
    at->members.push_back({has_part ? part : "", &s});
  }
  auto rank = [](const Group& g) {
    if (g.metric == "loss") return 0;
    if (g.metric == "accuracy") return 1;
    return g.members[0].part.empty() ? 3 : 2;
  };
  std::stable_sort(all.begin(), all.end(), [&](const Group& a, const Group& b) { return rank(a) < rank(b); });
  return all;
}

// Errors and gradients that span more than a factor of 20 are shown on a logarithmic axis.
bool wants_log(const Group& group) {
  static constexpr std::array<std::string_view, 5> kErrors = {"loss", "mse", "mae", "rmse", "gradient_norm"};
  if (std::find(kErrors.begin(), kErrors.end(), group.metric) == kErrors.end()) return false;
  double low = INFINITY, high = 0;
  for (const auto& m : group.members)
    for (double v : m.series->values) {
      if (!std::isfinite(v)) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  return low > 0 && high > 20 * low;
}

std::string explanation(const Group& group) {
  if (group.metric == "loss")
    return group.members.size() > 1
               ? "How wrong the model was, on the training examples on average during each epoch, on the validation "
                 "examples at its end: lower is better. Both lines should fall together; where the validation line "
                 "turns upwards while the training line goes on falling, the model has begun to learn its examples by "
                 "heart."
               : "How wrong the model was on average during each epoch: lower is better. A line that has become flat "
                 "has learned what it can.";
  if (group.metric == "accuracy")
    return group.members.size() > 1 ? "The share of right answers after each epoch: higher is better. The distance "
                                      "between the lines is what "
                                      "the model knows of its training examples only."
                                    : "The share of right answers after each epoch: higher is better.";
  if (group.metric == "lr") return "The size of the steps that the optimizer took, as its schedule set it.";
  if (group.metric == "gradient_norm")
    return "How steep the loss was where the model stood: near zero it has arrived at a minimum or a flat place; "
           "sudden peaks mean unstable steps.";
  std::string what = meaning(group.metric);
  if (what.empty()) return "";
  return capitalized(what) + ", after each epoch.";
}

struct Marked {
  int epoch = 0;
  std::string label;
  bool on_all = false;  // else on the loss alone, whose lowest place it is
};

Marked marked_epoch(const RunReport& report) {
  if (report.kept_epoch) return {*report.kept_epoch, fmt::format("epoch {} kept", *report.kept_epoch), true};
  const EpochSeries* loss = find_series(report, "validation.loss");
  int best = loss ? best_epoch(loss->values) : 0;
  return {best, fmt::format("lowest in epoch {}", best), false};
}

std::string plot(const Group& group, const Marked& marked) {
  std::string title = readable(group.metric);
  Plot p(capitalized(title));
  p.x_axis("epoch").y_axis("", wants_log(group) ? AxisScale::log : AxisScale::linear).whole_x();
  for (const auto& m : group.members) {
    std::vector<double> epochs(m.series->values.size());
    std::iota(epochs.begin(), epochs.end(), 1.0);
    auto color = std::find(kParts.begin(), kParts.end(), m.part) - kParts.begin();
    p.line(m.part, std::move(epochs), m.series->values).color(static_cast<int>(color));
  }
  bool several = group.members[0].series->values.size() > 1;
  bool concerned = group.metric == "loss" || (marked.on_all && !group.members[0].part.empty());
  if (marked.epoch > 0 && several && concerned) p.mark_x(marked.epoch, marked.label);
  return figure(p.svg(), explanation(group));
}

// Evenly spaced epochs, the first, the marked one and the last among them.
std::string numbers(const RunReport& report, int marked) {
  std::size_t epochs = 0;
  for (const auto& s : report.history) epochs = std::max(epochs, s.values.size());
  if (epochs < 2) return "";
  std::size_t every = (epochs + kMostTableRows - 1) / kMostTableRows;
  HtmlTable table;
  table.label = "Figures of each epoch";
  table.columns.push_back({"epoch", true});
  for (const auto& s : report.history) {
    std::size_t dot = s.name.find('.');
    bool dotted = dot != std::string::npos;
    table.columns.push_back(
        {dotted ? s.name.substr(0, dot) + " " + readable(s.name.substr(dot + 1)) : readable(s.name), true});
  }
  for (std::size_t e = 0; e < epochs; ++e) {
    bool shown = e % every == 0 || e + 1 == epochs || static_cast<int>(e) + 1 == marked;
    if (!shown) continue;
    std::vector<std::string> cells = {format_count(static_cast<std::int64_t>(e) + 1)};
    for (const auto& s : report.history) {
      bool measured = e < s.values.size() && !std::isnan(s.values[e]);
      cells.push_back(measured ? format_figure(s.values[e]) : "–");
    }
    table.rows.push_back(std::move(cells));
  }
  std::string title = every == 1 ? "The numbers of every epoch"
                                 : fmt::format("The numbers of one epoch in {}, the marked one and the last", every);
  return "<details><summary>" + title + "</summary>" + table.html() + "</details>";
}

}  // namespace

Section curves_section(const RunReport& report) {
  Marked marked = marked_epoch(report);
  std::string plots;
  for (const Group& group : groups(report)) plots += plot(group, marked);
  if (plots.empty()) return {};
  return {"curves", "Learning curves", element("div", "class=\"plots\"", plots) + numbers(report, marked.epoch)};
}

}  // namespace gradus
