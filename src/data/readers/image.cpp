#include "gradus/data/readers/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/memory.h"
#include "gradus/data/readers/image_codecs.h"

namespace gradus {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // of a file
constexpr std::size_t kStart = 64u << 10;                     // holds most headers

struct Codec {
  bool (*is)(std::string_view);
  ImageHeader (*header)(std::string_view, const std::string&);
  Image (*decode)(std::string_view, const std::string&);
};

constexpr Codec kCodecs[] = {
    {is_png, png_header, decode_png}, {is_jpeg, jpeg_header, decode_jpeg}, {is_webp, webp_header, decode_webp}};

const Codec& codec_of(std::string_view bytes, const std::string& path) {
  for (const Codec& codec : kCodecs)
    if (codec.is(bytes)) return codec;
  std::string begin;
  for (char c : bytes.substr(0, 4)) begin += fmt::format("{:02x} ", static_cast<unsigned char>(c));
  throw Error(ErrorKind::data, {path, "a PNG, JPEG or WebP image",
                                begin.empty() ? "an empty file" : "a file that begins with " + begin + "...", ""});
}

}  // namespace

bool has_image_name(const std::string& path) {
  std::string end = path.substr(std::min(path.rfind('.'), path.size()));
  for (char& c : end) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return end == ".png" || end == ".jpg" || end == ".jpeg" || end == ".webp";
}

Image read_image(const std::string& path) {
  std::string bytes = read_file(path, kMostBytes);
  return codec_of(bytes, path).decode(bytes, path);
}

ImageHeader read_image_header(const std::string& path) {
  InputFile file(path);
  std::string bytes(kStart, '\0');
  bytes.resize(file.read(0, bytes.data(), kStart));
  const Codec& codec = codec_of(bytes, path);
  try {
    return codec.header(bytes, path);
  } catch (const Error&) {
    if (file.size() <= kStart) throw;
  }
  return codec.header(read_file(path, kMostBytes), path);  // a JPEG's may lie behind long notes
}

LabelImage read_label_image(const std::string& path) {
  std::string bytes = read_file(path, kMostBytes);
  codec_of(bytes, path);
  if (!is_png(bytes))
    throw Error(ErrorKind::data, {path, "a grey or palette PNG as a mask", is_jpeg(bytes) ? "a JPEG" : "a WebP image",
                                  "store masks as PNG, which keeps every value"});
  return decode_png_labels(bytes, path);
}

void check_image_size(std::int64_t height, std::int64_t width, const std::string& path) {
  if (height < 1 || width < 1) damaged_image(path, fmt::format("its size is {} x {}", height, width));
  if (width > kMostPixels / height)
    throw Error(ErrorKind::data, {path, fmt::format("an image of at most {} million pixels", kMostPixels / 1'000'000),
                                  fmt::format("{} x {}", height, width), "cut or shrink it first"});
}

void damaged_image(const std::string& path, const std::string& reason) {
  throw Error(ErrorKind::data, path, "the image is damaged: " + reason, "copy the file again, or leave it out");
}

void check_image_bytes(std::uint64_t least, std::uint64_t bytes, int height, int width, const std::string& path) {
  if (bytes < least)
    throw Error(ErrorKind::data, {path, fmt::format("at least {} bytes for an image of {} x {}", least, height, width),
                                  fmt::format("{}", bytes), "the file is cut off: copy it again"});
}

void check_image_memory(int height, int width, int channels, const std::string& path) {
  constexpr double kSmall = 16 << 20;  // asking what is free takes as long as decoding a small image
  double bytes = static_cast<double>(height) * width * (channels + 6);  // libjpeg holds up to 6 a pixel, libwebp 4
  if (bytes < kSmall) return;
  require_memory(bytes, ErrorKind::data, path, fmt::format("an image of {} x {}", height, width),
                 "cut or shrink it first");
}

}  // namespace gradus
