#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gradus {

// Counter-based randomness (Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
// a pure function of (seed, stream, step, index), so that numbers do not depend on threads, shards or on where a run
// was interrupted. Draws of different kinds (uniform, normal, integers) share the counters: give each its own key.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;  // which component draws: see stream_id
  std::uint32_t step = 0;    // which training step or epoch

  RandomKey at_step(std::uint32_t s) const { return {seed, stream, s}; }
  RandomKey in(std::string_view component) const;  // the key of a named component below this one
};

// A stable number for a component's name ("shuffle", "layer2.dropout"): the first 32 bits of its xxHash64.
std::uint32_t stream_id(std::string_view component);

// Four independent 32-bit words: Philox of the counter (index, stream, step) under the key `seed`.
std::array<std::uint32_t, 4> random_words(const RandomKey& key, std::uint64_t index);

// Element `index` of the key's sequence of uniform numbers in [0, 1), with 24 / 53 random bits: made of word index % 4
// of counter index / 4, or of words 2 (index % 2) and the next of counter index / 2.
float uniform01(const RandomKey& key, std::uint64_t index);
double uniform01_f64(const RandomKey& key, std::uint64_t index);

// Standard normal: z = sqrt(-2 ln(1 - u)) cos(2 pi v), with u, v the 53-bit uniforms of counter `index` (Box and
// Muller, "A note on the generation of random normal deviates", 1958).
double normal01(const RandomKey& key, std::uint64_t index);

// Uniform integer in [0, n) from the first 64 bits of counter `index`, biased by less than n / 2^64; n > 0.
std::uint64_t uniform_below(const RandomKey& key, std::uint64_t index, std::uint64_t n);

// A random permutation of 0..n-1 (Fisher-Yates, inside out: position i draws counter i); `out` has n elements.
void random_permutation(const RandomKey& key, std::uint32_t* out, std::uint32_t n);

// out[i] = uniform01(key, first + i) for i in [0, n), many at a time.
void fill_uniform01(const RandomKey& key, std::uint64_t first, float* out, std::size_t n);

}  // namespace gradus
