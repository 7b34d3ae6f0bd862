#include <algorithm>
#include <csetjmp>
#include <cstdio>

#include "gradus/base/error.h"
#include "gradus/data/readers/image_codecs.h"

// These expect <cstdio> before them.
#include <jerror.h>
#include <jpeglib.h>

namespace gradus {
namespace {

constexpr std::int64_t kPixelsPerBit = 64;  // each 8 x 8 block takes a bit at least

// As libpng's, libjpeg's mistakes are jumps: what they pass over owns nothing.
struct Reader {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "";
  std::string_view bytes;
  JSAMPROW row = nullptr;

  explicit Reader(std::string_view b) : bytes(b) {}
  ~Reader() { jpeg_destroy_decompress(&jpeg); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void give_up(j_common_ptr jpeg) {
  auto* reader = static_cast<Reader*>(jpeg->client_data);
  jpeg->err->format_message(jpeg, reader->message);
  std::longjmp(reader->jump, 1);
}

// Most warnings mean that pixels are missing or guessed. Bytes that nobody reads harm nothing.
void judge_warning(j_common_ptr jpeg, int level) {
  int code = jpeg->err->msg_code;
  bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
  if (level < 0 && !harmless) give_up(jpeg);
}

// Files that make the decoder go over the picture again and again for a few bytes each.
void limit_scans(j_common_ptr jpeg) {
  constexpr int kMostScans = 200;
  if (jpeg->is_decompressor && reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > kMostScans) {
    std::snprintf(static_cast<Reader*>(jpeg->client_data)->message, JMSG_LENGTH_MAX, "it has more than %d scans",
                  kMostScans);
    std::longjmp(static_cast<Reader*>(jpeg->client_data)->jump, 1);
  }
}

jpeg_progress_mgr progress() {
  jpeg_progress_mgr p{};
  p.progress_monitor = limit_scans;
  return p;
}

// Reads what comes before the pixels. False after an error.
bool begin(Reader& r) {
  r.jpeg.err = jpeg_std_error(&r.errors);
  r.errors.error_exit = give_up;
  r.errors.emit_message = judge_warning;
  r.jpeg.client_data = &r;
  if (setjmp(r.jump) != 0) return false;
  jpeg_create_decompress(&r.jpeg);
  r.jpeg.client_data = &r;
  jpeg_mem_src(&r.jpeg, reinterpret_cast<const unsigned char*>(r.bytes.data()), r.bytes.size());
  jpeg_save_markers(&r.jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&r.jpeg, TRUE);
  return true;
}

bool start(Reader& r) {
  if (setjmp(r.jump) != 0) return false;
  r.jpeg.out_color_space = r.jpeg.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  return jpeg_start_decompress(&r.jpeg) == TRUE;
}

bool read_row(Reader& r) {
  if (setjmp(r.jump) != 0) return false;
  return jpeg_read_scanlines(&r.jpeg, &r.row, 1) == 1;
}

bool finish(Reader& r) {
  if (setjmp(r.jump) != 0) return false;
  return jpeg_finish_decompress(&r.jpeg) == TRUE;
}

// The EXIF orientation, 1 to 8 (1 is upright), of an APP1 marker: a TIFF directory's entry 0x0112 (CIPA DC-008).
int orientation_in(const jpeg_marker_struct& marker) {
  std::string_view data(reinterpret_cast<const char*>(marker.data), marker.data_length);
  if (data.substr(0, 6) != std::string_view("Exif\0\0", 6)) return 1;
  data.remove_prefix(6);
  bool little = data.substr(0, 2) == "II";
  auto number = [&](std::size_t at, std::size_t bytes) -> std::uint32_t {
    std::uint32_t v = 0;
    if (at > data.size() || data.size() - at < bytes) return 0;
    for (std::size_t i = 0; i < bytes; ++i)
      v = v << 8 | static_cast<unsigned char>(data[at + (little ? bytes - 1 - i : i)]);
    return v;
  };
  std::size_t directory = number(4, 4), entries = number(directory, 2);
  for (std::size_t i = 0; i < entries && directory + 2 + 12 * i < data.size(); ++i) {
    std::size_t entry = directory + 2 + 12 * i;
    std::uint32_t value = number(entry + 8, 2);
    if (number(entry, 2) == 0x0112) return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

int orientation_of(const Reader& r) {
  for (const jpeg_marker_struct* m = r.jpeg.marker_list; m != nullptr; m = m->next)
    if (int o = orientation_in(*m); o != 1) return o;
  return 1;
}

// Turns and mirrors a picture that was stored with this orientation upright.
Image upright(Image in, int orientation) {
  if (orientation == 1) return in;
  bool turned = orientation >= 5;
  bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  Image out{turned ? in.width : in.height, turned ? in.height : in.width, in.channels, {}};
  out.values.reserve(in.values.size());
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      int row = turned ? x : y, column = turned ? y : x;
      if (from_bottom) row = in.height - 1 - row;
      if (from_right) column = in.width - 1 - column;
      const std::uint8_t* pixel = in.values.data() + (static_cast<std::size_t>(row) * in.width + column) * in.channels;
      out.values.insert(out.values.end(), pixel, pixel + in.channels);
    }
  return out;
}

// The picture as it is stored, without its orientation.
ImageHeader stored_header(Reader& r, const std::string& path) {
  if (!begin(r)) damaged_image(path, r.message);
  if (r.jpeg.num_components != 1 && r.jpeg.num_components != 3)
    throw Error(ErrorKind::data, {path, "a grey or colour JPEG", r.jpeg.num_components == 4 ? "CMYK" : "another kind",
                                  "convert it to RGB"});
  check_image_size(r.jpeg.image_height, r.jpeg.image_width, path);
  return {static_cast<int>(r.jpeg.image_height), static_cast<int>(r.jpeg.image_width), r.jpeg.num_components};
}

}  // namespace

bool is_jpeg(std::string_view bytes) { return bytes.substr(0, 3) == "\xff\xd8\xff"; }

ImageHeader jpeg_header(std::string_view bytes, const std::string& path) {
  Reader r(bytes);
  ImageHeader h = stored_header(r, path);
  if (orientation_of(r) >= 5) std::swap(h.height, h.width);
  return h;
}

Image decode_jpeg(std::string_view bytes, const std::string& path) {
  Reader r(bytes);
  jpeg_progress_mgr watch = progress();
  ImageHeader h = stored_header(r, path);
  if (!r.jpeg.arith_code)
    check_image_bytes(static_cast<std::uint64_t>(h.height) * static_cast<std::uint64_t>(h.width) / kPixelsPerBit / 8,
                      bytes.size(), h.height, h.width, path);
  check_image_memory(h.height, h.width, h.channels, path);
  int orientation = orientation_of(r);
  r.jpeg.progress = &watch;
  if (!start(r)) damaged_image(path, r.message);
  Image out{h.height, h.width, r.jpeg.output_components, {}};
  std::size_t stride = static_cast<std::size_t>(h.width) * static_cast<std::size_t>(out.channels);
  out.values.resize(stride * static_cast<std::size_t>(h.height));
  for (int y = 0; y < h.height; ++y) {
    r.row = out.values.data() + static_cast<std::size_t>(y) * stride;
    if (!read_row(r)) damaged_image(path, r.message);
  }
  if (!finish(r)) damaged_image(path, r.message);
  return upright(std::move(out), orientation);
}

}  // namespace gradus
