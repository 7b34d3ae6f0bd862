// Loops over rows of channels, which are stored as S, T itself or bf16, and computed in T; included by loops.inl. Rows
// are taken in blocks that stay in the first cache while runs of W columns, kept in registers, go down them.

// W numbers side by side.
template <class T, int W>
struct Side {
  typedef T type __attribute__((vector_size(W * sizeof(T))));
};
template <class T, int W>
using Wide = typename Side<T, W>::type;

template <int W>
struct Width {};

template <class T, int W>
static inline Wide<T, W> load(const T* p) {
  Wide<T, W> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class T, int W>
static inline Wide<T, W> load(const bf16* p) {
  Wide<std::uint16_t, W> bits;
  __builtin_memcpy(&bits, p, sizeof bits);
  Wide<std::uint32_t, W> upper = __builtin_convertvector(bits, Wide<std::uint32_t, W>) << 16;
  Wide<float, W> v;
  __builtin_memcpy(&v, &upper, sizeof v);
  return __builtin_convertvector(v, Wide<T, W>);
}

template <class T, int W>
static inline void store(T* p, Wide<T, W> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

// To the nearest, ties to even; what is no number stays none, which its upper half alone need not.
template <class T, int W>
static inline void store(bf16* p, Wide<T, W> value) {
  Wide<float, W> v = __builtin_convertvector(value, Wide<float, W>);
  Wide<std::uint32_t, W> u;
  __builtin_memcpy(&u, &v, sizeof u);
  Wide<std::uint32_t, W> rounded = u + 0x7fff + (u >> 16 & 1), quiet = u | 0x400000;
  Wide<std::uint32_t, W> kept = v != v ? quiet : rounded;
  Wide<std::uint16_t, W> bits = __builtin_convertvector(kept >> 16, Wide<std::uint16_t, W>);
  __builtin_memcpy(static_cast<void*>(p), &bits, sizeof bits);
}

template <class T, int W>
static inline Wide<T, W> rectified(Wide<T, W> v) {
  return v < T(0) ? Wide<T, W>{} : v;
}

// dy where the value that a ReLU was taken of is above 0, else 0.
template <class T, int W>
static inline Wide<T, W> passed(Wide<T, W> dy, Wide<T, W> value) {
  return value > T(0) ? dy : Wide<T, W>{};
}

// Calls f(Width, first column) for runs of columns: as many as a vector register holds, or less at the end.
template <class T, class F>
static inline void for_columns(I cols, F&& f) {
  constexpr int kMost = Lanes<T>::kCount, kSome = kMost < 4 ? kMost : 4;
  I c = 0;
  for (; c + kMost <= cols; c += kMost) f(Width<kMost>{}, c);
  for (; c + kSome <= cols; c += kSome) f(Width<kSome>{}, c);
  for (; c < cols; ++c) f(Width<1>{}, c);
}

// Calls f(first row, rows) for blocks, few enough that their sums need no tree.
template <class F>
static inline void for_row_blocks(I rows, I cols, F&& f) {
  I block = cols <= 16 ? 256 : cols >= 256 ? 16 : 4096 / cols;
  for (I r = 0; r < rows; r += block) f(r, rows - r < block ? rows - r : block);
}

// N sums over rows for each column: part(Width, first row, rows, first column, sums) gives those of a block, which are
// added up in double.
template <class T, int N, class F>
static void block_sums(I rows, I cols, T* const (&y)[N], F&& part) {
  double* total = static_cast<double*>(__builtin_malloc(N * cols * sizeof(double)));
  for (I i = 0; i < N * cols; ++i) total[i] = 0;
  for_row_blocks(rows, cols, [&](I r, I count) {
    for_columns<T>(cols, [&]<int W>(Width<W> w, I c) {
      Wide<T, W> sums[N] = {};
      part(w, r, count, c, sums);
      for (int n = 0; n < N; ++n)
        for (int k = 0; k < W; ++k) total[n * cols + c + k] += double(sums[n][k]);
    });
  });
  for (int n = 0; n < N; ++n)
    for (I c = 0; c < cols; ++c) y[n][c] = T(total[n * cols + c]);
  __builtin_free(total);
}

// Mean and sum of squared deviations of a block's columns.
template <class T, int W, class S>
static inline void block_moments(const S* x, I rows, I cols, T* mean, T* m2) {
  Wide<T, W> even = {}, odd = {};
  for (I r = 0; r + 2 <= rows; r += 2) {
    even += load<T, W>(x + r * cols);
    odd += load<T, W>(x + (r + 1) * cols);
  }
  if (rows % 2 != 0) even += load<T, W>(x + (rows - 1) * cols);
  Wide<T, W> m = (even + odd) * (T(1) / T(rows)), squares = {};
  for (I r = 0; r < rows; ++r) {
    Wide<T, W> d = load<T, W>(x + r * cols) - m;
    squares += d * d;
  }
  store<T, W>(mean, m);
  store<T, W>(m2, squares);
}

// Blocks' moments are merged as shards' are: see ops/norm.cpp.
template <class S, class T>
void column_moments(const S* x, T* mean, T* m2, I rows, I cols) {
  double* total = static_cast<double*>(__builtin_malloc(2 * cols * sizeof(double)));
  for (I c = 0; c < 2 * cols; ++c) total[c] = 0;
  for_row_blocks(rows, cols, [&](I r, I count) {
    for_columns<T>(cols,
                   [&]<int W>(Width<W>, I c) { block_moments<T, W>(x + r * cols + c, count, cols, mean + c, m2 + c); });
    double share = double(count) / double(r + count);
    for (I c = 0; c < cols; ++c) {
      double d = double(mean[c]) - total[c];
      total[c] += d * share;
      total[cols + c] += double(m2[c]) + d * d * double(r) * share;
    }
  });
  for (I c = 0; c < cols; ++c) {
    mean[c] = T(total[c]);
    m2[c] = T(total[cols + c]);
  }
  __builtin_free(total);
}

template <class S, class T>
void column_affine(const S* GRADUS_RESTRICT x, const T* GRADUS_RESTRICT a, const T* GRADUS_RESTRICT b,
                   S* GRADUS_RESTRICT y, I rows, I cols, bool relu) {
  for_row_blocks(rows, cols, [&](I first, I count) {
    for_columns<T>(cols, [&]<int W>(Width<W>, I c) {
      Wide<T, W> scale = load<T, W>(a + c), shift = load<T, W>(b + c);
      for (I r = first; r < first + count; ++r) {
        Wide<T, W> v = load<T, W>(x + r * cols + c) * scale + shift;
        store<T, W>(y + r * cols + c, relu ? rectified<T, W>(v) : v);
      }
    });
  });
}

template <class S, class T>
void batch_norm_sums(const S* x, const S* dy, const T* scale, const T* shift, const T* mean, const T* inv_std, T* s1,
                     T* s2, I rows, I cols) {
  auto part = [=]<int W>(Width<W>, I first, I count, I c, Wide<T, W>* sums) {
    Wide<T, W> m = load<T, W>(mean + c), a = {}, b = {};
    if (scale != nullptr) a = load<T, W>(scale + c), b = load<T, W>(shift + c);
    for (I r = first; r < first + count; ++r) {
      Wide<T, W> v = load<T, W>(x + r * cols + c), g = load<T, W>(dy + r * cols + c);
      if (scale != nullptr) g = passed<T, W>(g, v * a + b);
      sums[0] += g;
      sums[1] += g * (v - m);
    }
  };
  block_sums<T, 2>(rows, cols, {s1, s2}, part);
  for (I c = 0; c < cols; ++c) s2[c] *= inv_std[c];
}

template <class S, class T>
void column_affine2(const S* x, const S* dy, const T* scale, const T* shift, const T* a, const T* b, const T* d, S* dx,
                    I rows, I cols) {
  for_row_blocks(rows, cols, [&](I first, I count) {
    for_columns<T>(cols, [&]<int W>(Width<W>, I c) {
      Wide<T, W> wa = load<T, W>(a + c), wb = load<T, W>(b + c), wd = load<T, W>(d + c), up = {}, by = {};
      if (scale != nullptr) up = load<T, W>(scale + c), by = load<T, W>(shift + c);
      for (I r = first; r < first + count; ++r) {
        Wide<T, W> v = load<T, W>(x + r * cols + c), g = load<T, W>(dy + r * cols + c);
        if (scale != nullptr) g = passed<T, W>(g, v * up + by);
        store<T, W>(dx + r * cols + c, wa * g + wb * v + wd);
      }
    });
  });
}

template <class S, class T>
void add_relu(const S* a, const S* b, S* y, I n) {
  for_columns<T>(
      n, [&]<int W>(Width<W>, I i) { store<T, W>(y + i, rectified<T, W>(load<T, W>(a + i) + load<T, W>(b + i))); });
}

template <class S, class T>
void relu_backward(const S* y, const S* dy, S* dx, T* db, I rows, I cols) {
  if (db == nullptr) {
    for_columns<T>(rows * cols, [&]<int W>(Width<W>, I i) {
      store<T, W>(dx + i, passed<T, W>(load<T, W>(dy + i), load<T, W>(y + i)));
    });
    return;
  }
  block_sums<T, 1>(rows, cols, {db}, [=]<int W>(Width<W>, I first, I count, I c, Wide<T, W>* sums) {
    for (I i = first * cols + c; i < (first + count) * cols; i += cols) {
      Wide<T, W> g = passed<T, W>(load<T, W>(dy + i), load<T, W>(y + i));
      store<T, W>(dx + i, g);
      sums[0] += g;
    }
  });
}
