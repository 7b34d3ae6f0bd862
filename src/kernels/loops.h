#pragma once

#include <cstdint>
#include <type_traits>

#include "gradus/kernels/bf16.h"
#include "gradus/kernels/cells.h"
#include "gradus/kernels/window.h"

namespace gradus::kernels {

// Elementwise functions of one argument with up to two parameters p, q.
enum class Unary : std::uint8_t {
  identity,
  neg,
  abs,
  sign,
  square,
  sqrt,
  reciprocal,
  exp,
  log,
  sin,
  cos,
  erf,
  step,
  sigmoid,
  tanh,
  relu,
  leaky_relu,
  elu,
  gelu,
  gelu_tanh,
  silu,
  softplus,
  clamp,
};

// Which values a function's derivative is computed from: its argument, or its (cheaper to keep) result.
enum class Saves : std::uint8_t { nothing, argument, result };
Saves saves(Unary f);

enum class Binary : std::uint8_t {
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
};

// A broadcast of two arrays, adjoining axes merged: axis i has size[i] and element steps a[i] and b[i] (0 where the
// array repeats); the result is contiguous.
struct Broadcast {
  int rank = 0;
  std::int64_t size[8];
  std::int64_t a[8];
  std::int64_t b[8];
};

// Losses per element; the gradient is with respect to the prediction z. t is the target.
enum class PointLoss : std::uint8_t {
  squared,               // (z - t)^2
  absolute,              // |z - t|
  huber,                 // (z - t)^2 / 2 within delta, delta (|z - t| - delta / 2) beyond
  binary_cross_entropy,  // max(z, 0) - z t + log(1 + exp(-|z|)), t in [0, 1]
  hinge,                 // max(0, margin - (2 t - 1) z), t in {0, 1}
};

// The numbers of one Adam step t.
struct AdamStep {
  double step_size;  // lr / (1 - beta1^t)
  double beta1, beta2;
  double root_scale;  // 1 / sqrt(1 - beta2^t)
  double epsilon;
  double keep;  // 1 - lr * decoupled weight decay
};

// A product c [m, n] = a [m, k] b [k, n], added to what c holds when `add`. a's element (i, l) lies at i row + l step,
// so a may be transposed or a part of a larger matrix; rows of b and c lie ldb and ldc apart. What lies `next` elements
// behind c is fetched meanwhile: the caller writes there next.
struct Gemm {
  std::int64_t m, n, k;
  std::int64_t row, step, ldb, ldc;
  bool add = false;
  std::int64_t next = 0;
};

// The plain loops, compiled once per instruction set for float and once for double.
// Arrays are dense; shapes are outer x n x inner or rows x cols, row-major.
template <class T>
struct Loops {
  using I = std::int64_t;
  const char* name;

  void (*unary)(Unary f, const T* x, T* y, I n, T p, T q);
  // dx = dy * f'(.) from what saves(f) names.
  void (*unary_backward)(Unary f, const T* saved, const T* dy, T* dx, I n, T p, T q);
  void (*binary)(Binary f, const Broadcast& s, const T* a, const T* b, T* y);
  void (*where)(const T* condition, const T* a, const T* b, T* y, I n);

  // y[o, i] = scale * sum_k x[o, k, i]
  void (*sum)(const T* x, T* y, I outer, I n, I inner, T scale);
  void (*maximum)(const T* x, T* y, I outer, I n, I inner);
  void (*minimum)(const T* x, T* y, I outer, I n, I inner);
  void (*argmax)(const T* x, std::int32_t* y, I outer, I n, I inner);
  void (*softmax)(const T* x, T* y, I outer, I n, I inner);
  void (*log_softmax)(const T* x, T* y, I outer, I n, I inner);
  void (*logsumexp)(const T* x, T* y, I outer, I n, I inner);
  // dx = y (dy - sum dy y);   dx = dy - exp(y) sum dy
  void (*softmax_backward)(const T* y, const T* dy, T* dx, I outer, I n, I inner);
  void (*log_softmax_backward)(const T* y, const T* dy, T* dx, I outer, I n, I inner);

  // Fastest while b's panels of a few vectors stay in the second cache.
  void (*gemm)(const Gemm& g, const T* a, const T* b, T* c);
  // c [m, n] = a [m, k] b [k, n] for small sizes; a is stored [k, m] when ta, b is stored [n, k] when tb.
  void (*matmul_small)(const T* a, const T* b, T* c, I m, I n, I k, bool ta, bool tb);
  // y [rows, cols] = f(y + bias), in place; bias may be null.
  void (*bias_activation)(T* y, const T* bias, I rows, I cols, Unary f, T p, T q);
  // dz = dy * f'(saved); db [cols] = column sums of dz. dz may be dy; db may be null.
  void (*activation_bias_backward)(const T* saved, const T* dy, T* dz, T* db, I rows, I cols, Unary f, T p, T q);

  // y = keep ? x / (1 - rate) : 0; keep is decided by counter `first + i` of the key (see random.h).
  void (*dropout)(const T* x, const float* uniform, T* y, I n, T rate);

  // Losses: `weight` scales each row (null: 1), `scale` all of them; gradient, when not null, receives d loss / d z.
  // loss = scale * sum_r weight[r] * sum over cols of PointLoss
  void (*point_loss)(PointLoss f, const T* z, const T* t, const T* weight, T scale, T parameter, T* loss, T* gradient,
                     I rows, I cols);
  // loss = scale * sum_r weight[r] * -sum_j q_j log softmax(z)_j; q = (1 - smoothing) onehot(target) + smoothing / cols
  void (*cross_entropy)(const T* z, const std::int32_t* target, const T* weight, T scale, T smoothing, T* loss,
                        T* gradient, I rows, I cols);
  // The same for distributions q [rows, cols]; divergence adds sum_j q_j log q_j (0 log 0 = 0).
  void (*cross_entropy_soft)(const T* z, const T* q, const T* weight, T scale, bool divergence, T* loss, T* gradient,
                             I rows, I cols);
  // loss = scale * sum_r weight[r] * sum_{j != t} max(0, margin - z_t + z_j)
  void (*multi_hinge)(const T* z, const std::int32_t* target, const T* weight, T scale, T margin, T* loss, T* gradient,
                      I rows, I cols);

  // Per column: mean and sum of squared deviations.
  void (*column_moments)(const T* x, T* mean, T* m2, I rows, I cols);
  // y = x * a[c] + b[c], with relu the larger of that and 0
  void (*column_affine)(const T* x, const T* a, const T* b, T* y, I rows, I cols, bool relu);
  // s1[c] = sum g; s2[c] = sum g (x - mean[c]) inv_std[c]; g is dy, or with a scale, of a ReLU, 0 where
  // x scale[c] + shift[c] is not above 0
  void (*batch_norm_sums)(const T* x, const T* dy, const T* scale, const T* shift, const T* mean, const T* inv_std,
                          T* s1, T* s2, I rows, I cols);
  // dx = a[c] g + b[c] x + d[c]; dx may be dy
  void (*column_affine2)(const T* x, const T* dy, const T* scale, const T* shift, const T* a, const T* b, const T* d,
                         T* dx, I rows, I cols);
  // y = the larger of a + b and 0
  void (*add_relu)(const T* a, const T* b, T* y, I n);
  // Rows normalised to mean 0 and variance 1: y = (x - mean) inv_std gain + bias; inv_std and the normalised rows are
  // what backward needs.
  void (*layer_norm)(const T* x, const T* gain, const T* bias, T epsilon, T* y, T* normalized, T* inv_std, I rows,
                     I cols);
  void (*layer_norm_backward)(const T* normalized, const T* inv_std, const T* gain, const T* dy, T* dx, T* dgain,
                              T* dbias, I rows, I cols);
  // y = x >= 0 ? x : slope[c] x and its gradients.
  void (*prelu)(const T* x, const T* slope, T* y, I rows, I cols);
  void (*prelu_backward)(const T* x, const T* slope, const T* dy, T* dx, T* dslope, I rows, I cols);

  // How well steps q [steps, cols] fit places k [time, cols]: y[t, s] = sum_j w[j] tanh(q[t, j] + k[s, j]), and its
  // gradients; places whose dy is 0 give none.
  void (*additive_scores)(const T* q, const T* k, const T* w, T* y, I steps, I time, I cols);
  void (*additive_scores_backward)(const T* q, const T* k, const T* w, const T* dy, T* dq, T* dk, T* dw, I steps,
                                   I time, I cols);

  // Pooling; padding is not there. `tap` is which of the window's taps the maximum is at (the first of equal ones; a
  // NaN is larger than all numbers). average: the sum over `divisor` taps, or with 0 over those that are there.
  void (*max_pool)(const Pooling& p, const T* x, T* y, std::int32_t* tap);
  void (*max_pool_backward)(const Pooling& p, const T* dy, const std::int32_t* tap, T* dx);
  void (*average_pool)(const Pooling& p, I divisor, const T* x, T* y);
  void (*average_pool_backward)(const Pooling& p, I divisor, const T* dy, T* dx);

  // out = sum of `terms` arrays as a fixed binary tree: ((0 + 1) + (2 + 3)) + ...
  void (*sum_terms)(const T* const* terms, int count, T* out, I n);
  bool (*all_finite)(const T* x, I n);
  double (*sum_squares)(const T* x, I n);
  // g = clip(scale * g + l2 w + l1 sign(w), limit); limit <= 0: none
  void (*adjust_gradient)(T* g, const T* w, I n, T scale, T limit, T l1, T l2);
  void (*axpy)(T a, const T* x, T* y, I n);  // y += a x
  // Optimizer updates of w by gradient g; formulas in optim/optimizers/.
  void (*sgd)(T* w, const T* g, I n, T lr);
  void (*momentum)(T* w, T* v, const T* g, I n, T lr, T momentum, bool nesterov);
  void (*adagrad)(T* w, T* s, const T* g, I n, T lr, T epsilon);
  void (*adadelta)(T* w, T* s, T* d, const T* g, I n, T lr, T rho, T epsilon);
  void (*rmsprop)(T* w, T* s, const T* g, I n, T lr, T rho, T epsilon);
  void (*adam)(T* w, T* m, T* v, const T* g, I n, const AdamStep& a);

  // y = (x - shift) * scale, from bytes or from the own type; used when batches are put together.
  void (*bytes_affine)(const std::uint8_t* x, T* y, I n, T shift, T scale);

  // Upsampling: each position the value of the one it lies in, or what lies linearly between the nearest ones.
  // `row` has room for size[2] x channels numbers.
  void (*upsample_nearest)(const Resizing& r, const T* x, T* y);
  void (*upsample_nearest_backward)(const Resizing& r, const T* dy, T* dx);
  void (*upsample_linear)(const Resizing& r, const T* x, T* y, T* row);
  void (*upsample_linear_backward)(const Resizing& r, const T* dy, T* dx, T* row);
  // Pooling over `result` windows that together cover x. `from` is the position in the example of the maximum, chosen
  // as in max_pool.
  void (*adaptive_max_pool)(const Resizing& r, const T* x, T* y, std::int32_t* from);
  void (*adaptive_max_pool_backward)(const Resizing& r, const T* dy, const std::int32_t* from, T* dx);
  void (*adaptive_average_pool)(const Resizing& r, const T* x, T* y);
  void (*adaptive_average_pool_backward)(const Resizing& r, const T* dy, T* dx);
  // From bf16 and to the nearest one, ties to even.
  void (*widen)(const bf16* x, T* y, I n);
  void (*narrow)(const T* x, bf16* y, I n);

  // Of bf16, computed in T. relu_backward: dx = dy where y is above 0, else 0; its column sums in db unless null.
  // spread_maxima: max_pool_backward for windows that tile x.
  struct {
    void (*column_moments)(const bf16* x, T* mean, T* m2, I rows, I cols);
    void (*column_affine)(const bf16* x, const T* a, const T* b, bf16* y, I rows, I cols, bool relu);
    void (*batch_norm_sums)(const bf16* x, const bf16* dy, const T* scale, const T* shift, const T* mean,
                            const T* inv_std, T* s1, T* s2, I rows, I cols);
    void (*column_affine2)(const bf16* x, const bf16* dy, const T* scale, const T* shift, const T* a, const T* b,
                           const T* d, bf16* dx, I rows, I cols);
    void (*add_relu)(const bf16* a, const bf16* b, bf16* y, I n);
    void (*relu_backward)(const bf16* y, const bf16* dy, bf16* dx, T* db, I rows, I cols);
    void (*max_pool)(const Pooling& p, const bf16* x, bf16* y, std::int32_t* tap);
    void (*spread_maxima)(const Pooling& p, const bf16* dy, const std::int32_t* tap, bf16* dx);
  } of_bf16;

  // Recurrent cells, with states and gates kept as T or as bf16.
  CellLoops<T, T> cells;
  CellLoops<bf16, T> cells_of_bf16;
};

// The loops that mixed precision needs, with sums and what belongs to channels in float: those that take most of a
// network's time work on bf16 as it lies there; the others widen a block of numbers, run float's loop on it and round
// its result, all within the first cache.
template <>
struct Loops<bf16> {
  using I = std::int64_t;
  static void unary(Unary f, const bf16* x, bf16* y, I n, float p, float q);
  static void unary_backward(Unary f, const bf16* saved, const bf16* dy, bf16* dx, I n, float p, float q);
  static void binary(Binary f, const Broadcast& s, const bf16* a, const bf16* b, bf16* y);
  static void bias_activation(bf16* y, const float* bias, I rows, I cols, Unary f, float p, float q);
  static void activation_bias_backward(const bf16* saved, const bf16* dy, bf16* dz, float* db, I rows, I cols, Unary f,
                                       float p, float q);
  static void dropout(const bf16* x, const float* uniform, bf16* y, I n, float rate);
  static void column_moments(const bf16* x, float* mean, float* m2, I rows, I cols);
  static void column_affine(const bf16* x, const float* a, const float* b, bf16* y, I rows, I cols, bool relu);
  static void batch_norm_sums(const bf16* x, const bf16* dy, const float* scale, const float* shift, const float* mean,
                              const float* inv_std, float* s1, float* s2, I rows, I cols);
  static void column_affine2(const bf16* x, const bf16* dy, const float* scale, const float* shift, const float* a,
                             const float* b, const float* d, bf16* dx, I rows, I cols);
  static void add_relu(const bf16* a, const bf16* b, bf16* y, I n);
  static void max_pool(const Pooling& p, const bf16* x, bf16* y, std::int32_t* tap);
  static void max_pool_backward(const Pooling& p, const bf16* dy, const std::int32_t* tap, bf16* dx);
  static void average_pool(const Pooling& p, I divisor, const bf16* x, bf16* y);
  static void average_pool_backward(const Pooling& p, I divisor, const bf16* dy, bf16* dx);
};

// The loops for T on this machine: float for the best instruction set the processor has (or, at most, the one
// GRADUS_ISA names: "baseline", "avx2", "avx512"), double from kernels/reference.
template <class T>
const Loops<T>& loops();
template <>
const Loops<float>& loops<float>();
template <>
const Loops<double>& loops<double>();
template <>
inline const Loops<bf16>& loops<bf16>() {
  static constexpr Loops<bf16> all;
  return all;
}

// The steps of recurrent cells whose states are stored as S.
template <class S>
const CellLoops<S, Arithmetic<S>>& cells() {
  if constexpr (std::is_same_v<S, bf16>)
    return loops<float>().cells_of_bf16;
  else
    return loops<S>().cells;
}

}  // namespace gradus::kernels
