#include <fmt/format.h>

#include <algorithm>

#include "gradus/data/describe.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

using Row = std::vector<std::string>;

// Text for a terminal: no control characters (C0, DEL, C1), at most `width` characters.
std::string printable(std::string_view text, std::size_t width = 40) {
  std::string out;
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    bool is_c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    bool continues = (byte & 0xC0u) == 0x80u;
    if (!continues && ++length > width) return out + "...";
    if (is_c1) ++i;
    out += byte < 0x20 || byte == 0x7F || is_c1 ? '?' : text[i];
  }
  return out;
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

// Rows under each other, the first `left` columns aligned left and the others right.
std::string aligned(const std::vector<Row>& rows, std::size_t left) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string padding(widths[i] - width_of(row[i]), ' ');
      line += i < left ? row[i] + padding : padding + row[i];
      line += "  ";
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string number(const Value& column, const char* key) {
  const Value* x = column.find(key);
  return x == nullptr ? "" : fmt::format("{:.5g}", x->as_real());
}

std::string levels_text(const Value& column) {
  constexpr std::size_t kShown = 6;
  const Value::Array& levels = column.at("levels").as_array();
  std::string text;
  for (std::size_t i = 0; i < std::min(levels.size(), kShown); ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", printable(levels[i].at("level").as_string(), 20),
                        levels[i].at("count").as_integer());
  auto hidden = column.at("distinct").as_integer() - static_cast<std::int64_t>(std::min(levels.size(), kShown));
  return hidden > 0 ? fmt::format("{}, {} more", text, hidden) : text;
}

std::string list(const Value& description, const char* key) {
  std::string out;
  for (const Value& line : description.at(key).as_array()) out += "- " + printable(line.as_string(), 300) + "\n";
  return out.empty() ? "" : fmt::format("\n{}:\n{}", key, out);
}

}  // namespace

std::string describe_text(const Value& description) {
  std::vector<Row> numbers = {{"numeric", "missing", "min", "mean", "median", "max", "std"}};
  std::vector<Row> categories = {{"categorical", "missing", "distinct", "levels"}};
  for (const Value& column : description.at("column").as_array()) {
    std::string name = printable(column.at("name").as_string());
    std::string missing = fmt::format("{}", column.at("missing").as_integer());
    if (column.at("kind").as_string() == "numeric")
      numbers.push_back({name, missing, number(column, "min"), number(column, "mean"), number(column, "median"),
                         number(column, "max"), number(column, "std")});
    else
      categories.push_back({name, missing, fmt::format("{}", column.at("distinct").as_integer()), levels_text(column)});
  }
  std::string title = printable(description.at("name").as_string(), 200);
  auto count = [&](const char* key) { return static_cast<std::uint64_t>(description.at(key).as_integer()); };
  std::string out =
      fmt::format("{}{}{}, {}, {}\n", title, title.empty() ? "" : ": ", count_text(count("rows"), "row"),
                  count_text(count("columns"), "column"), count_text(count("duplicate_rows"), "duplicate row"));
  if (numbers.size() > 1) out += "\n" + aligned(numbers, 1);
  if (categories.size() > 1) out += "\n" + aligned(categories, 4);
  return out + list(description, "notes") + list(description, "warnings");
}

}  // namespace gradus
