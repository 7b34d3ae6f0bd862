#include "gradus/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace gradus {
namespace {

using Words = std::array<std::uint32_t, 4>;

RandomKey key_of(std::uint32_t key0, std::uint32_t key1, std::uint32_t stream, std::uint32_t step) {
  return {std::uint64_t{key1} << 32 | key0, stream, step};
}

// Known answers of philox4x32 with 10 rounds, published with Random123.
TEST(Random, AnswersAsPublished) {
  EXPECT_EQ(random_words(key_of(0, 0, 0, 0), 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(random_words(key_of(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff), 0xffffffffffffffff),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(random_words(key_of(0xa4093822, 0x299f31d0, 0x13198a2e, 0x03707344), 0x85a308d3243f6a88),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, UniformIsMadeOfTheWordsInOrder) {
  RandomKey key{1, 2, 3};
  for (std::uint64_t i : {0u, 1u, 2u, 3u, 4u, 7u, 1000003u}) {
    std::uint32_t word = random_words(key, i / 4)[i % 4];
    EXPECT_EQ(uniform01(key, i), static_cast<float>(word / 256) / 16777216.0f) << i;
  }
  Words words = random_words(key, 5);
  double high = words[3], low = words[2];
  EXPECT_NEAR(uniform01_f64(key, 11), (high + low / 4294967296.0) / 4294967296.0, 0x1p-53);
}

TEST(Random, FillGivesTheSameValuesOneByOne) {
  RandomKey key{0x123456789abcdef0, 77, 5};
  for (std::uint64_t first : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{6}, std::uint64_t{255},
                              std::uint64_t{0x3fffffffe} /* carries into the counter's second word */}) {
    for (std::size_t n : {0u, 1u, 3u, 255u, 256u, 257u, 1000u}) {
      std::vector<float> filled(n + 1, -1.0f);
      fill_uniform01(key, first, filled.data(), n);
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(filled[i], uniform01(key, first + i)) << first << " + " << i;
      EXPECT_EQ(filled[n], -1.0f) << "wrote past the end";
    }
  }
}

TEST(Random, UniformIsUniform) {
  constexpr std::size_t kCount = 1 << 18, kBins = 64;
  std::vector<float> x(kCount);
  fill_uniform01({42, stream_id("test"), 0}, 0, x.data(), kCount);
  std::vector<double> bins(kBins);
  double sum = 0, squares = 0, neighbours = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_GE(x[i], 0.0f);
    ASSERT_LT(x[i], 1.0f);
    sum += x[i];
    squares += double{x[i]} * x[i];
    if (i > 0) neighbours += (x[i] - 0.5) * (x[i - 1] - 0.5);
    ++bins[static_cast<std::size_t>(x[i] * kBins)];
  }
  double chi2 = 0, expected = double{kCount} / kBins;
  for (double count : bins) chi2 += (count - expected) * (count - expected) / expected;
  // Five standard errors each: 1/sqrt(12 n), 4/sqrt(45 * 4 n), 1/(12 sqrt(n)); chi2 with 63 degrees has deviation 11.2.
  EXPECT_NEAR(sum / kCount, 1.0 / 2, 5 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(squares / kCount, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kCount));
  EXPECT_NEAR(neighbours / kCount, 0, 5.0 / 12 / std::sqrt(kCount));
  EXPECT_NEAR(chi2, kBins - 1, 5 * std::sqrt(2.0 * (kBins - 1)));
}

TEST(Random, NormalHasNormalMomentsAndTails) {
  constexpr int kCount = 1 << 17;
  RandomKey key{7, stream_id("weights"), 0};
  double moment[5] = {};
  int beyond_two = 0;
  for (int i = 0; i < kCount; ++i) {
    double z = normal01(key, static_cast<std::uint64_t>(i));
    ASSERT_TRUE(std::isfinite(z));
    for (int p = 1; p <= 4; ++p) moment[p] += std::pow(z, p) / kCount;
    if (std::abs(z) > 2) ++beyond_two;
  }
  // Variances of z, z^2, z^3, z^4 are 1, 2, 15, 96.
  EXPECT_NEAR(moment[1], 0, 5 * std::sqrt(1.0 / kCount));
  EXPECT_NEAR(moment[2], 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(moment[3], 0, 5 * std::sqrt(15.0 / kCount));
  EXPECT_NEAR(moment[4], 3, 5 * std::sqrt(96.0 / kCount));
  EXPECT_NEAR(static_cast<double>(beyond_two) / kCount, 0.0455003, 5 * std::sqrt(0.0455 / kCount));
}

TEST(Random, UniformBelowReachesEveryIntegerEquallyOften) {
  RandomKey key{3, 1, 4};
  std::vector<int> counts(7);
  for (std::uint64_t i = 0; i < 70000; ++i) {
    std::uint64_t x = uniform_below(key, i, counts.size());
    ASSERT_LT(x, counts.size());
    ++counts[x];
  }
  for (int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(10000 * 6 / 7.0));
  EXPECT_EQ(uniform_below(key, 9, 1), 0u);
  std::uint64_t huge = uniform_below(key, 9, UINT64_MAX);
  Words words = random_words(key, 9);
  EXPECT_NEAR(static_cast<double>(huge), words[1] * 4294967296.0 + words[0], 2048.0);
}

TEST(Random, PermutationsHoldEachIndexOnceAndDifferBetweenEpochs) {
  RandomKey shuffle{11, stream_id("shuffle"), 0};
  for (std::uint32_t n : {0u, 1u, 2u, 63u, 64u, 65u, 1000u}) {
    std::vector<std::uint32_t> p(n), sorted(n);
    random_permutation(shuffle, p.data(), n);
    std::vector<std::uint32_t> again(n);
    random_permutation(shuffle, again.data(), n);
    EXPECT_EQ(p, again);
    std::iota(sorted.begin(), sorted.end(), 0u);
    EXPECT_TRUE(std::is_permutation(p.begin(), p.end(), sorted.begin())) << n;
  }
  std::vector<std::uint32_t> first(1000), second(1000);
  random_permutation(shuffle.at_step(1), first.data(), 1000);
  random_permutation(shuffle.at_step(2), second.data(), 1000);
  int fixed = 0;
  for (std::size_t i = 0; i < first.size(); ++i) fixed += first[i] == second[i] ? 1 : 0;
  EXPECT_LT(fixed, 10);  // Poisson with mean 1
}

TEST(Random, AllPermutationsOfThreeAreEquallyLikely) {
  constexpr std::uint32_t kTrials = 60000;
  std::vector<int> counts(27);
  for (std::uint32_t step = 0; step < kTrials; ++step) {
    std::uint32_t p[3];
    random_permutation({5, 6, step}, p, 3);
    ++counts[p[0] * 9 + p[1] * 3 + p[2]];
  }
  for (int code : {5, 7, 11, 15, 19, 21}) EXPECT_NEAR(counts[static_cast<std::size_t>(code)], 10000, 500) << code;
}

TEST(Random, KeysOfDifferentSeedsStreamsAndStepsDiffer) {
  RandomKey key{1, 2, 3};
  std::set<Words> seen;
  for (RandomKey other : {key, key.at_step(4), RandomKey{2, 2, 3}, RandomKey{1, 3, 3}, RandomKey{1ull << 32, 2, 3},
                          key.in("a"), key.in("b"), key.in("a").in("b"), key.in("b").in("a")})
    EXPECT_TRUE(seen.insert(random_words(other, 0)).second);
}

TEST(Random, StreamIdsAreTheFirstHalfOfThePublishedHash) {
  // xxHash64 of "" is ef46db3751d8e999, of "a" d24ec4f1a98c6e5b (xxHash specification and its test vectors).
  EXPECT_EQ(stream_id(""), 0xef46db37u);
  EXPECT_EQ(stream_id("a"), 0xd24ec4f1u);
  EXPECT_EQ((RandomKey{9, 0, 1}.in("a").stream), stream_id("a"));
}

}  // namespace
}  // namespace gradus
