#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "gradus/base/parallel.h"
#include "gradus/kernels/loops.h"
#include "gradus/kernels/matmul.h"

// Sums over so many rows that one running float would be wrong in its second or third digit; run once per instruction
// set (see CMakeLists.txt).
namespace gradus::kernels {
namespace {

using Values = std::vector<float>;

constexpr std::int64_t kRows = 4'000'000;
constexpr double kTenth = 0.1f, kSum = kTenth * kRows;

void expect_sum(float y, double exact, const char* what) { EXPECT_NEAR(y, exact, 5e-5 * std::abs(exact)) << what; }

TEST(LongSums, LossesAreTheMeanOfEqualRows) {
  constexpr float scale = 1.0f / kRows;
  Values z(2 * kRows, 0.0f), half(2 * kRows, 0.5f), tenth(2 * kRows, 0.1f);
  std::vector<std::int32_t> target(kRows, 1);
  float y = 0;
  loops<float>().cross_entropy(z.data(), target.data(), nullptr, scale, 0, &y, nullptr, kRows, 2);
  expect_sum(y, std::log(2.0), "cross_entropy");
  loops<float>().cross_entropy_soft(z.data(), half.data(), nullptr, scale, false, &y, nullptr, kRows, 2);
  expect_sum(y, std::log(2.0), "cross_entropy_soft");
  loops<float>().multi_hinge(z.data(), target.data(), nullptr, scale, 0.7f, &y, nullptr, kRows, 2);
  expect_sum(y, 0.7f, "multi_hinge");
  loops<float>().point_loss(PointLoss::absolute, z.data(), tenth.data(), nullptr, scale / 2, 0, &y, nullptr, kRows, 2);
  expect_sum(y, kTenth, "point_loss");
}

TEST(LongSums, LossesOfManyClasses) {
  constexpr float share = 1.0f / kRows;
  Values z(kRows, 0.0f), q(kRows, share), g(kRows);
  std::int32_t target = 7;
  float y = 0;
  double uniform = std::log(static_cast<double>(kRows));
  loops<float>().cross_entropy(z.data(), &target, nullptr, 1, 0.5f, &y, nullptr, 1, kRows);
  expect_sum(y, uniform, "label smoothing");
  loops<float>().cross_entropy_soft(z.data(), q.data(), nullptr, 1, false, &y, nullptr, 1, kRows);
  expect_sum(y, uniform, "cross_entropy_soft");
  loops<float>().cross_entropy_soft(z.data(), q.data(), nullptr, 1, true, &y, g.data(), 1, kRows);
  EXPECT_NEAR(y, 0, 1e-3) << "divergence";
  EXPECT_NEAR(g[3], 0, 1e-4 * share) << "the share of all classes is 1";
  loops<float>().multi_hinge(z.data(), &target, nullptr, 1, 0.1f, &y, nullptr, 1, kRows);
  expect_sum(y, kSum, "multi_hinge");
}

TEST(LongSums, SoftmaxFamily) {
  for (std::int64_t inner : {1, 2}) {
    Values zero(inner * kRows, 0.0f), one(inner * kRows, 1.0f), tenth(inner * kRows, 0.1f), d(inner * kRows);
    Values y(inner);
    loops<float>().logsumexp(zero.data(), y.data(), 1, kRows, inner);
    EXPECT_NEAR(y[0], std::log(static_cast<double>(kRows)), 1e-5);
    loops<float>().softmax_backward(one.data(), tenth.data(), d.data(), 1, kRows, inner);
    expect_sum(d[0], kTenth - kSum, "softmax_backward");
    loops<float>().log_softmax_backward(zero.data(), tenth.data(), d.data(), 1, kRows, inner);
    expect_sum(d[0], kTenth - kSum, "log_softmax_backward");
  }
}

TEST(LongSums, GradientsOfParametersOverRows) {
  for (std::int64_t cols : {1, 3}) {
    std::int64_t rows = kRows, n = rows * cols;
    Values one(n, 1.0f), minus(n, -1.0f), tenth(n, 0.1f), dx(n), zero(cols, 0.0f), unit(cols, 1.0f), a(cols), b(cols);
    Values row_unit(rows, 1.0f);
    loops<float>().layer_norm_backward(one.data(), row_unit.data(), unit.data(), tenth.data(), dx.data(), a.data(),
                                       b.data(), rows, cols);
    for (float v : a) expect_sum(v, kSum, "layer_norm gain");
    for (float v : b) expect_sum(v, kSum, "layer_norm bias");
    loops<float>().batch_norm_sums(one.data(), tenth.data(), nullptr, nullptr, zero.data(), unit.data(), a.data(),
                                   b.data(), rows, cols);
    for (float v : a) expect_sum(v, kSum, "batch_norm bias");
    for (float v : b) expect_sum(v, kSum, "batch_norm gain");
    loops<float>().prelu_backward(minus.data(), unit.data(), tenth.data(), dx.data(), a.data(), rows, cols);
    for (float v : a) expect_sum(v, -kSum, "prelu slope");
    for (std::int64_t i = 0; i < n; ++i) dx[i] = i / cols % 2 == 0 ? 0.3f : -0.3f;
    loops<float>().column_moments(dx.data(), a.data(), b.data(), rows, cols);
    for (float v : b) expect_sum(v, 0.09 * kRows, "variance");
  }
}

// x^T dy over all rows, of every shape that takes a way of its own.
TEST(LongSums, ProductsOverRows) {
  ComputeScope scope;
  const std::int64_t sizes[][2] = {{1, 1}, {1, 3}, {1, 130}, {2, 2}, {8, 1}, {3, 20}, {20, 3}};
  for (auto [m, n] : sizes) {
    std::int64_t rows = m * n > 16 ? kRows / 8 : kRows;
    Values x(rows * m, 1.0f), dy(rows * n, 0.1f), c(m * n);
    matmul({m, n, rows, true, false}, x.data(), dy.data(), c.data());
    for (float v : c) ASSERT_NEAR(v, kTenth * rows, 5e-5 * kTenth * rows) << m << " x " << n;
  }
  Values x(kRows, 1.0f), dy(kRows, 0.1f);
  for (bool ta : {false, true})
    for (bool tb : {false, true}) {
      float c = 0;
      matmul({1, 1, kRows, ta, tb}, x.data(), dy.data(), &c);
      expect_sum(c, kSum, "vectors");
    }
}

}  // namespace
}  // namespace gradus::kernels
