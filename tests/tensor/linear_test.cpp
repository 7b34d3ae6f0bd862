#include <cmath>

#include "gradus/base/parallel.h"
#include "gradus/tensor/autograd.h"
#include "gradus/tensor/ops.h"
#include "oracle.h"

// Linear layers so large that threads take halves of the sum (src/tensor/ops/linear.cpp), and gradients written in
// place.
namespace gradus {
namespace {

constexpr std::int64_t k = 641, n = 107;  // above 2^16 weights

Tensor draw(const Shape& s, std::uint32_t stream, Dtype dtype) {
  return Tensor::uniform(s, -1, 1, {7, stream, 0}, dtype);
}

// sigmoid(x w + b) in f64 by the definition.
std::vector<double> expected(const Tensor& x, const Tensor& w, const Tensor& b) {
  std::vector<double> vx = values_of(x), vw = values_of(w), vb = values_of(b), y;
  for (std::size_t r = 0; r < vx.size() / k; ++r)
    for (std::size_t j = 0; j < n; ++j) {
      double z = vb[j];
      for (std::size_t l = 0; l < k; ++l) z += vx[r * k + l] * vw[l * n + j];
      y.push_back(1 / (1 + std::exp(-z)));
    }
  return y;
}

TEST(LargeLinear, MatchesTheDefinitionWithTheSameBitsOnAnyNumberOfThreads) {
  Threads restore;
  for (Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const Shape& shape : {Shape{2, k}, Shape{37, k}, Shape{96, k}, Shape{350, k}, Shape{13, 5, k}}) {
      Tensor x = draw(shape, 0, dtype), w = draw({k, n}, 1, dtype), b = draw({n}, 2, dtype);
      std::vector<double> reference = expected(x, w, b);
      for (int shards : {1, 4}) {
        std::vector<double> first;
        for (int t : {1, 2, 3, 4, 5}) {
          set_threads(t);
          // Doubled and halved: for cut batches the input is still queued.
          std::vector<double> y = values_of(linear(shard(x, shards) * 2.0 * 0.5, w, b, {Activation::Kind::sigmoid, 0}));
          if (t == 1) expect_close(y, reference, dtype == Dtype::f32 ? 2e-5 : 1e-13, shape.text());
          if (t == 1) first = y;
          EXPECT_EQ(y, first) << shape.text() << " in " << shards << " shards on " << t << " threads";
        }
      }
    }
}

// Backward may write a gradient over the one it came from, but not where that one is still needed.
TEST(LinearGradient, IsRightWhereItsSourceIsSharedOrKept) {
  for (int shards : {1, 2}) {
    Tensor x = draw({6, 4}, 0, Dtype::f64), w = draw({4, 3}, 1, Dtype::f64), b = draw({3}, 2, Dtype::f64);
    for (Tensor* t : {&x, &w, &b}) t->set_requires_grad();
    Tensor cut = shard(x, shards), h = linear(cut, w, b, {Activation::Kind::tanh, 0});
    Tensor seed = draw({6, 3}, 3, Dtype::f64), kept = seed.copy();
    Gradients once = backward(h, seed, true);
    EXPECT_EQ(values_of(seed), values_of(kept)) << "the caller's gradient was overwritten";
    std::vector<double> dx = values_of(once[x]), dw = values_of(once[w]);
    Gradients again = backward(h, seed);
    EXPECT_EQ(values_of(again[x]), dx);
    EXPECT_EQ(values_of(again[w]), dw);

    // The gradient of h + h' reaches both layers through one tensor.
    cut = shard(x, shards);
    Tensor left = linear(cut, w, b, {Activation::Kind::tanh, 0}),
           right = linear(cut, w, b, {Activation::Kind::tanh, 0});
    Gradients both = backward(left + right, seed);
    for (std::size_t i = 0; i < dx.size(); ++i) EXPECT_NEAR(values_of(both[x])[i], 2 * dx[i], 1e-14);
    for (std::size_t i = 0; i < dw.size(); ++i) EXPECT_NEAR(values_of(both[w])[i], 2 * dw[i], 1e-14);
  }
}

}  // namespace
}  // namespace gradus
