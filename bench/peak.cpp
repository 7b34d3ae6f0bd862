// Prints the arithmetic peak of one core in GFLOP/s of f32: multiply-adds on registers alone.
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

}  // namespace

int main(int argc, char**) {
  volatile float keep = 0;
  float scale = 0.999f - static_cast<float>(argc) * 1e-9f;
  std::printf("%.1f\n", __builtin_cpu_supports("avx512f") ? peak_avx512(scale, &keep) : peak_avx2(scale, &keep));
}
