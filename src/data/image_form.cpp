#include "gradus/data/image_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// The pixels of one axis that make pixel i of a new one: first[i], first[i] + 1, ... with count weights each.
struct AxisWeights {
  int count = 0;
  std::vector<int> first;
  std::vector<float> weights;  // [new size, count], rows of sum 1
};

AxisWeights axis_weights(int from, int to) {
  AxisWeights w;
  double scale = static_cast<double>(from) / to;
  w.count = from > to ? static_cast<int>(std::ceil(scale)) + 1 : 2;
  w.count = std::min(w.count, from);
  for (int i = 0; i < to; ++i) {
    double begin = i * scale, end = (i + 1) * scale, centre = (i + 0.5) * scale - 0.5;
    int first = static_cast<int>(std::floor(from > to ? begin : centre));
    first = std::clamp(first, 0, from - w.count);
    w.first.push_back(first);
    double sum = 0;
    std::vector<double> shares;
    for (int k = first; k < first + w.count; ++k) {
      double covered = std::min(end, k + 1.0) - std::max(begin, static_cast<double>(k));
      double near = 1 - std::abs(std::clamp(centre, 0.0, from - 1.0) - k);
      shares.push_back(std::max(from > to ? covered : near, 0.0));
      sum += shares.back();
    }
    for (double s : shares) w.weights.push_back(static_cast<float>(s / sum));
  }
  return w;
}

// Columns of values [height, width, channels] mixed to another width.
std::vector<float> mixed_columns(const Image& in, const AxisWeights& w) {
  std::size_t channels = in.channels, to = w.first.size();
  std::vector<float> out(static_cast<std::size_t>(in.height) * to * channels);
  float* at = out.data();
  for (int y = 0; y < in.height; ++y) {
    const std::uint8_t* row = in.values.data() + static_cast<std::size_t>(y) * in.width * channels;
    for (std::size_t i = 0; i < to; ++i)
      for (std::size_t c = 0; c < channels; ++c) {
        float sum = 0;
        for (int k = 0; k < w.count; ++k)
          sum += w.weights[i * w.count + k] * row[(static_cast<std::size_t>(w.first[i]) + k) * channels + c];
        *at++ = sum;
      }
  }
  return out;
}

std::vector<std::uint8_t> mixed_rows(const std::vector<float>& in, std::size_t stride, const AxisWeights& w) {
  std::vector<std::uint8_t> out;
  out.reserve(w.first.size() * stride);
  std::vector<float> sums(stride);
  for (std::size_t i = 0; i < w.first.size(); ++i) {
    std::ranges::fill(sums, 0.0f);
    for (int k = 0; k < w.count; ++k) {
      const float* row = in.data() + (static_cast<std::size_t>(w.first[i]) + k) * stride;
      float weight = w.weights[i * w.count + k];
      for (std::size_t j = 0; j < stride; ++j) sums[j] += weight * row[j];
    }
    for (float s : sums) out.push_back(static_cast<std::uint8_t>(std::clamp(s + 0.5f, 0.0f, 255.0f)));
  }
  return out;
}

struct Region {
  int top = 0, left = 0, height = 0, width = 0;
};

int rounded_ratio(int a, int b, int c) {  // a b / c, at least 1
  return static_cast<int>(std::max<std::int64_t>((2 * std::int64_t{a} * b + c) / (2 * std::int64_t{c}), 1));
}

// The middle of a picture [height, width] that has the form's proportions, as large as it can be.
Region cropped(int height, int width, const ImageForm& form) {
  int rows = std::min(rounded_ratio(width, form.height, form.width), height),
      columns = std::min(rounded_ratio(height, form.width, form.height), width);
  return {(height - rows) / 2, (width - columns) / 2, rows, columns};
}

// Where in the form the whole of a picture [height, width] finds room, as large as it can be.
Region padded(int height, int width, const ImageForm& form) {
  int rows = std::min(rounded_ratio(form.width, height, width), form.height),
      columns = std::min(rounded_ratio(form.height, width, height), form.width);
  return {(form.height - rows) / 2, (form.width - columns) / 2, rows, columns};
}

// Pixels of `size` values each.
template <class T>
std::vector<T> cut_out(const std::vector<T>& values, int width, std::size_t size, const Region& r) {
  std::vector<T> out;
  out.reserve(static_cast<std::size_t>(r.height) * r.width * size);
  for (int y = 0; y < r.height; ++y) {
    auto row =
        values.begin() + static_cast<std::ptrdiff_t>((static_cast<std::size_t>(r.top + y) * width + r.left) * size);
    out.insert(out.end(), row, row + static_cast<std::ptrdiff_t>(r.width * size));
  }
  return out;
}

template <class T>
std::vector<T> put_into(const std::vector<T>& values, int height, int width, std::size_t size, const Region& r,
                        T around) {
  std::vector<T> out(static_cast<std::size_t>(height) * width * size, around);
  for (int y = 0; y < r.height; ++y) {
    auto row = values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y) * r.width * size);
    std::copy(row, row + static_cast<std::ptrdiff_t>(r.width * size),
              out.begin() + static_cast<std::ptrdiff_t>((static_cast<std::size_t>(r.top + y) * width + r.left) * size));
  }
  return out;
}

LabelImage nearest_resized(const LabelImage& in, int height, int width) {
  LabelImage out{height, width, {}};
  out.values.reserve(static_cast<std::size_t>(height) * width);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      std::int64_t row = (2 * std::int64_t{y} + 1) * in.height / (2 * std::int64_t{height}),
                   column = (2 * std::int64_t{x} + 1) * in.width / (2 * std::int64_t{width});
      out.values.push_back(in.values[static_cast<std::size_t>(row * in.width + column)]);
    }
  return out;
}

void refuse_size(const std::string& path, int height, int width, const ImageForm& form) {
  throw Error(ErrorKind::data,
              {path, fmt::format("an image of {} x {}", form.height, form.width), fmt::format("{} x {}", height, width),
               "write image = { size = [height, width] } under [data] to bring all to one size"});
}

}  // namespace

void ImageFormParams::fields(Fields& f) {
  f("size", size, at_least(1), "[height, width] that every image is brought to; left out: all must have one size");
  f("channels", channels, between(1, 3), "1: grey, 3: colour; left out: 3 where an image has colours");
  f("fit", fit, {"stretch", "crop", "pad", "refuse"},
    "how other sizes become this one: stretch each axis, crop to the middle, pad around, or refuse them");
  f("background", background, {"black", "white"}, "behind what is transparent, and what pad puts around");
}

Image with_channels(const Image& in, int channels, std::uint8_t background) {
  if (in.channels == channels) return in;
  Image out{in.height, in.width, channels, {}};
  bool has_alpha = in.channels == 2 || in.channels == 4;
  int colours = in.channels - has_alpha;
  std::size_t pixels = static_cast<std::size_t>(in.height) * in.width;
  out.values.reserve(pixels * channels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint8_t* p = in.values.data() + i * in.channels;
    int rgb[3];
    for (int c = 0; c < 3; ++c) {
      int v = p[colours == 1 ? 0 : c], alpha = has_alpha ? p[colours] : 255;
      rgb[c] = (v * alpha + background * (255 - alpha) + 127) / 255;
    }
    if (channels == 3)
      out.values.insert(out.values.end(), rgb, rgb + 3);
    else
      out.values.push_back(static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000));
  }
  return out;
}

Image resized(const Image& in, int height, int width) {
  if (in.height == height && in.width == width) return in;
  std::vector<float> columns = mixed_columns(in, axis_weights(in.width, width));
  std::size_t stride = static_cast<std::size_t>(width) * in.channels;
  return {height, width, in.channels, mixed_rows(columns, stride, axis_weights(in.height, height))};
}

std::vector<std::uint8_t> ImageForm::apply(const Image& image, const std::string& path) const {
  Image in = with_channels(image, channels, background);
  if (in.height == height && in.width == width) return std::move(in.values);
  if (fit == "refuse") refuse_size(path, in.height, in.width, *this);
  auto size = static_cast<std::size_t>(channels);
  if (fit == "crop") {
    Region r = cropped(in.height, in.width, *this);
    in = {r.height, r.width, channels, cut_out(in.values, in.width, size, r)};
  }
  if (fit != "pad") return resized(in, height, width).values;
  Region r = padded(in.height, in.width, *this);
  return put_into(resized(in, r.height, r.width).values, height, width, size, r, background);
}

std::vector<std::uint16_t> ImageForm::apply(const LabelImage& labels, const std::string& path) const {
  if (labels.height == height && labels.width == width) return labels.values;
  if (fit == "refuse") refuse_size(path, labels.height, labels.width, *this);
  if (fit == "stretch") return nearest_resized(labels, height, width).values;
  if (fit == "crop") {
    Region r = cropped(labels.height, labels.width, *this);
    return nearest_resized({r.height, r.width, cut_out(labels.values, labels.width, 1, r)}, height, width).values;
  }
  Region r = padded(labels.height, labels.width, *this);
  return put_into(nearest_resized(labels, r.height, r.width).values, height, width, 1, r, std::uint16_t{0});
}

LabelImage ImageForm::undone(const LabelImage& labels, int to_height, int to_width) const {
  if (to_height == height && to_width == width) return labels;
  if (fit == "crop") {
    Region r = cropped(to_height, to_width, *this);
    std::vector<std::uint16_t> seen = nearest_resized(labels, r.height, r.width).values;
    return {to_height, to_width, put_into(seen, to_height, to_width, 1, r, std::uint16_t{0})};
  }
  if (fit != "pad") return nearest_resized(labels, to_height, to_width);
  Region r = padded(to_height, to_width, *this);
  return nearest_resized({r.height, r.width, cut_out(labels.values, width, 1, r)}, to_height, to_width);
}

Value ImageForm::state() const {
  Value v = Value::table();
  v.set("height", height);
  v.set("width", width);
  v.set("channels", channels);
  v.set("fit", fit);
  v.set("background", background);
  return v;
}

ImageForm ImageForm::restored(const Value& state) {
  ImageForm form;
  auto number = [&](const char* key, std::int64_t low, std::int64_t high) {
    std::int64_t v = state.at(key).as_integer();
    if (v < low || v > high) throw Error(ErrorKind::data, {key, "a number that an image has", std::to_string(v), ""});
    return static_cast<int>(v);
  };
  form.height = number("height", 1, kMostPixels);
  form.width = number("width", 1, kMostPixels);
  form.channels = number("channels", 1, 3);
  form.background = static_cast<std::uint8_t>(number("background", 0, 255));
  form.fit = state.at("fit").as_string();
  ImageFormParams known{{}, {}, form.fit, "black"};
  check_params(known, "image");
  return form;
}

}  // namespace gradus
