#pragma once

#include <cstdint>

#include "gradus/kernels/bf16.h"

namespace gradus::kernels {

// One step of a recurrent cell over rows of `units`, between the products, whose sums are z, one block of units after
// the other in each row; bias [blocks x units] is added here. States and gates that are kept for the way back are
// stored as S, T itself or bf16; dense arrays all. Backward loops take the kept gates and leave in their place the
// gradients at the sums of products.
template <class S, class T>
struct CellLoops {
  using I = std::int64_t;

  // y += x, y = x and y = x * by, between what is kept and what is computed in.
  void (*add)(const S* x, T* y, I n);
  void (*load)(const S* x, T* y, I n);
  void (*store)(const T* x, S* y, I n);
  void (*scale)(const S* x, const T* by, S* y, I n);

  // h = tanh(z + b), or relu.
  void (*rnn)(const T* z, const T* bias, S* h, I rows, I units, bool relu);
  // h -> dz in place, from dh.
  void (*rnn_backward)(S* h, const T* dh, I rows, I units, bool relu);

  // Blocks i, f, g, o: c = sigmoid(f) c_prev + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c). Keeps the gates.
  void (*lstm)(const T* z, const T* bias, const T* c_prev, S* gates, T* c, S* h, I rows, I units);
  // dc is the gradient at c on entry and at c_prev on return.
  void (*lstm_backward)(S* gates, const T* c_prev, const T* dh, T* dc, I rows, I units);

  // Blocks r, z, n of what the input gives, x, and of what the state gives, s: r = sigmoid(x_r + s_r + b_r), z
  // likewise, q = s_n + b_q, n = tanh(x_n + b_n + r q), h = (1 - z) n + z h_prev. Keeps r, z, n and, as the last block
  // of the second array, q. Bias has r, z, n, q.
  void (*gru)(const T* x, const T* s, const T* bias, const S* h_prev, S* kept_x, S* kept_s, S* h, I rows, I units);
  // dh is the gradient at h on entry; on return what goes to h_prev past the products.
  void (*gru_backward)(S* kept_x, S* kept_s, const S* h_prev, T* dh, I rows, I units);

  // The same with the reset before the product. First r and z from x and from s, blocks r, z; and the state after its
  // reset. When that has been multiplied into `p`, the rest.
  void (*gru_reset)(const T* x, const T* s, const T* bias, const S* h_prev, S* kept, S* reset_state, I rows, I units);
  void (*gru_output)(const T* x, const T* p, const T* bias, const S* h_prev, S* kept, S* h, I rows, I units);
  // First n, also into dp, and z; then, from the gradient at the state after its reset, r, what goes to h_prev, and ds.
  void (*gru_output_backward)(S* kept, S* dp, const S* h_prev, T* dh, I rows, I units);
  void (*gru_reset_backward)(S* kept, S* ds, const S* h_prev, const T* dreset, T* dh, I rows, I units);
};

}  // namespace gradus::kernels
