#include <cstdlib>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/data/readers/image_codecs.h"

// Any bytes are an image and a mask with as many values as their sizes say, or an Error.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = gradus::as_text(data, size);
  try {
    const gradus::Image image = gradus::decode_png(bytes, "input");
    if (image.values.size() != static_cast<std::size_t>(image.height) * image.width * image.channels) std::abort();
  } catch (const gradus::Error&) {  // refused, as it should be
  }
  try {
    const gradus::LabelImage labels = gradus::decode_png_labels(bytes, "input");
    if (labels.values.size() != static_cast<std::size_t>(labels.height) * labels.width) std::abort();
  } catch (const gradus::Error&) {
  }
  return 0;
}
