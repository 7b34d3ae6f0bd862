#include "gradus/model/surface_distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gradus/base/error.h"

namespace gradus {
namespace {

const char* const kPlace = "metrics";
constexpr double kFar = std::numeric_limits<double>::infinity();

using Axes = std::array<std::int64_t, 3>;

// An array of three axes, those before `first` only to make up the number.
struct Grid {
  int first = 0;
  Axes size = {1, 1, 1};
  std::array<double, 3> spacing = {1, 1, 1};

  std::int64_t places() const { return size[0] * size[1] * size[2]; }
  std::int64_t stride(int axis) const { return axis == 0 ? size[1] * size[2] : axis == 1 ? size[2] : 1; }
  // Calls f(position, place) in reading order.
  template <class F>
  void each(F&& f) const {
    Axes at;
    std::int64_t place = 0;
    for (at[0] = 0; at[0] < size[0]; ++at[0])
      for (at[1] = 0; at[1] < size[1]; ++at[1])
        for (at[2] = 0; at[2] < size[2]; ++at[2], ++place) f(at, place);
  }
};

// One line of the transform at a time: values[i] becomes the least over j of (spacing (i - j))^2 + values[j], by the
// lower envelope of the parabolas over the finite values.
class LineTransform {
 public:
  void operator()(double* values, std::int64_t n, std::int64_t stride, double spacing) {
    heights_.clear();
    roots_.clear();
    starts_.clear();
    for (std::int64_t i = 0; i < n; ++i) {
      heights_.push_back(values[i * stride]);
      if (heights_.back() != kFar) add(i, spacing);
    }
    if (roots_.empty()) return;
    std::size_t at = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      double x = spacing * static_cast<double>(i);
      while (at + 1 < roots_.size() && starts_[at + 1] <= x) ++at;
      double d = spacing * static_cast<double>(i - roots_[at]);
      values[i * stride] = d * d + heights_[static_cast<std::size_t>(roots_[at])];
    }
  }

 private:
  void add(std::int64_t i, double spacing) {
    double start = -kFar;
    while (!roots_.empty()) {
      double a = spacing * static_cast<double>(roots_.back()), b = spacing * static_cast<double>(i);
      double rise = heights_[static_cast<std::size_t>(i)] - heights_[static_cast<std::size_t>(roots_.back())];
      start = (rise + b * b - a * a) / (2 * (b - a));
      if (start > starts_.back()) break;
      roots_.pop_back();
      starts_.pop_back();
      start = -kFar;
    }
    roots_.push_back(i);
    starts_.push_back(start);
  }

  std::vector<double> heights_;
  std::vector<std::int64_t> roots_;  // of the parabolas in the envelope
  std::vector<double> starts_;       // where each becomes the lowest
};

// Squared distances of all places to the nearest of `to`.
std::vector<double> squared_distances(const Grid& grid, const std::vector<std::int64_t>& to) {
  std::vector<double> values(static_cast<std::size_t>(grid.places()), kFar);
  for (std::int64_t place : to) values[static_cast<std::size_t>(place)] = 0;
  LineTransform transform;
  for (int axis = 2; axis >= grid.first; --axis) {
    std::int64_t n = grid.size[axis], inner = grid.stride(axis);
    for (std::int64_t o = 0; o < grid.places(); o += n * inner)
      for (std::int64_t i = 0; i < inner; ++i) transform(values.data() + o + i, n, inner, grid.spacing[axis]);
  }
  return values;
}

std::vector<std::int64_t> surface(const Grid& grid, const std::vector<std::uint8_t>& mask) {
  std::vector<std::int64_t> places;
  grid.each([&](const Axes& at, std::int64_t place) {
    if (mask[place] == 0) return;
    bool inside = true;
    for (int axis = grid.first; axis < 3 && inside; ++axis) {
      std::int64_t step = grid.stride(axis);
      inside = at[axis] > 0 && at[axis] + 1 < grid.size[axis] && mask[place - step] != 0 && mask[place + step] != 0;
    }
    if (!inside) places.push_back(place);
  });
  return places;
}

// Of the distances from each of `from` to the nearest of `to`.
SurfaceDistances directed(const Grid& grid, const std::vector<std::int64_t>& from,
                          const std::vector<std::int64_t>& to) {
  std::vector<double> squared = squared_distances(grid, to), distances;
  for (std::int64_t place : from) distances.push_back(std::sqrt(squared[place]));
  std::sort(distances.begin(), distances.end());
  double position = 0.95 * static_cast<double>(distances.size() - 1);
  auto below = static_cast<std::size_t>(position), above = std::min(below + 1, distances.size() - 1);
  double share = position - static_cast<double>(below);
  return {distances.back(), distances[below] + share * (distances[above] - distances[below])};
}

void check(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, const Shape& size,
           std::span<const double> spacing) {
  auto places = static_cast<std::size_t>(size.size());
  if (size.rank() < 1 || size.rank() > 3 || a.size() != places || b.size() != places)
    throw Error(ErrorKind::shape,
                {kPlace, "two masks of one size, of 1 to 3 axes",
                 std::to_string(a.size()) + " and " + std::to_string(b.size()) + " places for " + size.text(), ""});
  bool fits = spacing.empty() || spacing.size() == static_cast<std::size_t>(size.rank());
  if (!fits || std::any_of(spacing.begin(), spacing.end(), [](double s) { return !(s > 0) || std::isinf(s); }))
    throw Error(ErrorKind::value, {kPlace, "a spacing above 0 for each of " + std::to_string(size.rank()) + " axes",
                                   std::to_string(spacing.size()) + " numbers", ""});
}

}  // namespace

std::optional<SurfaceDistances> surface_distances(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                                                  const Shape& size, std::span<const double> spacing) {
  check(a, b, size, spacing);
  Grid whole;
  whole.first = 3 - size.rank();
  for (int axis = whole.first; axis < 3; ++axis) {
    whole.size[axis] = size[axis - whole.first];
    if (!spacing.empty()) whole.spacing[axis] = spacing[axis - whole.first];
  }
  // The box that holds both: what lies outside takes no part.
  Axes low = whole.size, high = {-1, -1, -1};
  whole.each([&](const Axes& at, std::int64_t place) {
    if (a[place] == 0 && b[place] == 0) return;
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], at[axis]);
      high[axis] = std::max(high[axis], at[axis]);
    }
  });
  if (high[0] < 0) return std::nullopt;
  Grid box = whole;
  for (int axis = 0; axis < 3; ++axis) box.size[axis] = high[axis] - low[axis] + 1;
  std::vector<std::uint8_t> first(static_cast<std::size_t>(box.places())), second(first.size());
  box.each([&](const Axes& at, std::int64_t place) {
    std::int64_t from = 0;
    for (int axis = 0; axis < 3; ++axis) from += (low[axis] + at[axis]) * whole.stride(axis);
    first[place] = a[from];
    second[place] = b[from];
  });
  std::vector<std::int64_t> one = surface(box, first), other = surface(box, second);
  if (one.empty() || other.empty()) return std::nullopt;
  SurfaceDistances there = directed(box, one, other), back = directed(box, other, one);
  return SurfaceDistances{std::max(there.maximum, back.maximum), std::max(there.percentile95, back.percentile95)};
}

}  // namespace gradus
