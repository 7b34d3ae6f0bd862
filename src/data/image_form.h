#pragma once

#include <optional>

#include <string>
#include <vector>

#include "gradus/base/params.h"
#include "gradus/data/readers/image.h"
#include "gradus/tensor/shape.h"

namespace gradus {

// How pictures of other sizes and kinds become those of one form: the `image` table of a config.
struct ImageFormParams {
  std::vector<std::int64_t> size;
  std::optional<std::int64_t> channels;
  std::string fit = "stretch", background = "black";
  void fields(Fields& f);
};

// The form itself: every picture becomes [height, width, channels].
struct ImageForm {
  int height = 0, width = 0, channels = 1;  // 1 or 3
  std::string fit = "refuse";
  std::uint8_t background = 0;  // behind what is transparent, and beside what is too narrow

  Shape shape() const { return {height, width, channels}; }
  // Throws Error{data} naming `path` for another size where these are refused.
  std::vector<std::uint8_t> apply(const Image& image, const std::string& path) const;
  // The same for numbers, which are moved and never mixed; 0 beside what is too narrow.
  std::vector<std::uint16_t> apply(const LabelImage& labels, const std::string& path) const;
  // Numbers of this form as those of a picture [to_height, to_width] that was brought to it: the nearest ones, and 0
  // for what was cut off.
  LabelImage undone(const LabelImage& labels, int to_height, int to_width) const;
  Value state() const;
  // Throws Error{data} for a state that is damaged.
  static ImageForm restored(const Value& state);
};

// The picture with 1 or 3 channels. Grey is the luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); what is transparent
// is put in front of a background of this grey.
Image with_channels(const Image& image, int channels, std::uint8_t background = 0);

// The picture in another size, each axis by itself: where it shrinks, a pixel is the mean of the area it covers; where
// it grows, pixels are interpolated linearly between centres, those at the edge repeated. Rounded to the nearest.
Image resized(const Image& image, int height, int width);

}  // namespace gradus
