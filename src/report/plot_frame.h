#pragma once

// Shared by the drawings of a plot: axes fitted to the data, and series thinned to the picture's width.

#include <string>
#include <vector>

#include "gradus/report/plot.h"

namespace gradus {

// A fitted axis: the interval it shows and its ticks.
struct FittedAxis {
  double low = 0, high = 1;
  bool log = false;
  std::vector<double> ticks;
  std::vector<std::string> labels;

  // Position of v between low (0) and high (1); not a number for what a log axis cannot show.
  double at(double v) const;
};

struct FittedAxes {
  FittedAxis x, y;
};

// The given ranges, or the rectangle of the contours, or the range of the data with a margin; a lone value gets a range
// around it, no value at all [0, 1]. A y axis that nearly reaches zero, or holds bars, starts there.
FittedAxes fit_axes(const PlotSpec& spec, int most_x_ticks, int most_y_ticks);

// The series where it can be shown (finite; positive on log axes), in at most about two points for each of `buckets`
// intervals of x: the lowest and the highest. A point whose y is not a number marks a gap. x must ascend.
std::vector<Point> thinned(const std::vector<double>& x, const std::vector<double>& y, const FittedAxes& axes,
                           int buckets);

}  // namespace gradus
