#include "gradus/data/warp.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gradus/data/augment.h"

namespace gradus {

Fill fill_of(const std::string& name) {
  return name == "edge" ? Fill::edge : name == "reflect" ? Fill::reflect : Fill::black;
}

std::int64_t filled_place(std::int64_t at, std::int64_t n, Fill fill) {
  if (at >= 0 && at < n) return at;
  if (fill == Fill::black) return -1;
  if (fill == Fill::edge) return at < 0 ? 0 : n - 1;
  std::int64_t period = 2 * n, within = ((at % period) + period) % period;
  return within < n ? within : period - 1 - within;
}

namespace {

double radians(double degrees) { return degrees / 180 * std::numbers::pi; }

// cos and sin, exact where they are 0 or 1.
std::array<double, 2> cos_sin(double degrees) {
  double turns = degrees / 90;
  if (turns != std::floor(turns)) return {std::cos(radians(degrees)), std::sin(radians(degrees))};
  static constexpr double kCos[] = {1, 0, -1, 0};
  int quarter = static_cast<int>(std::fmod(turns, 4) + 4) % 4;
  return {kCos[quarter], kCos[(quarter + 3) % 4]};
}

// a after b: place p is read at a(b(p)).
Affine composed(const Affine& a, const Affine& b) {
  const auto &l = a.linear, &m = b.linear;
  Affine out;
  out.linear = {l[0] * m[0] + l[1] * m[2], l[0] * m[1] + l[1] * m[3], l[2] * m[0] + l[3] * m[2],
                l[2] * m[1] + l[3] * m[3]};
  out.shift = {l[0] * b.shift[0] + l[1] * b.shift[1] + a.shift[0], l[2] * b.shift[0] + l[3] * b.shift[1] + a.shift[1]};
  return out;
}

double middle(std::int64_t n) { return static_cast<double>(n - 1) / 2; }

// Between numbers and infinitely far: no integer overflows, and everything there is beyond the edge.
float bounded(double place) { return static_cast<float>(std::clamp(place, -1e6, 1e6)); }

int floor_of(float x) {
  int whole = static_cast<int>(x);
  return whole - (x < static_cast<float>(whole) ? 1 : 0);
}

// A picture in memory and how it is read beyond its edge.
struct Source {
  const float* values;
  std::int64_t height, width, channels;
  float black;
  Fill fill;

  float at(std::int64_t y, std::int64_t x, std::int64_t c) const {
    std::int64_t i = filled_place(y, height, fill), j = filled_place(x, width, fill);
    return i < 0 || j < 0 ? black : values[(i * width + j) * channels + c];
  }
};

float between(float a, float b, float share) { return a + share * (b - a); }

// One place of all channels; a number of them known beforehand is faster.
template <int kChannels = 0>
void sample(const Source& s, float down, float right, float* to) {
  int y = floor_of(down), x = floor_of(right);
  std::int64_t n = kChannels > 0 ? kChannels : s.channels;
  float v = down - static_cast<float>(y), u = right - static_cast<float>(x);
  if (y >= 0 && x >= 0 && y + 1 < s.height && x + 1 < s.width) {
    const float* upper = s.values + (y * s.width + x) * n;
    const float* lower = upper + s.width * n;
    for (std::int64_t c = 0; c < n; ++c)
      to[c] = between(between(upper[c], upper[c + n], u), between(lower[c], lower[c + n], u), v);
    return;
  }
  for (std::int64_t c = 0; c < n; ++c)
    to[c] =
        between(between(s.at(y, x, c), s.at(y, x + 1, c), u), between(s.at(y + 1, x, c), s.at(y + 1, x + 1, c), u), v);
}

void sample_row(const Source& s, const float* down, const float* right, float* to) {
  auto each = [&](auto sample_one) {
    for (std::int64_t x = 0; x < s.width; ++x) sample_one(s, down[x], right[x], to + x * s.channels);
  };
  if (s.channels == 1) return each([](auto&&... a) { sample<1>(a...); });
  if (s.channels == 3) return each([](auto&&... a) { sample<3>(a...); });
  each([](auto&&... a) { sample<>(a...); });
}

}  // namespace

Affine moved(double down, double right) { return {{1, 0, 0, 1}, {-down, -right}}; }

Affine turned(double degrees) {
  auto [c, s] = cos_sin(degrees);
  return {{c, s, -s, c}, {0, 0}};
}

Affine grown(double factor_y, double factor_x) { return {{1 / factor_y, 0, 0, 1 / factor_x}, {0, 0}}; }

Affine leaning(double degrees) { return {{1, 0, std::tan(radians(degrees)), 1}, {0, 0}}; }

void Warp::begin(std::int64_t height, std::int64_t width) {
  height_ = height;
  width_ = width;
  is_identity_ = true;
  affine_ = {};
  down_.clear();
  right_.clear();
}

void Warp::add(const Affine& change) {
  is_identity_ = false;
  affine_ = composed(affine_, change);
  if (down_.empty()) return;
  const std::array<double, 4>& linear = change.linear;
  const std::array<double, 2>& shift = change.shift;
  remap([&](std::int64_t, double y, double x) -> Place {
    double from_y = y - middle(height_), from_x = x - middle(width_);
    return {linear[0] * from_y + linear[1] * from_x + shift[0] + middle(height_),
            linear[2] * from_y + linear[3] * from_x + shift[1] + middle(width_)};
  });
}

void Warp::add(std::span<const float> down, std::span<const float> right) {
  is_identity_ = false;
  if (!down_.empty())
    remap([&](std::int64_t i, double y, double x) -> Place {
      return {y + static_cast<double>(down[i]), x + static_cast<double>(right[i])};
    });
  down_.resize(down.size(), 0.0f);
  right_.resize(right.size(), 0.0f);
  std::array<float, 4> l;
  std::ranges::transform(affine_.linear, l.begin(), [](double v) { return static_cast<float>(v); });
  for (std::size_t i = 0; i < down.size(); ++i) {
    down_[i] += l[0] * down[i] + l[1] * right[i];
    right_[i] += l[2] * down[i] + l[3] * right[i];
  }
}

template <class PlaceOf>
void Warp::remap(const PlaceOf& place_of) {
  thread_local std::vector<float> down, right;
  down.resize(down_.size());
  right.resize(right_.size());
  std::int64_t i = 0;
  for (std::int64_t y = 0; y < height_; ++y)
    for (std::int64_t x = 0; x < width_; ++x, ++i) {
      auto [from_y, from_x] = place_of(i, static_cast<double>(y), static_cast<double>(x));
      auto [dy, dx] = displacement(from_y, from_x);
      down[i] = static_cast<float>(dy);
      right[i] = static_cast<float>(dx);
    }
  down_.swap(down);
  right_.swap(right);
}

Warp::Place Warp::displacement(double y, double x) const {
  float out_down = 0, out_right = 0;
  sample({down_.data(), height_, width_, 1, 0, Fill::edge}, bounded(y), bounded(x), &out_down);
  sample({right_.data(), height_, width_, 1, 0, Fill::edge}, bounded(y), bounded(x), &out_right);
  return {static_cast<double>(out_down), static_cast<double>(out_right)};
}

// A picture of another size covers the same ground: its places are those of the examples, further apart or closer.
void Warp::sources(std::int64_t height, std::int64_t width, std::int64_t y, float* down, float* right) const {
  const auto& [linear, shift] = affine_;
  double tall = static_cast<double>(height) / static_cast<double>(height_),
         wide = static_cast<double>(width) / static_cast<double>(width_);
  double from_y = static_cast<double>(y) - middle(height);
  double start_y = linear[0] * from_y + shift[0] * tall + middle(height),
         start_x = linear[2] * from_y * wide / tall + shift[1] * wide + middle(width);
  double step_y = linear[1] * tall / wide, step_x = linear[3];
  for (std::int64_t x = 0; x < width; ++x) {
    double from_x = static_cast<double>(x) - middle(width);
    down[x] = bounded(start_y + step_y * from_x);
    right[x] = bounded(start_x + step_x * from_x);
  }
  if (down_.empty()) return;
  bool same = height == height_ && width == width_;
  for (std::int64_t x = 0; x < width; ++x) {
    double from_x = static_cast<double>(x) - middle(width);
    auto [dy, dx] = same ? Place{static_cast<double>(down_[y * width + x]), static_cast<double>(right_[y * width + x])}
                         : displacement(from_y / tall + middle(height_), from_x / wide + middle(width_));
    down[x] = bounded(static_cast<double>(down[x]) + dy * tall);
    right[x] = bounded(static_cast<double>(right[x]) + dx * wide);
  }
}

template <class Take>
void Warp::each_row(std::int64_t height, std::int64_t width, const Take& take) const {
  thread_local std::vector<float> down, right;
  down.resize(static_cast<std::size_t>(width));
  right.resize(static_cast<std::size_t>(width));
  for (std::int64_t y = 0; y < height; ++y) {
    sources(height, width, y, down.data(), right.data());
    take(y, down.data(), right.data());
  }
}

void Warp::resample(std::span<float> values, const Planes& p, float black, Fill fill) const {
  thread_local std::vector<float> before;
  before.assign(values.begin(), values.end());
  std::int64_t plane = p.height * p.width * p.channels;
  each_row(p.height, p.width, [&](std::int64_t y, const float* down, const float* right) {
    for (std::int64_t z = 0; z < p.depth; ++z) {
      Source source{before.data() + z * plane, p.height, p.width, p.channels, black, fill};
      sample_row(source, down, right, values.data() + z * plane + y * p.width * p.channels);
    }
  });
}

void Warp::resample(std::span<std::int32_t> mask, const Planes& p, Fill fill) const {
  thread_local std::vector<std::int32_t> before;
  before.assign(mask.begin(), mask.end());
  std::int64_t plane = p.height * p.width;
  each_row(p.height, p.width, [&](std::int64_t y, const float* down, const float* right) {
    for (std::int64_t x = 0; x < p.width; ++x) {
      std::int64_t i = filled_place(floor_of(down[x] + 0.5f), p.height, fill),
                   j = filled_place(floor_of(right[x] + 0.5f), p.width, fill);
      for (std::int64_t z = 0; z < p.depth; ++z)
        mask[z * plane + y * p.width + x] = i < 0 || j < 0 ? 0 : before[z * plane + i * p.width + j];
    }
  });
}

void Warp::apply(AugmentedExample& e, Fill fill) const {
  if (is_identity_) return;
  if (!e.values.empty()) resample(e.values, {e.depth, e.height, e.width, e.channels}, e.low, fill);
  if (!e.mask.empty()) resample(e.mask, {e.depth, e.height, e.width, 1}, fill);
  if (!e.target.empty())
    resample(e.target, {1, e.target_height, e.target_width, e.target_channels}, e.target_low, fill);
}

}  // namespace gradus
