#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gradus/data/frequency.h"
#include "gradus/data/table.h"

namespace gradus {

// Numbers at equally spaced times.
struct Series {
  std::vector<double> times;  // of each step: seconds since 1970, or plain numbers
  bool has_dates = false;     // which of them
  Frequency frequency;
  std::vector<std::string> columns;
  std::vector<double> values;  // [steps, columns], row-major

  std::size_t steps() const { return times.size(); }
  std::vector<double> column(std::size_t c) const;
  std::string time_name(std::size_t step) const;  // "2014-03-31", "12.5"
  // Without the steps before `first`.
  void drop_before(std::size_t first);
};

// How a table is a series.
struct SeriesForm {
  std::string time;                     // its column; "": rows are in order
  std::vector<std::string> columns;     // of numbers
  Value frequency = "auto";             // see Frequency::of
  std::optional<Frequency> known = {};  // the frequency where it is known already
  std::string gaps = "error";           // or "interpolate", "previous"
  bool sort = false;
};

// The rows of a table in the order of time. Steps without a row and cells without a number are filled when the form
// says so: "interpolate" on a line between their neighbours (the nearest one at either end), "previous" with the value
// before; notes count them, and repeat
// those of the table. Throws Error{data} that names the row for times out of order, twice, or not on the grid of
// the frequency, for infinite numbers, and for the first gap where gaps are errors.
Series series_of(const Table& table, const SeriesForm& form, std::vector<std::string>& notes);

// The sine and cosine of 2 pi p for each step, [steps, 2], where p in [0, 1) is how much of a cycle of the calendar has
// passed: "month" of the year, "weekday" of the week from Monday on, "hour" of the day, "year_day" of the year. Throws
// Error{config} for a series without dates.
std::vector<double> calendar_features(const Series& series, const std::string& cycle);
extern const std::vector<std::string> kCalendarCycles;

}  // namespace gradus
