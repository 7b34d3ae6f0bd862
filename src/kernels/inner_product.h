#pragma once

#include <cstddef>
#include <cstdint>

#include "gradus/kernels/bf16.h"

namespace gradus::kernels {

// Products of mixed precision, on one thread: x [n, in] and the gradient dz [n, out] in bf16, master weights
// w [in, out] and their gradient in float.
struct ProductShape {
  std::int64_t n = 0, in = 0, out = 0;
  bool operator==(const ProductShape&) const = default;
};

// Weights rounded, in the order that a pass reads them fastest; n does not matter.
enum class ProductPass { forward, backward_data };
std::size_t packed_elements(const ProductShape& s, ProductPass pass);
void pack_weights(const ProductShape& s, ProductPass pass, const float* w, bf16* packed);

// z = x w
void product_forward(const ProductShape& s, const bf16* x, const bf16* packed, float* z);
// dx = dz w^T
void product_backward_data(const ProductShape& s, const bf16* dz, const bf16* packed, bf16* dx);
// dw = x^T dz
void product_backward_weights(const ProductShape& s, const bf16* x, const bf16* dz, float* dw);

}  // namespace gradus::kernels
