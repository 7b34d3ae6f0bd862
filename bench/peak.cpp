// Prints the arithmetic peak of one core in GFLOP/s of f32 and of bf16 (0 without it): multiply-adds on registers
// alone.
#include <immintrin.h>

#include <chrono>
#include <cstdio>

namespace {

typedef float Lanes8 __attribute__((vector_size(32)));
typedef float Lanes16 __attribute__((vector_size(64)));

constexpr int kChains = 12;  // enough to hide the latency of two units
constexpr long kRounds = 20'000'000;

double rate(std::chrono::steady_clock::time_point begin, int lanes) {
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return 2.0 * lanes * kChains * static_cast<double>(kRounds) / seconds / 1e9;
}

template <class Vector>
[[gnu::always_inline]] inline void multiply_add(Vector* sum, float scale) {
  Vector a = Vector{} + scale, b = Vector{} + 1e-4f;
  Vector local[kChains];
  for (int c = 0; c < kChains; ++c)
    local[c] = Vector{} + scale * static_cast<float>(c);  // apart, or they are computed once
  for (long r = 0; r < kRounds; ++r)
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) local[c] = local[c] * a + b;
  for (int c = 0; c < kChains; ++c) *sum += local[c];
}

[[gnu::target("avx512f,fma")]] double peak_avx512(float scale, volatile float* keep) {
  auto begin = std::chrono::steady_clock::now();
  Lanes16 sum = {};
  multiply_add(&sum, scale);
  *keep = sum[0];
  return rate(begin, 16);
}

[[gnu::target("avx2,fma")]] double peak_avx2(float scale, volatile float* keep) {
  auto begin = std::chrono::steady_clock::now();
  Lanes8 sum = {};
  multiply_add(&sum, scale);
  *keep = sum[0];
  return rate(begin, 8);
}

// Each lane adds two products of bf16.
[[gnu::target("avx512f,avx512bf16")]] double peak_bf16(float scale, volatile float* keep) {
  auto begin = std::chrono::steady_clock::now();
  const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(scale), _mm512_set1_ps(scale));
  __m512 sums[kChains];
  for (int c = 0; c < kChains; ++c) sums[c] = _mm512_set1_ps(scale * static_cast<float>(c));
  for (long r = 0; r < kRounds; ++r)
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) sums[c] = _mm512_dpbf16_ps(sums[c], a, a);
  for (int c = 1; c < kChains; ++c) sums[0] = _mm512_add_ps(sums[0], sums[c]);
  *keep = _mm512_cvtss_f32(sums[0]);
  return rate(begin, 32);
}

}  // namespace

int main(int argc, char**) {
  volatile float keep = 0;
  float scale = 0.999f - static_cast<float>(argc) * 1e-9f;
  double f32 = __builtin_cpu_supports("avx512f") ? peak_avx512(scale, &keep) : peak_avx2(scale, &keep);
  double bf16 = __builtin_cpu_supports("avx512bf16") ? peak_bf16(scale, &keep) : 0;
  std::printf("%.1f %.1f\n", f32, bf16);
}
