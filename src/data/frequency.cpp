#include "gradus/data/frequency.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

constexpr double kDay = 86400;
constexpr double kTolerance = 0.1;  // of a step

struct Named {
  const char* name;
  Frequency frequency;
};
const Named kNamed[] = {{"secondly", {1, 0}},      {"minutely", {60, 0}}, {"hourly", {3600, 0}}, {"daily", {kDay, 0}},
                        {"weekly", {7 * kDay, 0}}, {"monthly", {0, 1}},   {"quarterly", {0, 3}}, {"yearly", {0, 12}}};

// A time as the month it is in, counted from year 0, and the seconds into that month.
struct InMonth {
  std::int64_t month = 0;
  double seconds = 0;

  explicit InMonth(double time) {
    double days = std::floor(time / kDay);
    std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
    month = std::int64_t{12} * static_cast<int>(ymd.year()) + static_cast<unsigned>(ymd.month()) - 1;
    seconds = time - days * kDay + kDay * (static_cast<unsigned>(ymd.day()) - 1);
  }
  double time() const {
    auto year = std::chrono::year(static_cast<int>(month / 12));
    auto first = std::chrono::sys_days(year / std::chrono::month(static_cast<unsigned>(month % 12) + 1) / 1);
    return kDay * static_cast<double>(first.time_since_epoch().count()) + seconds;
  }
};

// The lower one of two.
template <class T>
T median(std::vector<T> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

Frequency typical(const std::vector<double>& times, bool are_dates) {
  if (times.size() < 2)
    throw Error(ErrorKind::data, "data.frequency", "cannot be told from one time", "write frequency = \"daily\"");
  std::vector<double> distances;
  for (std::size_t i = 1; i < times.size(); ++i) distances.push_back(times[i] - times[i - 1]);
  double typical = median(distances);
  if (!are_dates || typical < 28 * kDay) return {typical, 0};
  std::vector<std::int64_t> months;
  for (std::size_t i = 1; i < times.size(); ++i) {
    InMonth from(times[i - 1]), to(times[i]);
    if (from.seconds != to.seconds) return {typical, 0};
    months.push_back(to.month - from.month);
  }
  return {0, static_cast<int>(median(months))};
}

}  // namespace

Frequency Frequency::of(const Value& given, const std::vector<double>& times, bool are_dates) {
  std::string place = given.place("data.frequency");
  if (given == Value("auto")) return typical(times, are_dates);
  if (given.is_number()) {
    Frequency f{given.as_real(), 0};
    if (f.units > 0 && std::isfinite(f.units)) return f;
    throw Error(ErrorKind::config, {place, "a number above 0", number_text(f.units), ""});
  }
  std::vector<std::string> names = {"auto"};
  for (const Named& n : kNamed) names.emplace_back(n.name);
  auto named = given.is_string() ? std::ranges::find(kNamed, given.as_string(), &Named::name) : std::end(kNamed);
  if (named == std::end(kNamed))
    throw Error(ErrorKind::config, {place, comma_list(names) + " or a number of seconds", describe(given), ""});
  if (!are_dates)
    throw Error(ErrorKind::config, {place, "a number, as the times are plain numbers", shown(named->name),
                                    "give their distance in their own unit, or leave it out"});
  return named->frequency;
}

std::int64_t Frequency::steps(double from, double to) const {
  if (months > 0) {
    InMonth a(from), b(to);
    std::int64_t distance = b.month - a.month;
    return a.seconds == b.seconds && distance % months == 0 ? distance / months : 0;
  }
  double distance = (to - from) / units, whole = std::round(distance);
  return std::abs(distance - whole) <= kTolerance && whole < 9e15 ? static_cast<std::int64_t>(whole) : 0;
}

double Frequency::after(double time, std::int64_t steps) const {
  if (months == 0) return time + units * static_cast<double>(steps);
  InMonth at(time);
  at.month += months * steps;
  return at.time();
}

std::string Frequency::text(bool of_dates) const {
  if (!of_dates) return fmt::format("every {:.6g}", units);
  for (const Named& n : kNamed)
    if (n.frequency.units == units && n.frequency.months == months) return n.name;
  return months > 0 ? fmt::format("every {} months", months) : fmt::format("every {:.6g} s", units);
}

std::int64_t Frequency::season(bool of_dates) const {
  if (!of_dates) return 1;
  if (months > 0) return 12 % months == 0 ? 12 / months : 1;
  if (units == 7 * kDay) return 52;
  if (units == kDay) return 7;
  bool divides = units < kDay && std::fmod(kDay, units) == 0;
  return divides ? static_cast<std::int64_t>(kDay / units) : 1;
}

Value Frequency::state() const {
  Value v = Value::table();
  v.set("units", units);
  v.set("months", months);
  return v;
}

Frequency Frequency::restored(const Value& state) {
  double months = state.at("months").as_real();
  Frequency f{state.at("units").as_real(), months >= 0 && months < 1e6 ? static_cast<int>(months) : 0};
  if (!std::isfinite(f.units) || (f.months == 0 && !(f.units > 0)))
    throw Error(ErrorKind::data, {"frequency", "units above 0 or months", describe(state), ""});
  return f;
}

}  // namespace gradus
