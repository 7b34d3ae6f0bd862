#include "gradus/data/batch_stream.h"
#include "../base/with_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "../base/expect_error.h"
#include "gradus/tensor/workspace.h"

namespace gradus {
namespace {

using ::testing::HasSubstr;

// Examples of 1000 numbers: 1000 epoch + row. Row 77 is broken in epoch 9.
class Numbers final : public Dataset {
 public:
  std::int64_t size() const override { return 100; }
  Shape input_shape() const override { return {1000}; }
  Batch fetch(std::span<const std::uint32_t> rows) const override { return draw(rows, 0); }
  Batch draw(std::span<const std::uint32_t> rows, std::int64_t epoch) const override {
    ++drawn;
    Batch batch;
    batch.inputs = Tensor::empty({static_cast<std::int64_t>(rows.size()), 1000});
    batch.target = Tensor::zeros({static_cast<std::int64_t>(rows.size())}, Dtype::i32);
    float* to = batch.inputs.mutable_data<float>();
    parallel_for(rows.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        if (rows[i] == 77 && epoch == 9) throw Error(ErrorKind::data, "row 77", "is broken");
        std::fill_n(to + 1000 * i, 1000, static_cast<float>(1000 * epoch + rows[i]));
      }
    });
    return batch;
  }
  mutable std::atomic<int> drawn{0};
};

std::vector<std::uint32_t> backwards() {
  std::vector<std::uint32_t> order(100);
  std::iota(order.rbegin(), order.rend(), 0);
  return order;
}

TEST(BatchStream, BatchesComeInOrderAtAnyThreadCount) {
  Numbers data;
  std::vector<std::uint32_t> order = backwards();
  for (int n : {1, 2, 4}) {
    WithThreads scope(n);
    BatchStream stream(data, order, 7, 2, 15, 3);
    for (std::int64_t k = 2; k < 15; ++k) {
      Batch batch = stream.next();
      ASSERT_EQ(batch.size(), k == 14 ? 2 : 7) << k;
      for (std::int64_t i = 0; i < batch.size(); ++i)
        ASSERT_EQ(batch.inputs.data<float>()[1000 * i + 999], static_cast<float>(3000 + 99 - 7 * k - i));
    }
  }
}

TEST(BatchStream, AMistakeComesWithItsBatch) {
  Numbers data;
  std::vector<std::uint32_t> order = backwards();
  for (int n : {1, 3}) {
    WithThreads scope(n);
    BatchStream stream(data, order, 10, 0, 10, 9);
    stream.next();
    stream.next();
    EXPECT_THAT(error_of(ErrorKind::data, [&] { stream.next(); }), HasSubstr("row 77"));
    EXPECT_EQ(stream.next().inputs.data<float>()[0], 9069);
  }
}

TEST(BatchStream, WhatIsMadeAheadIsBounded) {
  WithThreads scope(3);
  Numbers data;
  std::vector<std::uint32_t> order = backwards();
  {
    BatchStream stream(data, order, 1, 0, 100, 0);
    stream.next();
  }  // stops though most batches were not taken
  EXPECT_LE(data.drawn, 1 + 2 * 3);
}

TEST(BatchStream, MemoryThatPassesBetweenThreadsIsUsedAgain) {
  WithThreads scope(3);
  Numbers data;
  std::vector<std::uint32_t> order = backwards();
  auto epochs = [&](int first, int last) {
    for (int e = first; e < last; ++e) {
      BatchStream stream(data, order, 10, 0, 10, e % 8);
      for (int k = 0; k < 10; ++k) stream.next();
    }
  };
  epochs(0, 20);
  std::uint64_t before = memory_statistics().bytes;
  epochs(20, 120);
  EXPECT_LE(memory_statistics().bytes, before + (16u << 20)) << "1,000 batches of 40 kB are 40 MB";
}

TEST(SerialScope, KeepsWorkOnItsThread) {
  WithThreads scope(3);
  SerialScope alone;
  std::atomic<int> elsewhere{0};
  auto here = std::this_thread::get_id();
  parallel_for(3, 1, [&](std::size_t, std::size_t) { elsewhere += std::this_thread::get_id() != here; });
  EXPECT_EQ(elsewhere, 0);
}

}  // namespace
}  // namespace gradus
