#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

// A picture of bytes [height, width, channels] in reading order: 1 channel is grey, 2 are grey and alpha, 3 red, green
// and blue, 4 these and alpha.
struct Image {
  int height = 0, width = 0, channels = 1;
  std::vector<std::uint8_t> values;
};

// What the first bytes of an image file say; `channels` is 1 or 3, alpha not counted.
struct ImageHeader {
  int height = 0, width = 0, channels = 1;
};

// The numbers of a mask [height, width], such as the classes of its places.
struct LabelImage {
  int height = 0, width = 0;
  std::vector<std::uint16_t> values;
};

// Images that claim more pixels are refused.
inline constexpr std::int64_t kMostPixels = 100'000'000;

// Whether a file's name ends like an image's: .png, .jpg, .jpeg or .webp, in any case.
bool has_image_name(const std::string& path);

// Reads a PNG (of any depth and colour type; 16 bits are rounded to 8, palettes give their colours), JPEG (grey or
// colour, turned as its EXIF orientation says) or WebP file; its first bytes tell which. Gamma and colour profiles are
// ignored. Before anything is allocated the header is read: an image of more than kMostPixels, and one whose pixels its
// file is too short for, is refused. Throws Error{data} that names the file where it is no such image, damaged, cut
// off, animated or CMYK, Error{file} when it cannot be read.
Image read_image(const std::string& path);
// The size it would have, from the file's first bytes.
ImageHeader read_image_header(const std::string& path);

// Reads a grey or palette PNG as numbers: grey values as they are in the file, whatever its depth, and palette indices
// instead of colours. Throws as read_image does, and Error{data} for other kinds of image.
LabelImage read_label_image(const std::string& path);

}  // namespace gradus
