#pragma once

#include <bit>
#include <cstdint>

namespace gradus {

// bfloat16: the upper half of a float, rounded to nearest even.
struct bf16 {
  std::uint16_t bits = 0;
  bf16() = default;
  explicit bf16(float f) {
    std::uint32_t u = std::bit_cast<std::uint32_t>(f);
    bits = static_cast<std::uint16_t>(f != f ? (u >> 16) | 0x40 : (u + 0x7fff + ((u >> 16) & 1)) >> 16);
  }
  explicit bf16(double d) : bf16(static_cast<float>(d)) {}
  template <class T>
  explicit bf16(T integer) : bf16(static_cast<float>(integer)) {}
  operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

// Whether this processor multiplies bf16 itself.
bool has_bf16();

// What numbers of type T are computed in.
template <class T>
struct ArithmeticOf {
  using type = T;
};
template <>
struct ArithmeticOf<bf16> {
  using type = float;
};
template <class T>
using Arithmetic = typename ArithmeticOf<T>::type;

}  // namespace gradus
