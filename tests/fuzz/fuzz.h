#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// What each fuzz target defines and libFuzzer or replay.cpp calls; returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace gradus {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace gradus
