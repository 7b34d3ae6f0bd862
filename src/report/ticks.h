#pragma once

#include <string>
#include <vector>

namespace gradus {

// The multiples of 1, 2 or 5 x 10^k inside [low, high], with the smallest spacing that gives at most `most` of them;
// `whole` keeps the spacing at 1 or more (epochs, counts). Needs finite low <= high and most >= 2.
std::vector<double> linear_ticks(double low, double high, int most, bool whole = false);

// Powers of ten inside [low, high], every n-th where there are more than `most`; where fewer than three fit, also
// their doubles and quintuples, or the linear ticks when the range is that narrow. Needs 0 < low <= high.
std::vector<double> log_ticks(double low, double high, int most);

// How an axis writes its ticks: thousands separated, powers of ten where the numbers are all tiny or huge or far apart;
// equally many decimals on a linear axis, as few as it needs for each tick of a log axis.
std::vector<std::string> tick_labels(const std::vector<double>& ticks, bool log = false);

}  // namespace gradus
