#include <fmt/format.h>

#include <array>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/observations.h"
#include "gradus/report/run_facts.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

std::string tile(std::string_view label, std::string_view figure) {
  constexpr std::size_t kWide = 8;  // characters that fit in large type
  return fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>", escape_html(label),
                     figure.size() > kWide ? " class=\"long\"" : "", figure);
}

std::string run_number(const RunReport& report, const char* key, std::string (*format)(double)) {
  const Value* value = report.run.find(key);
  return value && value->is_number() ? format(value->as_real()) : "";
}

// Up to three metrics, the size of the model and of the training.
std::string tiles(const RunReport& report) {
  std::string out, part = result_part(report);
  int metrics = 0;
  for (const char* key :
       {"bleu", "mean_dice", "mean_iou", "psnr", "ssim", "accuracy", "mase", "r2", "macro_f1", "mae", "mse", "loss"}) {
    auto value = metric(report, part, key);
    if (value && ++metrics <= 3) out += tile(part + " " + readable(key), format_figure(*value));
  }
  std::int64_t parameters = 0;
  for (const ModelRow& row : report.model) parameters += row.parameters;
  if (parameters > 0) out += tile("parameters", format_count(parameters));
  std::string epochs = run_number(report, "epochs", format_number);
  if (epochs.empty() && !report.history.empty())
    epochs = format_count(static_cast<std::int64_t>(report.history[0].values.size()));
  if (!epochs.empty()) out += tile("epochs", epochs);
  std::string time = run_number(report, "seconds", format_duration);
  if (!time.empty()) out += tile("training time", time);
  return out.empty() ? "" : element("dl", "class=\"tiles\"", out);
}

std::string statement(Observation::Kind kind, const std::string& text) {
  struct Look {
    const char *name, *sign, *spoken;
  };
  static constexpr std::array<Look, 3> kLooks = {
      {{"good", "✓", "Good: "}, {"note", "i", "Note: "}, {"warning", "!", "Warning: "}}};
  const Look& look = kLooks[static_cast<std::size_t>(kind)];
  return fmt::format(
      "<li class=\"{}\"><span class=\"sign\" aria-hidden=\"true\">{}</span><span><span class=\"spoken\">{}</span>{}"
      "</span></li>",
      look.name, look.sign, look.spoken, escape_html(text));
}

}  // namespace

Section summary_section(const RunReport& report) {
  std::string statements;
  for (const std::string& text : report.warnings)
    statements += statement(Observation::Kind::warning, capitalized(text));
  for (const Observation& o : observe(report)) statements += statement(o.kind, o.text);
  for (const std::string& text : report.notes) statements += statement(Observation::Kind::note, capitalized(text));
  if (!statements.empty()) statements = element("ul", "class=\"statements\"", statements);
  return {"summary", "In short", tiles(report) + statements};
}

}  // namespace gradus
