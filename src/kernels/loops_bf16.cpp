#include <algorithm>
#include <vector>

#include "gradus/kernels/loops.h"

namespace gradus::kernels {
namespace {

using I = std::int64_t;
using L = Loops<bf16>;

// Numbers of a block: three arrays of as many floats stay in the first cache.
constexpr I kBlock = 2048;
// Rows of a block of many channels: so many that what is done once a block does not count.
constexpr I kRows = 32;

// A thread's arrays of floats.
float* scratch(int number, I n) {
  static thread_local std::vector<float> arrays[3];
  std::vector<float>& a = arrays[number];
  if (static_cast<I>(a.size()) < n) a.resize(static_cast<std::size_t>(n));
  return a.data();
}

// A thread's n sums, at 0.
double* sums(I n) {
  static thread_local std::vector<double> all;
  all.assign(static_cast<std::size_t>(n), 0.0);
  return all.data();
}

const Loops<float>& own() { return loops<float>(); }

// x widened into array `number`; null stays null.
const float* widened(int number, const bf16* x, I n) {
  if (x == nullptr) return nullptr;
  float* to = scratch(number, n);
  own().widen(x, to, n);
  return to;
}

const bf16* at(const bf16* x, I i) { return x == nullptr ? x : x + i; }

// Calls f(first, count) for blocks of n elements.
template <class F>
void for_blocks(I n, F f) {
  for (I i = 0; i < n; i += kBlock) f(i, std::min(kBlock, n - i));
}

// Calls f(first element, rows) for blocks of whole rows.
template <class F>
void for_rows(I rows, I cols, F f) {
  I most = cols == 0 ? rows : std::max(kRows, kBlock / cols);
  for (I r = 0; r < rows; r += most) f(r * cols, std::min(most, rows - r));
}

// Calls f(p of one example, x offset, y offset) for each example.
template <class F>
void for_examples(const Pooling& p, F f) {
  Pooling one = p;
  one.n = 1;
  I x = p.window.positions() * p.channels, y = p.result[0] * p.result[1] * p.result[2] * p.channels;
  for (I i = 0; i < p.n; ++i) f(one, x, y, i);
}

}  // namespace

void L::unary(Unary f, const bf16* x, bf16* y, I n, float p, float q) {
  for_blocks(n, [&](I i, I count) {
    const float* from = widened(0, x + i, count);
    float* to = scratch(1, count);
    own().unary(f, from, to, count, p, q);
    own().narrow(to, y + i, count);
  });
}

void L::unary_backward(Unary f, const bf16* saved, const bf16* dy, bf16* dx, I n, float p, float q) {
  if (f == Unary::relu) return own().of_bf16.relu_backward(saved, dy, dx, nullptr, 1, n);
  for_blocks(n, [&](I i, I count) {
    const float *s = widened(0, at(saved, i), count), *g = widened(1, dy + i, count);
    float* to = scratch(2, count);
    own().unary_backward(f, s, g, to, count, p, q);
    own().narrow(to, dx + i, count);
  });
}

void L::binary(Binary f, const Broadcast& s, const bf16* a, const bf16* b, bf16* y) {
  for_blocks(s.rank == 0 ? 1 : s.size[0], [&](I i, I count) {
    Broadcast part = s;
    part.size[0] = count;
    float* to = scratch(2, count);
    own().binary(f, part, widened(0, a + i, count), widened(1, b + i, count), to);
    own().narrow(to, y + i, count);
  });
}

void L::bias_activation(bf16* y, const float* bias, I rows, I cols, Unary f, float p, float q) {
  for_rows(rows, cols, [&](I i, I count) {
    float* z = scratch(0, count * cols);
    own().widen(y + i, z, count * cols);
    own().bias_activation(z, bias, count, cols, f, p, q);
    own().narrow(z, y + i, count * cols);
  });
}

void L::activation_bias_backward(const bf16* saved, const bf16* dy, bf16* dz, float* db, I rows, I cols, Unary f,
                                 float p, float q) {
  if (f == Unary::relu) return own().of_bf16.relu_backward(saved, dy, dz, db, rows, cols);
  double* total = sums(cols);
  for_rows(rows, cols, [&](I i, I count) {
    const float *s = widened(0, at(saved, i), count * cols), *g = widened(1, dy + i, count * cols);
    float* to = scratch(2, count * cols);
    own().activation_bias_backward(s, g, to, db, count, cols, f, p, q);
    for (I c = 0; db != nullptr && c < cols; ++c) total[c] += static_cast<double>(db[c]);
    if (f != Unary::identity) own().narrow(to, dz + i, count * cols);
  });
  for (I c = 0; db != nullptr && c < cols; ++c) db[c] = static_cast<float>(total[c]);
}

void L::dropout(const bf16* x, const float* uniform, bf16* y, I n, float rate) {
  for_blocks(n, [&](I i, I count) {
    float* to = scratch(1, count);
    own().dropout(widened(0, x + i, count), uniform + i, to, count, rate);
    own().narrow(to, y + i, count);
  });
}

void L::column_moments(const bf16* x, float* mean, float* m2, I rows, I cols) {
  own().of_bf16.column_moments(x, mean, m2, rows, cols);
}

void L::column_affine(const bf16* x, const float* a, const float* b, bf16* y, I rows, I cols, bool relu) {
  own().of_bf16.column_affine(x, a, b, y, rows, cols, relu);
}

void L::batch_norm_sums(const bf16* x, const bf16* dy, const float* scale, const float* shift, const float* mean,
                        const float* inv_std, float* s1, float* s2, I rows, I cols) {
  own().of_bf16.batch_norm_sums(x, dy, scale, shift, mean, inv_std, s1, s2, rows, cols);
}

void L::column_affine2(const bf16* x, const bf16* dy, const float* scale, const float* shift, const float* a,
                       const float* b, const float* d, bf16* dx, I rows, I cols) {
  own().of_bf16.column_affine2(x, dy, scale, shift, a, b, d, dx, rows, cols);
}

void L::add_relu(const bf16* a, const bf16* b, bf16* y, I n) { own().of_bf16.add_relu(a, b, y, n); }

void L::max_pool(const Pooling& p, const bf16* x, bf16* y, std::int32_t* tap) { own().of_bf16.max_pool(p, x, y, tap); }

void L::max_pool_backward(const Pooling& p, const bf16* dy, const std::int32_t* tap, bf16* dx) {
  if (p.tiles()) return own().of_bf16.spread_maxima(p, dy, tap, dx);
  for_examples(p, [&](const Pooling& one, I from, I to, I i) {
    float* out = scratch(0, from);
    own().max_pool_backward(one, widened(1, dy + i * to, to), tap + i * to, out);
    own().narrow(out, dx + i * from, from);
  });
}

void L::average_pool(const Pooling& p, I divisor, const bf16* x, bf16* y) {
  for_examples(p, [&](const Pooling& one, I from, I to, I i) {
    float* out = scratch(1, to);
    own().average_pool(one, divisor, widened(0, x + i * from, from), out);
    own().narrow(out, y + i * to, to);
  });
}

void L::average_pool_backward(const Pooling& p, I divisor, const bf16* dy, bf16* dx) {
  for_examples(p, [&](const Pooling& one, I from, I to, I i) {
    float* out = scratch(0, from);
    own().average_pool_backward(one, divisor, widened(1, dy + i * to, to), out);
    own().narrow(out, dx + i * from, from);
  });
}

}  // namespace gradus::kernels
