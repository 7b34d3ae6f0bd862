#include "gradus/data/stream_dataset.h"

#include <gmock/gmock.h>

#include <numeric>

#include "../base/expect_error.h"

namespace gradus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor counting(std::int64_t n) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return Tensor::from(all, {n});
}

std::vector<std::int32_t> numbers(const Tensor& t) { return t.to_vector<std::int32_t>(); }

TEST(StreamDataset, ReadsATextInSeveralPlacesAtOnce) {
  StreamDataset data(counting(16), 2, 3);  // 15 symbols have a next one: two streams of 7
  EXPECT_EQ(data.streams(), 2);
  EXPECT_EQ(data.size(), 6);
  EXPECT_EQ(data.input_shape(), Shape{3});
  const std::uint32_t second[] = {2, 3}, last[] = {4, 5}, uneven[] = {2, 4};
  Batch b = data.fetch(second);
  EXPECT_THAT(numbers(b.inputs), ElementsAre(3, 4, 5, 10, 11, 12));
  EXPECT_THAT(numbers(b.target), ElementsAre(4, 5, 6, 11, 12, 13));
  EXPECT_EQ(b.total_weight, 6);
  b = data.fetch(last);
  EXPECT_EQ(b.inputs.shape(), (Shape{2, 1}));
  EXPECT_THAT(numbers(b.inputs), ElementsAre(6, 13));
  EXPECT_THAT(numbers(b.target), ElementsAre(7, 14));
  EXPECT_THAT(error_of(ErrorKind::value, [&] { data.fetch(uneven); }), HasSubstr("one length"));
}

TEST(StreamDataset, BatchesInOrderGoOnWhereTheOnesBeforeEnded) {
  StreamDataset whole(counting(1000), 1, 10);
  auto data = whole.in_streams(7, 11);
  std::vector<std::vector<std::int32_t>> seen(static_cast<std::size_t>(data->streams()));
  each_batch(*data, 1, [&](const Batch& b) {
    ASSERT_EQ(b.size(), data->streams());
    for (std::int64_t s = 0; s < b.size(); ++s)
      for (std::int64_t t = 0; t < b.inputs.dim(1); ++t)
        seen[static_cast<std::size_t>(s)].push_back(
            numbers(b.inputs)[static_cast<std::size_t>(s * b.inputs.dim(1) + t)]);
  });
  for (std::size_t s = 0; s < seen.size(); ++s) {
    EXPECT_EQ(seen[s].size(), 999u / 7);
    for (std::size_t i = 0; i < seen[s].size(); ++i)
      EXPECT_EQ(seen[s][i], static_cast<std::int32_t>(s * (999 / 7) + i));
  }
}

TEST(StreamDataset, ShortTextsHaveFewerStreams) {
  StreamDataset data(counting(8), 64, 100);
  EXPECT_EQ(data.streams(), 1);
  EXPECT_EQ(data.input_shape(), Shape{7});
  EXPECT_EQ(StreamDataset(counting(30), 64, 10).streams(), 2);
  EXPECT_THAT(error_of(ErrorKind::data, [] { StreamDataset(counting(1), 1, 1); }), HasSubstr("two symbols"));
}

}  // namespace
}  // namespace gradus
