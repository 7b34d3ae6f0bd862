#include "gradus/report/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/report/display.h"

namespace gradus {
namespace {

// m x 10^e, correctly rounded also for negative e: 3 x 10^-1 is the double nearest 0.3.
double scaled(double m, int e) { return e < 0 ? m / std::pow(10.0, -e) : m * std::pow(10.0, e); }

// Multiples of factor x 10^exponent in [low, high], a billionth of a step over either end included.
std::vector<double> multiples(double low, double high, double factor, int exponent) {
  double step = scaled(factor, exponent);
  double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  std::vector<double> ticks;
  for (double k = first; k <= last; ++k) ticks.push_back(k == 0 ? 0.0 : scaled(k * factor, exponent));
  return ticks;
}

// Digits after the point; none for whole numbers.
int decimals(double value) {
  std::string text = fmt::format("{:.12f}", value);
  return static_cast<int>(text.find_last_not_of('0') - text.find('.'));
}

std::string scientific_label(double value) {
  if (value == 0) return "0";
  int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
  return power_of_ten(fmt::format("{:.6g}", scaled(value, -exponent)), exponent);
}

}  // namespace

std::vector<double> linear_ticks(double low, double high, int most, bool whole) {
  double span = high - low;
  if (!(span > 1e-12 * std::max(std::abs(low), std::abs(high)))) return {low};  // no double lies between
  int exponent = static_cast<int>(std::floor(std::log10(span / most)));
  if (whole) exponent = std::max(exponent, 0);
  for (;; ++exponent) {
    for (double factor : {1.0, 2.0, 5.0}) {
      if (span / scaled(factor, exponent) > most + 1) continue;
      std::vector<double> ticks = multiples(low, high, factor, exponent);
      if (static_cast<int>(ticks.size()) <= most) return ticks;
    }
  }
}

std::vector<double> log_ticks(double low, double high, int most) {
  int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
  int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
  std::vector<double> ticks;
  if (last - first >= 2) {
    int every = (last - first + most) / most;
    for (int e = first; e <= last; e += every) ticks.push_back(scaled(1, e));
    return ticks;
  }
  for (int e = first - 1; e <= last; ++e)
    for (double factor : {1.0, 2.0, 5.0}) {
      double tick = scaled(factor, e);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
    }
  return ticks.size() >= 2 ? ticks : linear_ticks(low, high, most);
}

std::vector<std::string> tick_labels(const std::vector<double>& ticks, bool log) {
  double largest = 0, smallest = INFINITY;
  int places = 0;
  for (double t : ticks) {
    largest = std::max(largest, std::abs(t));
    if (t != 0) smallest = std::min(smallest, std::abs(t));
    places = std::max(places, decimals(t));
  }
  bool spread = smallest < 1e-3 && largest / smallest > 1000;
  bool scientific = largest >= 1e7 || (largest > 0 && largest < 1e-3) || spread;
  std::vector<std::string> labels;
  for (double t : ticks) {
    int shown = log ? decimals(t) : places;
    if (scientific)
      labels.push_back(scientific_label(t));
    else if (shown == 0)
      labels.push_back(format_count(std::llround(t)));
    else
      labels.push_back(t == 0 ? "0" : fmt::format("{:.{}f}", t, shown));
  }
  for (std::string& label : labels)
    if (label[0] == '-') label = "−" + label.substr(1);
  return labels;
}

}  // namespace gradus
