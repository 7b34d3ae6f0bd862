#pragma once

#include <cstddef>
#include <cstdint>

#include "gradus/kernels/bf16.h"

namespace gradus {

// Element types. Arithmetic is on f32 and f64; i32 holds indices and class numbers, u8 raw image bytes. bf16 keeps the
// activations of mixed precision: products multiply it, everything else widens it, computes in f32 and rounds.
enum class Dtype : std::uint8_t { f32, f64, bf16, i32, u8 };

constexpr std::size_t item_size(Dtype t) {
  switch (t) {
    case Dtype::f64:
      return 8;
    case Dtype::bf16:
      return 2;
    case Dtype::u8:
      return 1;
    default:
      return 4;
  }
}
constexpr const char* dtype_name(Dtype t) {
  switch (t) {
    case Dtype::f32:
      return "f32";
    case Dtype::f64:
      return "f64";
    case Dtype::bf16:
      return "bf16";
    case Dtype::i32:
      return "i32";
    default:
      return "u8";
  }
}

template <class T>
struct DtypeOf;
template <>
struct DtypeOf<float> {
  static constexpr Dtype value = Dtype::f32;
};
template <>
struct DtypeOf<double> {
  static constexpr Dtype value = Dtype::f64;
};
template <>
struct DtypeOf<bf16> {
  static constexpr Dtype value = Dtype::bf16;
};
template <>
struct DtypeOf<std::int32_t> {
  static constexpr Dtype value = Dtype::i32;
};
template <>
struct DtypeOf<std::uint8_t> {
  static constexpr Dtype value = Dtype::u8;
};

// The type that sums, statistics and parameters beside values of type t have.
constexpr Dtype arithmetic(Dtype t) { return t == Dtype::bf16 ? Dtype::f32 : t; }

}  // namespace gradus
