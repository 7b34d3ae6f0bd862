#pragma once

#include <cstddef>
#include <cstdint>

#include "gradus/kernels/bf16.h"

namespace gradus::kernels {

// Products with weights that are used many times and packed once: z [rows, out] = x [rows, in] w [in, out]. Of bf16, x
// and the packed weights are rounded, z and the weights before that are float. One thread; double goes to plain loops.
struct PackedShape {
  std::int64_t in = 0, out = 0;
  bool operator==(const PackedShape&) const = default;
};

// Where weights lie before they are packed: element (i, o) at i `row` + o `column`.
struct Steps {
  std::int64_t row, column;
};

template <class T>
std::size_t packed_elements(const PackedShape& s);
template <class T>
void pack_weights(const PackedShape& s, const Arithmetic<T>* w, const Steps& steps, T* packed);

// `add` adds to what z holds. The order of packed weights fits any number of rows. The library has no fast product for
// matrices with gaps between their rows.
template <class T>
void packed_product(const PackedShape& s, std::int64_t rows, bool add, const T* x, const T* packed, Arithmetic<T>* z);

// dw [in, out] = x^T dz over the rows of x [rows, in] and dz [rows, out].
template <class T>
void contract_rows(const PackedShape& s, std::int64_t rows, const T* x, const T* dz, Arithmetic<T>* dw);

}  // namespace gradus::kernels
