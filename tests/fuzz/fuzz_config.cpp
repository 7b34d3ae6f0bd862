#include <cstdlib>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/base/value.h"

// Any text is a table or an Error; a table's written form is read and written again as the same text.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string written;
  try {
    written = gradus::to_toml(gradus::parse_toml(gradus::as_text(data, size), "input.toml"));
  } catch (const gradus::Error&) {
    return 0;
  }
  constexpr std::size_t kLargestConfig = 64 << 10;
  if (written.size() <= kLargestConfig && gradus::to_toml(gradus::parse_toml(written, "written.toml")) != written)
    std::abort();
  return 0;
}
