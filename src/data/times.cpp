#include "gradus/data/times.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <optional>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

constexpr double kMinute = 60, kHour = 3600, kDay = 86400;

// Takes pieces off the front of a text.
struct Cursor {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  // A number of just so many digits.
  std::optional<int> digits(std::size_t n) {
    if (rest.size() < n) return {};
    int value = 0;
    for (char c : rest.substr(0, n)) {
      if (c < '0' || c > '9') return {};
      value = 10 * value + (c - '0');
    }
    rest.remove_prefix(n);
    return value;
  }
};

std::optional<double> date(Cursor& c) {
  auto year = c.digits(4);
  char separator = !c.rest.empty() && c.rest[0] == '/' ? '/' : '-';
  if (!year || !c.take(separator)) return {};
  auto month = c.digits(2);
  if (!month) return {};
  int day = 1;
  if (c.take(separator)) {
    auto given = c.digits(2);
    if (!given) return {};
    day = *given;
  } else if (!c.rest.empty()) {
    return {};
  }
  std::chrono::year_month_day ymd{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                  std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return {};
  return kDay * static_cast<double>(std::chrono::sys_days(ymd).time_since_epoch().count());
}

// ".25": the fraction of a second.
std::optional<double> fraction(Cursor& c) {
  std::size_t n = c.rest.find_first_not_of("0123456789");
  if (n == std::string_view::npos) n = c.rest.size();
  double value = 0;
  if (n == 0 || !parse_number("0." + std::string(c.rest.substr(0, n)), value)) return {};
  c.rest.remove_prefix(n);
  return value;
}

std::optional<double> hours_and_minutes(Cursor& c) {
  auto hours = c.digits(2);
  if (!hours || !c.take(':')) return {};
  auto minutes = c.digits(2);
  if (!minutes || *hours > 23 || *minutes > 59) return {};
  return kHour * *hours + kMinute * *minutes;
}

// "12:30:05.25" with a zone's offset, if there is one.
std::optional<double> time_of_day(Cursor& c) {
  auto time = hours_and_minutes(c);
  if (!time) return {};
  double seconds = *time;
  if (c.take(':')) {
    auto whole = c.digits(2);
    if (!whole || *whole > 59) return {};
    seconds += *whole;
    if (c.take('.')) {
      auto part = fraction(c);
      if (!part) return {};
      seconds += *part;
    }
  }
  if (c.take('Z') || c.rest.empty()) return seconds;
  double sign = c.take('+') ? 1 : c.take('-') ? -1 : 0;
  auto offset = hours_and_minutes(c);
  if (sign == 0 || !offset) return {};
  return seconds - sign * *offset;
}

}  // namespace

bool parse_time(std::string_view text, double& seconds) {
  Cursor c{text};
  auto day = date(c);
  if (!day) return false;
  double time = 0;
  if (c.take('T') || c.take(' ')) {
    auto given = time_of_day(c);
    if (!given) return false;
    time = *given;
  }
  if (!c.rest.empty()) return false;
  seconds = *day + time;
  return true;
}

std::string time_text(double seconds) {
  double days = std::floor(seconds / kDay), left = seconds - days * kDay;
  std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  std::string text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                                 static_cast<unsigned>(ymd.day()));
  if (left == 0) return text;
  auto whole = static_cast<int>(left);
  text += fmt::format("T{:02}:{:02}", whole / 3600, whole / 60 % 60);
  if (whole % 60 != 0) text += fmt::format(":{:02}", whole % 60);
  return text;
}

std::vector<double> times_of(const Column& column, const std::string& table) {
  std::vector<double> times(column.size());
  for (std::size_t row = 0; row < times.size(); ++row) {
    bool known = !column.is_missing(row);
    if (known && column.is_numeric()) {
      times[row] = column.numbers()[row];
      known = std::isfinite(times[row]);
    } else if (known) {
      known = parse_time(column.text(row), times[row]);
    }
    if (!known)
      throw Error(ErrorKind::data, {fmt::format("{}: column {}, row {}", table, quoted(column.name()), row + 1),
                                    "a number, or a date or time such as 2014-03, 2014-03-31 or 2014-03-31T12:30",
                                    column.is_missing(row) ? "no value" : short_quoted(column.text(row)), ""});
  }
  return times;
}

}  // namespace gradus
