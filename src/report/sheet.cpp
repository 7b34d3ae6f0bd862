#include "gradus/report/sheet.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr Rgb kWarm[] = {{120, 20, 90}, {214, 58, 48}, {250, 160, 40}, {255, 238, 130}};
constexpr Rgb kWrong = {235, 40, 40};
constexpr Rgb kBelow = {32, 92, 170}, kAbove = {209, 80, 16}, kZero = {245, 245, 243};

std::uint8_t byte(float v) { return static_cast<std::uint8_t>(std::clamp(v + 0.5f, 0.0f, 255.0f)); }

Rgb mixed(const Rgb& a, const Rgb& b, float share) {
  auto mix = [share](std::uint8_t x, std::uint8_t y) {
    return byte(static_cast<float>(x) + share * (static_cast<float>(y) - static_cast<float>(x)));
  };
  return {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
}

Rgb pixel(const Picture& p, std::size_t i) {
  const std::uint8_t* at = p.pixels.data() + i * static_cast<std::size_t>(p.channels);
  return p.channels > 2 ? Rgb{at[0], at[1], at[2]} : Rgb{at[0], at[0], at[0]};
}

// Its lightness (Rec. 709's weights) as grey.
Rgb grey(const Rgb& c) {
  std::uint8_t v = byte(0.2126f * static_cast<float>(c.red) + 0.7152f * static_cast<float>(c.green) +
                        0.0722f * static_cast<float>(c.blue));
  return {v, v, v};
}

// A colour picture of that size from color(i) of each pixel.
template <class F>
Picture colored(int width, int height, const F& color) {
  Picture out{width, height, 3, {}};
  auto count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  out.pixels.reserve(count * 3);
  for (std::size_t i = 0; i < count; ++i) {
    Rgb c = color(i);
    out.pixels.insert(out.pixels.end(), {c.red, c.green, c.blue});
  }
  return out;
}

void check_places(const char* what, std::size_t given, int width, int height) {
  if (given != static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
    throw Error(ErrorKind::shape,
                {what, "a value for each of " + std::to_string(height) + " x " + std::to_string(width) + " places",
                 std::to_string(given), ""});
}

// The values that a target pixel stands for: the mean over those it covers, or, enlarged, between the nearest two.
struct Sample {
  int first = 0, last = 0;
  float second = 0;  // weight of the last where both are neighbours
  bool mean = false;
};

Sample sample(int i, int to, int from) {
  if (to <= from) {
    int first = static_cast<int>(static_cast<std::int64_t>(i) * from / to);
    int end = static_cast<int>((static_cast<std::int64_t>(i) + 1) * from / to);
    return {first, std::max(first, end - 1), 0, true};
  }
  float at = std::max(0.0f, (static_cast<float>(i) + 0.5f) * static_cast<float>(from) / static_cast<float>(to) - 0.5f);
  int first = std::min(static_cast<int>(at), from - 1);
  return {first, std::min(first + 1, from - 1), at - static_cast<float>(first), false};
}

std::vector<float> resized(std::span<const float> values, int width, int height, int to_width, int to_height) {
  std::vector<float> rows, out;  // [height, to_width], [to_height, to_width]
  auto along = [](const Sample& s, auto&& value) {
    if (!s.mean) return value(s.first) * (1 - s.second) + value(s.last) * s.second;
    float sum = 0;
    for (int i = s.first; i <= s.last; ++i) sum += value(i);
    return sum / static_cast<float>(s.last - s.first + 1);
  };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < to_width; ++x)
      rows.push_back(along(sample(x, to_width, width), [&](int i) { return values[y * width + i]; }));
  for (int y = 0; y < to_height; ++y)
    for (int x = 0; x < to_width; ++x)
      out.push_back(along(sample(y, to_height, height), [&](int i) { return rows[i * to_width + x]; }));
  return out;
}

float exceeded_by_a_hundredth(std::vector<float> values) {
  auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() - 1 - values.size() / 100);
  std::nth_element(values.begin(), at, values.end());
  return *at > 0 ? *at : *std::max_element(at, values.end());
}

void paste(const Picture& tile, Picture& onto, int left, int top) {
  bool colors = onto.channels == 4;
  for (int y = 0; y < tile.height; ++y)
    for (int x = 0; x < tile.width; ++x) {
      auto from = static_cast<std::size_t>(y) * tile.width + x;
      std::uint8_t* to =
          onto.pixels.data() + (static_cast<std::size_t>(top + y) * onto.width + left + x) * onto.channels;
      Rgb c = pixel(tile, from);
      std::uint8_t opaque = tile.channels % 2 == 0 ? tile.pixels[(from + 1) * tile.channels - 1] : 255;
      to[0] = c.red;
      if (colors) {
        to[1] = c.green;
        to[2] = c.blue;
      }
      to[onto.channels - 1] = opaque;
    }
}

}  // namespace

Picture sheet(const std::vector<std::vector<Picture>>& rows, int gap, bool lead) {
  int width = 0, height = 0, columns = 0;
  bool colors = false;
  for (const auto& row : rows) {
    columns = std::max(columns, static_cast<int>(row.size()));
    for (const Picture& p : row) {
      width = std::max(width, p.width);
      height = std::max(height, p.height);
      colors = colors || p.channels > 2;
    }
  }
  if (columns == 0) throw Error(ErrorKind::shape, "sheet", "there is no picture");
  int apart = lead && columns > 1 ? 3 * gap : 0, lines = static_cast<int>(rows.size());
  Picture out{columns * (width + gap) - gap + apart, lines * (height + gap) - gap, colors ? 4 : 2, {}};
  out.pixels.resize(static_cast<std::size_t>(out.width) * out.height * out.channels);
  for (int y = 0; y < lines; ++y)
    for (int x = 0; x < static_cast<int>(rows[y].size()); ++x)
      paste(rows[y][x], out, x * (width + gap) + (x > 0 ? apart : 0), y * (height + gap));
  return out;
}

Picture enlarge(const Picture& p, int factor) {
  Picture out{p.width * factor, p.height * factor, p.channels, {}};
  out.pixels.reserve(p.pixels.size() * factor * factor);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      auto at = p.pixels.begin() + (static_cast<std::ptrdiff_t>(y / factor) * p.width + x / factor) *
                                       static_cast<std::ptrdiff_t>(p.channels);
      out.pixels.insert(out.pixels.end(), at, at + p.channels);
    }
  return out;
}

Picture around_grey(std::span<const float> values, int width, int height, int channels, float most) {
  check_places("values", values.size() / static_cast<std::size_t>(channels), width, height);
  Picture out{width, height, channels, {}};
  for (float v : values) out.pixels.push_back(byte(127.5f + (most > 0 ? 127.5f * v / most : 0)));
  return out;
}

Picture around_white(std::span<const float> values, int width, int height, float most) {
  check_places("values", values.size(), width, height);
  return colored(width, height, [&](std::size_t i) {
    float share = most > 0 ? std::clamp(values[i] / most, -1.0f, 1.0f) : 0;
    return mixed(kZero, share < 0 ? kBelow : kAbove, std::sqrt(std::abs(share)));
  });
}

Picture heat_over(const Picture& p, std::span<const float> heat, int width, int height) {
  check_places("heat", heat.size(), width, height);
  std::vector<float> values = resized(heat, width, height, p.width, p.height);
  float full = exceeded_by_a_hundredth(values);
  constexpr int kSteps = static_cast<int>(std::size(kWarm)) - 1;
  return colored(p.width, p.height, [&](std::size_t i) {
    float share = full > 0 ? std::clamp(values[i] / full, 0.0f, 1.0f) : 0;
    float at = share * kSteps;
    int below = std::min(static_cast<int>(at), kSteps - 1);
    Rgb warm = mixed(kWarm[below], kWarm[below + 1], at - static_cast<float>(below));
    return mixed(grey(pixel(p, i)), warm, 0.85f * share);
  });
}

Picture classes_over(const Picture& p, std::span<const std::int32_t> classes) {
  check_places("classes", classes.size(), p.width, p.height);
  return colored(p.width, p.height, [&](std::size_t i) {
    Rgb under = grey(pixel(p, i));
    return classes[i] == 0 ? under : mixed(under, class_color(classes[i]), 0.6f);
  });
}

Picture differences_over(const Picture& p, std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  check_places("classes", a.size(), p.width, p.height);
  check_places("classes", b.size(), p.width, p.height);
  return colored(p.width, p.height, [&](std::size_t i) {
    return a[i] == b[i] ? mixed(grey(pixel(p, i)), {0, 0, 0}, 0.5f) : kWrong;
  });
}

}  // namespace gradus
