#include <fmt/format.h>

#include <cmath>

#include "gradus/report/display.h"
#include "gradus/report/heatmap.h"
#include "gradus/report/html.h"
#include "gradus/report/plot.h"
#include "gradus/report/sections.h"

namespace gradus {

Section text_mistakes_section(const RunReport& report) {
  constexpr std::size_t kMost = 48, kLongestText = 400;
  HtmlTable table;
  table.label = "Worst mistakes";
  table.columns = {{"true class", false}, {"the model's answer", false}, {"sure", true}, {"example", false}};
  for (std::size_t i = 0; i < std::min(report.text_mistakes.size(), kMost); ++i) {
    const TextMistake& m = report.text_mistakes[i];
    table.rows.push_back({element("span", "class=\"truth\"", escape_html(m.truth)),
                          element("span", "class=\"answer\"", escape_html(m.predicted)),
                          with_bar(format_share(m.confidence), m.confidence),
                          escape_html(shorten(clean_text(m.text), kLongestText))});
  }
  if (table.rows.empty()) return {};
  return {
      "mistakes", "Worst mistakes",
      element("p", "class=\"lead\"",
              "The examples of the test part for which the model was most sure of a wrong answer. Some show what it "
              "has not learned; others are hard for people too, or carry a wrong label.") +
          element("div", "class=\"texts\"", table.html())};
}

Section samples_section(const RunReport& report) {
  Section s{"samples", "Texts it made", ""};
  if (report.samples.empty()) return s;
  s.body = element("p", "class=\"hint\"", escape_html(report.samples_hint));
  for (const TextSample& sample : report.samples)
    s.body += element("h3", "", "After epoch " + format_count(sample.epoch)) +
              element("pre", "class=\"sample\"", escape_html(sample.text));
  return s;
}

Section attention_section(const RunReport& report) {
  Section s{"attention", "What it looks at", ""};
  if (report.attention.empty()) return s;
  std::string figures;
  for (const AttentionMap& map : report.attention) {
    std::vector<double> shown = map.weights;  // to two digits
    for (double& w : shown) w = std::round(w * 100) / 100;
    Heatmap heatmap{"", "made", "given", map.made, map.given, shown, map.weights};
    figures += figure(heatmap.svg(), "");
  }
  s.body =
      element("p", "class=\"hint\"",
              "Lines that the model was not trained on. Each row is a symbol that it made, from top to bottom; the "
              "darker a place of the given line, the more it counted for that symbol.") +
      element("div", "class=\"plots\"", figures);
  return s;
}

Section reach_section(const RunReport& report) {
  Section s{"reach", "How far back it looks", ""};
  if (report.gradient_by_distance.size() < 2) return s;
  std::vector<double> steps;
  for (std::size_t i = 0; i < report.gradient_by_distance.size(); ++i) steps.push_back(static_cast<double>(i));
  Plot plot("Gradient by distance in time");
  plot.x_axis("steps before the last").y_axis("norm of the gradient", AxisScale::log).whole_x();
  plot.line("gradient", steps, report.gradient_by_distance);
  s.body = element(
      "div", "class=\"plots\"",
      figure(plot.svg(),
             "How much the loss after a sequence's last step changes with what was read so many steps before, on "
             "sequences the model was not trained on. Where the curve has fallen to a thousandth, the model "
             "can hardly learn of what came before: a plain recurrent network's gradient shrinks at every step, "
             "gates let it pass."));
  return s;
}

}  // namespace gradus
