#include <cstdlib>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/data/readers/idx.h"
#include "memory_file.h"

// Any bytes are an array with as many elements as its dimensions say, whole and in pieces, or an Error.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const gradus::MemoryFile file(gradus::as_text(data, size));
  try {
    const gradus::IdxArray array = gradus::read_idx(file.path());
    std::size_t count = 1;
    for (const std::size_t dim : array.dims) count *= dim;
    if (array.count() != count || array.floats().size() != count) std::abort();
    std::size_t in_pieces = 0;
    gradus::read_idx_pieces(file.path(), [&](const gradus::IdxArray& piece) { in_pieces += piece.count(); });
    if (in_pieces != count) std::abort();
  } catch (const gradus::Error&) {
    return 0;  // refused, as it should be
  }
  return 0;
}
