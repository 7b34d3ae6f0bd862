#include <atomic>
#include <cstdlib>
#include <new>

#include "gradus/base/parallel.h"
#include "gradus/kernels/counters.h"
#include "gradus/tensor/ops.h"
#include "oracle.h"

namespace {
std::atomic<std::uint64_t> calls{0};

void* counted(std::size_t n, std::size_t alignment) {
  calls.fetch_add(1, std::memory_order_relaxed);
  void* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(n)
                : std::aligned_alloc(alignment, (n + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

// Every form of operator new that the library may call ends here.
void* operator new(std::size_t n) { return counted(n, 1); }
void* operator new[](std::size_t n) { return counted(n, 1); }
void* operator new(std::size_t n, std::align_val_t a) { return counted(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace gradus {
namespace {

// A training step with everything a step has: forward, loss, backward.
struct Step {
  Tensor x, w1, b1, w2, b2, target;
  Step(std::int64_t rows, std::int64_t in, std::int64_t hidden, std::int64_t classes)
      : x(Tensor::uniform({rows, in}, -1, 1, {1, 0, 0})),
        w1(Tensor::uniform({in, hidden}, -0.1, 0.1, {2, 0, 0}).set_requires_grad()),
        b1(Tensor::zeros({hidden}).set_requires_grad()),
        w2(Tensor::uniform({hidden, classes}, -0.1, 0.1, {3, 0, 0}).set_requires_grad()),
        b2(Tensor::zeros({classes}).set_requires_grad()),
        target(Tensor::zeros({rows}, Dtype::i32)) {}

  double operator()(int shards) const {
    Tensor h = linear(shard(x, shards), w1, b1, {Activation::Kind::relu, 0});
    h = dropout(tanh(h) * 0.5 + h, 0.1, {4, 0, 0});
    Tensor loss = cross_entropy(linear(h, w2, b2), shard(target, shards));
    Gradients g = backward(loss);
    return loss.item() + g[w1].data<float>()[0] + g[b2].data<float>()[0];
  }
};

// The same with what a convolutional network has.
struct ConvStep {
  Tensor x = Tensor::uniform({8, 8, 8, 3}, -1, 1, {1, 0, 0}), target = Tensor::zeros({8, 8, 8}, Dtype::i32);
  Tensor w1 = Tensor::uniform({3, 3, 3, 16}, -0.1, 0.1, {2, 0, 0}).set_requires_grad(),
         w2 = Tensor::uniform({2, 2, 5, 16}, -0.1, 0.1, {3, 0, 0}).set_requires_grad(),
         gain = Tensor::ones({16}).set_requires_grad(), bias = Tensor::zeros({16}).set_requires_grad();

  double operator()(int shards) const {
    ChannelStatistics batch;
    Tensor h = conv(shard(x, shards), w1, bias, {{1, 1}, {1, 1}, {1, 1}, {1, 1}}, {Activation::Kind::relu, 0});
    h = batch_norm(max_pool(h, {2, 2}, {{2, 2}}), gain, bias, 1e-5, batch, true);
    Tensor loss = cross_entropy(conv_transpose(h, w2, {}, {{2, 2}}), shard(target, shards));
    Gradients g = backward(loss);
    return loss.item() + g[w1].data<float>()[0] + g[w2].data<float>()[0];
  }
};

// The same with what segmentation networks have besides.
struct ImageStep {
  Tensor x = Tensor::uniform({8, 8, 8, 4}, -1, 1, {1, 0, 0}), target = Tensor::zeros({8, 9, 8}, Dtype::i32);
  Tensor w = Tensor::uniform({3, 3, 4, 4}, -0.1, 0.1, {2, 0, 0}).set_requires_grad(),
         gain = Tensor::ones({4}).set_requires_grad(), bias = Tensor::zeros({4}).set_requires_grad();

  double operator()(int shards) const {
    Tensor h = conv(shard(x, shards), w, {}, {{1, 1}, {1, 1}, {1, 1}, {1, 1}});
    h = spatial_dropout(group_norm(h, gain, bias, 2, 1e-5), 0.2, {4, 0, 0});
    h = adaptive_max_pool(h, {3, 5}) + adaptive_average_pool(h, {3, 5});
    h = upsample(upsample(h, {6, 5}, Upsampling::nearest), {9, 8}, Upsampling::linear);
    Tensor loss = cross_entropy(h, shard(target, shards));
    Gradients g = backward(loss);
    return loss.item() + g[gain].data<float>()[0] + g[bias].data<float>()[0];
  }
};

struct Counts {
  std::uint64_t system = memory_statistics().system_allocations, news = calls.load(),
                primitives = kernels::library_counters().primitives;
};

template <class F>
void for_threads_and_shards(F f) {
  int before = threads();
  for (int n : {1, 2})
    for (int shards : {1, 2, 4}) {
      set_threads(n);
      f(shards, std::to_string(shards) + " shards, " + std::to_string(n) + " threads");
    }
  set_threads(before);
}

template <class S>
void expect_warm_steps_take_nothing(const S& step) {
  for_threads_and_shards([&](int shards, const std::string& what) {
    for (int i = 0; i < 5; ++i) step(shards);
    Counts before;
    for (int i = 0; i < 10; ++i) step(shards);
    Counts after;
    EXPECT_EQ(after.system, before.system) << what;
    EXPECT_EQ(after.primitives, before.primitives) << what;
  });
  EXPECT_GT(kernels::library_counters().primitives, 0u);
}

TEST(Allocation, AWarmStepTakesNothingFromTheSystem) { expect_warm_steps_take_nothing(Step(64, 50, 40, 10)); }

TEST(Allocation, AWarmConvolutionalStepTakesNothingFromTheSystem) { expect_warm_steps_take_nothing(ConvStep()); }

TEST(Allocation, AWarmSegmentationStepTakesNothingFromTheSystem) { expect_warm_steps_take_nothing(ImageStep()); }

// oneDNN itself allocates in every call, so this step is of a size that our own loops compute.
TEST(Allocation, AWarmStepCallsNoOperatorNew) {
  Step step(16, 10, 12, 3);
  for_threads_and_shards([&](int shards, const std::string& what) {
    for (int i = 0; i < 5; ++i) step(shards);
    Counts before;
    for (int i = 0; i < 10; ++i) step(shards);
    EXPECT_EQ(Counts().news, before.news) << what;
  });
  EXPECT_GT(calls.load(), 0u);
}

}  // namespace
}  // namespace gradus
