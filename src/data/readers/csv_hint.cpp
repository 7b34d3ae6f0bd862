#include "gradus/data/readers/csv_hint.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

struct Look {
  bool (*has)(std::string_view text);
  const char* what;
  const char* fix;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_of(std::string_view text, std::string_view chars) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [&](char c) { return chars.find(c) != std::string_view::npos; }));
}

bool has_decimal_comma(std::string_view text) {
  double value;
  return count_of(text, ",") == 1 && parse_number(text, value, ',');
}

// 2024-03-31, 31.03.2024 10:15, 3/31/24: three numbers or more with two signs of a date between the first.
bool is_date(std::string_view text) {
  std::string_view day = text.substr(0, text.find_first_of(" T"));
  if (day.empty() || !is_digit(day.front()) || !is_digit(day.back())) return false;
  bool same_sign = count_of(day, "-") == 2 || count_of(day, "/") == 2 || count_of(day, ".") == 2;
  return same_sign && count_of(day, "0123456789") + 2 == day.size();
}

// 1,200.50 or $ 12 or 80 %: digits, and little else but the signs that stand with amounts.
bool is_decorated_number(std::string_view text) {
  std::size_t digits = count_of(text, "0123456789"), signs = count_of(text, "+-.,' $%"), others = 0;
  for (std::string_view sign : {"\u20AC", "\u00A3", "\u00A0", "\u202F"})
    for (std::size_t at = 0; (at = text.find(sign, at)) != std::string_view::npos; at += sign.size())
      others += sign.size();
  return digits > 0 && digits + signs + others == text.size();
}

constexpr Look kLooks[] = {
    {has_decimal_comma, "numbers with a decimal comma", "set decimal = \",\" (and the delimiter, if it is a comma)"},
    {is_date, "dates", "give a number instead, such as days since the first, or exclude the column"},
    {is_decorated_number, "numbers with signs in them", "write plain numbers such as 1200.5, or exclude the column"},
};

}  // namespace

std::string csv_hint(const Column& column) {
  constexpr std::size_t kFew = 10, kLooked = 100;
  if (column.is_numeric()) return "";
  const std::vector<std::string>& levels = column.levels();
  if (levels.size() <= kFew || 2 * levels.size() <= column.size() - column.missing_count()) return "";
  auto end = levels.begin() + static_cast<std::ptrdiff_t>(std::min(levels.size(), kLooked));
  for (const Look& look : kLooks)
    if (10 * std::count_if(levels.begin(), end, look.has) >= 9 * (end - levels.begin()))
      return fmt::format(
          "column {} holds {} ({}); as a feature it makes {} categories: {}, or give its type as \"categorical\"",
          quoted(column.name()), look.what, short_quoted(levels.front()), levels.size(), look.fix);
  return "";
}

}  // namespace gradus
