#include "gradus/data/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/memory.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/times.h"

namespace gradus {

const std::vector<std::string> kCalendarCycles = {"month", "weekday", "hour", "year_day"};

std::vector<double> Series::column(std::size_t c) const {
  std::vector<double> cells;
  for (std::size_t i = c; i < values.size(); i += columns.size()) cells.push_back(values[i]);
  return cells;
}

std::string Series::time_name(std::size_t step) const {
  return has_dates ? time_text(times[step]) : number_text(times[step]);
}

void Series::drop_before(std::size_t first) {
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(first));
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(first * columns.size()));
}

namespace {

std::string row_place(const Table& table, const std::string& column, std::size_t row) {
  return fmt::format("{}: column {}, row {}", table.name(), quoted(column), row + 1);
}

// The rows in the order of time, which must be strict.
RowIndices rows_in_order(const Table& table, const SeriesForm& form, const std::vector<double>& times) {
  RowIndices order(times.size());
  std::iota(order.begin(), order.end(), 0u);
  if (form.sort) std::ranges::stable_sort(order, {}, [&](std::uint32_t row) { return times[row]; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    std::uint32_t before = order[i - 1], row = order[i];
    if (times[before] < times[row]) continue;
    bool same = times[before] == times[row];
    const Column& column = table.column(form.time);
    throw Error(ErrorKind::data, row_place(table, form.time, row),
                fmt::format("the time {} {} row {}", short_quoted(column.text(row)),
                            same ? "stands already in" : "is earlier than that of", before + 1),
                same ? "keep one row for each time" : "sort the file, or write sort = true under [data]");
  }
  return order;
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Lays the rows on the grid of the frequency: steps without a row hold no numbers.
class Grid {
 public:
  Grid(const Table& table, const SeriesForm& form, Series& series) : table_(table), form_(form), series_(series) {
    for (const std::string& name : form.columns) cells_.push_back(table.column(name).numbers());
  }

  void add(std::uint32_t row, double time) {
    if (series_.steps() > 0) fill_up_to(row, time);
    series_.times.push_back(time);
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      double x = cells_[c][row];
      if (std::isinf(x))
        throw Error(ErrorKind::data, row_place(table_, form_.columns[c], row), "the value is infinite");
      if (std::isnan(x) && form_.gaps == "error")
        throw Error(ErrorKind::data, row_place(table_, form_.columns[c], row),
                    "there is no value at " + series_.time_name(series_.steps() - 1),
                    "fill it in, or write gaps = \"interpolate\" or \"previous\" under [data]");
      series_.values.push_back(x);
    }
  }
  std::size_t steps_without_row() const { return steps_without_row_; }

 private:
  void fill_up_to(std::uint32_t row, double time) {
    double last = series_.times.back();
    std::int64_t steps = series_.frequency.steps(last, time);
    std::string from = series_.time_name(series_.steps() - 1);
    std::string to = form_.time.empty() ? "" : table_.column(form_.time).text(row);
    if (steps < 1)
      throw Error(ErrorKind::data, row_place(table_, form_.time, row),
                  fmt::format("{} is no whole number of steps after {} ({})", short_quoted(to), from,
                              series_.frequency.text(series_.has_dates)),
                  "set data.frequency to the distance of the rows");
    if (steps > 1 && form_.gaps == "error")
      throw Error(ErrorKind::data, row_place(table_, form_.time, row),
                  fmt::format("there is no row between {} and {} ({})", from, short_quoted(to),
                              series_.frequency.text(series_.has_dates)),
                  "add the rows, or write gaps = \"interpolate\" or \"previous\" under [data]");
    require_memory(static_cast<double>(steps) * 8 * static_cast<double>(cells_.size() + 1), ErrorKind::data,
                   row_place(table_, form_.time, row), "the steps of the gap before it",
                   "is data.frequency (" + series_.frequency.text(series_.has_dates) + ") right?");
    for (std::int64_t k = 1; k < steps; ++k) {
      series_.times.push_back(series_.frequency.after(last, k));
      series_.values.insert(series_.values.end(), cells_.size(), kNone);
      ++steps_without_row_;
    }
  }

  const Table& table_;
  const SeriesForm& form_;
  Series& series_;
  std::vector<std::span<const double>> cells_;
  std::size_t steps_without_row_ = 0;
};

// Fills the steps [begin, end) of column c, which have no number, and counts them.
std::size_t fill(Series& s, std::size_t c, std::size_t begin, std::size_t end, bool on_a_line) {
  std::size_t width = s.columns.size();
  auto at = [&](std::size_t step) -> double& { return s.values[step * width + c]; };
  for (std::size_t step = begin; step < end; ++step) {
    if (begin == 0) {
      at(step) = at(end);
    } else if (!on_a_line || end == s.steps()) {
      at(step) = at(begin - 1);
    } else {
      double share = static_cast<double>(step - begin + 1) / static_cast<double>(end - begin + 1);
      at(step) = at(begin - 1) + share * (at(end) - at(begin - 1));
    }
  }
  return end - begin;
}

std::size_t fill_gaps(Series& s, const SeriesForm& form, const std::string& table) {
  std::size_t filled = 0, width = s.columns.size();
  for (std::size_t c = 0; c < width; ++c)
    for (std::size_t step = 0; step < s.steps(); ++step) {
      auto is_missing = [&](std::size_t i) { return std::isnan(s.values[i * width + c]); };
      if (!is_missing(step)) continue;
      std::size_t end = step;
      while (end < s.steps() && is_missing(end)) ++end;
      if (step == 0 && (end == s.steps() || form.gaps == "previous"))
        throw Error(ErrorKind::data, table + ": column " + quoted(s.columns[c]),
                    end == s.steps() ? "has no value" : "begins without a value, so there is none before to take",
                    end == s.steps() ? "" : "leave its first rows out");
      filled += fill(s, c, step, end, form.gaps == "interpolate");
      step = end;
    }
  return filled;
}

}  // namespace

Series series_of(const Table& table, const SeriesForm& form, std::vector<std::string>& notes) {
  if (table.rows() == 0) throw Error(ErrorKind::data, table.name(), "has a header and no rows");
  Series s;
  // The reader's hint that dates are no feature is right of other columns.
  for (const std::string& note : table.notes())
    if (form.time.empty() || !note.starts_with("column " + quoted(form.time) + " holds ")) notes.push_back(note);
  s.columns = form.columns;
  s.has_dates = !form.time.empty() && !table.column(form.time).is_numeric();
  std::vector<double> times(table.rows()), sorted;
  std::iota(times.begin(), times.end(), 0.0);
  if (!form.time.empty()) times = times_of(table.column(form.time), table.name());
  RowIndices order = rows_in_order(table, form, times);
  for (std::uint32_t row : order) sorted.push_back(times[row]);
  s.frequency = form.known ? *form.known : Frequency::of(form.frequency, sorted, s.has_dates);
  Grid grid(table, form, s);
  for (std::uint32_t row : order) grid.add(row, times[row]);
  std::size_t filled = fill_gaps(s, form, table.name());
  if (filled > 0)
    notes.push_back(fmt::format("{} filled ({}): {} had no row", count_text(filled, "value is", "values are"),
                                form.gaps, count_text(grid.steps_without_row(), "step")));
  return s;
}

namespace {

// How much of a cycle has passed, in [0, 1).
double phase(double time, const std::string& cycle) {
  constexpr double kDay = 86400;
  double days = std::floor(time / kDay), of_day = time / kDay - days;
  std::chrono::sys_days date{std::chrono::days(static_cast<int>(days))};
  std::chrono::year_month_day ymd(date);
  if (cycle == "hour") return of_day;
  if (cycle == "weekday") return (std::chrono::weekday(date).iso_encoding() - 1) / 7.0;
  if (cycle == "month") return (static_cast<unsigned>(ymd.month()) - 1) / 12.0;
  std::chrono::sys_days first(ymd.year() / 1 / 1);
  double in_year = static_cast<double>((date - first).count()) + of_day;
  return in_year / (ymd.year().is_leap() ? 366 : 365);
}

}  // namespace

std::vector<double> calendar_features(const Series& series, const std::string& cycle) {
  if (!series.has_dates)
    throw Error(ErrorKind::config, "data.calendar", "the times are plain numbers, and only dates are in a calendar",
                "leave it out");
  std::vector<double> features;
  for (double time : series.times) {
    double angle = 2 * std::numbers::pi * phase(time, cycle);
    features.push_back(std::sin(angle));
    features.push_back(std::cos(angle));
  }
  return features;
}

}  // namespace gradus
