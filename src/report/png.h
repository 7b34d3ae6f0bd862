#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradus {

// An 8-bit picture: pixels [height, width, channels] in reading order; 1 channel is grey, 3 are red, green, blue; with
// 2 or 4 the last one is how opaque a pixel is.
struct Picture {
  int width = 0;
  int height = 0;
  int channels = 1;
  std::vector<std::uint8_t> pixels;
};

struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
};

// The picture as a PNG file (ISO/IEC 15948). Throws Error{shape} unless channels are 1 to 4, both sides are positive
// and the pixels fit them.
std::string encode_png(const Picture& picture);

// A colour for each class of at most 256: black for 0; the first seven told apart also by those who see few colours
// (Okabe, Ito, Color universal design, 2008).
Rgb class_color(int number);

// A mask [height, width] of class numbers as a PNG file whose values are these numbers and whose palette shows each in
// its class_color. Throws Error{shape} unless both sides are positive and the numbers fit them.
std::string encode_mask_png(int width, int height, const std::vector<std::uint8_t>& numbers);

// The picture averaged over square blocks, the smallest that bring both sides to at most `side`; unchanged if they are.
Picture shrink(const Picture& picture, int side);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace gradus
