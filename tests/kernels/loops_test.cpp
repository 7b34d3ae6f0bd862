#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "gradus/base/parallel.h"
#include "gradus/base/random.h"
#include "gradus/kernels/copy.h"
#include "gradus/kernels/counters.h"
#include "gradus/kernels/loops.h"
#include "gradus/kernels/matmul.h"

// Matrix products against sums in f64, sums, trees and copies; run once per instruction set (see CMakeLists.txt).
namespace gradus::kernels {
namespace {

std::vector<float> draw(std::int64_t n, std::uint32_t stream) {
  std::vector<float> v(n);
  for (std::int64_t i = 0; i < n; ++i) v[i] = uniform01({5, stream, 0}, static_cast<std::uint64_t>(i)) - 0.5f;
  return v;
}

template <class T>
void check_matmul(const MatmulShape& s, double tolerance) {
  std::vector<float> fa = draw(s.batch_a * s.m * s.k, 1), fb = draw(s.batch_b * s.k * s.n, 2);
  std::vector<T> a(fa.begin(), fa.end()), b(fb.begin(), fb.end()), c(s.batch * s.m * s.n, T(77));
  {
    ComputeScope scope;
    matmul(s, a.data(), b.data(), c.data());
  }
  for (std::int64_t p = 0; p < s.batch; ++p)
    for (std::int64_t i = 0; i < s.m; ++i)
      for (std::int64_t j = 0; j < s.n; ++j) {
        double sum = 0, size = 1e-3;
        for (std::int64_t l = 0; l < s.k; ++l) {
          double x = a[(s.batch_a == 1 ? 0 : p) * s.m * s.k + (s.transpose_a ? l * s.m + i : i * s.k + l)];
          double y = b[(s.batch_b == 1 ? 0 : p) * s.k * s.n + (s.transpose_b ? j * s.k + l : l * s.n + j)];
          sum += x * y;
          size += std::abs(x * y);
        }
        ASSERT_NEAR(c[(p * s.m + i) * s.n + j], sum, tolerance * size)
            << s.m << "x" << s.n << "x" << s.k << " ta " << s.transpose_a << " tb " << s.transpose_b << " batch "
            << s.batch;
      }
}

TEST(Matmul, MatchesSumsInF64) {
  // Small ones go through our loops, the others through the library.
  const std::int64_t sizes[][3] = {{1, 1, 1},     {1, 7, 3},    {5, 1, 9},     {3, 4, 1},
                                   {2, 129, 5},   {4, 130, 33}, {1, 200, 300}, {17, 3, 40},
                                   {32, 128, 20}, {33, 65, 31}, {64, 10, 128}, {1, 300, 784},
                                   {128, 32, 50}, {3, 5, 0},    {0, 4, 3},     {40, 1, 1000}};
  for (const auto& d : sizes)
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        check_matmul<float>({d[0], d[1], d[2], ta, tb}, 1e-6);
        check_matmul<double>({d[0], d[1], d[2], ta, tb}, 1e-15);
      }
}

TEST(Matmul, StacksAndSharedOperands) {
  for (const auto& d : {std::array<std::int64_t, 3>{3, 4, 5}, {32, 33, 34}})
    for (bool ta : {false, true})
      for (bool tb : {false, true})
        for (auto [batch_a, batch_b] : {std::pair{3, 3}, {1, 3}, {3, 1}}) {
          check_matmul<float>({d[0], d[1], d[2], ta, tb, 3, batch_a, batch_b}, 1e-6);
          check_matmul<double>({d[0], d[1], d[2], ta, tb, 3, batch_a, batch_b}, 1e-15);
        }
}

TEST(Matmul, WarmCallsMakeNoPrimitive) {
  check_matmul<float>({64, 64, 64, false, true}, 1e-6);
  std::uint64_t before = library_counters().primitives;
  EXPECT_GT(before, 0u);
  check_matmul<float>({64, 64, 64, false, true}, 1e-6);
  EXPECT_EQ(library_counters().primitives, before);
  check_matmul<float>({64, 64, 65, false, true}, 1e-6);
  EXPECT_EQ(library_counters().primitives, before + 1);
}

// A product of parts of larger matrices, against sums in f64; what lies around c stays as it is.
template <class T>
void check_gemm(std::int64_t m, std::int64_t n, std::int64_t k, bool across, bool add, double tolerance) {
  std::int64_t lda = (across ? m : k) + 3, ldb = n + 5, ldc = n + 2;
  std::vector<float> fa = draw((across ? k : m) * lda, 1), fb = draw(k * ldb, 2), fc = draw(m * ldc, 3);
  std::vector<T> a(fa.begin(), fa.end()), b(fb.begin(), fb.end()), before(fc.begin(), fc.end()), c = before;
  loops<T>().gemm({m, n, k, across ? 1 : lda, across ? lda : 1, ldb, ldc, add}, a.data(), b.data(), c.data());
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < ldc; ++j) {
      double sum = add ? before[i * ldc + j] : 0, size = 1;
      for (std::int64_t l = 0; l < k && j < n; ++l) {
        double term = static_cast<double>(a[across ? l * lda + i : i * lda + l]) * b[l * ldb + j];
        sum += term;
        size += std::abs(term);
      }
      if (j < n)
        ASSERT_NEAR(c[i * ldc + j], sum, tolerance * size) << m << "x" << n << "x" << k << " at " << i << ", " << j;
      else
        ASSERT_EQ(c[i * ldc + j], before[i * ldc + j]);
    }
}

TEST(Gemm, OfPartsOfMatricesMatchesSumsInF64) {
  for (std::int64_t m : {1, 3, 4, 7, 8, 15, 33})
    for (std::int64_t n : {1, 10, 16, 47, 48, 50, 100})
      for (std::int64_t k : {0, 1, 2, 5, 300, 1100})
        for (bool across : {false, true})
          for (bool add : {false, true}) {
            check_gemm<float>(m, n, k, across, add, 1e-6);
            check_gemm<double>(m, n, k, across, add, 1e-15);
          }
  check_gemm<float>(600, 10, 300, true, true, 1e-6);
}

TEST(Gemm, CutByRowsOrColumnsHasTheSameBits) {
  const std::int64_t m = 37, n = 83, k = 600;
  std::vector<float> a = draw(m * k, 1), b = draw(k * n, 2), all(m * n), cut(m * n);
  const auto& gemm = loops<float>().gemm;
  for (bool across : {false, true}) {
    std::int64_t row = across ? 1 : k, step = across ? m : 1;
    gemm({m, n, k, row, step, n, n}, a.data(), b.data(), all.data());
    for (std::int64_t i = 0; i < m; i += 5)
      for (std::int64_t j = 0; j < n; j += 19)
        gemm({std::min<std::int64_t>(5, m - i), std::min<std::int64_t>(19, n - j), k, row, step, n, n},
             a.data() + i * row, b.data() + j, cut.data() + i * n + j);
    EXPECT_EQ(all, cut);
  }
  std::fill(cut.begin(), cut.end(), 0.0f);  // and by its sum, added block by block
  for (std::int64_t l = 0; l < k; l += 256)
    gemm({m, n, std::min<std::int64_t>(256, k - l), 1, m, n, n, true}, a.data() + l * m, b.data() + l * n, cut.data());
  EXPECT_EQ(all, cut);
}

// ((0 + 1) + (2 + 3)) + ..., the left part the largest power of two below the count.
float tree(const std::vector<std::vector<float>>& terms, int first, int count, std::size_t i) {
  if (count == 1) return terms[first][i];
  int half = 1;
  while (half * 2 < count) half *= 2;
  return tree(terms, first, half, i) + tree(terms, first + half, count - half, i);
}

TEST(Sums, OfTermsAreTheDocumentedTree) {
  for (int count = 1; count <= 16; ++count)
    for (std::size_t n : {1, 255, 256, 257, 1000}) {
      std::vector<std::vector<float>> terms;
      std::vector<const float*> pointers;
      for (int t = 0; t < count; ++t)
        terms.push_back(draw(static_cast<std::int64_t>(n), static_cast<std::uint32_t>(t)));
      for (const auto& t : terms) pointers.push_back(t.data());
      std::vector<float> out(n);
      loops<float>().sum_terms(pointers.data(), count, out.data(), static_cast<std::int64_t>(n));
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], tree(terms, 0, count, i)) << count << " terms, " << i;
    }
}

TEST(Sums, StayAccurateOverManyElements) {
  constexpr std::int64_t n = 10'000'000;
  std::vector<float> ones(n, 1.0f), tenths(n, 0.1f);
  float y = 0;
  loops<float>().sum(ones.data(), &y, 1, n, 1, 1);
  EXPECT_EQ(y, 1e7f);
  loops<float>().sum(tenths.data(), &y, 1, n, 1, 1);
  EXPECT_NEAR(y, static_cast<double>(0.1f) * n, 5.0);
  float columns[2];  // over the first axis
  loops<float>().sum(tenths.data(), columns, 1, n / 2, 2, 1);
  for (float c : columns) EXPECT_NEAR(c, static_cast<double>(0.1f) * n / 2, 10.0);
  constexpr std::int64_t rows = 5001, wide = 300;  // several strips of columns
  std::vector<float> sums(wide);
  loops<float>().sum(tenths.data(), sums.data(), 1, rows, wide, 2);
  for (float c : sums) EXPECT_NEAR(c, static_cast<double>(0.1f) * rows * 2, 0.02);
}

TEST(Sums, MomentsOfColumnsFarFromZero) {
  constexpr std::int64_t rows = 100'000;
  std::vector<float> x;
  for (std::int64_t i = 0; i < rows; ++i)
    x.push_back(1000 + (i % 2 == 0 ? 1.0f : -1.0f)), x.push_back(static_cast<float>(i % 5));
  float mean[2], m2[2];
  loops<float>().column_moments(x.data(), mean, m2, rows, 2);
  EXPECT_NEAR(mean[0], 1000, 1e-2);
  EXPECT_NEAR(m2[0] / rows, 1, 1e-3);
  EXPECT_NEAR(mean[1], 2, 1e-4);
  EXPECT_NEAR(m2[1] / rows, 2, 1e-3);
}

TEST(Sums, AllFiniteSeesEveryElement) {
  for (std::size_t n : {1, 5, 64, 100})
    for (std::size_t at = 0; at < n; ++at)
      for (float bad : {NAN, INFINITY, -INFINITY}) {
        std::vector<float> x(n, 1.0f);
        EXPECT_TRUE(loops<float>().all_finite(x.data(), static_cast<std::int64_t>(n)));
        x[at] = bad;
        EXPECT_FALSE(loops<float>().all_finite(x.data(), static_cast<std::int64_t>(n)));
      }
}

TEST(Copy, StridedMatchesIndexing) {
  std::vector<std::int32_t> x(2 * 3 * 4 * 5);
  std::iota(x.begin(), x.end(), 0);
  // axes of [2, 3, 4, 5] in the order 2, 0, 3, 1
  std::int64_t size[] = {4, 2, 5, 3}, step[] = {5, 60, 1, 20};
  std::vector<std::int32_t> y(x.size());
  copy_strided(reinterpret_cast<const char*>(x.data()), reinterpret_cast<char*>(y.data()), 4, size, step, 4);
  std::size_t at = 0;
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 2; ++b)
      for (int c = 0; c < 5; ++c)
        for (int d = 0; d < 3; ++d) ASSERT_EQ(y[at++], a * 5 + b * 60 + c + d * 20);
}

TEST(Copy, EveryItemSizeAndScalars) {
  for (std::size_t item : {1, 2, 4, 8}) {
    std::vector<char> x(12 * item), y(6 * item);
    std::iota(x.begin(), x.end(), static_cast<char>(1));
    std::int64_t size[] = {6}, step[] = {2};
    copy_strided(x.data(), y.data(), 1, size, step, item);
    for (std::size_t i = 0; i < 6; ++i)
      for (std::size_t b = 0; b < item; ++b) ASSERT_EQ(y[i * item + b], x[2 * i * item + b]);
    std::fill(y.begin(), y.end(), static_cast<char>(0));
    copy_strided(x.data(), y.data(), 0, nullptr, nullptr, item);
    for (std::size_t b = 0; b < item; ++b) ASSERT_EQ(y[b], x[b]);
  }
}

TEST(Softmax, LongAndShortRowsAndBothPaths) {
  for (std::int64_t cols : {1, 3, 2047, 2048, 2049, 5000})
    for (std::int64_t inner : {1, 2}) {
      std::vector<float> x = draw(3 * cols * inner, 9), y(x.size()), l(x.size()), s(3 * inner);
      for (float& v : x) v *= 20;
      loops<float>().softmax(x.data(), y.data(), 3, cols, inner);
      loops<float>().log_softmax(x.data(), l.data(), 3, cols, inner);
      loops<float>().logsumexp(x.data(), s.data(), 3, cols, inner);
      for (std::int64_t o = 0; o < 3; ++o)
        for (std::int64_t i = 0; i < inner; ++i) {
          double total = 0;
          for (std::int64_t k = 0; k < cols; ++k) total += std::exp(static_cast<double>(x[(o * cols + k) * inner + i]));
          ASSERT_NEAR(s[o * inner + i], std::log(total), 2e-5);
          for (std::int64_t k = 0; k < cols; ++k) {
            std::int64_t at = (o * cols + k) * inner + i;
            ASSERT_NEAR(y[at], std::exp(static_cast<double>(x[at])) / total, 1e-6);
            ASSERT_NEAR(l[at], static_cast<double>(x[at]) - std::log(total), 2e-5);
          }
        }
    }
}

TEST(Losses, LongRowsWithAndWithoutGradient) {
  for (std::int64_t cols : {1, 3, 2048, 2049, 5000}) {
    std::vector<float> z = draw(3 * cols, 11), g(z.size());
    std::vector<std::int32_t> t = {0, static_cast<std::int32_t>(cols - 1), static_cast<std::int32_t>(cols / 2)};
    float with = 0, without = 0;
    loops<float>().cross_entropy(z.data(), t.data(), nullptr, 1, 0.1f, &with, g.data(), 3, cols);
    loops<float>().cross_entropy(z.data(), t.data(), nullptr, 1, 0.1f, &without, nullptr, 3, cols);
    double exact = 0;
    for (std::int64_t r = 0; r < 3; ++r) {
      double total = 0, mean = 0;
      for (std::int64_t c = 0; c < cols; ++c) total += std::exp(static_cast<double>(z[r * cols + c]));
      for (std::int64_t c = 0; c < cols; ++c) mean += std::log(total) - static_cast<double>(z[r * cols + c]);
      exact +=
          0.9 * (std::log(total) - static_cast<double>(z[r * cols + t[r]])) + 0.1 * mean / static_cast<double>(cols);
    }
    EXPECT_NEAR(with, exact, 1e-4) << cols;
    EXPECT_EQ(with, without) << cols;

    std::vector<float> target = draw(3 * cols, 12), weight = {0.5f, 0, 2};
    loops<float>().point_loss(PointLoss::squared, z.data(), target.data(), weight.data(), 0.5f, 0, &with, g.data(), 3,
                              cols);
    exact = 0;
    for (std::int64_t i = 0; i < 3 * cols; ++i) {
      double e = static_cast<double>(z[i]) - static_cast<double>(target[i]), w = weight[i / cols];
      exact += 0.5 * w * e * e;
      ASSERT_NEAR(g[i], w * e, 1e-6) << cols;
    }
    EXPECT_NEAR(with, exact, 1e-5 * std::max(1.0, exact)) << cols;
  }
}

}  // namespace
}  // namespace gradus::kernels
