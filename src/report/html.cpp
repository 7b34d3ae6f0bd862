#include "gradus/report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/report/display.h"
#include "gradus/report/run_facts.h"

namespace gradus {

std::string element(std::string_view name, std::string_view attributes, std::string_view content) {
  return fmt::format("<{0}{1}{2}>{3}</{0}>", name, attributes.empty() ? "" : " ", attributes, content);
}

std::string Section::html() const {
  return fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>{2}</section>\n",
                     id, escape_html(title), body);
}

std::string figure(std::string_view picture, std::string_view explanation, std::string_view kind) {
  std::string caption = explanation.empty() ? "" : element("figcaption", "", escape_html(explanation));
  return fmt::format("<figure class=\"{}\"><div class=\"scroll\">{}</div>{}</figure>", kind, picture, caption);
}

std::string HtmlTable::html() const {
  auto numeric = [&](std::size_t i) { return i < columns.size() && columns[i].numeric; };
  std::string head, body, foot;
  for (std::size_t i = 0; i < columns.size(); ++i)
    head += element("th", numeric(i) ? "scope=\"col\" class=\"num\"" : "scope=\"col\"", escape_html(columns[i].title));
  auto row_html = [&](const std::vector<std::string>& row) {
    std::string cells;
    for (std::size_t i = 0; i < row.size(); ++i)
      cells += i == 0 ? element("th", numeric(0) ? "scope=\"row\" class=\"num\"" : "scope=\"row\"", row[0])
                      : element("td", numeric(i) ? "class=\"num\"" : "", row[i]);
    return element("tr", "", cells) + "\n";
  };
  for (const auto& row : rows) body += row_html(row);
  if (!total.empty()) foot = element("tfoot", "", row_html(total));
  return fmt::format(
      "<div class=\"scroll{}\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><thead><tr>{}</tr></thead>"
      "<tbody>{}</tbody>{}</table></div>",
      tall ? " tall" : "", escape_html(label), head, body, foot);
}

std::string with_bar(std::string_view text, double share) {
  return fmt::format("<span class=\"bar\"><i style=\"width:{:.1f}%\"></i></span>{}", 100 * std::clamp(share, 0.0, 1.0),
                     text);
}

std::string value_text(const Value& value) {
  switch (value.type()) {
    case Value::Type::null:
      return "–";
    case Value::Type::boolean:
      return value.as_bool() ? "yes" : "no";
    case Value::Type::integer:
      return format_count(value.as_integer());
    case Value::Type::real:
      return format_number(value.as_real());
    case Value::Type::string:
      return escape_html(value.as_string());
    case Value::Type::array: {
      std::string out;
      for (const Value& item : value.as_array()) out += (out.empty() ? "" : ", ") + value_text(item);
      return out;
    }
    case Value::Type::table: {
      const Value *level = value.find("level"), *count = value.find("count");
      if (level && count) return value_text(*level) + " (" + value_text(*count) + ")";
      std::string out;
      for (const auto& [key, item] : value.as_table())
        out += (out.empty() ? "" : ", ") + escape_html(key) + " " + value_text(item);
      return out;
    }
  }
  return "";
}

std::string records_table(std::string_view label, const Value::Array& records, std::size_t most_rows) {
  struct Field {
    std::string key;
    bool numeric = false, list = false;
  };
  std::vector<Field> fields;
  for (const Value& record : records)
    for (const auto& [key, value] : record.as_table(label)) {
      auto at = std::find_if(fields.begin(), fields.end(), [&name = key](const Field& f) { return f.key == name; });
      if (at == fields.end()) at = fields.insert(at, {key});
      at->numeric |= value.is_number();
      at->list |= value.is_array();
    }
  // Lists are long: they stand last, where they have room.
  std::stable_partition(fields.begin(), fields.end(), [](const Field& f) { return !f.list; });

  HtmlTable table;
  table.label = label;
  for (const Field& f : fields) table.columns.push_back({readable(f.key), f.numeric});
  std::size_t shown = std::min(records.size(), most_rows);
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<std::string> cells;
    for (const Field& f : fields) {
      const Value* value = records[i].find(f.key);
      cells.push_back(value ? value_text(*value) : "");
    }
    table.rows.push_back(std::move(cells));
  }
  table.tall = shown > 25;
  std::string out = table.html();
  if (shown < records.size())
    out += element("p", "class=\"hint\"", fmt::format("{} more are not shown.", format_count(records.size() - shown)));
  return out;
}

}  // namespace gradus
