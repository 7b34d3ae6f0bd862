#include <cstdlib>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/data/readers/image_codecs.h"

// Any bytes are an image of the size its header says, with as many values, or an Error.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = gradus::as_text(data, size);
  try {
    const gradus::Image image = gradus::decode_webp(bytes, "input");
    const gradus::ImageHeader header = gradus::webp_header(bytes, "input");
    if (header.height != image.height || header.width != image.width) std::abort();
    if (image.values.size() != static_cast<std::size_t>(image.height) * image.width * image.channels) std::abort();
  } catch (const gradus::Error&) {
    return 0;  // refused, as it should be
  }
  return 0;
}
