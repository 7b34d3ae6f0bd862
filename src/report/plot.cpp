#include "gradus/report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr int kColors = 8;
constexpr int kCurveSamples = 240;
constexpr int kContourSamples = 121;
constexpr int kContourLevels = 12;

std::pair<double, double> checked_range(const char* axis, double low, double high) {
  if (!(low < high) || !std::isfinite(high - low))
    throw Error(ErrorKind::value,
                {fmt::format("plot.{}_range", axis), "finite low < high", fmt::format("[{}, {}]", low, high), ""});
  return {low, high};
}

}  // namespace

Plot::Plot(std::string title) { spec_.title = std::move(title); }

Plot& Plot::x_axis(std::string label, AxisScale scale) {
  spec_.x.label = std::move(label);
  spec_.x.scale = scale;
  return *this;
}

Plot& Plot::y_axis(std::string label, AxisScale scale) {
  spec_.y.label = std::move(label);
  spec_.y.scale = scale;
  return *this;
}

Plot& Plot::x_range(double low, double high) {
  spec_.x.range = checked_range("x", low, high);
  return *this;
}

Plot& Plot::y_range(double low, double high) {
  spec_.y.range = checked_range("y", low, high);
  return *this;
}

Plot& Plot::x_names(std::vector<std::string> names) {
  spec_.x.categories = std::move(names);
  return *this;
}

Plot& Plot::whole_x() {
  spec_.x.whole = true;
  return *this;
}

Plot& Plot::equal_ranges() {
  spec_.equal_ranges = true;
  return *this;
}

Plot& Plot::size(int width, int height) {
  if (width < 120 || height < 100)
    throw Error(ErrorKind::value, {"plot.size", "at least 120 x 100", fmt::format("{} x {}", width, height), ""});
  spec_.width = width;
  spec_.height = height;
  return *this;
}

Plot& Plot::add(PlotSpec::Kind kind, std::string name, std::vector<double> x, std::vector<double> y) {
  if (x.size() != y.size())
    throw Error(ErrorKind::shape,
                {"plot series " + name, "x and y of equal length", fmt::format("{} and {}", x.size(), y.size()), ""});
  int color = static_cast<int>(spec_.series.size()) % kColors;
  spec_.series.push_back({kind, std::move(name), std::move(x), std::move(y), 0, color, false});
  return *this;
}

Plot& Plot::line(std::string name, std::vector<double> x, std::vector<double> y) {
  return add(PlotSpec::Kind::line, std::move(name), std::move(x), std::move(y));
}

Plot& Plot::points(std::string name, std::vector<double> x, std::vector<double> y) {
  return add(PlotSpec::Kind::points, std::move(name), std::move(x), std::move(y));
}

Plot& Plot::path(std::string name, std::vector<double> x, std::vector<double> y) {
  return add(PlotSpec::Kind::path, std::move(name), std::move(x), std::move(y));
}

Plot& Plot::curve(std::string name, const std::function<double(double)>& f, double low, double high) {
  checked_range("x", low, high);
  std::vector<double> x, y;
  for (int i = 0; i < kCurveSamples; ++i) {
    x.push_back(low + i * (high - low) / (kCurveSamples - 1));
    y.push_back(f(x.back()));
  }
  return line(std::move(name), std::move(x), std::move(y));
}

Plot& Plot::bars(std::string name, std::vector<std::string> labels, std::vector<double> values) {
  std::vector<double> x;
  for (std::size_t i = 0; i < labels.size(); ++i) x.push_back(static_cast<double>(i));
  add(PlotSpec::Kind::bars, std::move(name), std::move(x), std::move(values));
  if (!spec_.x.categories.empty() && spec_.x.categories != labels)
    throw Error(ErrorKind::value, "plot series " + spec_.series.back().name, "its labels differ from the bars before");
  spec_.x.categories = std::move(labels);

  // Groups are four fifths wide; the bars of one group share it.
  int groups = static_cast<int>(std::count_if(spec_.series.begin(), spec_.series.end(),
                                              [](const auto& s) { return s.kind == PlotSpec::Kind::bars; }));
  int group = 0;
  for (PlotSpec::Series& s : spec_.series) {
    if (s.kind != PlotSpec::Kind::bars) continue;
    s.width = 0.8 / groups;
    for (std::size_t i = 0; i < s.x.size(); ++i) s.x[i] = static_cast<double>(i) - 0.4 + s.width * (group + 0.5);
    ++group;
  }
  return *this;
}

Plot& Plot::histogram(std::string name, const std::vector<double>& values, int bins) {
  if (bins < 1) throw Error(ErrorKind::value, {"plot.histogram", "bins >= 1", std::to_string(bins), ""});
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double v) { return std::isfinite(v); });
  if (finite.empty()) return add(PlotSpec::Kind::bars, std::move(name), {}, {});
  auto [low_at, high_at] = std::minmax_element(finite.begin(), finite.end());
  double low = *low_at, width = (*high_at - low) / bins;
  if (!(width > 0)) width = 1;
  std::vector<double> centers(bins), counts(bins, 0.0);
  for (int i = 0; i < bins; ++i) centers[i] = low + width * (i + 0.5);
  for (double v : finite) ++counts[std::min(bins - 1, static_cast<int>((v - low) / width))];
  add(PlotSpec::Kind::bars, std::move(name), std::move(centers), std::move(counts));
  spec_.series.back().width = width;
  return *this;
}

Plot& Plot::contours(const std::function<double(double, double)>& f, double x_low, double x_high, double y_low,
                     double y_high, std::vector<double> levels) {
  Grid grid = sample_grid(f, x_low, x_high, y_low, y_high, kContourSamples, kContourSamples);
  if (levels.empty()) levels = contour_levels(grid, kContourLevels);
  std::sort(levels.begin(), levels.end());
  spec_.contours.push_back({std::move(grid), std::move(levels)});
  return *this;
}

Plot& Plot::mark_x(double x, std::string label) {
  spec_.marks.push_back({x, std::move(label)});
  return *this;
}

Plot& Plot::identity() {
  spec_.identity = true;
  return *this;
}

Plot& Plot::color(int index) {
  if (!spec_.series.empty()) spec_.series.back().color = ((index % kColors) + kColors) % kColors;
  return *this;
}

Plot& Plot::dashed() {
  if (!spec_.series.empty()) spec_.series.back().dashed = true;
  return *this;
}

}  // namespace gradus
