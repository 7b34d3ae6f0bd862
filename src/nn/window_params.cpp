#include "gradus/nn/window_params.h"

#include <algorithm>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr std::int64_t kMost = 1 << 20;

}  // namespace

Kernel per_axis(const Value& value, int axes, std::int64_t least, std::int64_t rest, const std::string& place) {
  auto number = [&](const Value& v) {
    if (v.is_number())
      if (std::int64_t n = v.as_integer(place); n >= least && n <= kMost) return n;
    throw Error(ErrorKind::config,
                {v.place(place),
                 "a whole number >= " + std::to_string(least) + ", or a list of " + std::to_string(axes) + " of them",
                 describe(v), ""});
  };
  Kernel out = {rest, rest, rest};
  if (value.type() != Value::Type::array) {
    std::fill_n(out.begin(), axes, number(value));
    return out;
  }
  const Value::Array& list = value.as_array(place);
  if (static_cast<int>(list.size()) != axes)
    throw Error(ErrorKind::config, {place, "one number, or " + std::to_string(axes) + ", one for each axis of size",
                                    std::to_string(list.size()), ""});
  std::ranges::transform(list, out.begin(), number);
  return out;
}

void check_axes(const std::string& layer, int axes, const Shape& example) {
  if (example.rank() == axes + 1 && example.size() > 0) return;
  static const char* const kForms[] = {"[length, channels]", "[height, width, channels]",
                                       "[depth, height, width, channels]"};
  throw Error(ErrorKind::shape, {layer, std::string("examples ") + kForms[axes - 1], example.text(),
                                 example.rank() == axes ? "add an axis of one channel with a reshape layer" : ""});
}

WindowParams::WindowParams(const std::string& layer, const std::string& place, int axes, const Value& kernel,
                           const Value& stride, const Value& padding, const Value& dilation, const char* kernel_key)
    : layer_(layer),
      axes_(axes),
      kernel_(per_axis(kernel, axes, 1, 1, place + "." + kernel_key)),
      stride_(per_axis(stride, axes, 1, 1, place + ".stride")),
      dilation_(per_axis(dilation, axes, 1, 1, place + ".dilation")) {
  same_ = padding == Value("same");
  if (!same_ && padding != Value("valid")) {
    if (padding.is_string())
      throw Error(ErrorKind::config,
                  {padding.place(place + ".padding"), "\"same\", \"valid\" or a number", describe(padding), ""});
    padding_ = per_axis(padding, axes, 0, 0, place + ".padding");
  }
}

Slide WindowParams::slide(const Shape& example) const {
  check_axes(layer_, axes_, example);
  Slide s{stride_, dilation_, padding_, padding_};
  for (int a = 0; same_ && a < axes_; ++a) {
    std::int64_t result = (example[a] + stride_[a] - 1) / stride_[a],
                 needed = std::max<std::int64_t>((result - 1) * stride_[a] + span(a) - example[a], 0);
    s.before[a] = needed / 2;
    s.after[a] = needed - needed / 2;
  }
  return s;
}

Shape WindowParams::result(const Shape& example, std::int64_t channels) const {
  Slide s = slide(example);
  Shape out = example.with(axes_, channels);
  for (int a = 0; a < axes_; ++a) {
    std::int64_t room = example[a] + s.before[a] + s.after[a] - span(a);
    if (room < 0)
      throw Error(
          ErrorKind::shape,
          {layer_, "an input that the window fits", example.text() + " for a window of " + std::to_string(span(a)),
           "use a smaller kernel, padding = \"same\", or fewer layers that make the input smaller"});
    out[a] = room / stride_[a] + 1;
  }
  return out;
}

Slide WindowParams::transposed_slide() const {
  Slide s{stride_, dilation_, padding_, padding_};
  for (int a = 0; same_ && a < axes_; ++a) {
    std::int64_t surplus = span(a) - stride_[a];  // of (size - 1) stride + span over size * stride
    if (surplus < 0)
      throw Error(ErrorKind::config, {layer_ + ".padding", "a kernel of at least the stride for \"same\"",
                                      std::to_string(span(a)) + " and " + std::to_string(stride_[a]), ""});
    s.before[a] = surplus / 2;
    s.after[a] = surplus - surplus / 2;
  }
  return s;
}

Shape WindowParams::transposed_result(const Shape& example, std::int64_t channels) const {
  check_axes(layer_, axes_, example);
  Slide s = transposed_slide();
  Shape out = example.with(axes_, channels);
  for (int a = 0; a < axes_; ++a) {
    out[a] = (example[a] - 1) * stride_[a] + span(a) - s.before[a] - s.after[a];
    if (out[a] < 1) throw Error(ErrorKind::shape, {layer_, "padding that leaves a result", example.text(), ""});
  }
  return out;
}

}  // namespace gradus
