#include <cstdlib>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/base/value.h"

// Any text is a value or an Error; a value's written form is read and written again as the same text.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string written;
  try {
    written = gradus::to_json(gradus::parse_json(gradus::as_text(data, size), "input.json"), -1);
  } catch (const gradus::Error&) {
    return 0;
  }
  if (gradus::to_json(gradus::parse_json(written, "written.json"), -1) != written) std::abort();
  return 0;
}
