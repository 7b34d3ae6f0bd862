#include "gradus/report/png.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

void put_be32(std::string& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift & 0xFF);
}

void put_chunk(std::string& out, std::string_view type, std::string_view data) {
  put_be32(out, static_cast<std::uint32_t>(data.size()));
  std::size_t start = out.size();
  out += type;
  out += data;
  put_be32(out, static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(out.data() + start),
                                                 static_cast<uInt>(out.size() - start))));
}

std::string deflated(const std::string& raw) {
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  std::string out(size, '\0');
  int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
                         static_cast<uLong>(raw.size()), Z_BEST_COMPRESSION);
  if (status != Z_OK) throw Error(ErrorKind::state, "png", fmt::format("zlib failed with code {}", status));
  out.resize(size);
  return out;
}

void check(const Picture& p) {
  bool fits = p.width > 0 && p.height > 0 && p.channels >= 1 && p.channels <= 4 &&
              p.pixels.size() == static_cast<std::size_t>(p.width) * p.height * p.channels;
  if (!fits)
    throw Error(ErrorKind::shape,
                {"picture", "height x width x 1 to 4 pixel bytes",
                 fmt::format("{} bytes for {} x {} x {}", p.pixels.size(), p.height, p.width, p.channels), ""});
}

// The file of a picture that is `check`ed; a palette [colors, 3] or none.
std::string file_of(const Picture& p, const std::string& palette) {
  constexpr char kNoFilter = 0, kDeflate = 0, kAdaptiveFilters = 0, kNotInterlaced = 0, kDepth = 8;
  constexpr int kGrey = 0, kRgb = 2, kPalette = 3, kAlpha = 4;
  std::size_t row = static_cast<std::size_t>(p.width) * p.channels;
  std::string raw;
  raw.reserve((row + 1) * p.height);
  for (int y = 0; y < p.height; ++y) {
    raw += kNoFilter;
    raw.append(reinterpret_cast<const char*>(p.pixels.data()) + row * y, row);
  }
  std::string header;
  put_be32(header, p.width);
  put_be32(header, p.height);
  int color_type = !palette.empty() ? kPalette : (p.channels > 2 ? kRgb : kGrey) + (p.channels % 2 == 0 ? kAlpha : 0);
  header += {kDepth, static_cast<char>(color_type), kDeflate, kAdaptiveFilters, kNotInterlaced};

  std::string out = "\x89PNG\r\n\x1a\n";
  put_chunk(out, "IHDR", header);
  if (!palette.empty()) put_chunk(out, "PLTE", palette);
  put_chunk(out, "IDAT", deflated(raw));
  put_chunk(out, "IEND", "");
  return out;
}

}  // namespace

std::string encode_png(const Picture& p) {
  check(p);
  return file_of(p, "");
}

Rgb class_color(int number) {
  number &= 255;
  constexpr Rgb kFirst[] = {{0, 0, 0},      {230, 159, 0}, {86, 180, 233}, {0, 158, 115},
                            {240, 228, 66}, {0, 114, 178}, {213, 94, 0},   {204, 121, 167}};
  if (number < static_cast<int>(std::size(kFirst))) return kFirst[number];
  // Hues a golden angle apart come close again after eight, which then have another brightness.
  constexpr double kValues[] = {240, 110, 180};
  double hue = std::fmod(0.61803398875 * number, 1.0) * 6, value = kValues[number / 8 % 3], rest = value * 0.25;
  double up = rest + (value - rest) * (hue - std::floor(hue)), down = value + rest - up;
  auto color = [](double r, double g, double b) {
    return Rgb{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g), static_cast<std::uint8_t>(b)};
  };
  switch (static_cast<int>(hue)) {
    case 0:
      return color(value, up, rest);
    case 1:
      return color(down, value, rest);
    case 2:
      return color(rest, value, up);
    case 3:
      return color(rest, down, value);
    case 4:
      return color(up, rest, value);
    default:
      return color(value, rest, down);
  }
}

std::string encode_mask_png(int width, int height, const std::vector<std::uint8_t>& numbers) {
  Picture mask{width, height, 1, numbers};
  check(mask);
  std::string palette;
  for (int i = 0; i < 256; ++i) {
    Rgb color = class_color(i);
    for (std::uint8_t part : {color.red, color.green, color.blue}) palette += static_cast<char>(part);
  }
  return file_of(mask, palette);
}

Picture shrink(const Picture& p, int side) {
  check(p);
  int block = (std::max(p.width, p.height) + side - 1) / side;
  if (block <= 1) return p;
  Picture out{(p.width + block - 1) / block, (p.height + block - 1) / block, p.channels, {}};
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      for (int c = 0; c < p.channels; ++c) {
        unsigned long sum = 0, count = 0;
        for (int sy = y * block; sy < std::min((y + 1) * block, p.height); ++sy)
          for (int sx = x * block; sx < std::min((x + 1) * block, p.width); ++sx, ++count)
            sum += p.pixels[(static_cast<std::size_t>(sy) * p.width + sx) * p.channels + c];
        out.pixels.push_back(static_cast<std::uint8_t>((sum + count / 2) / count));
      }
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace gradus
