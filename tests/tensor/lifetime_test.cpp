#include <atomic>
#include <cmath>
#include <thread>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"
#include "oracle.h"

// Handles dropped while work is queued, tensors that cross threads, long chains, and the rules of the record.
namespace gradus {
namespace {

Tensor draw(const Shape& s, std::uint32_t stream = 0) { return Tensor::uniform(s, -1, 1, {1, stream, 0}); }

TEST(Queue, HandlesMayGoBeforeTheWorkRuns) {
  Tensor expected = exp(draw({50, 40}) * 2 + 1);
  Tensor y;
  {
    Tensor x = shard(draw({50, 40}), 4);
    Tensor two = Tensor::full({1, 40}, 2), one = Tensor::full({40}, 1);
    y = exp(x * two + one);
  }
  EXPECT_TRUE(Workspace::current().pending());
  for (int i = 0; i < 20; ++i) Tensor::full({50, 40}, 99), Tensor::full({40}, 99);  // would reuse freed buffers
  EXPECT_EQ(values_of(y), values_of(expected));
  EXPECT_FALSE(Workspace::current().pending());
}

TEST(Queue, BatchesCutDifferentlyMayWaitTogether) {
  Tensor a = draw({12, 5}), b = draw({7, 5}, 1), c = draw({3, 5}, 2);
  Tensor x = exp(shard(a, 4)), y = exp(shard(b, 2)), z = exp(shard(c, 3));
  EXPECT_EQ(values_of(y), values_of(exp(b)));
  EXPECT_EQ(values_of(x), values_of(exp(a)));
  EXPECT_EQ(values_of(z), values_of(exp(c)));
}

TEST(Queue, WritingToATensorWaitsForItsReaders) {
  NoGrad no_grad;
  Tensor x = draw({8, 3}), w = draw({3, 2}, 1), expected = matmul(x, w);
  Tensor y = matmul(shard(x, 4), w);
  std::fill_n(w.mutable_data<float>(), w.size(), 0.0f);
  std::fill_n(x.mutable_data<float>(), x.size(), 0.0f);
  expect_close(values_of(y), values_of(expected), 1e-6, "product queued before the write");
}

TEST(Queue, LongQueuesRun) {
  Tensor x = shard(draw({16, 2}), 4), y = x;
  for (int i = 0; i < 20000; ++i) y = y + 1.0;
  std::vector<double> v = values_of(y), from = values_of(x);
  for (std::size_t i = 0; i < v.size(); ++i) EXPECT_NEAR(v[i], from[i] + 20000, 2);
}

TEST(Queue, WorkGoesOnAfterATaskFailed) {
  Ref<ShardPlan> plan = ShardPlan::even(4, 2);
  run_at({plan.get()}, [](int shard) {
    if (shard == 1) throw Error(ErrorKind::state, "test", "fails");
  });
  EXPECT_THROW(flush(), Error);
  EXPECT_FALSE(Workspace::current().pending());
  Tensor x = draw({8, 2});
  EXPECT_EQ(values_of(shard(x, 2) * 2), values_of(x * 2));
}

TEST(Threads, TensorsOfAnotherThreadAreUsedAndFreedHere) {
  for (int round = 0; round < 20; ++round) {
    Tensor made;
    std::thread([&] { made = draw({64, 64}, 3); }).join();
    Tensor y = exp(shard(made, 4));
    std::vector<double> expected = values_of(exp(made));
    made = Tensor();
    EXPECT_EQ(values_of(y), expected);
  }
}

// A loader's batch is let go while the work that reads it is queued; the loader then fills its next batch.
TEST(Threads, ForeignBuffersWaitForTheQueue) {
  std::atomic<int> stage{0};
  Tensor made;
  std::thread loader([&] {
    made = draw({64, 64}, 3);
    stage = 1;
    while (stage != 2) std::this_thread::yield();
    for (int i = 0; i < 8; ++i) {
      Tensor next = Tensor::full({64, 64}, 99);
      EXPECT_EQ(next.data<float>()[0], 99);
    }
    stage = 3;
  });
  while (stage != 1) std::this_thread::yield();
  std::vector<double> expected = values_of(exp(made));
  Tensor y = exp(shard(made, 4));
  made = Tensor();
  stage = 2;
  loader.join();
  EXPECT_EQ(values_of(y), expected);
}

TEST(Threads, ARecordMadeByTwoThreadsIsWalkedInOrder) {
  Tensor w = draw({5}).set_requires_grad(), h = w;
  for (int i = 0; i < 50; ++i) h = h * 1.01;  // this thread's numbers of ops run ahead of the other's
  Tensor loss;
  std::thread([&] { loss = sum(h * h + square(h * 2)); }).join();
  Gradients g = backward(loss);
  double factor = std::pow(1.01, 50);
  std::vector<double> at = values_of(w), got = values_of(g[w]);
  for (std::size_t i = 0; i < at.size(); ++i) EXPECT_NEAR(got[i], 10 * at[i] * factor * factor, 1e-4);
}

TEST(Threads, MemoryComesBackFromOtherThreads) {
  auto round = [] {
    std::vector<Tensor> made;
    std::thread([&] {
      for (int i = 0; i < 10; ++i) made.push_back(Tensor::ones({1000}));
    }).join();
  };
  for (int i = 0; i < 3; ++i) round();
  std::uint64_t before = memory_statistics().system_allocations;
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(memory_statistics().system_allocations, before);
}

TEST(Memory, ReleasedMemoryIsCounted) {
  Tensor small = Tensor::ones({10});  // makes sure of the slab that small blocks are cut from, which stays
  release_cached_memory();
  std::uint64_t before = memory_statistics().bytes;
  {
    Tensor big = Tensor::ones({3'000'000}), another = Tensor::ones({10});
    EXPECT_GE(memory_statistics().bytes, before + 12'000'000);
  }
  release_cached_memory();
  EXPECT_EQ(memory_statistics().bytes, before);
}

TEST(Record, ChainsOfManyNodesAreTakenDownWithoutRecursion) {
  Tensor x = draw({2}).set_requires_grad(), y = x;
  for (int i = 0; i < 100'000; ++i) y = neg(y);
  Gradients g = backward(sum(y));
  EXPECT_EQ(values_of(g[x]), (std::vector<double>{1, 1}));
  y = x;
  for (int i = 0; i < 100'000; ++i) y = neg(y);
  y = Tensor();  // taken down without having been walked
}

TEST(Record, NoGradAndDetachStopIt) {
  Tensor x = draw({3}).set_requires_grad();
  {
    NoGrad no_grad;
    EXPECT_FALSE((x * 2).requires_grad());
    EXPECT_FALSE(recording());
  }
  EXPECT_TRUE(recording());
  EXPECT_TRUE((x * 2).requires_grad());
  Tensor y = x * x.detach();
  EXPECT_EQ(values_of(backward(sum(y))[x]), values_of(x));
  EXPECT_FALSE(x.detach().requires_grad());
  EXPECT_FALSE((draw({3}) * 2).requires_grad());
}

TEST(Record, KeepGraphAllowsASecondWalk) {
  Tensor x = draw({6, 3}).set_requires_grad(), w = draw({3, 2}, 1).set_requires_grad();
  for (int s : {1, 3}) {
    Tensor loss = sum(tanh(linear(shard(x, s), w, Tensor())));
    Gradients first = backward(loss, true), second = backward(loss, true), third = backward(loss);
    EXPECT_EQ(values_of(first[w]), values_of(second[w]));
    EXPECT_EQ(values_of(first[x]), values_of(third[x]));
    EXPECT_THROW(backward(loss), Error);
  }
}

TEST(Record, AFailedWalkLeavesNothingBehind) {
  Tensor x = draw({3}).set_requires_grad();
  bool fail = true;
  Tensor y = (x * 2).detach();
  record(y, {&x}, [&fail](BackwardStep& step) {
    if (fail) throw Error(ErrorKind::state, "test", "fails");
    step.add(0, step.grad());
  });
  Tensor loss = sum(y) + sum(x * 3);
  EXPECT_THROW(backward(loss, true), Error);
  fail = false;
  for (float v : values_of(backward(loss)[x])) EXPECT_EQ(v, 4);  // no part of the first walk is counted twice
}

TEST(Record, AWalkMayTakeAnotherWalk) {
  Tensor x = draw({3}).set_requires_grad(), u = draw({3}, 1).set_requires_grad();
  Tensor inner = sum(-(-square(u))), h = x * 0.5, y = h.detach();
  record(y, {&h}, [&](BackwardStep& step) { step.add(0, step.grad() * backward(inner)[u]); });
  EXPECT_EQ(values_of(backward(sum(y))[x]), values_of(u));
}

TEST(Record, ThePowerZeroIsFlatEverywhere) {
  Tensor x = Tensor::from(std::vector<float>{0, 1, -2}, {3}).set_requires_grad();
  EXPECT_EQ(values_of(backward(sum(pow(x, 0)))[x]), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(values_of(backward(sum(pow(x, 1)))[x]), (std::vector<double>{1, 1, 1}));
  Tensor odd = Tensor::from({INFINITY, -INFINITY, NAN}, {3}).set_requires_grad();
  EXPECT_EQ(values_of(backward(sum(pow(odd, 0)))[odd]), (std::vector<double>{0, 0, 0}));
  Tensor exponents = Tensor::from({0, 1, 0}, {3});
  EXPECT_EQ(values_of(backward(sum(pow(odd, exponents)))[odd]), (std::vector<double>{0, 1, 0}));
}

// A quotient is rounded once, and is right where the reciprocal is not a normal number.
TEST(Record, NumbersDivide) {
  const float huge = 3e38f;
  Tensor x = Tensor::from({huge, 5, 7}, {3}).set_requires_grad();
  EXPECT_EQ(values_of(x / double{huge})[0], 1);
  EXPECT_EQ(values_of(double{huge} / x)[0], 1);
  for (int b = 3; b < 100; b += 2) {
    EXPECT_EQ(values_of(x / b)[1], 5.0f / static_cast<float>(b));
    EXPECT_EQ(values_of(b / x)[2], static_cast<float>(b) / 7.0f);
  }
  expect_close(values_of(backward(sum(x / 4))[x]), {0.25, 0.25, 0.25}, 1e-7, "x / b");
  Gradients g = backward(sum(14 / slice(x, 0, 1, 3)));
  expect_close(values_of(g[x]), {0, -14.0 / 25, -14.0 / 49}, 1e-6, "a / x");
}

TEST(Record, GradientsExistForUsedLeavesOnly) {
  Tensor x = draw({3}).set_requires_grad(), unused = draw({3}, 1).set_requires_grad(), constant = draw({3}, 2);
  Gradients g = backward(sum(x * constant));
  EXPECT_TRUE(g[x].defined());
  EXPECT_FALSE(g[unused].defined());
  EXPECT_FALSE(g[constant].defined());
  EXPECT_EQ(g.size(), 1u);
  Gradients moved = std::move(g);
  EXPECT_EQ(values_of(moved[x]), values_of(constant));
}

TEST(Record, ManyLeaves) {
  std::vector<Tensor> leaves;
  Tensor total = Tensor::scalar(0);
  for (int i = 0; i < 100; ++i) {
    leaves.push_back(Tensor::scalar(i).set_requires_grad());
    total = total + leaves.back() * static_cast<double>(i);
  }
  Gradients g = backward(total);
  EXPECT_EQ(g.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(g[leaves[i]].item(), i);
}

TEST(Record, ALeafIsItsOwnLoss) {
  Tensor x = Tensor::scalar(3).set_requires_grad();
  EXPECT_EQ(backward(x)[x].item(), 1);
}

TEST(Record, TwoOutputsShareOneGraph) {
  Tensor x = draw({4}).set_requires_grad(), h = exp(x);
  backward(sum(h));
  EXPECT_THROW(backward(sum(square(h))), Error);
}

TEST(Views, ReshapedAndDetachedShareValues) {
  Tensor x = Tensor::arange(6), y = reshape(x, {2, 3});
  x.mutable_data<float>()[4] = 40;
  EXPECT_EQ(values_of(y)[4], 40);
  x = Tensor();
  EXPECT_EQ(values_of(y), (std::vector<double>{0, 1, 2, 3, 40, 5}));
  Tensor c = y.copy();
  y.mutable_data<float>()[0] = -1;
  EXPECT_EQ(values_of(c)[0], 0);
}

TEST(Shard, CutsEvenlyAndJoins) {
  Tensor x = Tensor::arange(7);
  Tensor cut = shard(x, 3);
  const ShardPlan& plan = *cut.impl().plan;
  EXPECT_EQ(plan.begin[1], 2);
  EXPECT_EQ(plan.begin[2], 4);
  EXPECT_EQ(plan.begin[3], 7);
  EXPECT_EQ(values_of(gather_shards(cut)), values_of(x));
  EXPECT_EQ(shard(x, 8).impl().placement, Placement::whole);
  EXPECT_EQ(shard(x, 1).impl().placement, Placement::whole);
  EXPECT_EQ(sum(shard(x, 3)).impl().placement, Placement::partial);
  EXPECT_EQ(sum(shard(x, 3)).item(), 21);
}

TEST(Shard, SpatialDropoutDropsWholeChannels) {
  for (std::int64_t channels : {1, 3, 1500}) {
    Tensor x = Tensor::ones({40, 2, 3, channels});
    std::vector<double> whole = values_of(spatial_dropout(x, 0.3, {1, 2, 3}));
    for (int s : {2, 3, 16}) EXPECT_EQ(values_of(spatial_dropout(shard(x, s), 0.3, {1, 2, 3})), whole);
    EXPECT_NE(values_of(spatial_dropout(x, 0.3, {1, 2, 4})), whole);
    double kept = 0;
    for (std::int64_t i = 0; i < 40; ++i)
      for (std::int64_t c = 0; c < channels; ++c) {
        double first = whole[static_cast<std::size_t>(i * 6 * channels + c)];
        EXPECT_TRUE(first == 0 || std::abs(first - 1 / 0.7) < 1e-6);
        for (std::int64_t p = 1; p < 6; ++p)
          ASSERT_EQ(whole[static_cast<std::size_t>((i * 6 + p) * channels + c)], first) << i << " " << c;
        kept += first != 0;
      }
    double n = 40 * static_cast<double>(channels);
    EXPECT_NEAR(kept / n, 0.7, 4 * std::sqrt(0.21 / n));
  }
}

TEST(Shard, DropoutMaskDoesNotDependOnTheCut) {
  Tensor x = Tensor::ones({1000, 3});
  std::vector<double> whole = values_of(dropout(x, 0.3, {1, 2, 3}));
  for (int s : {2, 3, 16}) EXPECT_EQ(values_of(dropout(shard(x, s), 0.3, {1, 2, 3})), whole);
  EXPECT_NE(values_of(dropout(x, 0.3, {1, 2, 4})), whole);
  double kept = 0;
  for (double v : whole) {
    EXPECT_TRUE(v == 0 || std::abs(v - 1 / 0.7) < 1e-6);
    kept += v != 0;
  }
  EXPECT_NEAR(kept / 3000, 0.7, 0.03);
}

TEST(Tensors, MakersAndConversions) {
  EXPECT_EQ(values_of(Tensor::arange(3, Dtype::i32)), (std::vector<double>{0, 1, 2}));
  Tensor x = Tensor::from({1.5f, -2.25f, 3}, {3});
  EXPECT_EQ(values_of(x.to(Dtype::bf16).to(Dtype::f32)), (std::vector<double>{1.5, -2.25, 3}));
  EXPECT_EQ(x.to(Dtype::i32).to_vector<std::int32_t>(), (std::vector<std::int32_t>{1, -2, 3}));
  EXPECT_EQ(Tensor::full({2}, 7, Dtype::u8).to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{7, 7}));
  EXPECT_EQ(x.text(), "f32 [3] {1.500000, -2.250000, 3.000000}");
  EXPECT_EQ(Tensor().text(), "undefined");
  EXPECT_EQ(Tensor::scalar(2.5).item(), 2.5);
  EXPECT_EQ(values_of(slice(Tensor::ones({2, 0, 3}), 2, 0, 2)), std::vector<double>{});
}

}  // namespace
}  // namespace gradus
