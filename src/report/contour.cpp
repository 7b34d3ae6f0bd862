#include "gradus/report/contour.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// Joins the curve pieces of the cells. A piece runs between two grid edges, an edge is named by its lower corner's
// index, doubled, plus one if it is vertical; at most two pieces meet at an edge.
class Tracer {
 public:
  Tracer(const Grid& grid, double level) : grid_(grid), level_(level) {
    for (int iy = 0; iy + 1 < grid.ny; ++iy)
      for (int ix = 0; ix + 1 < grid.nx; ++ix) add_cell(ix, iy);
  }

  std::vector<std::vector<Point>> lines() {
    std::vector<std::vector<Point>> all;
    for (const auto& [edge, ends] : neighbours_)
      if (ends[1] < 0) trace(edge, all);
    for (const auto& [edge, ends] : neighbours_) trace(edge, all);
    return all;
  }

 private:
  int corner(int ix, int iy) const { return iy * grid_.nx + ix; }
  double z(int ix, int iy) const { return grid_.z[corner(ix, iy)]; }

  void add_cell(int ix, int iy) {
    double a = z(ix, iy), b = z(ix + 1, iy), c = z(ix + 1, iy + 1), d = z(ix, iy + 1);
    if (std::isnan(a + b + c + d)) return;
    int bottom = 2 * corner(ix, iy), left = bottom + 1, top = 2 * corner(ix, iy + 1),
        right = 2 * corner(ix + 1, iy) + 1;
    int above = (a >= level_) | (b >= level_) << 1 | (c >= level_) << 2 | (d >= level_) << 3;
    switch (above) {
      case 1:
      case 14:
        return join(left, bottom);
      case 2:
      case 13:
        return join(bottom, right);
      case 4:
      case 11:
        return join(right, top);
      case 8:
      case 7:
        return join(top, left);
      case 3:
      case 12:
        return join(left, right);
      case 6:
      case 9:
        return join(bottom, top);
      case 5:
      case 10: {
        bool centre_above = (a + b + c + d) / 4 >= level_;
        bool around_b_and_d = (above == 5) == centre_above;
        join(left, around_b_and_d ? top : bottom);
        return join(right, around_b_and_d ? bottom : top);
      }
      default:
        return;
    }
  }

  void join(int from, int to) {
    attach(from, to);
    attach(to, from);
  }
  void attach(int edge, int other) {
    auto [it, is_new] = neighbours_.try_emplace(edge, std::array<int, 2>{other, -1});
    if (!is_new) it->second[1] = other;
  }

  // Follows the pieces from `edge` until an open end or the start; edges seen before start nothing.
  void trace(int edge, std::vector<std::vector<Point>>& all) {
    if (seen_.count(edge)) return;
    std::vector<Point> line;
    int previous = -1, at = edge;
    while (at >= 0 && !seen_.count(at)) {
      seen_[at] = true;
      line.push_back(position(at));
      const std::array<int, 2>& ends = neighbours_.at(at);
      int next = ends[0] == previous ? ends[1] : ends[0];
      previous = at;
      at = next;
    }
    if (at == edge && line.size() > 2) line.push_back(line.front());
    all.push_back(std::move(line));
  }

  Point position(int edge) const {
    int index = edge / 2, ix = index % grid_.nx, iy = index / grid_.nx;
    bool vertical = edge % 2;
    double from = z(ix, iy), to = vertical ? z(ix, iy + 1) : z(ix + 1, iy);
    double t = (level_ - from) / (to - from);
    if (!std::isfinite(t)) t = 0.5;
    double x = ix + (vertical ? 0 : t), y = iy + (vertical ? t : 0);
    return {grid_.x_low + x * (grid_.x_high - grid_.x_low) / (grid_.nx - 1),
            grid_.y_low + y * (grid_.y_high - grid_.y_low) / (grid_.ny - 1)};
  }

  const Grid& grid_;
  double level_;
  std::map<int, std::array<int, 2>> neighbours_;
  std::map<int, bool> seen_;
};

}  // namespace

Grid sample_grid(const std::function<double(double, double)>& f, double x_low, double x_high, double y_low,
                 double y_high, int nx, int ny) {
  if (!(x_low < x_high) || !(y_low < y_high) || nx < 2 || ny < 2)
    throw Error(ErrorKind::value,
                {"contours", "low < high and at least 2 x 2 points",
                 fmt::format("x [{}, {}], y [{}, {}], {} x {} points", x_low, x_high, y_low, y_high, nx, ny), ""});
  Grid grid{nx, ny, x_low, x_high, y_low, y_high, {}};
  grid.z.reserve(static_cast<std::size_t>(nx) * ny);
  for (int iy = 0; iy < ny; ++iy)
    for (int ix = 0; ix < nx; ++ix)
      grid.z.push_back(f(x_low + ix * (x_high - x_low) / (nx - 1), y_low + iy * (y_high - y_low) / (ny - 1)));
  return grid;
}

std::vector<std::vector<Point>> contour_lines(const Grid& grid, double level) { return Tracer(grid, level).lines(); }

std::vector<double> contour_levels(const Grid& grid, int count) {
  std::vector<double> sorted;
  std::copy_if(grid.z.begin(), grid.z.end(), std::back_inserter(sorted), [](double v) { return std::isfinite(v); });
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> levels;
  for (int i = 1; i <= count && !sorted.empty(); ++i) {
    double share = std::pow(static_cast<double>(i) / (count + 1), 2);
    double level = sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size()))];
    if (levels.empty() || level > levels.back()) levels.push_back(level);
  }
  return levels;
}

}  // namespace gradus
