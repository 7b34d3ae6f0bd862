#include "gradus/data/readers/csv_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/readers/csv_cells.h"
#include "gradus/data/readers/csv_scan.h"

namespace gradus {
namespace {

using Record = std::vector<std::string>;

constexpr std::string_view kDelimiters = ",;\t|";

// The first complete records of a window: enough to judge by, and little however long the lines are.
std::vector<Record> sample(std::string_view window, char delimiter, const CsvOptions& options) {
  constexpr std::size_t kRecords = 100, kBytes = 1u << 20;
  CsvScanner scanner(delimiter, static_cast<std::size_t>(options.max_field));
  std::vector<Record> records;
  const char *p = window.data(), *end = p + window.size();
  while (p < end && records.size() < kRecords) {
    if (records.size() >= 2 && p > window.data() + kBytes) break;
    if (scanner.skip_blank_line(p, end)) continue;
    Record record;
    FieldEnd at;
    do {
      std::string_view text;
      at = scanner.next(p, end, text);
      record.emplace_back(text);
    } while (at == FieldEnd::delimiter && record.size() <= static_cast<std::size_t>(options.max_columns));
    if (at != FieldEnd::record) break;
    records.push_back(std::move(record));
  }
  return records;
}

struct Fit {
  bool separates = false;  // more than one field, and as many in (nearly) every record as in the first
  bool even = false;       // as many in every record
  double numbers = 0;      // share of fields that are numbers or missing
};

Fit fit(const std::vector<Record>& records, const CsvCells& cells) {
  Fit result;
  if (records.empty() || records[0].size() < 2) return result;
  std::size_t same = 0, fields = 0, numbers = 0;
  for (const Record& record : records) {
    same += record.size() == records[0].size();
    for (const std::string& text : record) {
      double value;
      char mark;
      ++fields;
      numbers += cells.is_missing(text) || cells.number(text, value, mark);
    }
  }
  result.even = same == records.size();
  result.separates = 2 * same > records.size();
  result.numbers = static_cast<double>(numbers) / static_cast<double>(fields);
  return result;
}

char detect(const CsvOptions& options, std::string_view window) {
  if (CsvSeparatorLine said = csv_separator_line(window); said.length > 0) return said.delimiter;
  char best = ',';
  Fit best_fit;
  for (char candidate : kDelimiters) {
    if (options.decimal == std::string(1, candidate)) {
      if (best == candidate) best = ';';
      continue;
    }
    Fit now = fit(sample(window, candidate, options), CsvCells(options, candidate));
    bool better = now.separates && (!best_fit.separates || now.even > best_fit.even ||
                                    (now.even == best_fit.even && now.numbers > best_fit.numbers));
    if (!better) continue;
    best = candidate;
    best_fit = now;
  }
  return best;
}

}  // namespace

CsvSeparatorLine csv_separator_line(std::string_view first_lines) {
  std::string_view line = first_lines.substr(0, first_lines.find_first_of("\r\n"));
  std::size_t length = line.size();
  if (length < first_lines.size()) length += first_lines.substr(length).starts_with("\r\n") ? 2 : 1;
  if (line.size() > 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
  bool names_one = line.size() == 5 && line.starts_with("sep=") && kDelimiters.find(line[4]) != std::string_view::npos;
  return names_one ? CsvSeparatorLine{length, line[4]} : CsvSeparatorLine{};
}

std::string csv_separators(const CsvOptions& options) {
  return options.delimiter.size() == 1 ? options.delimiter : std::string(kDelimiters);
}

char csv_delimiter(const CsvOptions& options, std::string_view first_lines, const std::string& path) {
  if (options.delimiter == "auto") return detect(options, first_lines);
  std::string text = options.delimiter == "tab" || options.delimiter == "\\t" ? "\t" : options.delimiter;
  bool fits = text.size() == 1 && std::string("\"\n\r0123456789+-.").find(text) == std::string::npos &&
              static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\0' && text != options.decimal;
  if (!fits)
    throw Error(ErrorKind::config, {path + ": delimiter", "\"auto\", \"tab\" or one character that no number holds",
                                    quoted(options.delimiter), "use \",\", \";\", \"tab\" or \"|\""});
  return text[0];
}

bool csv_has_header(const CsvOptions& options, std::string_view first_lines, char delimiter) {
  if (!options.header.is_string()) return options.header.as_bool("data.header");
  if (options.header.as_string() != "auto")
    throw Error(ErrorKind::config, {options.header.place("data.header"), "\"auto\", true or false",
                                    quoted(options.header.as_string()), ""});
  std::vector<Record> records = sample(first_lines, delimiter, options);
  if (records.empty()) return true;
  CsvCells cells(options, delimiter);
  auto is_number = [&](const std::string& text) {
    double value;
    char mark;
    return cells.number(text, value, mark);
  };
  const Record& first = records[0];
  bool numbers_below_text = false, number_on_top = false;
  std::size_t come_up_again = 0;
  for (std::size_t c = 0; c < first.size(); ++c) {
    bool top_is_number = is_number(first[c]), top_is_missing = cells.is_missing(first[c]);
    bool any_number = false, any_text = false, again = false;
    for (std::size_t r = 1; r < records.size(); ++r) {
      if (c >= records[r].size() || cells.is_missing(records[r][c])) continue;
      (is_number(records[r][c]) ? any_number : any_text) = true;
      again |= records[r][c] == first[c];
    }
    number_on_top |= top_is_number;
    numbers_below_text |= any_number && !any_text && !top_is_number && !top_is_missing;
    come_up_again += again;
  }
  if (numbers_below_text) return true;
  return !number_on_top && 2 * come_up_again <= first.size();
}

}  // namespace gradus
