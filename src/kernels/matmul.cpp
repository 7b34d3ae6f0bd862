#include "gradus/kernels/matmul.h"

#include <iterator>
#include <vector>

#include "gradus/kernels/loops.h"
#include "gradus/kernels/onednn.h"

namespace gradus::kernels {
namespace {

// Below this many multiply-adds the library's call costs more than it saves.
constexpr std::int64_t kSmall = 20000;
// Elements of b [k, n] up to which its panels stay in the second cache, where our tiles are faster than the library.
constexpr std::int64_t kTiled = 1 << 18;

// A single row is read-once arithmetic, bound by the weights' memory: strips reach it at any size.
bool in_strips(const MatmulShape& s) { return s.m <= 1 || s.k <= 1 || s.m * s.n * s.k < 256; }
bool in_tiles(const MatmulShape& s) { return !s.transpose_b && s.k * s.n <= kTiled; }

template <class T>
void loop_matmul(const MatmulShape& s, const T* a, const T* b, T* c) {
  std::int64_t step_a = s.batch_a == 1 ? 0 : s.m * s.k, step_b = s.batch_b == 1 ? 0 : s.k * s.n;
  bool strips = in_strips(s) || s.transpose_b;
  Gemm g{s.m, s.n, s.k, s.transpose_a ? 1 : s.k, s.transpose_a ? s.m : 1, s.n, s.n};
  for (std::int64_t i = 0; i < s.batch; ++i, a += step_a, b += step_b, c += s.m * s.n)
    if (strips)
      loops<T>().matmul_small(a, b, c, s.m, s.n, s.k, s.transpose_a, s.transpose_b);
    else
      loops<T>().gemm(g, a, b, c);
}

struct ShapeHash {
  std::size_t operator()(const MatmulShape& s) const {
    const std::int64_t numbers[] = {
        s.m, s.n, s.k, s.batch, s.batch_a, s.batch_b, static_cast<std::int64_t>(s.transpose_a * 2 + s.transpose_b)};
    return hash_numbers(numbers, std::size(numbers));
  }
};

struct MatmulPrimitive : Primitive {
  explicit MatmulPrimitive(const MatmulShape& s) {
    using dnnl::memory;
    auto desc = [&](std::int64_t batch, std::int64_t rows, std::int64_t cols, bool transposed) {
      memory::dims dims = {rows, cols}, strides = transposed ? memory::dims{1, rows} : memory::dims{cols, 1};
      if (s.batch > 1) {
        dims.insert(dims.begin(), batch);
        strides.insert(strides.begin(), rows * cols);
      }
      return memory::desc(dims, memory::data_type::f32, strides);
    };
    memory::desc a = desc(s.batch_a, s.m, s.k, s.transpose_a), b = desc(s.batch_b, s.k, s.n, s.transpose_b),
                 c = desc(s.batch, s.m, s.n, false);
    dnnl::matmul::primitive_desc pd({a, b, c}, user_scratchpad(), cpu());
    Primitive::operator=(Primitive("matmul", dnnl::matmul(pd), pd.scratchpad_desc(),
                                   {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}}));
  }
};

}  // namespace

namespace {

// Terms that the library adds one after the other; of more, halves are summed apart.
constexpr std::int64_t kLongSum = 1 << 16;
bool is_long_sum(const MatmulShape& s) { return s.k > kLongSum && s.batch == 1 && s.transpose_a && !s.transpose_b; }

void sum_of_halves(const MatmulShape& s, const float* a, const float* b, float* c) {
  MatmulShape first = s, second = s;
  first.k = s.k / 2;
  second.k = s.k - first.k;
  std::vector<float> other(static_cast<std::size_t>(s.m * s.n));
  matmul(first, a, b, c);
  matmul(second, a + first.k * s.m, b + first.k * s.n, other.data());
  loops<float>().axpy(1, other.data(), c, s.m * s.n);
}

}  // namespace

void matmul(const MatmulShape& s, const float* a, const float* b, float* c) {
  if (in_strips(s) || in_tiles(s) || s.m * s.n * s.k < kSmall) return loop_matmul(s, a, b, c);
  if (is_long_sum(s)) return sum_of_halves(s, a, b, c);
  static thread_local PerThread<MatmulShape, MatmulPrimitive, ShapeHash> primitives;
  primitives[s].run({a, b, c});
}

void matmul(const MatmulShape& s, const double* a, const double* b, double* c) { loop_matmul(s, a, b, c); }

}  // namespace gradus::kernels
