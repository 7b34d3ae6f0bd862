#include "gradus/data/readers/csv_cells.h"

#include <algorithm>
#include <cmath>

#include "gradus/data/numbers.h"

namespace gradus {
namespace {

std::string_view trimmed(std::string_view text) {
  auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

CsvCells::CsvCells(const CsvOptions& options, char delimiter) {
  if (options.decimal == ",")
    decimal_ = Decimal::comma;
  else if (options.decimal == "auto" && delimiter == ';')
    decimal_ = Decimal::either;
  for (std::string_view written : options.missing_values) {
    std::string text(trimmed(written));
    double value;
    char mark;
    if (number(text, value, mark) && !std::isnan(value)) missing_numbers_.push_back(value);
    std::transform(text.begin(), text.end(), text.begin(), lower);
    longest_missing_ = std::max(longest_missing_, text.size());
    missing_.push_back(std::move(text));
  }
}

bool CsvCells::is_missing(std::string_view text) const {
  text = trimmed(text);
  if (text.size() > longest_missing_) return false;
  auto same = [&](const std::string& missing) {
    return missing.size() == text.size() &&
           std::equal(text.begin(), text.end(), missing.begin(), [](char a, char b) { return lower(a) == b; });
  };
  return std::any_of(missing_.begin(), missing_.end(), same);
}

bool CsvCells::number(std::string_view text, double& value, char& mark) const {
  text = trimmed(text);
  mark = '\0';
  if (decimal_ != Decimal::comma && text.find('.') != std::string_view::npos) mark = '.';
  if (decimal_ != Decimal::point && text.find(',') != std::string_view::npos) mark = ',';
  bool is_comma = decimal_ == Decimal::comma || mark == ',';
  return parse_number(text, value, is_comma ? ',' : '.');
}

}  // namespace gradus
