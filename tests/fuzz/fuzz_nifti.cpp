#include <cmath>
#include <cstdlib>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/data/readers/nifti.h"
#include "memory_file.h"

// Any bytes are a volume of as many finite values as its sizes say, on axes of finite length, or an Error.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const gradus::MemoryFile file(gradus::as_text(data, size));
  try {
    const gradus::NiftiImage image = gradus::read_nifti(file.path());
    if (image.volume.values.size() != gradus::places(image.volume.size)) std::abort();
    for (const float v : image.volume.values)
      if (!std::isfinite(v)) std::abort();
    for (const double mm : image.volume.spacing)
      if (!(mm > 0 && std::isfinite(mm))) std::abort();
  } catch (const gradus::Error&) {
    return 0;  // refused, as it should be
  }
  return 0;
}
