// The loops of loops.h as templates; included once per instruction set, inside its own namespace. Nothing here may call
// an inline function from outside (the linker could pick another set's copy), so no standard library.

using I = std::int64_t;
#define GRADUS_RESTRICT __restrict__

template <class T>
static inline T smaller(T a, T b) {
  return a < b ? a : b;
}

#include "gradus/kernels/tiles.inl"

#include "gradus/kernels/rows.inl"

#include "gradus/kernels/pools.inl"

#include "gradus/kernels/cells.inl"

// ---- elementwise

template <class T>
void unary(Unary f, const T* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I n, T p, T q) {
  with_unary(f, [=]<class F>(F) {
    for (I i = 0; i < n; ++i) y[i] = F::f(x[i], p, q);
  });
}

template <class T>
void unary_backward(Unary f, const T* GRADUS_RESTRICT s, const T* dy, T* dx, I n, T p, T q) {
  with_unary(f, [=]<class F>(F) {
    if constexpr (F::kSaves == Saves::nothing) {
      for (I i = 0; i < n; ++i) dx[i] = dy[i] * F::d(T(0), p, q);
    } else {
      for (I i = 0; i < n; ++i) dx[i] = dy[i] * F::d(s[i], p, q);
    }
  });
}

template <class T, class F>
static void binary_row(F, I n, const T* GRADUS_RESTRICT a, I sa, const T* GRADUS_RESTRICT b, I sb,
                       T* GRADUS_RESTRICT y) {
  if (sa == 1 && sb == 1) {
    for (I i = 0; i < n; ++i) y[i] = F::f(a[i], b[i]);
  } else if (sa == 1 && sb == 0) {
    T c = b[0];
    for (I i = 0; i < n; ++i) y[i] = F::f(a[i], c);
  } else if (sa == 0 && sb == 1) {
    T c = a[0];
    for (I i = 0; i < n; ++i) y[i] = F::f(c, b[i]);
  } else {
    for (I i = 0; i < n; ++i) y[i] = F::f(a[i * sa], b[i * sb]);
  }
}

template <class T>
void binary(Binary f, const Broadcast& s, const T* a, const T* b, T* y) {
  with_binary(f, [&]<class F>(F fn) {
    if (s.rank == 0) {
      *y = F::f(*a, *b);
      return;
    }
    int last = s.rank - 1;
    I n = s.size[last], rows = 1, index[8] = {};
    for (int i = 0; i < last; ++i) rows *= s.size[i];
    const T *pa = a, *pb = b;
    for (I r = 0; r < rows; ++r, y += n) {
      binary_row(fn, n, pa, s.a[last], pb, s.b[last], y);
      for (int i = last - 1; i >= 0; --i) {
        pa += s.a[i];
        pb += s.b[i];
        if (++index[i] < s.size[i]) break;
        pa -= s.a[i] * s.size[i];
        pb -= s.b[i] * s.size[i];
        index[i] = 0;
      }
    }
  });
}

template <class T>
void where(const T* GRADUS_RESTRICT c, const T* GRADUS_RESTRICT a, const T* GRADUS_RESTRICT b, T* GRADUS_RESTRICT y,
           I n) {
  for (I i = 0; i < n; ++i) y[i] = c[i] != T(0) ? a[i] : b[i];
}

// ---- reductions

// Sum of f(i) over a block: 16 lanes side by side, then pairwise.
template <class T, class F>
static inline T block_sum(I first, I n, F&& f) {
  T lane[16] = {};
  I i = 0;
  for (; i + 16 <= n; i += 16)
    for (int l = 0; l < 16; ++l) lane[l] += f(first + i + l);
  for (int l = 0; i + l < n; ++l) lane[l] += f(first + i + l);
  for (int w = 8; w > 0; w /= 2)
    for (int l = 0; l < w; ++l) lane[l] += lane[l + w];
  return lane[0];
}

// Sum of part(first, count) over blocks of at most `block`, as a tree: the error grows with the logarithm of n.
template <class T, class F>
static T tree_sum(I first, I n, I block, F&& part) {
  if (n <= block) return part(first, n);
  I half = (n / 2 + block - 1) / block * block;
  T left = tree_sum<T>(first, half, block, part);
  return left + tree_sum<T>(first + half, n - half, block, part);
}

// Terms that may be added in 16 lanes, and one after the other, before the error shows.
constexpr I kRun = 4096, kFew = 256;

template <class T, class F>
__attribute__((noinline)) static T long_sum(I n, const F& f) {
  if (n <= kRun) return block_sum<T>(0, n, f);
  return tree_sum<T>(0, n, kRun, [&](I first, I count) { return block_sum<T>(first, count, f); });
}

// Sum of f(i) for i < n; a short one as it comes.
template <class T, class F>
static inline T sum_of(I n, const F& f) {
  if (__builtin_expect(n >= 16, 0)) return long_sum<T>(n, f);
  T sum = T(0);
  for (I i = 0; i < n; ++i) sum += f(i);
  return sum;
}

// The same without a call for the usual lengths of a row.
template <class T, class F>
static inline T row_sum(I n, const F& f) {
  return n >= 16 && n <= kRun ? block_sum<T>(0, n, f) : sum_of<T>(n, f);
}

template <class T>
static T run_sum(const T* GRADUS_RESTRICT x, I n) {
  return row_sum<T>(n, [x](I i) { return x[i]; });
}

template <class T>
static T dot(const T* GRADUS_RESTRICT a, const T* GRADUS_RESTRICT b, I n) {
  return row_sum<T>(n, [a, b](I i) { return a[i] * b[i]; });
}

// Sums over rows side by side: part(first, count, y) sets y[0..width) to those over a block of rows, and blocks are
// added as a tree. `spare` has `width` numbers for each level of it.
constexpr I kRowBlock = 1024;
template <class T, class F>
static void row_tree(I first, I rows, T* GRADUS_RESTRICT y, I width, T* GRADUS_RESTRICT spare, F&& part) {
  if (rows <= kRowBlock) return part(first, rows, y);
  I half = (rows / 2 + kRowBlock - 1) / kRowBlock * kRowBlock;
  row_tree(first, half, y, width, spare, part);
  row_tree(first + half, rows - half, spare, width, spare + width, part);
  for (I c = 0; c < width; ++c) y[c] += spare[c];
}

template <class T, class F>
static void sum_rows(I rows, T* y, I width, F&& part) {
  if (rows <= kRowBlock) return part(I(0), rows, y);
  I levels = 64 - __builtin_clzll(static_cast<unsigned long long>(rows / kRowBlock));
  T* spare = static_cast<T*>(__builtin_malloc(levels * width * sizeof(T)));
  row_tree(I(0), rows, y, width, spare, part);
  __builtin_free(spare);
}

// The same for two sums per column, y1 and y2.
template <class T, class F>
static void sum_rows(I rows, T* y1, T* y2, I cols, F&& part) {
  if (rows <= kRowBlock) return part(I(0), rows, y1, y2);
  T* both = static_cast<T*>(__builtin_malloc(2 * cols * sizeof(T)));
  sum_rows(rows, both, 2 * cols, [&](I first, I count, T* y) { part(first, count, y, y + cols); });
  for (I c = 0; c < cols; ++c) y1[c] = both[c], y2[c] = both[cols + c];
  __builtin_free(both);
}

// y[0..cols) = column sums.
template <class T>
static void column_block_sum(const T* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I rows, I cols) {
  for (I c = 0; c < cols; ++c) y[c] = T(0);
  I r = 0;
  for (; r + 4 <= rows; r += 4) {
    const T* p = x + r * cols;
    for (I c = 0; c < cols; ++c) y[c] += (p[c] + p[c + cols]) + (p[c + 2 * cols] + p[c + 3 * cols]);
  }
  for (; r < rows; ++r)
    for (I c = 0; c < cols; ++c) y[c] += x[r * cols + c];
}

template <class T>
static void column_sum(const T* x, T* y, I rows, I cols) {
  sum_rows(rows, y, cols, [=](I first, I count, T* sums) { column_block_sum(x + first * cols, sums, count, cols); });
}

template <class T>
void sum(const T* x, T* y, I outer, I n, I inner, T scale) {
  for (I o = 0; o < outer; ++o) {
    if (inner == 1) {
      y[o] = scale * run_sum(x + o * n, n);
      continue;
    }
    T* row = y + o * inner;
    column_sum(x + o * n * inner, row, n, inner);
    for (I i = 0; i < inner; ++i) row[i] *= scale;
  }
}

template <class T, class F>
static void extreme(const T* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I outer, I n, I inner) {
  for (I o = 0; o < outer; ++o) {
    const T* p = x + o * n * inner;
    T* row = y + o * inner;
    for (I i = 0; i < inner; ++i) row[i] = p[i];
    for (I k = 1; k < n; ++k)
      for (I i = 0; i < inner; ++i) row[i] = F::f(row[i], p[k * inner + i]);
  }
}
template <class T>
void maximum(const T* x, T* y, I outer, I n, I inner) {
  extreme<T, Maximum>(x, y, outer, n, inner);
}
template <class T>
void minimum(const T* x, T* y, I outer, I n, I inner) {
  extreme<T, Minimum>(x, y, outer, n, inner);
}

// The first of equal values; a NaN counts as the largest.
template <class T>
void argmax(const T* x, std::int32_t* y, I outer, I n, I inner) {
  for (I o = 0; o < outer; ++o)
    for (I i = 0; i < inner; ++i) {
      const T* p = x + o * n * inner + i;
      I best = 0;
      for (I k = 1; k < n; ++k) {
        T a = p[best * inner], b = p[k * inner];
        if (b > a || (b != b && a == a)) best = k;
      }
      y[o * inner + i] = static_cast<std::int32_t>(best);
    }
}

// ---- softmax family, along the middle axis

// Rows are worked on in blocks that stay in the first cache, each step over the whole block: short rows vectorise too.
constexpr I kBlock = 2048;

template <class T>
static T row_max(const T* x, I n) {
  T m = x[0];
  for (I j = 1; j < n; ++j) m = Maximum::f(m, x[j]);
  return m;
}

// e = exp(x - max of its row), s = sum of each row of e, m = the maxima. A row with +inf, or of -inf alone, gives NaN.
template <class T>
static void shifted_exp(const T* GRADUS_RESTRICT x, T* GRADUS_RESTRICT e, T* GRADUS_RESTRICT m, T* GRADUS_RESTRICT s,
                        I rows, I cols) {
  for (I r = 0; r < rows; ++r) {
    m[r] = row_max(x + r * cols, cols);
    for (I c = 0; c < cols; ++c) e[r * cols + c] = x[r * cols + c] - m[r];
  }
  for (I i = 0; i < rows * cols; ++i) e[i] = exp_(e[i]);
  for (I r = 0; r < rows; ++r) s[r] = run_sum(e + r * cols, cols);
}

static inline I rows_in_block(I cols) { return cols >= kBlock ? 1 : kBlock / cols; }

template <class T, class F>
static void for_row_blocks(I rows, I cols, F&& body) {
  I step = rows_in_block(cols);
  for (I r = 0; r < rows; r += step) body(r, smaller(step, rows - r));
}

// Calls row(x, y, rows, cols) on rows; for inner > 1 each strided row is copied out and back.
template <class T, class F>
static void along_middle(const T* x, T* y, I outer, I n, I inner, F&& row) {
  if (inner == 1) {
    row(x, y, outer, n);
    return;
  }
  T* line = static_cast<T*>(__builtin_malloc(2 * n * sizeof(T)));
  for (I o = 0; o < outer; ++o)
    for (I i = 0; i < inner; ++i) {
      for (I k = 0; k < n; ++k) line[k] = x[(o * n + k) * inner + i];
      row(line, line + n, I(1), n);
      for (I k = 0; k < n; ++k) y[(o * n + k) * inner + i] = line[n + k];
    }
  __builtin_free(line);
}

template <class T>
void softmax(const T* x, T* y, I outer, I n, I inner) {
  along_middle(x, y, outer, n, inner, [](const T* a, T* b, I rows, I cols) {
    T m[kBlock], s[kBlock];
    for_row_blocks<T>(rows, cols, [&](I r, I count) {
      T* e = b + r * cols;
      shifted_exp(a + r * cols, e, m, s, count, cols);
      for (I k = 0; k < count; ++k)
        for (I c = 0; c < cols; ++c) e[k * cols + c] /= s[k];
    });
  });
}

template <class T>
void log_softmax(const T* x, T* y, I outer, I n, I inner) {
  along_middle(x, y, outer, n, inner, [](const T* a, T* b, I rows, I cols) {
    T m[kBlock], s[kBlock];
    for_row_blocks<T>(rows, cols, [&](I r, I count) {
      T* e = b + r * cols;
      shifted_exp(a + r * cols, e, m, s, count, cols);
      for (I k = 0; k < count; ++k) s[k] = log_(s[k]);
      for (I k = 0; k < count; ++k)
        for (I c = 0; c < cols; ++c) e[k * cols + c] = (a[(r + k) * cols + c] - m[k]) - s[k];
    });
  });
}

template <class T>
void logsumexp(const T* x, T* y, I outer, I n, I inner) {
  for (I o = 0; o < outer; ++o)
    for (I i = 0; i < inner; ++i) {
      const T* p = x + o * n * inner + i;
      T m = p[0];
      for (I k = 1; k < n; ++k) m = Maximum::f(m, p[k * inner]);
      T shift = m - m == T(0) ? m : T(0);
      y[o * inner + i] = log_(sum_of<T>(n, [=](I k) { return exp_(p[k * inner] - shift); })) + shift;
    }
}

template <class T>
void softmax_backward(const T* y, const T* dy, T* dx, I outer, I n, I inner) {
  for (I o = 0; o < outer; ++o)
    for (I i = 0; i < inner; ++i) {
      I at = o * n * inner + i;
      T s = sum_of<T>(n, [=](I k) { return y[at + k * inner] * dy[at + k * inner]; });
      for (I k = 0; k < n; ++k) dx[at + k * inner] = y[at + k * inner] * (dy[at + k * inner] - s);
    }
}

template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, I outer, I n, I inner) {
  for (I o = 0; o < outer; ++o)
    for (I i = 0; i < inner; ++i) {
      I at = o * n * inner + i;
      T s = sum_of<T>(n, [=](I k) { return dy[at + k * inner]; });
      for (I k = 0; k < n; ++k) dx[at + k * inner] = dy[at + k * inner] - exp_(y[at + k * inner]) * s;
    }
}

// ---- linear layers

// One row of c = a b, b stored [k, n]: columns in strips that stay in registers.
template <class T>
static void vector_matrix_block(const T* GRADUS_RESTRICT a, I step, const T* GRADUS_RESTRICT b, T* GRADUS_RESTRICT c,
                                I n, I k) {
  constexpr I kStrip = 512 / sizeof(T);
  I j = 0;
  for (; j + kStrip <= n; j += kStrip) {
    T acc[kStrip] = {};
    const T* p = b + j;
    for (I i = 0; i < k; ++i, p += n)
      for (I l = 0; l < kStrip; ++l) acc[l] += a[i * step] * p[l];
    for (I l = 0; l < kStrip; ++l) c[j + l] = acc[l];
  }
  if (j == n) return;
  for (I l = j; l < n; ++l) c[l] = T(0);
  for (I i = 0; i < k; ++i) {
    T s = a[i * step];
    for (I l = j; l < n; ++l) c[l] += s * b[i * n + l];
  }
}

template <class T>
static void vector_matrix(const T* a, I step, const T* b, T* c, I n, I k) {
  sum_rows(k, c, n, [=](I first, I count, T* sums) {
    vector_matrix_block(a + first * step, step, b + first * n, sums, n, count);
  });
}

template <class T>
void matmul_small(const T* a, const T* b, T* c, I m, I n, I k, bool ta, bool tb) {
  if (k == 1) {  // outer product
    for (I i = 0; i < m; ++i)
      for (I j = 0; j < n; ++j) c[i * n + j] = a[i] * b[j];
    return;
  }
  if (!tb) {
    for (I i = 0; i < m; ++i) vector_matrix(ta ? a + i : a + i * k, ta ? m : I(1), b, c + i * n, n, k);
    return;
  }
  if (!ta) {
    for (I i = 0; i < m; ++i)
      for (I j = 0; j < n; ++j) c[i * n + j] = dot(a + i * k, b + j * k, k);
    return;
  }
  for (I i = 0; i < m; ++i)
    for (I j = 0; j < n; ++j) c[i * n + j] = sum_of<T>(k, [=](I l) { return a[l * m + i] * b[j * k + l]; });
}

template <class T>
void bias_activation(T* y, const T* GRADUS_RESTRICT bias, I rows, I cols, Unary f, T p, T q) {
  with_unary(f, [=]<class F>(F) {
    if (bias == nullptr) {
      for (I i = 0; i < rows * cols; ++i) y[i] = F::f(y[i], p, q);
      return;
    }
    for (I r = 0; r < rows; ++r) {
      T* GRADUS_RESTRICT row = y + r * cols;
      for (I c = 0; c < cols; ++c) row[c] = F::f(row[c] + bias[c], p, q);
    }
  });
}

template <class T>
void activation_bias_backward(const T* s, const T* dy, T* dz, T* db, I rows, I cols, Unary f, T p, T q) {
  if (f == Unary::relu) return relu_backward<T, T>(s, dy, dz, db, rows, cols);
  if (f != Unary::identity) unary_backward(f, s, dy, dz, rows * cols, p, q);
  if (db != nullptr) column_sum<T>(f == Unary::identity ? dy : dz, db, rows, cols);
}

template <class T>
void dropout(const T* GRADUS_RESTRICT x, const float* GRADUS_RESTRICT u, T* GRADUS_RESTRICT y, I n, T rate) {
  T scale = T(1) / (T(1) - rate);
  float limit = static_cast<float>(rate);
  for (I i = 0; i < n; ++i) y[i] = u[i] >= limit ? x[i] * scale : T(0);
}

// ---- losses

template <class T>
struct LossValue {
  T value, slope;
};

struct Squared {
  template <class T>
  static inline LossValue<T> of(T z, T t, T) {
    return {(z - t) * (z - t), T(2) * (z - t)};
  }
};
struct Absolute {
  template <class T>
  static inline LossValue<T> of(T z, T t, T) {
    T e = z - t;
    return {abs_(e), e > T(0) ? T(1) : e < T(0) ? T(-1) : e};
  }
};
struct Huber {
  template <class T>
  static inline LossValue<T> of(T z, T t, T delta) {
    T e = z - t, a = abs_(e), s = e > T(0) ? delta : -delta;
    return {a <= delta ? T(0.5) * e * e : a != a ? e : delta * (a - T(0.5) * delta), a <= delta ? e : a != a ? e : s};
  }
};
struct LogisticLoss {
  template <class T>
  static inline LossValue<T> of(T z, T t, T) {
    T positive = z < T(0) ? T(0) : z;
    return {positive - z * t + log1p_unit(exp_(-abs_(z))), sigmoid_(z) - t};
  }
};
struct Hinge {
  template <class T>
  static inline LossValue<T> of(T z, T t, T margin) {
    T sign = T(2) * t - T(1), v = margin - sign * z;
    return {v < T(0) ? T(0) : v, v > T(0) ? -sign : v != v ? v : T(0)};
  }
};

// The losses of n elements, the first of which is number `first` of all, and their gradients.
template <class T, class F>
static T point_loss_block(const T* GRADUS_RESTRICT z, const T* GRADUS_RESTRICT t, const T* weight, T scale, T parameter,
                          T* GRADUS_RESTRICT g, I first, I n, I cols) {
  T value[kBlock];
  if (weight == nullptr) {
    for (I i = 0; i < n; ++i) value[i] = F::of(z[i], t[i], parameter).value;
    if (g != nullptr)
      for (I i = 0; i < n; ++i) g[i] = scale * F::of(z[i], t[i], parameter).slope;
  } else {
    for (I i = 0; i < n; ++i) {
      LossValue<T> v = F::of(z[i], t[i], parameter);
      T w = weight[(first + i) / cols];
      value[i] = w * v.value;
      if (g != nullptr) g[i] = scale * w * v.slope;
    }
  }
  return run_sum(value, n);
}

template <class T>
void point_loss(PointLoss f, const T* z, const T* t, const T* weight, T scale, T parameter, T* loss, T* gradient,
                I rows, I cols) {
  auto run = [=]<class F>(F) {
    *loss = scale * tree_sum<T>(0, rows * cols, kBlock, [=](I first, I n) {
              return point_loss_block<T, F>(z + first, t + first, weight, scale, parameter,
                                            gradient == nullptr ? nullptr : gradient + first, first, n, cols);
            });
  };
  switch (f) {
    case PointLoss::squared:
      return run(Squared{});
    case PointLoss::absolute:
      return run(Absolute{});
    case PointLoss::huber:
      return run(Huber{});
    case PointLoss::binary_cross_entropy:
      return run(LogisticLoss{});
    case PointLoss::hinge:
      return run(Hinge{});
  }
}

// Sum of the rows' losses, shared by both cross-entropies: body(row, e, 1 / sum, log of the sum, maximum) gives a row's
// loss; afterwards e holds the row's softmax when a gradient is wanted.
template <class T, class F>
static T softmax_rows(const T* z, T* gradient, I rows, I cols, F&& body) {
  T m[kBlock], s[kBlock], log_s[kBlock], buffer[kBlock];
  T* long_row = cols > kBlock && gradient == nullptr ? static_cast<T*>(__builtin_malloc(cols * sizeof(T))) : nullptr;
  T total = tree_sum<T>(0, rows, rows_in_block(cols), [&](I r, I count) {
    T* e = gradient != nullptr ? gradient + r * cols : long_row != nullptr ? long_row : buffer;
    shifted_exp(z + r * cols, e, m, s, count, cols);
    for (I k = 0; k < count; ++k) log_s[k] = log_(s[k]);
    for (I k = 0; k < count; ++k) s[k] = body(r + k, e + k * cols, T(1) / s[k], log_s[k], m[k]);
    return run_sum(s, count);
  });
  __builtin_free(long_row);
  return total;
}

template <class T>
void cross_entropy(const T* z, const std::int32_t* target, const T* weight, T scale, T smoothing, T* loss, T* gradient,
                   I rows, I cols) {
  T uniform = smoothing / T(cols), on = T(1) - smoothing;
  *loss = scale * softmax_rows(z, gradient, rows, cols, [&](I r, T* GRADUS_RESTRICT e, T inv_s, T log_s, T m) {
            const T* row = z + r * cols;
            T w = weight == nullptr ? T(1) : weight[r];
            T value = on * (log_s + (m - row[target[r]]));
            if (smoothing > T(0)) value += uniform * sum_of<T>(cols, [=](I c) { return log_s + (m - row[c]); });
            if (gradient == nullptr) return w * value;
            T a = scale * w * inv_s, b = scale * w * uniform;
            for (I c = 0; c < cols; ++c) e[c] = a * e[c] - b;
            e[target[r]] -= scale * w * on;
            return w * value;
          });
}

template <class T>
void cross_entropy_soft(const T* z, const T* q, const T* weight, T scale, bool divergence, T* loss, T* gradient, I rows,
                        I cols) {
  *loss = scale * softmax_rows(z, gradient, rows, cols, [&](I r, T* GRADUS_RESTRICT e, T inv_s, T log_s, T m) {
            const T *row = z + r * cols, *p = q + r * cols;
            T w = weight == nullptr ? T(1) : weight[r];
            // A class of no share adds nothing, whatever its score.
            T value = sum_of<T>(cols, [=](I c) { return p[c] == T(0) ? T(0) : p[c] * (log_s + (m - row[c])); });
            if (divergence) value += sum_of<T>(cols, [=](I c) { return p[c] == T(0) ? T(0) : p[c] * log_(p[c]); });
            if (gradient == nullptr) return w * value;
            T a = scale * w * run_sum(p, cols) * inv_s, b = scale * w;
            for (I c = 0; c < cols; ++c) e[c] = a * e[c] - b * p[c];
            return w * value;
          });
}

// Of classes [first, last) of a row: the loss before weights, and how many classes are within the margin.
template <class T>
static LossValue<T> multi_hinge_run(const T* GRADUS_RESTRICT row, I first, I last, I target, T slope, T margin,
                                    T* GRADUS_RESTRICT gradient) {
  T own = row[target], value = T(0), active = T(0);
  for (I c = first; c < last; ++c) {
    T v = margin - own + row[c];
    bool on = c != target && !(v <= T(0));
    value += on ? v : T(0);
    active += on ? T(1) : T(0);
    if (gradient != nullptr) gradient[c] = on ? slope : T(0);
  }
  return {value, active};
}

template <class T>
static T multi_hinge_row(const T* row, I target, T slope, T margin, T* gradient, I cols) {
  T active = T(0);
  T value = tree_sum<T>(0, cols, kFew, [&](I first, I count) {
    LossValue<T> run = multi_hinge_run(row, first, first + count, target, slope, margin, gradient);
    active += run.slope;
    return run.value;
  });
  if (gradient != nullptr) gradient[target] = -slope * active;
  return value;
}

template <class T>
void multi_hinge(const T* z, const std::int32_t* target, const T* weight, T scale, T margin, T* loss, T* gradient,
                 I rows, I cols) {
  *loss = scale * tree_sum<T>(0, rows, kFew, [=](I first, I count) {
            T sum = T(0);
            for (I r = first; r < first + count; ++r) {
              T w = weight == nullptr ? T(1) : weight[r];
              T* g = gradient == nullptr ? nullptr : gradient + r * cols;
              sum += w * multi_hinge_row(z + r * cols, I(target[r]), scale * w, margin, g, cols);
            }
            return sum;
          });
}

// ---- normalisation

template <class T>
void layer_norm(const T* GRADUS_RESTRICT x, const T* GRADUS_RESTRICT gain, const T* GRADUS_RESTRICT bias, T epsilon,
                T* GRADUS_RESTRICT y, T* GRADUS_RESTRICT normalized, T* GRADUS_RESTRICT inv_std, I rows, I cols) {
  for (I r = 0; r < rows; ++r) {
    const T* p = x + r * cols;
    T* n = normalized + r * cols;
    T mean = run_sum(p, cols) / T(cols);
    for (I c = 0; c < cols; ++c) n[c] = p[c] - mean;
    T variance = dot(n, n, cols) / T(cols);
    T inv = T(1) / sqrt_(variance + epsilon);
    inv_std[r] = inv;
    for (I c = 0; c < cols; ++c) n[c] *= inv;
    T* q = y + r * cols;
    for (I c = 0; c < cols; ++c) q[c] = n[c] * gain[c] + bias[c];
  }
}

template <class T>
static void layer_norm_block(const T* GRADUS_RESTRICT normalized, const T* GRADUS_RESTRICT inv_std,
                             const T* GRADUS_RESTRICT gain, const T* GRADUS_RESTRICT dy, T* GRADUS_RESTRICT dx,
                             T* GRADUS_RESTRICT dgain, T* GRADUS_RESTRICT dbias, I rows, I cols) {
  for (I c = 0; c < cols; ++c) dgain[c] = T(0), dbias[c] = T(0);
  for (I r = 0; r < rows; ++r) {
    const T *n = normalized + r * cols, *g = dy + r * cols;
    T* d = dx + r * cols;
    for (I c = 0; c < cols; ++c) {
      dgain[c] += g[c] * n[c];
      dbias[c] += g[c];
      d[c] = g[c] * gain[c];
    }
    T mean = run_sum(d, cols) / T(cols), along = dot(d, n, cols) / T(cols);
    for (I c = 0; c < cols; ++c) d[c] = inv_std[r] * (d[c] - mean - n[c] * along);
  }
}

template <class T>
void layer_norm_backward(const T* normalized, const T* inv_std, const T* gain, const T* dy, T* dx, T* dgain, T* dbias,
                         I rows, I cols) {
  sum_rows(rows, dgain, dbias, cols, [=](I first, I count, T* gains, T* biases) {
    I at = first * cols;
    layer_norm_block(normalized + at, inv_std + first, gain, dy + at, dx + at, gains, biases, count, cols);
  });
}

template <class T>
void prelu(const T* GRADUS_RESTRICT x, const T* GRADUS_RESTRICT slope, T* GRADUS_RESTRICT y, I rows, I cols) {
  for (I r = 0; r < rows; ++r)
    for (I c = 0; c < cols; ++c) {
      T v = x[r * cols + c];
      y[r * cols + c] = v < T(0) ? slope[c] * v : v;
    }
}

template <class T>
static void prelu_block(const T* GRADUS_RESTRICT x, const T* GRADUS_RESTRICT slope, const T* GRADUS_RESTRICT dy,
                        T* GRADUS_RESTRICT dx, T* GRADUS_RESTRICT dslope, I rows, I cols) {
  for (I c = 0; c < cols; ++c) dslope[c] = T(0);
  for (I r = 0; r < rows; ++r)
    for (I c = 0; c < cols; ++c) {
      T v = x[r * cols + c], g = dy[r * cols + c];
      bool below = !(v > T(0));
      dx[r * cols + c] = below ? slope[c] * g : g;
      dslope[c] += below ? v * g : T(0);
    }
}

template <class T>
void prelu_backward(const T* x, const T* slope, const T* dy, T* dx, T* dslope, I rows, I cols) {
  sum_rows(rows, dslope, cols, [=](I first, I count, T* sums) {
    I at = first * cols;
    prelu_block(x + at, slope, dy + at, dx + at, sums, count, cols);
  });
}

// ---- attention

template <class T>
void additive_scores(const T* q, const T* k, const T* w, T* y, I steps, I time, I cols) {
  for (I t = 0; t < steps; ++t)
    for (I s = 0; s < time; ++s) {
      const T *a = q + t * cols, *b = k + s * cols;
      y[t * time + s] = row_sum<T>(cols, [=](I j) { return w[j] * tanh_(a[j] + b[j]); });
    }
}

template <class T>
static __attribute__((noinline)) void additive_row(const T* GRADUS_RESTRICT q, const T* GRADUS_RESTRICT k,
                                                   const T* GRADUS_RESTRICT w, T dy, T* GRADUS_RESTRICT dq,
                                                   T* GRADUS_RESTRICT dk, T* GRADUS_RESTRICT dw, I cols) {
  for (I j = 0; j < cols; ++j) {
    T y = tanh_(q[j] + k[j]), g = dy * w[j] * (T(1) - y * y);
    dq[j] += g;
    dk[j] += g;
    dw[j] += dy * y;
  }
}

template <class T>
void additive_scores_backward(const T* q, const T* k, const T* w, const T* dy, T* dq, T* dk, T* dw, I steps, I time,
                              I cols) {
  for (I i = 0; i < steps * cols; ++i) dq[i] = T(0);
  for (I i = 0; i < time * cols; ++i) dk[i] = T(0);
  for (I j = 0; j < cols; ++j) dw[j] = T(0);
  for (I t = 0; t < steps; ++t)
    for (I s = 0; s < time; ++s)
      if (T g = dy[t * time + s]; g != T(0))
        additive_row(q + t * cols, k + s * cols, w, g, dq + t * cols, dk + s * cols, dw, cols);
}

// ---- gradients and optimizers

template <class T>
void sum_terms(const T* const* terms, int count, T* GRADUS_RESTRICT out, I n) {
  if (count == 1) {
    for (I i = 0; i < n; ++i) out[i] = terms[0][i];
    return;
  }
  if (count == 2) {
    const T *a = terms[0], *b = terms[1];
    for (I i = 0; i < n; ++i) out[i] = a[i] + b[i];
    return;
  }
  if (count == 4) {
    const T *a = terms[0], *b = terms[1], *c = terms[2], *d = terms[3];
    for (I i = 0; i < n; ++i) out[i] = (a[i] + b[i]) + (c[i] + d[i]);
    return;
  }
  int half = 1;
  while (half * 2 < count) half *= 2;
  T piece[256];
  for (I i = 0; i < n; i += 256) {
    I m = smaller(I(256), n - i);
    const T* shifted[16];
    for (int t = 0; t < count; ++t) shifted[t] = terms[t] + i;
    sum_terms(shifted, half, out + i, m);
    sum_terms(shifted + half, count - half, piece, m);
    for (I j = 0; j < m; ++j) out[i + j] += piece[j];
  }
}

template <class T>
bool all_finite(const T* x, I n) {
  // 0 x is 0, and NaN for an x that is not finite.
  constexpr I kLanes = 256 / sizeof(T);
  if (n < kLanes) {
    T s = T(0);
    for (I i = 0; i < n; ++i) s += x[i] * T(0);
    return s == T(0);
  }
  T lane[kLanes] = {};
  I i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (I l = 0; l < kLanes; ++l) lane[l] += x[i + l] * T(0);
  for (I l = 0; i + l < n; ++l) lane[l] += x[i + l] * T(0);
  T s = T(0);
  for (I l = 0; l < kLanes; ++l) s += lane[l];
  return s == T(0);
}

template <class T>
double sum_squares(const T* x, I n) {
  double lane[8] = {};
  I i = 0;
  for (; i + 8 <= n; i += 8)
    for (int l = 0; l < 8; ++l) lane[l] += static_cast<double>(x[i + l]) * static_cast<double>(x[i + l]);
  for (int l = 0; i + l < n; ++l) lane[l] += static_cast<double>(x[i + l]) * static_cast<double>(x[i + l]);
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

template <class T>
void adjust_gradient(T* GRADUS_RESTRICT g, const T* GRADUS_RESTRICT w, I n, T scale, T limit, T l1, T l2) {
  for (I i = 0; i < n; ++i) {
    T sign = w[i] > T(0) ? T(1) : w[i] < T(0) ? T(-1) : T(0);
    T v = scale * g[i] + l2 * w[i] + l1 * sign;
    T clipped = v > limit ? limit : v < -limit ? -limit : v;
    g[i] = limit > T(0) ? clipped : v;
  }
}

template <class T>
void axpy(T a, const T* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I n) {
  for (I i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class T>
void sgd(T* GRADUS_RESTRICT w, const T* GRADUS_RESTRICT g, I n, T lr) {
  for (I i = 0; i < n; ++i) w[i] -= lr * g[i];
}

template <class T>
void momentum(T* GRADUS_RESTRICT w, T* GRADUS_RESTRICT v, const T* GRADUS_RESTRICT g, I n, T lr, T mu, bool nesterov) {
  if (nesterov) {
    for (I i = 0; i < n; ++i) {
      v[i] = mu * v[i] + g[i];
      w[i] -= lr * (g[i] + mu * v[i]);
    }
  } else {
    for (I i = 0; i < n; ++i) {
      v[i] = mu * v[i] + g[i];
      w[i] -= lr * v[i];
    }
  }
}

template <class T>
void adagrad(T* GRADUS_RESTRICT w, T* GRADUS_RESTRICT s, const T* GRADUS_RESTRICT g, I n, T lr, T epsilon) {
  for (I i = 0; i < n; ++i) {
    s[i] += g[i] * g[i];
    w[i] -= lr * g[i] / (sqrt_(s[i]) + epsilon);
  }
}

template <class T>
void adadelta(T* GRADUS_RESTRICT w, T* GRADUS_RESTRICT s, T* GRADUS_RESTRICT d, const T* GRADUS_RESTRICT g, I n, T lr,
              T rho, T epsilon) {
  for (I i = 0; i < n; ++i) {
    s[i] = rho * s[i] + (T(1) - rho) * g[i] * g[i];
    T step = sqrt_(d[i] + epsilon) / sqrt_(s[i] + epsilon) * g[i];
    d[i] = rho * d[i] + (T(1) - rho) * step * step;
    w[i] -= lr * step;
  }
}

template <class T>
void rmsprop(T* GRADUS_RESTRICT w, T* GRADUS_RESTRICT s, const T* GRADUS_RESTRICT g, I n, T lr, T rho, T epsilon) {
  for (I i = 0; i < n; ++i) {
    s[i] = rho * s[i] + (T(1) - rho) * g[i] * g[i];
    w[i] -= lr * g[i] / (sqrt_(s[i]) + epsilon);
  }
}

template <class T>
void adam(T* GRADUS_RESTRICT w, T* GRADUS_RESTRICT m, T* GRADUS_RESTRICT v, const T* GRADUS_RESTRICT g, I n,
          const AdamStep& a) {
  T b1 = T(a.beta1), b2 = T(a.beta2), c1 = T(1 - a.beta1), c2 = T(1 - a.beta2);
  T step = T(a.step_size), root = T(a.root_scale), epsilon = T(a.epsilon), keep = T(a.keep);
  for (I i = 0; i < n; ++i) {
    T mi = b1 * m[i] + c1 * g[i];
    T vi = b2 * v[i] + c2 * g[i] * g[i];
    m[i] = mi;
    v[i] = vi;
    w[i] = keep * w[i] - step * mi / (sqrt_(vi) * root + epsilon);
  }
}

template <class T>
void bytes_affine(const std::uint8_t* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I n, T shift, T scale) {
  for (I i = 0; i < n; ++i) y[i] = (static_cast<T>(x[i]) - shift) * scale;
}

// ---- other sizes: upsampling and adaptive pooling

static I positions(const I* size) { return size[0] * size[1] * size[2]; }

// The first position of a result whose source, position * size / result rounded down, is `at`.
static I first_from(I at, I size, I result) { return (at * result + size - 1) / size; }

// Calls f(offset in x, offset in y) for each row of y, [result[2], channels], and the row of x it is taken from.
template <class F>
static void for_nearest_rows(const Resizing& r, F f) {
  I y = 0;
  for (I n = 0; n < r.n; ++n)
    for (I a = 0; a < r.result[0]; ++a)
      for (I b = 0; b < r.result[1]; ++b, y += r.result[2] * r.channels) {
        I plane = n * r.size[0] + a * r.size[0] / r.result[0];
        f((plane * r.size[1] + b * r.size[1] / r.result[1]) * r.size[2] * r.channels, y);
      }
}

template <class T>
void upsample_nearest(const Resizing& r, const T* x, T* y) {
  const I c = r.channels, width = r.result[2] * c;
  I written = -1;  // the row of x that the row of y before was made of
  for_nearest_rows(r, [&](I from, I to) {
    T* GRADUS_RESTRICT out = y + to;
    if (from == written) {
      const T* GRADUS_RESTRICT before = out - width;
      for (I i = 0; i < width; ++i) out[i] = before[i];
      return;
    }
    written = from;
    const T* GRADUS_RESTRICT v = x + from;
    for (I i = 0, j = 0; i < r.size[2]; ++i, v += c)
      for (I end = first_from(i + 1, r.size[2], r.result[2]); j < end; ++j, out += c)
        for (I k = 0; k < c; ++k) out[k] = v[k];
  });
}

template <class T>
void upsample_nearest_backward(const Resizing& r, const T* dy, T* dx) {
  const I c = r.channels;
  for (I i = 0; i < r.n * positions(r.size) * c; ++i) dx[i] = T(0);
  for_nearest_rows(r, [&](I from, I to) {
    const T* GRADUS_RESTRICT d = dy + to;
    T* GRADUS_RESTRICT sum = dx + from;
    for (I i = 0, j = 0; i < r.size[2]; ++i, sum += c)
      for (I end = first_from(i + 1, r.size[2], r.result[2]); j < end; ++j, d += c)
        for (I k = 0; k < c; ++k) sum[k] += d[k];
  });
}

// Where a position of a result lies along an axis of x: at x[low] (1 - weight) + x[high] weight. Positions are the
// middles of equal parts of the axis.
template <class T>
struct Between {
  I low, high;
  T weight;
};
template <class T>
static inline Between<T> between(I at, I size, I result) {
  double position = (static_cast<double>(at) + 0.5) * (static_cast<double>(size) / static_cast<double>(result)) - 0.5;
  if (position < 0) position = 0;
  I low = static_cast<I>(position);
  if (low + 1 >= size) return {size - 1, size - 1, T(0)};
  return {low, low + 1, static_cast<T>(position - static_cast<double>(low))};
}

// Calls f(offset in an example of x, weight) for the rows that row (a, b) of the result lies between, up to four.
template <class T, class F>
static void for_rows_around(const Resizing& r, I a, I b, F f) {
  const Between<T> u = between<T>(a, r.size[0], r.result[0]), v = between<T>(b, r.size[1], r.result[1]);
  for (I corner = 0; corner < 4; ++corner) {
    const bool deep = corner >= 2, down = corner % 2 == 1;
    const T weight = (deep ? u.weight : T(1) - u.weight) * (down ? v.weight : T(1) - v.weight);
    const I row = (deep ? u.high : u.low) * r.size[1] + (down ? v.high : v.low);
    if (weight != T(0)) f(row * r.size[2] * r.channels, weight);
  }
}

// y [result[2], channels] from x [size[2], channels], and the other way the gradient.
template <class T>
static void widen_row(const Resizing& r, const T* x, T* y) {
  const I c = r.channels;
  for (I j = 0; j < r.result[2]; ++j) {
    const Between<T> p = between<T>(j, r.size[2], r.result[2]);
    const T *low = x + p.low * c, *high = x + p.high * c, near = T(1) - p.weight, far = p.weight;
    T* GRADUS_RESTRICT out = y + j * c;
    for (I k = 0; k < c; ++k) out[k] = near * low[k] + far * high[k];
  }
}
template <class T>
static void narrow_row(const Resizing& r, const T* GRADUS_RESTRICT dy, T* GRADUS_RESTRICT dx) {
  const I c = r.channels;
  for (I i = 0; i < r.size[2] * c; ++i) dx[i] = T(0);
  for (I j = 0; j < r.result[2]; ++j, dy += c) {
    const Between<T> p = between<T>(j, r.size[2], r.result[2]);
    T *low = dx + p.low * c, *high = dx + p.high * c;
    for (I k = 0; k < c; ++k) low[k] += (T(1) - p.weight) * dy[k];
    for (I k = 0; k < c; ++k) high[k] += p.weight * dy[k];
  }
}

template <class T>
void upsample_linear(const Resizing& r, const T* x, T* y, T* GRADUS_RESTRICT row) {
  const I width = r.size[2] * r.channels;
  for (I n = 0; n < r.n; ++n, x += positions(r.size) * r.channels)
    for (I a = 0; a < r.result[0]; ++a)
      for (I b = 0; b < r.result[1]; ++b, y += r.result[2] * r.channels) {
        bool first = true;
        for_rows_around<T>(r, a, b, [&](I at, T weight) {
          const T* GRADUS_RESTRICT v = x + at;
          if (first)
            for (I i = 0; i < width; ++i) row[i] = weight * v[i];
          else
            for (I i = 0; i < width; ++i) row[i] += weight * v[i];
          first = false;
        });
        widen_row(r, row, y);
      }
}

template <class T>
void upsample_linear_backward(const Resizing& r, const T* dy, T* dx, T* GRADUS_RESTRICT row) {
  const I width = r.size[2] * r.channels, size = positions(r.size) * r.channels;
  for (I n = 0; n < r.n; ++n, dx += size) {
    for (I i = 0; i < size; ++i) dx[i] = T(0);
    for (I a = 0; a < r.result[0]; ++a)
      for (I b = 0; b < r.result[1]; ++b, dy += r.result[2] * r.channels) {
        narrow_row(r, dy, row);
        for_rows_around<T>(r, a, b, [&](I at, T weight) {
          T* GRADUS_RESTRICT sum = dx + at;
          for (I i = 0; i < width; ++i) sum[i] += weight * row[i];
        });
      }
  }
}

// A window of adaptive pooling: by axis, positions [from, to) of x. That of result i goes from i size / result, rounded
// down, to (i + 1) size / result, rounded up.
struct Part {
  I from[3], to[3];
  I count() const { return (to[0] - from[0]) * (to[1] - from[1]) * (to[2] - from[2]); }
};

// Calls f(example, offset in y, window) for each window, in order.
template <class F>
static void for_parts(const Resizing& r, F f) {
  I y = 0;
  for (I n = 0; n < r.n; ++n)
    for (I a = 0; a < r.result[0]; ++a)
      for (I b = 0; b < r.result[1]; ++b)
        for (I c = 0; c < r.result[2]; ++c, y += r.channels) {
          const I at[] = {a, b, c};
          Part p;
          for (int i = 0; i < 3; ++i) {
            p.from[i] = at[i] * r.size[i] / r.result[i];
            p.to[i] = first_from(at[i] + 1, r.result[i], r.size[i]);
          }
          f(n, y, p);
        }
}

// Calls f(position in an example of x) for each of a window's positions.
template <class F>
static void for_positions(const Resizing& r, const Part& p, F f) {
  for (I a = p.from[0]; a < p.to[0]; ++a)
    for (I b = p.from[1]; b < p.to[1]; ++b)
      for (I c = p.from[2]; c < p.to[2]; ++c) f((a * r.size[1] + b) * r.size[2] + c);
}

template <class T>
void adaptive_max_pool(const Resizing& r, const T* x, T* y, std::int32_t* from) {
  const I c = r.channels;
  for_parts(r, [&](I n, I out, const Part& p) {
    T* GRADUS_RESTRICT most = y + out;
    std::int32_t* GRADUS_RESTRICT where = from + out;
    bool first = true;
    for_positions(r, p, [&](I position) {
      const T* GRADUS_RESTRICT v = x + (n * positions(r.size) + position) * c;
      const auto own = static_cast<std::int32_t>(position);
      for (I k = 0; first && k < c; ++k) most[k] = v[k], where[k] = own;
      for (I k = 0; !first && k < c; ++k) {
        T m = most[k];
        most[k] = larger(m, v[k]);
        where[k] = where_larger(m, v[k], where[k], own);
      }
      first = false;
    });
  });
}

template <class T>
void adaptive_max_pool_backward(const Resizing& r, const T* dy, const std::int32_t* from, T* dx) {
  const I c = r.channels;
  for (I i = 0; i < r.n * positions(r.size) * c; ++i) dx[i] = T(0);
  for_parts(r, [&](I n, I out, const Part& p) {
    const T* GRADUS_RESTRICT d = dy + out;
    const std::int32_t* GRADUS_RESTRICT where = from + out;
    for_positions(r, p, [&](I position) {
      T* GRADUS_RESTRICT sum = dx + (n * positions(r.size) + position) * c;
      const auto own = static_cast<std::int32_t>(position);
      for (I k = 0; k < c; ++k) sum[k] += where[k] == own ? d[k] : T(0);
    });
  });
}

template <class T>
void adaptive_average_pool(const Resizing& r, const T* x, T* y) {
  const I c = r.channels;
  for_parts(r, [&](I n, I out, const Part& p) {
    T* GRADUS_RESTRICT mean = y + out;
    for (I k = 0; k < c; ++k) mean[k] = T(0);
    for_positions(r, p, [&](I position) {
      const T* GRADUS_RESTRICT v = x + (n * positions(r.size) + position) * c;
      for (I k = 0; k < c; ++k) mean[k] += v[k];
    });
    const T scale = T(1) / static_cast<T>(p.count());
    for (I k = 0; k < c; ++k) mean[k] *= scale;
  });
}

template <class T>
void adaptive_average_pool_backward(const Resizing& r, const T* dy, T* dx) {
  const I c = r.channels;
  for (I i = 0; i < r.n * positions(r.size) * c; ++i) dx[i] = T(0);
  for_parts(r, [&](I n, I out, const Part& p) {
    const T* GRADUS_RESTRICT d = dy + out;
    const T scale = T(1) / static_cast<T>(p.count());
    for_positions(r, p, [&](I position) {
      T* GRADUS_RESTRICT sum = dx + (n * positions(r.size) + position) * c;
      for (I k = 0; k < c; ++k) sum[k] += scale * d[k];
    });
  });
}

template <class T>
void widen(const bf16* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I n) {
  for (I i = 0; i < n; ++i) y[i] = T(__builtin_bit_cast(float, std::uint32_t(x[i].bits) << 16));
}

// What is no number stays none: its upper half could be that of an infinity.
template <class T>
void narrow(const T* GRADUS_RESTRICT x, bf16* GRADUS_RESTRICT y, I n) {
  for (I i = 0; i < n; ++i) {
    float v = float(x[i]);
    std::uint32_t u = __builtin_bit_cast(std::uint32_t, v), rounded = u + 0x7fff + (u >> 16 & 1);
    y[i].bits = std::uint16_t((v != v ? u | 0x400000 : rounded) >> 16);
  }
}

template <class T>
constexpr Loops<T> make_loops(const char* name) {
  return {name,
          unary<T>,
          unary_backward<T>,
          binary<T>,
          where<T>,
          sum<T>,
          maximum<T>,
          minimum<T>,
          argmax<T>,
          softmax<T>,
          log_softmax<T>,
          logsumexp<T>,
          softmax_backward<T>,
          log_softmax_backward<T>,
          gemm<T>,
          matmul_small<T>,
          bias_activation<T>,
          activation_bias_backward<T>,
          dropout<T>,
          point_loss<T>,
          cross_entropy<T>,
          cross_entropy_soft<T>,
          multi_hinge<T>,
          column_moments<T, T>,
          column_affine<T, T>,
          batch_norm_sums<T, T>,
          column_affine2<T, T>,
          add_relu<T, T>,
          layer_norm<T>,
          layer_norm_backward<T>,
          prelu<T>,
          prelu_backward<T>,
          additive_scores<T>,
          additive_scores_backward<T>,
          max_pool<T, T>,
          max_pool_backward<T>,
          average_pool<T>,
          average_pool_backward<T>,
          sum_terms<T>,
          all_finite<T>,
          sum_squares<T>,
          adjust_gradient<T>,
          axpy<T>,
          sgd<T>,
          momentum<T>,
          adagrad<T>,
          adadelta<T>,
          rmsprop<T>,
          adam<T>,
          bytes_affine<T>,
          upsample_nearest<T>,
          upsample_nearest_backward<T>,
          upsample_linear<T>,
          upsample_linear_backward<T>,
          adaptive_max_pool<T>,
          adaptive_max_pool_backward<T>,
          adaptive_average_pool<T>,
          adaptive_average_pool_backward<T>,
          widen<T>,
          narrow<T>,
          {column_moments<bf16, T>, column_affine<bf16, T>, batch_norm_sums<bf16, T>, column_affine2<bf16, T>,
           add_relu<bf16, T>, relu_backward<bf16, T>, max_pool<bf16, T>, spread_maxima<bf16, T>},
          make_cells<T, T>(),
          make_cells<bf16, T>()};
}

#undef GRADUS_RESTRICT
