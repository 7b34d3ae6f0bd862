#pragma once

#include <string>
#include <string_view>

#include "gradus/data/readers/image.h"

namespace gradus {

// What each image format gives to read_image. `bytes` are a file's, `path` its name for errors; a header may be read
// from the first bytes alone where they hold it.
bool is_png(std::string_view bytes);
ImageHeader png_header(std::string_view bytes, const std::string& path);
Image decode_png(std::string_view bytes, const std::string& path);
LabelImage decode_png_labels(std::string_view bytes, const std::string& path);

bool is_jpeg(std::string_view bytes);
ImageHeader jpeg_header(std::string_view bytes, const std::string& path);
Image decode_jpeg(std::string_view bytes, const std::string& path);

bool is_webp(std::string_view bytes);
ImageHeader webp_header(std::string_view bytes, const std::string& path);
Image decode_webp(std::string_view bytes, const std::string& path);

// Throws Error{data} for sides below 1 and more than kMostPixels.
void check_image_size(std::int64_t height, std::int64_t width, const std::string& path);
// Throws Error{data}: the file is cut off, or otherwise damaged, as `reason` says.
[[noreturn]] void damaged_image(const std::string& path, const std::string& reason);
// Throws Error{data} unless a file of `bytes` can hold an image that takes `least` of them.
void check_image_bytes(std::uint64_t least, std::uint64_t bytes, int height, int width, const std::string& path);

// Throws Error{data} where memory has no room for the decoded pixels and what their decoder holds beside them.
void check_image_memory(int height, int width, int channels, const std::string& path);

}  // namespace gradus
