#pragma once

#include <cstdint>

namespace gradus::kernels {

// What oneDNN was asked for so far, by all threads.
struct LibraryCounters {
  std::uint64_t primitives;  // made
  std::uint64_t reorders;    // run: weights put into a kernel's order and their gradients back
  std::uint64_t slow;        // run: reference kernels, and convolutions by plain matrix products
};
LibraryCounters library_counters();

}  // namespace gradus::kernels
