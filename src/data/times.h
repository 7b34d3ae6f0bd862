#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/table.h"

namespace gradus {

// Reads a date or time of ISO 8601 as seconds since 1970-01-01T00:00Z: "2014-03", "2014-03-31", and with 'T' or a space
// before it a time "12:30", "12:30:05" or "12:30:05.25", after which 'Z' or an offset "+02:00" may stand; without one
// it is taken as UTC. Dates may also be written "2014/03/31". False, with `seconds` untouched, for anything else, also
// for days and times that do not exist.
bool parse_time(std::string_view text, double& seconds);

// The date and, unless it is midnight, the time: "2014-03-31", "2014-03-31T12:30:05".
std::string time_text(double seconds);

// A column of times: numbers as they are, dates and times as parse_time reads them. Throws Error{data} with the row for
// a missing one, and one that is neither.
std::vector<double> times_of(const Column& column, const std::string& table);

}  // namespace gradus
