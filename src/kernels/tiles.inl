// Matrix products in register tiles; included like loops.inl. Each element of c is a running sum over l, block after
// block of fixed depth, whatever tile it falls in: cutting a product by rows or columns does not change its bits.

#if defined(__AVX512F__)
#define GRADUS_LANE_BYTES 64
#elif defined(__AVX2__)
#define GRADUS_LANE_BYTES 32
#else
#define GRADUS_LANE_BYTES 16
#endif

template <class T>
struct Lanes {
  typedef T type __attribute__((vector_size(GRADUS_LANE_BYTES), aligned(sizeof(T)), may_alias));
  static constexpr I kCount = GRADUS_LANE_BYTES / sizeof(T);
};

// A tile's sums fill the registers: 24 of 32 with AVX-512, 12 of 16 otherwise.
constexpr int kTileRows = GRADUS_LANE_BYTES == 64 ? 8 : 4;
constexpr int kTileVectors = 3;
// Steps of l done before the next columns: with a's rows `step` apart each step touches a cache line of its own.
constexpr I kDepth = 1024, kDepthAcross = 256;
// Steps of l ahead at which a is fetched: hardware does not foresee rows that are pages apart.
constexpr I kAhead = 32;

// Asks for a cache line to be written soon. A line that another core has read takes tens of nanoseconds to become ours
// alone; asked for when a tile begins, it is there when the tile ends.
static inline void fetch_to_write(const void* p) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(p)));
#endif
}

// c [R, V vectors] = or += a b over k steps.
template <class T, int R, int V>
static void tile(const Gemm& g, const T* a, const T* b, I ldb, T* c, I ldc, I k, bool add) {
  using L = typename Lanes<T>::type;
  constexpr I n = Lanes<T>::kCount;
  L sum[R][V];
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) fetch_to_write(c + g.next + i * ldc + v * n);
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sum[i][v] = L{};
  const T* end = a + k * g.step;
  for (I l = 0; l < k; ++l, a += g.step, b += ldb) {
    const T* ahead = a + kAhead * g.step;
    __builtin_prefetch(ahead < end ? ahead : a);
    L row[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) row[v] = *reinterpret_cast<const L*>(b + v * n);
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[i][v] += a[i * g.row] * row[v];
  }
  if (add) {
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[i][v] += *reinterpret_cast<const L*>(c + i * ldc + v * n);
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) *reinterpret_cast<L*>(c + i * ldc + v * n) = sum[i][v];
}

// All rows of V vectors of columns.
template <class T, int V>
static void tile_column(const Gemm& g, const T* a, const T* b, I ldb, T* c, I ldc, I k, bool add) {
  I i = 0;
  for (; i + kTileRows <= g.m; i += kTileRows)
    tile<T, kTileRows, V>(g, a + i * g.row, b, ldb, c + i * ldc, ldc, k, add);
  if (kTileRows > 4 && i + 4 <= g.m) {
    tile<T, 4, V>(g, a + i * g.row, b, ldb, c + i * ldc, ldc, k, add);
    i += 4;
  }
  if (i + 2 <= g.m) {
    tile<T, 2, V>(g, a + i * g.row, b, ldb, c + i * ldc, ldc, k, add);
    i += 2;
  }
  if (i < g.m) tile<T, 1, V>(g, a + i * g.row, b, ldb, c + i * ldc, ldc, k, add);
}

// The last columns where they fill no vector: through copies padded with zeros.
template <class T>
static void ragged_column(const Gemm& g, const T* a, const T* b, T* c, I n, I k, bool add) {
  constexpr I lanes = Lanes<T>::kCount;
  T padded[kDepth * lanes], sums[kTileRows * lanes];
  for (I l = 0; l < k; ++l)
    for (I j = 0; j < lanes; ++j) padded[l * lanes + j] = j < n ? b[l * g.ldb + j] : T(0);
  for (I i = 0; i < g.m; i += kTileRows) {
    Gemm rows = g;
    rows.m = smaller(I(kTileRows), g.m - i);
    if (add)
      for (I r = 0; r < rows.m; ++r)
        for (I j = 0; j < n; ++j) sums[r * lanes + j] = c[(i + r) * g.ldc + j];
    tile_column<T, 1>(rows, a + i * g.row, padded, lanes, sums, lanes, k, add);
    for (I r = 0; r < rows.m; ++r)
      for (I j = 0; j < n; ++j) c[(i + r) * g.ldc + j] = sums[r * lanes + j];
  }
}

// One block of k.
template <class T>
static void block(const Gemm& g, const T* a, const T* b, T* c, I k, bool add) {
  constexpr I lanes = Lanes<T>::kCount, wide = kTileVectors * lanes;
  I j = 0;
  for (; j + wide <= g.n; j += wide) tile_column<T, kTileVectors>(g, a, b + j, g.ldb, c + j, g.ldc, k, add);
  if (j + 2 * lanes <= g.n) {
    tile_column<T, 2>(g, a, b + j, g.ldb, c + j, g.ldc, k, add);
    j += 2 * lanes;
  }
  if (j + lanes <= g.n) {
    tile_column<T, 1>(g, a, b + j, g.ldb, c + j, g.ldc, k, add);
    j += lanes;
  }
  if (j < g.n) ragged_column(g, a, b + j, c + j, g.n - j, k, add);
}

// The same for few columns and a stored transposed: c^T = b^T a^T has whole vectors along a's rows.
template <class T>
static void turned_block(const Gemm& g, const T* a, const T* b, T* c, I k, bool add) {
  constexpr I kRows = 256;
  T turned[Lanes<T>::kCount * kRows];
  for (I first = 0; first < g.m; first += kRows, a += kRows, c += kRows * g.ldc) {
    I rows = smaller(kRows, g.m - first);
    block<T>({g.n, rows, k, 1, g.ldb, g.step, rows}, b, a, turned, k, false);
    for (I i = 0; i < rows; ++i)
      for (I j = 0; j < g.n; ++j) c[i * g.ldc + j] = turned[j * rows + i] + (add ? c[i * g.ldc + j] : T(0));
  }
}

template <class T>
static void outer_product(const Gemm& g, const T* a, const T* GRADUS_RESTRICT b, T* GRADUS_RESTRICT c) {
  for (I i = 0; i < g.m; ++i) {
    const T s = a[i * g.row];
    for (I j = 0; j < g.n; ++j) c[i * g.ldc + j] = s * b[j];
  }
}

template <class T>
void gemm(const Gemm& g, const T* a, const T* b, T* c) {
  if (g.k == 1 && !g.add) return outer_product(g, a, b, c);
  constexpr I lanes = Lanes<T>::kCount;
  bool turned = g.n < lanes && g.m >= lanes && g.row == 1;
  I depth = g.step == 1 ? kDepth : kDepthAcross;
  for (I first = 0; first < g.k || first == 0; first += depth) {
    I k = smaller(depth, g.k - first);
    const T *pa = a + first * g.step, *pb = b + first * g.ldb;
    bool add = g.add || first > 0;
    turned ? turned_block(g, pa, pb, c, k, add) : block(g, pa, pb, c, k, add);
  }
}
#undef GRADUS_LANE_BYTES
