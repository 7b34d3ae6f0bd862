#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

// A number as IDX files have it, the most significant byte first.
inline std::string be32(std::uint32_t x) {
  return {static_cast<char>(x >> 24), static_cast<char>(x >> 16), static_cast<char>(x >> 8), static_cast<char>(x)};
}

inline std::string idx_header(char type, const std::vector<std::uint32_t>& dims) {
  std::string out = {'\0', '\0', type, static_cast<char>(dims.size())};
  for (std::uint32_t d : dims) out += be32(d);
  return out;
}

}  // namespace gradus
