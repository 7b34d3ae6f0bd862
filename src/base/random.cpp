#include "gradus/base/random.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "gradus/base/file.h"

namespace gradus {
namespace {

float to_unit(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

std::uint64_t join(std::uint32_t low, std::uint32_t high) { return std::uint64_t{high} << 32 | low; }

double to_unit(std::uint32_t low, std::uint32_t high) { return static_cast<double>(join(low, high) >> 11) * 0x1p-53; }

std::uint64_t scale(std::uint64_t word, std::uint64_t n) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(word) * n >> 64);
}

constexpr std::size_t kBatch = 64;  // counters computed side by side: enough that the rounds stay loops and vectorise

// The words of successive counters, word by word.
struct Batch {
  std::uint32_t word[4][kBatch];
};

// Multipliers and key increments of Philox4x32 (Salmon et al. 2011, section 4.3).
constexpr std::uint64_t kMultiply0 = 0xD2511F53, kMultiply2 = 0xCD9E8D57;
constexpr std::uint32_t kBump0 = 0x9E3779B9, kBump1 = 0xBB67AE85;

[[gnu::always_inline]] inline void compute(const RandomKey& key, std::uint64_t first, Batch& batch) {
  auto& x = batch.word;
  for (std::size_t i = 0; i < kBatch; ++i) {
    x[0][i] = static_cast<std::uint32_t>(first + i);
    x[1][i] = static_cast<std::uint32_t>((first + i) >> 32);
    x[2][i] = key.stream;
    x[3][i] = key.step;
  }
  auto key0 = static_cast<std::uint32_t>(key.seed), key1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint64_t a = x[0][i] * kMultiply0, b = x[2][i] * kMultiply2;
      std::uint32_t next0 = static_cast<std::uint32_t>(b >> 32) ^ x[1][i] ^ key0;
      std::uint32_t next2 = static_cast<std::uint32_t>(a >> 32) ^ x[3][i] ^ key1;
      x[0][i] = next0;
      x[1][i] = static_cast<std::uint32_t>(b);
      x[2][i] = next2;
      x[3][i] = static_cast<std::uint32_t>(a);
    }
    key0 += kBump0;
    key1 += kBump1;
  }
}

void compute_baseline(const RandomKey& key, std::uint64_t first, Batch& batch) { compute(key, first, batch); }

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512dq,avx512vl")]]  //
void compute_avx512(const RandomKey& key, std::uint64_t first, Batch& batch) {
  compute(key, first, batch);
}

bool has_avx512() { return __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"); }
#else
constexpr auto compute_avx512 = compute_baseline;

bool has_avx512() { return false; }
#endif

// The words of counters first .. first + kBatch - 1. Integers only: the same on every instruction set.
void random_batch(const RandomKey& key, std::uint64_t first, Batch& batch) {
  static const auto best = has_avx512() ? compute_avx512 : compute_baseline;
  best(key, first, batch);
}

}  // namespace

RandomKey RandomKey::in(std::string_view component) const {
  return {seed, static_cast<std::uint32_t>(hash64(component, stream) >> 32), step};
}

std::uint32_t stream_id(std::string_view component) { return static_cast<std::uint32_t>(hash64(component) >> 32); }

std::array<std::uint32_t, 4> random_words(const RandomKey& key, std::uint64_t index) {
  auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  auto words = r123::Philox4x32()({{low(index), high(index), key.stream, key.step}}, {{low(key.seed), high(key.seed)}});
  return {words[0], words[1], words[2], words[3]};
}

float uniform01(const RandomKey& key, std::uint64_t index) { return to_unit(random_words(key, index / 4)[index % 4]); }

double uniform01_f64(const RandomKey& key, std::uint64_t index) {
  auto words = random_words(key, index / 2);
  return index % 2 == 0 ? to_unit(words[0], words[1]) : to_unit(words[2], words[3]);
}

double normal01(const RandomKey& key, std::uint64_t index) {
  auto words = random_words(key, index);
  double radius = std::sqrt(-2 * std::log(1 - to_unit(words[0], words[1])));
  return radius * std::cos(2 * std::numbers::pi * to_unit(words[2], words[3]));
}

std::uint64_t uniform_below(const RandomKey& key, std::uint64_t index, std::uint64_t n) {
  auto words = random_words(key, index);
  return scale(join(words[0], words[1]), n);
}

void random_permutation(const RandomKey& key, std::uint32_t* out, std::uint32_t n) {
  Batch batch;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::size_t in_batch = i % kBatch;
    if (in_batch == 0) random_batch(key, i, batch);
    auto j = scale(join(batch.word[0][in_batch], batch.word[1][in_batch]), std::uint64_t{i} + 1);
    out[i] = i;
    std::swap(out[i], out[j]);
  }
}

void fill_uniform01(const RandomKey& key, std::uint64_t first, float* out, std::size_t n) {
  constexpr std::size_t kElements = 4 * kBatch;
  Batch batch;
  float values[kElements];
  while (n > 0) {
    random_batch(key, first / 4, batch);
    for (std::size_t i = 0; i < kBatch; ++i)
      for (std::size_t w = 0; w < 4; ++w) values[4 * i + w] = to_unit(batch.word[w][i]);
    std::size_t skipped = first % 4, count = std::min(n, kElements - skipped);
    out = std::copy_n(values + skipped, count, out);
    first += count;
    n -= count;
  }
}

}  // namespace gradus
