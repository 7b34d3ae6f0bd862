#pragma once

#include <cstdint>

namespace gradus::kernels {

// c [batch, m, n] = a [batch, m, k] b [batch, k, n]; dense row-major. A transposed operand is stored [.., k, m] or
// [.., n, k]; an operand with batch 1 is shared by all products.
struct MatmulShape {
  std::int64_t m, n, k;
  bool transpose_a = false, transpose_b = false;
  std::int64_t batch = 1, batch_a = 1, batch_b = 1;
  bool operator==(const MatmulShape&) const = default;
};

// Our register tiles where b fits the second cache, oneDNN beyond and for transposed b, plain loops for the smallest;
// double never goes to oneDNN. The choice depends on the shape only, so bits do not depend on threads.
void matmul(const MatmulShape& s, const float* a, const float* b, float* c);
void matmul(const MatmulShape& s, const double* a, const double* b, double* c);

}  // namespace gradus::kernels
