#pragma once

// Pieces of HTML shared by the parts of the report.

#include <string>
#include <string_view>
#include <vector>

#include "gradus/base/value.h"

namespace gradus {

// <name attributes>content</name>; content is HTML already.
std::string element(std::string_view name, std::string_view attributes, std::string_view content);

// One titled part of the page; left out when its body is empty.
struct Section {
  std::string id;
  std::string title;  // text
  std::string body;   // HTML

  std::string html() const;
};

// A picture with the sentence that explains it, if any; `kind` is its class.
std::string figure(std::string_view picture, std::string_view explanation, std::string_view kind = "");

// A table that scrolls inside its frame where the page is too narrow.
struct HtmlTable {
  struct Column {
    std::string title;     // text
    bool numeric = false;  // right-aligned
  };
  std::string label;  // what a screen reader calls it; text
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // cells as HTML; the first of a row is its heading
  std::vector<std::string> total;              // a last row set apart, or empty
  bool tall = false;                           // many rows: scrolls upright as well

  std::string html() const;
};

// A number with a bar of that share (0 to 1) beside it.
std::string with_bar(std::string_view text, double share);

// A single value as text for people, escaped: numbers by format_number, true and false as yes and no, lists joined by
// commas, {level, count} as "level (count)".
std::string value_text(const Value& value);

// An array of tables as a table, one row each, its columns all their keys in order of appearance; at most `most_rows`
// rows, and a line that says how many were left out.
std::string records_table(std::string_view label, const Value::Array& records, std::size_t most_rows = 200);

}  // namespace gradus
