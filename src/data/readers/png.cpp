#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/data/readers/image_codecs.h"

namespace gradus {
namespace {

constexpr std::uint64_t kMostPerByte = 1032;  // deflate's best ratio: 258 bytes in 2 bits

struct Header {
  std::uint32_t width = 0, height = 0;
  unsigned depth = 0, colour = 0;
};

// The IHDR chunk, which always comes first.
Header parse_header(std::string_view bytes, const std::string& path) {
  constexpr std::size_t kLength = 8 + 8 + 13;
  if (bytes.size() < kLength || bytes.substr(12, 4) != "IHDR") damaged_image(path, "it has no header");
  auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  auto word = [&](std::size_t i) { return byte(i) << 24 | byte(i + 1) << 16 | byte(i + 2) << 8 | byte(i + 3); };
  Header h{word(16), word(20), byte(24), byte(25)};
  check_image_size(h.height, h.width, path);
  return h;
}

std::uint64_t channels_in_file(const Header& h) {
  if (h.colour == PNG_COLOR_TYPE_RGB) return 3;
  if (h.colour == PNG_COLOR_TYPE_RGB_ALPHA) return 4;
  return h.colour == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1;
}

// libpng reports a mistake by a jump to the last setjmp. What it jumps over must have nothing to destroy, so all that
// reading needs lives here, and the functions that call setjmp own nothing.
struct Reader {
  std::string_view bytes;
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[160] = "";
  std::size_t row_bytes = 0;
  int channels = 0, depth = 0;
  bool labels = false;  // numbers as they are in the file
  std::vector<std::uint8_t> values = {};
  std::vector<png_bytep> rows = {};

  Reader(std::string_view b, bool l) : bytes(b), labels(l) {}
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

void keep_message(png_structp png, png_const_charp text) {
  auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof reader->message, "%s", text);
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void give_bytes(png_structp png, png_bytep to, std::size_t n) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (reader->bytes.size() < n) png_error(png, "it ends too early");
  std::memcpy(to, reader->bytes.data(), n);
  reader->bytes.remove_prefix(n);
}

// Reads what comes before the pixels. False after an error.
bool begin(Reader& r) {
  r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, keep_message, ignore_warning);
  if (r.png == nullptr) return false;
  if (setjmp(png_jmpbuf(r.png)) != 0) return false;
  r.info = png_create_info_struct(r.png);
  if (r.info == nullptr) return false;
  png_set_read_fn(r.png, &r, give_bytes);
  png_read_info(r.png, r.info);
  if (r.labels) {
    png_set_packing(r.png);
  } else {
    png_set_expand(r.png);  // palettes to colours, grey to 8 bits, transparent colours to alpha
    png_set_scale_16(r.png);
  }
  png_set_interlace_handling(r.png);
  png_read_update_info(r.png, r.info);
  r.row_bytes = png_get_rowbytes(r.png, r.info);
  r.channels = png_get_channels(r.png, r.info);
  r.depth = png_get_bit_depth(r.png, r.info);
  return true;
}

// Reads the pixels and all that follows them, so that a file without its end is noticed.
bool finish(Reader& r) {
  if (setjmp(png_jmpbuf(r.png)) != 0) return false;
  png_read_image(r.png, r.rows.data());
  png_read_end(r.png, nullptr);
  return true;
}

void decode(Reader& r, const Header& h, const std::string& path) {
  std::uint64_t row = (h.width * channels_in_file(h) * h.depth + 7) / 8 + 1;
  check_image_bytes(row * h.height / kMostPerByte, r.bytes.size(), static_cast<int>(h.height),
                    static_cast<int>(h.width), path);
  if (!begin(r)) damaged_image(path, r.message);
  check_image_memory(static_cast<int>(h.height), static_cast<int>(h.width), r.channels, path);
  r.values.resize(r.row_bytes * h.height);
  for (std::uint32_t y = 0; y < h.height; ++y) r.rows.push_back(r.values.data() + y * r.row_bytes);
  if (!finish(r)) damaged_image(path, r.message);
}

}  // namespace

bool is_png(std::string_view bytes) { return bytes.substr(0, 8) == std::string_view("\x89PNG\r\n\x1a\n", 8); }

ImageHeader png_header(std::string_view bytes, const std::string& path) {
  Header h = parse_header(bytes, path);
  bool is_grey = h.colour == PNG_COLOR_TYPE_GRAY || h.colour == PNG_COLOR_TYPE_GRAY_ALPHA;
  return {static_cast<int>(h.height), static_cast<int>(h.width), is_grey ? 1 : 3};
}

Image decode_png(std::string_view bytes, const std::string& path) {
  Header h = parse_header(bytes, path);
  Reader r(bytes, false);
  decode(r, h, path);
  return {static_cast<int>(h.height), static_cast<int>(h.width), r.channels, std::move(r.values)};
}

LabelImage decode_png_labels(std::string_view bytes, const std::string& path) {
  Header h = parse_header(bytes, path);
  if (h.colour != PNG_COLOR_TYPE_GRAY && h.colour != PNG_COLOR_TYPE_PALETTE)
    throw Error(ErrorKind::data, {path, "a grey or palette PNG as a mask",
                                  h.colour == PNG_COLOR_TYPE_GRAY_ALPHA ? "one with alpha" : "one of colours",
                                  "store the class number of each place as its grey value"});
  Reader r(bytes, true);
  decode(r, h, path);
  LabelImage out{static_cast<int>(h.height), static_cast<int>(h.width), {}};
  if (r.depth < 16) {
    out.values.assign(r.values.begin(), r.values.end());
  } else {
    for (std::size_t i = 0; i < r.values.size(); i += 2)
      out.values.push_back(static_cast<std::uint16_t>(r.values[i] << 8 | r.values[i + 1]));
  }
  return out;
}

}  // namespace gradus
