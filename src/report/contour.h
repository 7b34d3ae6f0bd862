#pragma once

#include <functional>
#include <vector>

namespace gradus {

struct Point {
  double x = 0;
  double y = 0;
};

// A function of two variables on a regular grid: z[iy * nx + ix] at x = x_low + ix (x_high - x_low) / (nx - 1).
struct Grid {
  int nx = 0, ny = 0;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  std::vector<double> z;
};

// Samples f(x, y). Throws Error{value} unless both low < high and nx, ny >= 2.
Grid sample_grid(const std::function<double(double, double)>& f, double x_low, double x_high, double y_low,
                 double y_high, int nx, int ny);

// The curves where the grid's function equals `level`: marching squares with linear interpolation, the ambiguous cells
// decided by the mean of their corners, pieces joined end to end (a closed curve repeats its first point). Cells with
// a corner that is not a number have no curve.
std::vector<std::vector<Point>> contour_lines(const Grid& grid, double level);

// `count` levels; below the i-th lies the share (i / (count + 1))^2 of the grid's finite values. Around a minimum the
// rings are then evenly spaced, however steep the function is.
std::vector<double> contour_levels(const Grid& grid, int count);

}  // namespace gradus
