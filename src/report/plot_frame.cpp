#include "gradus/report/plot_frame.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/report/ticks.h"

namespace gradus {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Extent {
  double low = INFINITY, high = -INFINITY;
  bool log = false;

  bool empty() const { return low > high; }
  bool shows(double v) const { return std::isfinite(v) && (!log || v > 0); }
  void add(double v) {
    if (!shows(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  // Widens by a share of the length, in the axis' own measure.
  void widen(double share) {
    if (log) {
      double factor = high > low ? std::pow(high / low, share) : 2;
      low /= factor;
      high *= factor;
    } else {
      double margin = high > low ? (high - low) * share : std::max(0.5, std::abs(low) * 0.1);
      low -= margin;
      high += margin;
    }
  }
};

bool has_bars(const PlotSpec& spec) {
  return std::any_of(spec.series.begin(), spec.series.end(),
                     [](const auto& s) { return s.kind == PlotSpec::Kind::bars; });
}

bool only_lines(const PlotSpec& spec) {
  return std::all_of(spec.series.begin(), spec.series.end(),
                     [](const auto& s) { return s.kind == PlotSpec::Kind::line; });
}

// The rectangle of the contours alone, where there are any: a path that leaves it is cut.
Extent x_extent(const PlotSpec& spec) {
  Extent e{INFINITY, -INFINITY, spec.x.scale == AxisScale::log};
  for (const auto& c : spec.contours) {
    e.add(c.grid.x_low);
    e.add(c.grid.x_high);
  }
  if (!e.empty()) return e;
  for (const auto& s : spec.series)
    for (double v : s.x) {
      e.add(v - s.width / 2);
      e.add(v + s.width / 2);
    }
  if (e.empty()) return {e.log ? 0.1 : 0, 1, e.log};
  if (e.low == e.high || !only_lines(spec)) e.widen(0.04);
  return e;
}

Extent y_extent(const PlotSpec& spec) {
  Extent e{INFINITY, -INFINITY, spec.y.scale == AxisScale::log};
  for (const auto& c : spec.contours) {
    e.add(c.grid.y_low);
    e.add(c.grid.y_high);
  }
  if (!e.empty()) return e;
  for (const auto& s : spec.series)
    for (double v : s.y) e.add(v);
  bool bars = has_bars(spec);
  if (bars && !e.log) e.add(0);
  if (e.empty()) return {e.log ? 0.1 : 0, 1, e.log};
  double low = e.low, high = e.high;
  e.widen(0.06);
  if (e.log) return e;
  if (low >= 0 && high > low && (low < 0.25 * high || bars)) e.low = 0;
  if (bars && high <= 0) e.high = 0;
  return e;
}

FittedAxis fit(const PlotSpec::Axis& axis, Extent e, int most_ticks, int most_names) {
  if (axis.range) {
    // A log axis cannot start at or below zero: it shows the three decades below its end instead.
    e.high = axis.range->second;
    e.low = e.log && axis.range->first <= 0 ? e.high / 1000 : axis.range->first;
    if (e.log && e.high <= 0) e = {0.1, 1, true};
  }
  FittedAxis fitted{e.low, e.high, e.log, {}, {}};
  if (!axis.categories.empty()) {
    int count = static_cast<int>(axis.categories.size()), every = std::max(1, (count + most_names - 1) / most_names);
    for (int i = 0; i < count; i += every) {
      fitted.ticks.push_back(i);
      fitted.labels.push_back(axis.categories[i]);
    }
    return fitted;
  }
  fitted.ticks = e.log ? log_ticks(e.low, e.high, most_ticks) : linear_ticks(e.low, e.high, most_ticks, axis.whole);
  fitted.labels = tick_labels(fitted.ticks, e.log);
  return fitted;
}

// Lowest and highest of one interval, in their order of x.
struct Bucket {
  Point low{0, INFINITY}, high{0, -INFINITY};
  bool any = false;

  void add(Point p) {
    if (p.y < low.y) low = p;
    if (p.y > high.y) high = p;
    any = true;
  }
  void flush(std::vector<Point>& out) const {
    if (!any) return;
    const Point& first = low.x <= high.x ? low : high;
    const Point& second = low.x <= high.x ? high : low;
    out.push_back(first);
    if (second.x != first.x) out.push_back(second);
  }
};

}  // namespace

double FittedAxis::at(double v) const {
  if (!log) return (v - low) / (high - low);
  return v > 0 ? std::log(v / low) / std::log(high / low) : kNaN;
}

FittedAxes fit_axes(const PlotSpec& spec, int most_x_ticks, int most_y_ticks) {
  Extent x = x_extent(spec), y = y_extent(spec);
  if (spec.equal_ranges) {
    x.low = y.low = std::min(x.low, y.low);
    x.high = y.high = std::max(x.high, y.high);
  }
  constexpr int kMostBars = 40;  // whose names fit slanted
  int most_names = has_bars(spec) ? kMostBars : std::max(2, most_x_ticks * 3 / 4);
  return {fit(spec.x, x, most_x_ticks, most_names), fit(spec.y, y, most_y_ticks, most_names)};
}

std::vector<Point> thinned(const std::vector<double>& x, const std::vector<double>& y, const FittedAxes& axes,
                           int buckets) {
  auto shown = [&](std::size_t i) {
    return std::isfinite(x[i]) && std::isfinite(y[i]) && !std::isnan(axes.x.at(x[i])) && !std::isnan(axes.y.at(y[i]));
  };
  std::vector<Point> out;
  if (x.size() <= 2 * static_cast<std::size_t>(buckets)) {
    for (std::size_t i = 0; i < x.size(); ++i) out.push_back({x[i], shown(i) ? y[i] : kNaN});
    return out;
  }
  // The ends are kept exactly; an interval without a value to show is a gap.
  std::size_t first = 0, last = x.size();
  while (first < last && !shown(first)) ++first;
  while (last > first && !shown(last - 1)) --last;
  if (first == last) return out;
  out.push_back({x[first], y[first]});
  for (std::size_t i = first + 1; i + 1 < last;) {
    double edge = std::floor(axes.x.at(x[i]) * buckets) + 1;
    Bucket bucket;
    std::size_t start = i;
    for (; i + 1 < last && (i == start || !(axes.x.at(x[i]) * buckets >= edge)); ++i)
      if (shown(i)) bucket.add({x[i], y[i]});
    if (!bucket.any && !std::isnan(out.back().y)) out.push_back({x[start], kNaN});
    bucket.flush(out);
  }
  if (last - first > 1) out.push_back({x[last - 1], y[last - 1]});
  return out;
}

}  // namespace gradus
