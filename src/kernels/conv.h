#pragma once

#include <cstddef>
#include <cstdint>

#include "gradus/kernels/bf16.h"
#include "gradus/kernels/window.h"

namespace gradus::kernels {

// x [n, size.., in], w [kernel.., in / groups, out], y [n, result.., out]: output channel o of group g is the sum over
// the taps and over the input channels of g.
struct ConvShape {
  Window window;
  std::int64_t n = 0, in = 0, out = 0, groups = 1;
  bool operator==(const ConvShape&) const = default;
};

// float and bf16 go to oneDNN, on one thread; double to plain loops. Of bf16 convolutions the weights before they are
// packed, their gradient and the bias are float.

// Rows of a result: along the outermost axis of size, of a batch of one. result_rows() is 0 where some lie in padding
// alone and cannot be computed apart.
struct ConvRows {
  std::int64_t begin, end;
  bool operator==(const ConvRows&) const = default;
};
std::int64_t result_rows(const ConvShape& s);

// Weights in the order that a pass over `s` reads them fastest: made once for all shards of a batch, which may differ
// in n.
enum class ConvPass { forward, backward_data };
template <class T>
std::size_t packed_elements(const ConvShape& s, ConvPass pass);
template <class T>
void pack_weights(const ConvShape& s, ConvPass pass, const Arithmetic<T>* w, T* packed);

// y = x * w (+ bias, which may be null). Weights are packed for the same shape, or one that differs in n.
template <class T>
void conv_forward(const ConvShape& s, const T* x, const T* packed, const Arithmetic<T>* bias, T* y);
// The same for some rows alone, to the same bits: x and y are those of all rows.
template <class T>
void conv_forward_rows(const ConvShape& s, ConvRows rows, const T* x, const T* packed, const Arithmetic<T>* bias, T* y);
template <class T>
void conv_backward_data(const ConvShape& s, const T* dy, const T* packed, T* dx);
// dw in the plain order.
template <class T>
void conv_backward_weights(const ConvShape& s, const T* x, const T* dy, Arithmetic<T>* dw);

}  // namespace gradus::kernels
