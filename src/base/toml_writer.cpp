#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

constexpr std::size_t kWidth = 100;  // longer inline tables become sections, longer lists one element a line

std::string key_text(const std::string& key) {
  constexpr std::string_view kBare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  bool bare = !key.empty() && key.find_first_not_of(kBare) == std::string::npos;
  return bare ? key : quoted(key);
}

std::string inline_text(const Value& value);

// "open a, b close", or "open" and "close" alone without items.
std::string enclosed(const std::string& open, const std::string& items, const std::string& close) {
  return items.empty() ? open + close : open + " " + items + " " + close;
}

std::string inline_table(const Value::Table& table) {
  std::string items;
  for (const auto& [key, value] : table) {
    if (value.is_null()) continue;
    items += (items.empty() ? "" : ", ") + key_text(key) + " = " + inline_text(value);
  }
  return enclosed("{", items, "}");
}

std::string inline_array(const Value::Array& array) {
  std::string items;
  for (const Value& value : array) items += (items.empty() ? "" : ", ") + inline_text(value);
  return "[" + items + "]";
}

std::string inline_text(const Value& value) {
  switch (value.type()) {
    case Value::Type::null:
      throw Error(ErrorKind::value, "TOML", "a list cannot hold an absent value");
    case Value::Type::boolean:
      return value.as_bool() ? "true" : "false";
    case Value::Type::integer:
      return std::to_string(value.as_integer());
    case Value::Type::real:
      return real_text(value.as_real());
    case Value::Type::string:
      return quoted(value.as_string());
    case Value::Type::array:
      return inline_array(value.as_array());
    case Value::Type::table:
      return inline_table(value.as_table());
  }
  return "";
}

// The text after "key = " for a member on a line of its own.
std::string member_text(const Value& value) {
  std::string text = inline_text(value);
  if (!value.is_array()) return text;
  bool of_tables = false;
  for (const Value& item : value.as_array()) of_tables = of_tables || item.is_table();
  if (!of_tables && text.size() <= kWidth) return text;
  text = "[\n";
  for (const Value& item : value.as_array()) text += "  " + inline_text(item) + ",\n";
  return text + "]";
}

bool is_section(const Value& value, bool top) {
  return value.is_table() && (top || inline_text(value).size() > kWidth);
}

void write_table(std::string& out, const Value::Table& table, const std::string& path) {
  bool top = path.empty();
  for (const auto& [key, value] : table)
    if (!value.is_null() && !is_section(value, top)) out += key_text(key) + " = " + member_text(value) + "\n";
  for (const auto& [key, value] : table) {
    if (!is_section(value, top)) continue;
    std::string section = (top ? "" : path + ".") + key_text(key);
    out += (out.empty() ? "[" : "\n[") + section + "]\n";
    write_table(out, value.as_table(), section);
  }
}

}  // namespace

std::string to_toml(const Value& table) {
  if (!table.is_table()) throw Error(ErrorKind::value, {"TOML", "a table", describe(table), ""});
  std::string out;
  write_table(out, table.as_table(), "");
  return out;
}

}  // namespace gradus
