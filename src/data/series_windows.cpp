#include "gradus/data/series_windows.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {

void ForecastParams::fields(Fields& f) {
  f("time", time, "the column of times: dates and times of ISO 8601, or numbers; left out: rows are in order");
  f("value", value, "the column to forecast, or several; they are inputs as well");
  f("features", features, "other columns of numbers to learn from");
  f("window", window, at_least(0), "how many steps up to the origin an example sees");
  f("horizon", horizon, at_least(1), "how many steps after the origin are forecast");
  f("lags", lags, at_least(1), "in each step also the values so many steps earlier: [7, 365]");
  f("calendar", calendar, "cycles given as sine and cosine: month, weekday, hour, year_day");
  f("gaps", gaps, {"error", "interpolate", "previous"}, "what is done about missing rows and values");
  f("sort", sort, "whether rows are to be sorted by time; else rows out of order are an error");
}

namespace {

std::string named(const std::string& name) { return shown(name); }
std::string named(std::int64_t number) { return std::to_string(number); }

template <class T>
void check_once(const std::vector<T>& all, const char* place, const char* who) {
  for (auto it = all.begin(); it != all.end(); ++it)
    if (std::find(all.begin(), it, *it) != it)
      throw Error(ErrorKind::config, place, fmt::format("{} {} twice", who, named(*it)), "name it once");
}

}  // namespace

void ForecastParams::check() const {
  if (value.empty())
    throw Error(ErrorKind::config, "data.value", "is missing", "name the column to forecast: value = \"temp\"");
  if (window < 1)
    throw Error(ErrorKind::config, "data.window", "is missing", "say how many steps an example sees: window = 30");
  check_once(columns(), "data.value", "value and features name");
  check_once(lags, "data.lags", "names");
  check_once(calendar, "data.calendar", "names");
  for (const std::string& cycle : calendar)
    if (std::ranges::find(kCalendarCycles, cycle) == kCalendarCycles.end())
      throw Error(ErrorKind::config, {"data.calendar", "some of " + comma_list(kCalendarCycles), shown(cycle), ""});
}

Origins ForecastParams::origins(std::size_t begin, std::size_t end) const {
  auto first = std::max(static_cast<std::int64_t>(begin) - horizon, first_origin());
  auto count = std::max<std::int64_t>(0, static_cast<std::int64_t>(end) - horizon - first);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(count), static_cast<std::size_t>(horizon)};
}

std::vector<std::string> ForecastParams::columns() const {
  std::vector<std::string> all = value;
  all.insert(all.end(), features.begin(), features.end());
  return all;
}

std::vector<std::string> ForecastParams::feature_names() const {
  std::vector<std::string> names = columns();
  for (std::int64_t lag : lags)
    for (const std::string& name : value) names.push_back(fmt::format("{}-{}", name, lag));
  for (const std::string& cycle : calendar)
    for (const char* wave : {".sin", ".cos"}) names.push_back(cycle + wave);
  return names;
}

std::vector<std::string> ForecastParams::outputs() const {
  std::vector<std::string> names;
  for (std::int64_t h = 1; h <= horizon; ++h)
    for (const std::string& name : value) names.push_back(fmt::format("{}+{}", name, h));
  return names;
}

Tensor window_steps(const ForecastParams& params, const Series& series, const std::vector<LinearScale>& scales) {
  std::size_t read = series.columns.size(), width = params.feature_names().size();
  std::vector<std::vector<double>> cycles;
  for (const std::string& cycle : params.calendar) cycles.push_back(calendar_features(series, cycle));
  Tensor out = Tensor::zeros({static_cast<std::int64_t>(series.steps()), static_cast<std::int64_t>(width)});
  float* to = out.mutable_data<float>();
  auto scaled = [&](std::size_t step, std::size_t c) {
    return static_cast<float>(scales[c].apply(series.values[step * read + c]));
  };
  for (std::size_t step = 0; step < series.steps(); ++step) {
    for (std::size_t c = 0; c < read; ++c) *to++ = scaled(step, c);
    for (std::int64_t lag : params.lags)
      for (std::size_t v = 0; v < params.value.size(); ++v, ++to)
        if (auto back = static_cast<std::size_t>(lag); back <= step) *to = scaled(step - back, v);
    for (const std::vector<double>& waves : cycles)
      for (std::size_t i = 0; i < 2; ++i) *to++ = static_cast<float>(waves[2 * step + i]);
  }
  return out;
}

Tensor target_steps(const ForecastParams& params, const Series& series, const std::vector<LinearScale>& scales) {
  std::size_t read = series.columns.size(), width = params.value.size();
  Tensor out = Tensor::empty({static_cast<std::int64_t>(series.steps()), static_cast<std::int64_t>(width)});
  float* to = out.mutable_data<float>();
  for (std::size_t step = 0; step < series.steps(); ++step)
    for (std::size_t v = 0; v < width; ++v) {
      double x = series.values[step * read + v];
      *to++ = static_cast<float>(scales.empty() ? x : scales[v].apply(x));
    }
  return out;
}

}  // namespace gradus
