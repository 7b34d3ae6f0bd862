#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradus {

// An 8-bit picture: pixels [height, width, channels] in reading order; 1 channel is grey, 3 are red, green, blue.
struct Picture {
  int width = 0;
  int height = 0;
  int channels = 1;
  std::vector<std::uint8_t> pixels;
};

// The picture as a PNG file (ISO/IEC 15948). Throws Error{shape} unless channels are 1 or 3, both sides are positive
// and the pixels fit them.
std::string encode_png(const Picture& picture);

// A colour for the number of a class: 0 is black, the others are bright and far from each other; they repeat after 256.
std::array<std::uint8_t, 3> class_color(int number);

// A mask [height, width] of class numbers as a PNG file whose values are these numbers and whose palette shows each in
// its class_color. Throws Error{shape} unless both sides are positive and the numbers fit them.
std::string encode_mask_png(int width, int height, const std::vector<std::uint8_t>& numbers);

// The picture averaged over square blocks, the smallest that bring both sides to at most `side`; unchanged if they are.
Picture shrink(const Picture& picture, int side);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace gradus
