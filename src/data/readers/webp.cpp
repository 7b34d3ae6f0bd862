#include <webp/decode.h>

#include "gradus/base/error.h"
#include "gradus/data/readers/image_codecs.h"

namespace gradus {
namespace {

const std::uint8_t* data_of(std::string_view bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

WebPBitstreamFeatures features_of(std::string_view bytes, const std::string& path) {
  WebPBitstreamFeatures f;
  if (WebPGetFeatures(data_of(bytes), bytes.size(), &f) != VP8_STATUS_OK)
    damaged_image(path, "its header is unreadable");
  check_image_size(f.height, f.width, path);
  if (f.has_animation)
    throw Error(ErrorKind::data, {path, "a single image", "an animation", "store one of its images as a file"});
  return f;
}

}  // namespace

bool is_webp(std::string_view bytes) {
  return bytes.size() >= 12 && bytes.substr(0, 4) == "RIFF" && bytes.substr(8, 4) == "WEBP";
}

ImageHeader webp_header(std::string_view bytes, const std::string& path) {
  WebPBitstreamFeatures f = features_of(bytes, path);
  return {f.height, f.width, 3};
}

Image decode_webp(std::string_view bytes, const std::string& path) {
  WebPBitstreamFeatures f = features_of(bytes, path);
  Image out{f.height, f.width, f.has_alpha ? 4 : 3, {}};
  check_image_memory(out.height, out.width, out.channels, path);
  int stride = f.width * out.channels;
  out.values.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(f.height));
  auto* decode = f.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (decode(data_of(bytes), bytes.size(), out.values.data(), out.values.size(), stride) == nullptr)
    damaged_image(path, "its pixels cannot be decoded, or it ends too early");
  return out;
}

}  // namespace gradus
