#include <fmt/format.h>

#include <algorithm>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/run_facts.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

// One line of TOML with its comment, section heading or key set apart. `line` is raw text.
std::string toml_line(std::string_view line) {
  std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) return "";
  if (line[start] == '#') return element("span", "class=\"comment\"", escape_html(line));
  if (line[start] == '[' && line.find('=') == std::string_view::npos)
    return element("span", "class=\"heading\"", escape_html(line));
  std::size_t equals = line.find(" = ");
  bool plain_key =
      equals != std::string_view::npos && line.substr(0, equals).find_first_of("\"'{}[],") == std::string_view::npos;
  if (!plain_key) return escape_html(line);
  return element("span", "class=\"name\"", escape_html(line.substr(0, equals))) + escape_html(line.substr(equals));
}

std::string toml(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    out += toml_line(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string code_block(std::string_view label, const std::string& code) {
  return fmt::format("<pre tabindex=\"0\" role=\"region\" aria-label=\"{}\" class=\"scroll\"><code>{}</code></pre>",
                     escape_html(label), code);
}

std::string run_fact(const std::string& key, const Value& value) {
  if (key == "seconds" && value.is_number()) return format_duration(value.as_real());
  if (key == "stopped" && value.is_string()) return escape_html(readable(value.as_string()));
  return value_text(value);
}

}  // namespace

Section model_section(const RunReport& report) {
  if (report.model.empty()) return {};
  ModelRow total;
  for (const ModelRow& row : report.model) {
    total.parameters += row.parameters;
    total.multiply_adds += row.multiply_adds;
    total.bytes += row.bytes;
  }
  HtmlTable table;
  table.label = "Layers of the model";
  table.columns = {{"layer", false}, {"type", false}, {"output shape", false}, {"parameters", true}};
  if (total.multiply_adds > 0) table.columns.push_back({"multiply-adds", true});
  if (total.bytes > 0) table.columns.push_back({"memory", true});
  auto cells = [&](const ModelRow& row, const std::string& parameters) {
    std::vector<std::string> out = {escape_html(row.layer), escape_html(row.type),
                                    element("span", "class=\"mono\"", escape_html(row.shape)), parameters};
    if (total.multiply_adds > 0) out.push_back(format_count(row.multiply_adds));
    if (total.bytes > 0) out.push_back(format_bytes(row.bytes));
    return out;
  };
  for (const ModelRow& row : report.model) {
    std::string parameters = format_count(row.parameters);
    if (row.parameters > 0)
      parameters = with_bar(parameters, static_cast<double>(row.parameters) / static_cast<double>(total.parameters));
    table.rows.push_back(cells(row, parameters));
  }
  total.layer = "all";
  table.total = cells(total, format_count(total.parameters));
  table.tall = table.rows.size() > 40;
  std::string hint =
      "Each example passes through the layers from top to bottom. Parameters are the numbers that training sets; a bar "
      "is "
      "a layer's share of them.";
  if (total.multiply_adds > 0) hint += " Multiply-adds are the arithmetic of one example's forward pass.";
  if (total.bytes > 0) hint += " Memory is what one training step needs.";
  return {"model", "Model", table.html() + element("p", "class=\"hint\"", hint)};
}

Section reproduce_section(const RunReport& report) {
  std::string body, facts;
  if (!report.commands.empty()) {
    std::string lines;
    for (const std::string& command : report.commands) lines += escape_html(command) + "\n";
    body += element("h3", "", "Commands") + code_block("Commands", lines);
  }
  if (!report.config.empty())
    body += element("h3", "", "Configuration") + code_block("Configuration", toml(report.config));
  if (report.run.is_table())
    for (const auto& [key, value] : report.run.as_table())
      facts += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_html(readable(key)), run_fact(key, value));
  if (!facts.empty()) body += element("h3", "", "This run") + element("dl", "class=\"facts\"", facts);
  return {"reproduce", "Reproduce", body};
}

}  // namespace gradus
