#pragma once

#include <cstddef>
#include <cstdint>

#include "gradus/kernels/bf16.h"

namespace gradus::kernels {

// Whole sequences through a recurrent cell, forward and back. Rows are put in order of falling length and their steps
// one after the other ("packed"), so that each step is one product over the rows that still run and nothing is
// multiplied for padding.

enum class Cell : std::uint8_t { rnn_tanh, rnn_relu, gru, gru_reset_before, lstm };

// Blocks of `units` columns of its weights and of its bias, and of all arrays of a step's sums (see cells.h).
int weight_blocks(Cell c);
int bias_blocks(Cell c);
int step_blocks(Cell c);

struct RecurrentShape {
  Cell cell = Cell::lstm;
  bool reverse = false;  // each sequence from its last step to its first
  std::int64_t n = 0, time = 0, in = 0, units = 0;
};

// Weights for one way, in the order its products read: of x [in, blocks units] and of the state [units, blocks units].
enum class RecurrentPass { forward, backward };
template <class T>
std::size_t packed_elements(const RecurrentShape& s, RecurrentPass pass);
template <class T>
void pack_weights(const RecurrentShape& s, RecurrentPass pass, const Arithmetic<T>* of_input,
                  const Arithmetic<T>* of_state, T* packed);

// Whether so few steps are fastest with weights as they are: to pack them would cost more than their products.
template <class T>
bool takes_plain_weights(const RecurrentShape& s);

// What both ways share. Buffers hold n * time rows, those of states n * (time + 1); pointers that a cell does not need
// are null.
template <class T>
struct RecurrentSteps {
  const std::int32_t* lengths;  // [n], between 1 and time; null where all fill their time
  const Arithmetic<T>* mask;    // [n, units], what states are multiplied by before products; null: 1
  T* inputs;                    // [.., in]
  T* states;                    // [.., units], what products saw of the state before each step
  T* unmasked;                  // the same before the mask; `states` without one
  T* resets;                    // of gru_reset_before: the state after its reset
  T* gates;                     // [.., step blocks units]
  Arithmetic<T>* cells;         // of lstm: c before each step
};

template <class T>
struct RecurrentForward {
  const T* x;       // [n, time, in]
  const T* packed;  // for the forward pass; null: weights as they are
  const Arithmetic<T>*of_input, *of_state;
  const Arithmetic<T>* bias;      // [bias blocks units]
  const Arithmetic<T>*h0, *c0;    // [n, units]; null: 0
  Arithmetic<T>* z;               // room for [n, step blocks units]
  T* y;                           // [n, time, units], 0 behind a sequence's end
  Arithmetic<T>*h_last, *c_last;  // [n, units] after each sequence's last step
};
template <class T>
void recurrent_forward(const RecurrentShape& s, const RecurrentSteps<T>& steps, const RecurrentForward<T>& f);

// Gates are written over. Gradients that are null are not wanted, those of results not there.
template <class T>
struct RecurrentBackward {
  const T* packed;                           // for the backward pass
  const T* dy;                               // [n, time, units]
  const Arithmetic<T>*dh_last, *dc_last;     // [n, units]
  T* dx;                                     // [n, time, in]
  Arithmetic<T>*of_input, *of_state, *bias;  // gradients of the weights
  Arithmetic<T>*dh0, *dc0;                   // [n, units]
  Arithmetic<T>*dh, *dc, *through, *dinput;  // room for [n, units], and [n, in]
};
template <class T>
void recurrent_backward(const RecurrentShape& s, const RecurrentSteps<T>& steps, const RecurrentBackward<T>& b);

}  // namespace gradus::kernels
