#include "gradus/report/report.h"

#include <fmt/format.h>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/plot.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

std::vector<Section> sections(const RunReport& report) {
  std::vector<Section> all = {summary_section(report),   curves_section(report), results_section(report),
                              forecasts_section(report), fits_section(report),   text_mistakes_section(report)};
  for (Section& s : picture_sections(report)) all.push_back(std::move(s));
  for (Section (*make)(const RunReport&) :
       {samples_section, attention_section, reach_section, data_section, model_section, reproduce_section})
    all.push_back(make(report));
  std::erase_if(all, [](const Section& s) { return s.body.empty(); });
  return all;
}

std::string navigation(const std::vector<Section>& sections) {
  std::string links;
  for (const Section& s : sections) links += fmt::format("<a href=\"#{}\">{}</a>", s.id, escape_html(s.title));
  return element("nav", "aria-label=\"Parts of this report\"", links);
}

std::string header(const RunReport& report) {
  std::string facts;
  for (const std::string& fact : {report.task, report.date, report.version.empty() ? "" : "gradus " + report.version})
    if (!fact.empty()) facts += element("span", "", escape_html(fact));
  std::string name = report.name.empty() ? "Training run" : report.name;
  return element("header", "",
                 "<p class=\"kicker\">Training report</p>" + element("h1", "", escape_html(name)) +
                     (facts.empty() ? "" : element("p", "class=\"about\"", facts)));
}

}  // namespace

std::string html_report(const RunReport& report) {
  std::vector<Section> all = sections(report);
  std::string body;
  for (const Section& s : all) body += s.html();
  std::string title = report.name.empty() ? "Training report" : report.name + " – training report";
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      // Nothing in the page may load or send anything, whatever a label or a path contains.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<title>{}</title>\n<style>{}\n{}</style>\n</head>\n<body>\n"
      "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n{}\n<div class=\"page\">\n{}\n"
      "<main id=\"main\">\n{}</main>\n</div>\n"
      "<footer>Written by gradus {}. This page is complete in itself and needs no network.</footer>\n"
      "<script>{}</script>\n</body>\n</html>\n",
      escape_html(title), plot_style(), page_style(), header(report), navigation(all), body,
      escape_html(report.version), page_script());
}

}  // namespace gradus
