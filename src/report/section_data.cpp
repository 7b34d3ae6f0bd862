#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/run_facts.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

bool is_records(const Value& v) {
  return v.is_array() && !v.as_array().empty() &&
         std::all_of(v.as_array().begin(), v.as_array().end(), [](const Value& item) { return item.is_table(); });
}

bool is_sentences(std::string_view key, const Value& v) {
  return (key == "notes" || key == "warnings") && v.is_array();
}

bool is_table_of_tables(const Value& v) {
  return v.is_table() && !v.as_table().empty() &&
         std::all_of(v.as_table().begin(), v.as_table().end(), [](const auto& item) { return item.second.is_table(); });
}

std::string shape_text(const Value& shape) {
  if (!shape.is_array()) return value_text(shape);
  std::string out;
  for (const Value& side : shape.as_array()) out += (out.empty() ? "" : " × ") + value_text(side);
  return out;
}

// {train = 105, validation = 23, ...} as one bar cut in proportion, with its key.
std::string parts_bar(const Value& parts) {
  double total = 0;
  for (const auto& [name, rows] : parts.as_table())
    if (rows.is_number()) total += rows.as_real();
  if (!(total > 0)) return "";
  std::string bar, key;
  int i = 0;
  for (const auto& [name, rows] : parts.as_table()) {
    if (!rows.is_number() || rows.as_real() == 0) continue;
    double share = rows.as_real() / total;
    bar += fmt::format("<i class=\"part{}\" style=\"width:{:.2f}%\"></i>", i % 4, 100 * share);
    key += fmt::format("<li><i class=\"part{}\"></i>{} <b>{}</b> <small>{}</small></li>", i % 4, escape_html(name),
                       format_number(rows.as_real()), format_share(share));
    ++i;
  }
  return fmt::format("<h3>Parts</h3><div class=\"parts\" aria-hidden=\"true\">{}</div><ul class=\"legend\">{}</ul>",
                     bar, key) +
         element("p", "class=\"hint\"",
                 "Training examples set the weights, validation examples choose among models and epochs, test examples "
                 "are looked at once, at the end.");
}

// {setosa = {train = 35, test = 8}, ...}: a row for each key, bars for each column.
std::string counts_table(std::string_view label, const Value& classes) {
  HtmlTable table;
  table.label = label;
  table.columns.push_back({label == "classes" ? "class" : std::string(label), false});
  std::vector<std::string> keys;
  std::vector<double> most;
  for (const auto& [name, counts] : classes.as_table())
    for (const auto& [part, count] : counts.as_table()) {
      auto at = std::find(keys.begin(), keys.end(), part);
      std::size_t index = at - keys.begin();
      if (at == keys.end()) {
        keys.push_back(part);
        most.push_back(0);
        table.columns.push_back({part, count.is_number()});
      }
      if (count.is_number()) most[index] = std::max(most[index], count.as_real());
    }
  for (const auto& [name, counts] : classes.as_table()) {
    std::vector<std::string> cells = {escape_html(name)};
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const Value* count = counts.find(keys[i]);
      bool number = count && count->is_number() && most[i] > 0;
      cells.push_back(number  ? with_bar(value_text(*count), count->as_real() / most[i])
                      : count ? value_text(*count)
                              : "");
    }
    table.rows.push_back(std::move(cells));
  }
  table.tall = table.rows.size() > 25;
  return table.html();
}

std::string explanation(std::string_view key) {
  if (key == "columns" || key == "column")
    return "What each column holds. Filled-in values, encodings and scales come from the training part alone.";
  if (key == "classes")
    return "Examples of each class in each part. Where some are rare, accuracy alone says little about them.";
  return "";
}

std::string table_part(const std::string& key, const Value& value) {
  if (key == "parts" && value.is_table()) return parts_bar(value);
  std::string table;
  if (is_records(value)) table = records_table(readable(key), value.as_array());
  if (is_sentences(key, value)) {
    for (const Value& sentence : value.as_array()) table += element("li", "", value_text(sentence));
    if (!table.empty()) table = element("ul", "class=\"sentences\"", table);
  }
  if (is_table_of_tables(value)) table = counts_table(readable(key), value);
  if (table.empty()) return "";
  std::string hint = explanation(key);
  std::string title = key == "column" ? "Columns" : capitalized(readable(key));
  return element("h3", "", escape_html(title)) +
         (hint.empty() ? "" : element("p", "class=\"hint\"", escape_html(hint))) + table;
}

}  // namespace

Section data_section(const RunReport& report) {
  if (!report.data.is_table()) return {};
  std::string facts, tables;
  for (const auto& [key, value] : report.data.as_table()) {
    std::string table = table_part(key, value);
    tables += table;
    bool empty = value.is_null() || (value.is_array() && value.as_array().empty()) ||
                 (value.is_table() && value.as_table().empty());
    if (table.empty() && !empty)
      facts += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_html(readable(key)),
                           key == "shape" ? shape_text(value) : value_text(value));
  }
  if (!facts.empty()) facts = element("dl", "class=\"facts\"", facts);
  return {"data", "Data", facts + tables};
}

}  // namespace gradus
