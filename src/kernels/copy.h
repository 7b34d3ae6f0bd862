#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus::kernels {

// Copies a strided arrangement into a dense one: `rank` axes of size[i] items, source steps step[i] in items of
// `item` bytes.
void copy_strided(const char* from, char* to, int rank, const std::int64_t* size, const std::int64_t* step,
                  std::size_t item);

}  // namespace gradus::kernels
