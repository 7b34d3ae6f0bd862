#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradus/base/value.h"

namespace gradus {

// How far apart the steps of a series are: so many seconds (or units of times that are plain numbers), or months of the
// calendar.
struct Frequency {
  double units = 0;  // 0 where it is months
  int months = 0;

  // "secondly", "minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly" or a number; "auto" is the
  // median distance of the ascending `times`, in months where all have the same day and time of day. `are_dates` tells
  // whether the times are seconds since 1970 or plain numbers, which take "auto" and numbers alone. Throws
  // Error{config} for anything else, Error{data} for a single time.
  static Frequency of(const Value& given, const std::vector<double>& times, bool are_dates);

  // How many steps there are from one time to a later one, to within a tenth of a step; 0 where it is no whole number.
  std::int64_t steps(double from, double to) const;
  // The time so many steps later.
  double after(double time, std::int64_t steps) const;
  // Of dates "daily", "every 2 months" or "every 600 s", of plain numbers "every 0.5".
  std::string text(bool of_dates) const;

  // Steps of the season that is usual at this distance: a day of steps shorter than one, a week of days, a year of
  // weeks or months. 1 where none is made of whole steps, and for plain numbers.
  std::int64_t season(bool of_dates) const;

  // For the model file. restored throws Error{data} for a state that is damaged.
  Value state() const;
  static Frequency restored(const Value& state);
};

}  // namespace gradus
