#pragma once

#include <array>
#include <optional>
#include <vector>

#include "gradus/tensor/autograd.h"
#include "gradus/tensor/tensor.h"

// Operations on tensors. All are differentiable unless said otherwise, throw Error{shape} that names the op and the
// shapes when these do not fit, and work on f32 and f64 alike. Axes count from the front, or from the end when
// negative. Numbers below the smallest normal one (1.2e-38 in f32) count as 0. Functions of one argument, sums of equal
// shapes, products of linear layers and convolutions, batch norm, pooling, dropout and ops that move values also take
// bf16 beside f32 parameters: they compute in f32, or multiply bf16 and add in f32, and round their result.
namespace gradus {

// x in the other type of mixed precision, f32 or bf16, rounded to the nearest number; x itself when it has that type.
Tensor cast(const Tensor& x, Dtype dtype);

// ---- elementwise, one argument
Tensor neg(const Tensor& x);
Tensor abs(const Tensor& x);
Tensor sign(const Tensor& x);  // gradient 0
Tensor square(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor reciprocal(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor erf(const Tensor& x);
Tensor clamp(const Tensor& x, double low, double high);  // Error{value} unless low <= high
Tensor step(const Tensor& x);                            // 1 for x >= 0, else 0; gradient 0
Tensor sigmoid(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor relu(const Tensor& x);
Tensor leaky_relu(const Tensor& x, double slope = 0.01);
Tensor elu(const Tensor& x, double alpha = 1);
Tensor gelu(const Tensor& x);       // x Phi(x)
Tensor gelu_tanh(const Tensor& x);  // its tanh approximation
Tensor silu(const Tensor& x);       // x sigmoid(x)
Tensor softplus(const Tensor& x);   // log(1 + exp(x))

// ---- elementwise, two arguments; shapes broadcast (equal or 1 on each axis, aligned at the last)
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor pow(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, const Tensor& b);  // a tie gives half of the gradient to each
Tensor minimum(const Tensor& a, const Tensor& b);
// Comparisons give 1 or 0 in the arguments' type; no gradient.
Tensor less(const Tensor& a, const Tensor& b);
Tensor less_equal(const Tensor& a, const Tensor& b);
Tensor greater(const Tensor& a, const Tensor& b);
Tensor greater_equal(const Tensor& a, const Tensor& b);
Tensor equal(const Tensor& a, const Tensor& b);
Tensor not_equal(const Tensor& a, const Tensor& b);
// condition != 0 ? a : b, all three broadcast; no gradient for the condition.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

Tensor add(const Tensor& a, double b);
Tensor mul(const Tensor& a, double b);
Tensor div(const Tensor& a, double b);
Tensor div(double a, const Tensor& b);
Tensor pow(const Tensor& a, double exponent);
inline Tensor operator-(const Tensor& x) { return neg(x); }
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, double b) { return add(a, -b); }
inline Tensor operator*(const Tensor& a, double b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, double b) { return div(a, b); }
inline Tensor operator+(double a, const Tensor& b) { return add(b, a); }
inline Tensor operator-(double a, const Tensor& b) { return add(neg(b), a); }
inline Tensor operator*(double a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(double a, const Tensor& b) { return div(a, b); }

// ---- products
// a [.., m, k] b [.., k, n] -> [.., m, n]; leading axes broadcast; a vector counts as one row (a) or column (b) that is
// dropped from the result. `transpose_a`/`transpose_b` take the last two axes of an operand as swapped.
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);

// Activations that a linear op applies to its result in the same pass.
struct Activation {
  enum class Kind { identity, step, sigmoid, tanh, relu, leaky_relu, elu, gelu, gelu_tanh, silu, softplus };
  Kind kind = Kind::identity;
  double parameter = 0;  // leaky_relu: slope; elu: alpha
};
// f(x w + b): x [.., k], w [k, n], b [n] or undefined -> [.., n]; f32 for x in bf16.
Tensor linear(const Tensor& x, const Tensor& w, const Tensor& b, const Activation& f = {});

// ---- convolutions: x [n, size.., in], images [n, height, width, in], with one to three axes of size
// How a window slides over the axes of size, in their order (numbers beyond them are ignored). Padding is zeros.
struct Slide {
  std::array<std::int64_t, 3> stride = {1, 1, 1}, dilation = {1, 1, 1}, before = {0, 0, 0}, after = {0, 0, 0};
  std::int64_t groups = 1;  // runs of channels that are convolved apart; as many as channels: depthwise
};
// f(x * w + b): y[n, t.., o] = sum over taps k.. and input channels i of o's group of
// x[n, t stride + k dilation - before, i] w[k.., i, o]. w [kernel.., in / groups, out], b [out] or undefined.
Tensor conv(const Tensor& x, const Tensor& w, const Tensor& b, const Slide& slide = {}, const Activation& f = {});
// What conv() needs of its weights to predict from x of one size and type, made once: the weights in the order that its
// kernels read, whole, and the bias.
struct PackedConv {
  Tensor weights, bias;
  Slide slide;
  Shape example, kernel;  // of x without n, and of w
  Dtype dtype = Dtype::f32;
  bool fits(const Tensor& x) const;
};
PackedConv pack_conv(const Tensor& x, const Tensor& w, const Tensor& b, const Slide& slide = {});
// f(x * w + b) of such weights; nothing is recorded. Throws Error{shape} for an x that they do not fit.
Tensor conv(const Tensor& x, const PackedConv& packed, const Activation& f = {});
// Its transpose, which takes results of such a convolution of w back to where they came from, [n, s.., out], with
// s = (size - 1) stride + dilation (kernel - 1) + 1 - before - after; then b and f. w [kernel.., out / groups, in].
Tensor conv_transpose(const Tensor& x, const Tensor& w, const Tensor& b, const Slide& slide = {},
                      const Activation& f = {});
// The rows of a table [symbols, width] that symbols i32 [n, ..] number: [n, .., width]. Error{value} for one it lacks.
Tensor embedding(const Tensor& symbols, const Tensor& table);

// ---- recurrence: sequences x [n, time, in]
enum class RecurrentCell : std::uint8_t { rnn_tanh, rnn_relu, gru, gru_reset_before, lstm };
// One block of `units` columns for each gate: one of an RNN; r, z, n of a GRU; i, f, g, o of an LSTM. A GRU whose reset
// comes after the product has a fourth block of bias, b_q, that belongs to it.
struct RecurrentWeights {
  Tensor input;  // [in, blocks units]
  Tensor state;  // [units, blocks units]
  Tensor bias;   // [blocks units], or undefined
};
struct RecurrentStates {
  Tensor h, c;  // [n, units], undefined: 0; c of an LSTM alone
};
struct RecurrentOptions {
  RecurrentCell cell = RecurrentCell::lstm;
  bool reverse = false;  // from a sequence's last step to its first
  Tensor lengths;        // i32 [n], between 1 and time; undefined where all fill their time
  Tensor mask;           // [n, units], what h is multiplied by before each product: dropout of the state
};
struct RecurrentResult {
  Tensor y;     // [n, time, units], the state after each step; 0 behind a sequence's end
  Tensor h, c;  // [n, units], after each sequence's last step
};
// With a = x_t w_input + h w_state + b:
// RNN: h' = tanh(a), or its ReLU.
// GRU: r, z = sigmoid(a_r), sigmoid(a_z), n = tanh(x_t w_n + b_n + r (h u_n + b_q)), h' = (1 - z) n + z h; with the
// reset before the product n = tanh(x_t w_n + (r h) u_n + b_n) (Cho et al. 2014). LSTM: i, f, o = sigmoid(a_i, a_f,
// a_o), g = tanh(a_g), c' = f c + i g, h' = o tanh(c') (Hochreiter and Schmidhuber 1997; Gers et al. 2000). For x in
// bf16 y is bf16, states and weights are f32.
RecurrentResult recurrent(const Tensor& x, const RecurrentWeights& w, const RecurrentStates& initial = {},
                          const RecurrentOptions& options = {});

// How well steps q [n, heads, steps, units] fit places k [n, heads, time, units], with weights w [heads, units]:
// y[n, h, t, s] = sum_j w[h, j] tanh(q[n, h, t, j] + k[n, h, s, j]).
Tensor additive_scores(const Tensor& q, const Tensor& k, const Tensor& w);

// Largest value, smallest value and mean of each channel in each window; padding, less than the kernel, is not there
// (with count_padding it is zeros in the mean). No dilation, no groups.
using Kernel = std::array<std::int64_t, 3>;  // for the axes of size, in their order
Tensor max_pool(const Tensor& x, const Kernel& kernel, const Slide& slide);
Tensor min_pool(const Tensor& x, const Kernel& kernel, const Slide& slide);
Tensor average_pool(const Tensor& x, const Kernel& kernel, const Slide& slide, bool count_padding = false);
// The same in windows that divide the input into `size` results: that of result i of an axis of s begins at i s / size,
// rounded down, and ends before (i + 1) s / size, rounded up.
Tensor adaptive_max_pool(const Tensor& x, const Kernel& size);
Tensor adaptive_average_pool(const Tensor& x, const Kernel& size);
// x taken to at least as many positions, `size`. Position i of an axis of s lies at (i + 1/2) s / size - 1/2 of the
// input: the nearest rule takes the value at i s / size, rounded down, the linear one what lies between the neighbours
// (bilinear on two axes), and the value at the edge beyond the outermost.
enum class Upsampling { nearest, linear };
Tensor upsample(const Tensor& x, const Kernel& size, Upsampling method);

// ---- reductions; no axes means all. keep leaves reduced axes with size 1.
Tensor sum(const Tensor& x, std::vector<int> axes = {}, bool keep = false);
Tensor mean(const Tensor& x, std::vector<int> axes = {}, bool keep = false);
Tensor variance(const Tensor& x, std::vector<int> axes = {}, bool keep = false);  // divided by n
Tensor max(const Tensor& x, std::vector<int> axes = {}, bool keep = false);       // ties share the gradient evenly
Tensor min(const Tensor& x, std::vector<int> axes = {}, bool keep = false);
Tensor argmax(const Tensor& x, int axis = -1);  // i32, the first of equal values; no gradient
Tensor softmax(const Tensor& x, int axis = -1);
Tensor log_softmax(const Tensor& x, int axis = -1);
Tensor logsumexp(const Tensor& x, int axis = -1, bool keep = false);

// ---- shape
Tensor reshape(const Tensor& x, const Shape& shape);  // one size may be -1 written as kRest
Tensor flatten(const Tensor& x, int first_axis = 1);
Tensor permute(const Tensor& x, const std::vector<int>& axes);
Tensor transpose(const Tensor& x, int axis_a = -2, int axis_b = -1);
Tensor expand_dims(const Tensor& x, int axis);
Tensor squeeze(const Tensor& x, int axis);
Tensor broadcast_to(const Tensor& x, const Shape& shape);
// Elements begin, begin + step, ... before end along one axis; negative begin and end count from the back. Error{value}
// unless step >= 1: there are no steps backwards.
Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end, std::int64_t step = 1);
Tensor concatenate(const std::vector<Tensor>& parts, int axis = 0);
Tensor stack(const std::vector<Tensor>& parts, int axis = 0);
// Entries `index` (i32, any shape) of one axis: that axis is replaced by index's axes. Repeats add up in the gradient.
Tensor take(const Tensor& x, const Tensor& index, int axis = 0);
// y[.., i, ..] = x[.., index[.., i, ..], ..]: index (i32) has x's shape but for `axis`.
Tensor take_along(const Tensor& x, const Tensor& index, int axis);

// ---- for layers
// Zeroes elements with probability `rate` and divides the rest by 1 - rate; the element's counter decides.
Tensor dropout(const Tensor& x, double rate, const RandomKey& key);
// The same with whole channels of an example: x [n, size.., channels], channel c of example i has counter
// i channels + c.
Tensor spatial_dropout(const Tensor& x, double rate, const RandomKey& key);
// Statistics of a batch per channel (last axis); variance divided by n.
struct ChannelStatistics {
  Tensor mean, variance;
  std::int64_t count = 0;  // rows they were taken over, by shard the mean of them
};
// (x - mean) / sqrt(variance + epsilon) * gain + bias per channel, with the whole batch's statistics, which are
// returned (detached) for running averages; `relu` takes the ReLU of it in the same pass. With `by_shard` each shard of
// a batch has statistics of its own; returned are their means.
Tensor batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, double epsilon, ChannelStatistics& batch,
                  bool relu = false, bool by_shard = false);
// The same with given statistics (prediction).
Tensor batch_norm_fixed(const Tensor& x, const Tensor& gain, const Tensor& bias, double epsilon, const Tensor& mean,
                        const Tensor& variance, bool relu = false);
// A function of each channel by itself, f(scale x + shift).
struct ChannelMap {
  Tensor scale, shift;  // [channels]
  Activation then;
};
// What batch_norm_fixed does to values; nothing is recorded.
ChannelMap batch_norm_map(const Tensor& gain, const Tensor& bias, double epsilon, const Tensor& mean,
                          const Tensor& variance, bool relu = false);
// relu(a + b) of one shape, in one pass.
Tensor add_relu(const Tensor& a, const Tensor& b);
// Each row (last axis) to mean 0 and variance 1, then gain and bias [n].
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, double epsilon);
// (x - mean) / sqrt(variance + epsilon) * gain + bias, gain and bias [channels], with mean and variance (divided by
// their number) over all positions of one example, x [n, size.., channels], and each of `groups` runs of channels.
Tensor group_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, std::int64_t groups, double epsilon);
// x >= 0 ? x : slope[channel] x, slope [channels] or [1].
Tensor prelu(const Tensor& x, const Tensor& slope);

// ---- for losses: weighted sums over the batch divided by `total`, in one pass with their gradients; these are with
// respect to the first argument only: no gradient for targets and weights
// How much each place of the target counts: `weight` [n, ...] has one for each (a class number, a pixel, a step, a
// distribution), or one for all places behind its axes, as [n] does for an example; undefined: 1 each. The loss is
// divided by `total`, the sum of the weights over the whole batch (0: taken from the weights, or the number of places).
struct LossWeights {
  Tensor weight;
  double total = 0;
};
enum class PointwiseLoss { squared, absolute, huber, binary_cross_entropy, hinge };
// Elementwise loss of prediction and target, both [n, ...]: its mean over the axes behind the weights', those behind n
// without weights. Targets of hinge are 0 or 1, else Error{value}.
Tensor pointwise_loss(PointwiseLoss kind, const Tensor& prediction, const Tensor& target, double parameter,
                      const LossWeights& weights = {});
// -log softmax(logits)[target]: logits [.., k], target i32 [..].
Tensor cross_entropy(const Tensor& logits, const Tensor& target, double label_smoothing = 0,
                     const LossWeights& weights = {});
// -sum_j q_j log softmax(logits)_j, q [.., k]; with `divergence`, plus sum_j q_j log q_j (Kullback-Leibler).
Tensor cross_entropy_soft(const Tensor& logits, const Tensor& q, bool divergence, const LossWeights& weights = {});
// sum_{j != t} max(0, margin - z_t + z_j)
Tensor multi_hinge(const Tensor& scores, const Tensor& target, double margin, const LossWeights& weights = {});

// How far the classes predicted and the true ones are apart: 1 - the mean over the classes c of
// (I_c + smooth) / (I_c + alpha (P_c - I_c) + beta (T_c - I_c) + smooth), where over the places of the whole batch, or
// of each example, with weights w, probabilities p and true classes t: I = sum w p t, P = sum w p (`squared`: p^2), T =
// sum w t. Dice is alpha = beta = 1/2, with half its smooth (Milletari, Navab, Ahmadi, "V-Net", 3DV 2016; Salehi,
// Erdogmus, Gholipour, "Tversky loss function", MLMI 2017).
struct Overlap {
  double alpha = 0.5;  // of places wrongly given to the class
  double beta = 0.5;   // of places of the class that are missed
  double smooth = 0;
  bool squared = false;
  bool background = true;    // whether class 0 counts
  bool per_example = false;  // the weighted mean of the examples' losses
};
// logits [n, .., k], target i32 [n, ..]; k = 1 gives scores of class 1 against class 0.
Tensor overlap_loss(const Tensor& logits, const Tensor& target, const Overlap& form, const LossWeights& weights = {});

// Terms per shard added pairwise without joining them (used by backward).
Tensor add_partial(const Tensor& a, const Tensor& b);

}  // namespace gradus
