// Elementary functions as straight-line code that the compiler vectorises. Included inside each instruction set's own
// namespace, so that no inline function compiled for one set can be linked into another.
// float: maximum error about 2 units in the last place (tests/kernels/math_test.cpp); double: the C library's.

#define GRADUS_MATH static inline __attribute__((always_inline))

GRADUS_MATH float from_bits(std::int32_t b) { return __builtin_bit_cast(float, b); }
GRADUS_MATH std::int32_t to_bits(float f) { return __builtin_bit_cast(std::int32_t, f); }

// Nearest integer of |x| < 2^22, by adding 1.5 * 2^23.
GRADUS_MATH float round_small(float x) { return (x + 12582912.0f) - 12582912.0f; }

// exp(r) - 1 for |r| <= ln(2) / 2: the Taylor polynomial of degree 7 (remainder below 6e-9).
GRADUS_MATH float expm1_reduced(float r) {
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  return r + r * r * p;
}

constexpr float kLn2High = 0.693359375f;  // few bits, so that n * kLn2High is exact
constexpr float kLn2Low = -2.12194440e-4f;

GRADUS_MATH float power_of_two(std::int32_t n) { return from_bits((n + 127) << 23); }

GRADUS_MATH float exp_(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -104.0f ? -104.0f : c;
  float n = round_small(c * 1.44269504089f);
  float r = (c - n * kLn2High) - n * kLn2Low;
  std::int32_t i = static_cast<std::int32_t>(n), half = i >> 1;
  float y = (1.0f + expm1_reduced(r)) * power_of_two(half) * power_of_two(i - half);
  return x != x ? x : y;
}
GRADUS_MATH double exp_(double x) { return __builtin_exp(x); }

// log(x) = e ln 2 + 2 atanh(s), s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)).
GRADUS_MATH float log_(float x) {
  // Unsigned, since for x < 0 the difference does not fit.
  auto b = static_cast<std::int32_t>(static_cast<std::uint32_t>(to_bits(x)) - 0x3f3504f3u);
  float e = static_cast<float>(b >> 23);
  float f = from_bits((b & 0x007fffff) + 0x3f3504f3) - 1.0f;
  float s = f / (2.0f + f), z = s * s;
  float p = 1.0f / 9;
  p = p * z + 1.0f / 7;
  p = p * z + 1.0f / 5;
  p = p * z + 1.0f / 3;
  // f - s (f - 2 z s p) keeps log(1 + f) accurate to the last places of a small f
  float y = (f - s * (f - 2.0f * z * p)) + e * kLn2Low + e * kLn2High;
  y = x == __builtin_inff() ? x : y;
  y = x == 0.0f ? -__builtin_inff() : y;
  y = x < 0.0f ? __builtin_nanf("") : y;
  return x != x ? x : y;
}
GRADUS_MATH double log_(double x) { return __builtin_log(x); }

// log(1 + u) for u in [0, 1], also when u is tiny.
GRADUS_MATH float log1p_unit(float u) {
  float w = 1.0f + u, d = w - 1.0f;
  return d == 0.0f ? u : log_(w) * u / d;
}
GRADUS_MATH double log1p_unit(double u) { return __builtin_log1p(u); }

// exp(x) - 1 for -87 <= x <= 88, relative accuracy kept near 0: 2^n expm1(r) + (2^n - 1).
GRADUS_MATH float expm1_in_range(float x) {
  float n = round_small(x * 1.44269504089f);
  float r = (x - n * kLn2High) - n * kLn2Low, scale = power_of_two(static_cast<std::int32_t>(n));
  return scale * expm1_reduced(r) + (scale - 1.0f);
}

GRADUS_MATH float expm1_(float x) {
  float c = x > 88.0f ? 88.0f : x;
  float y = expm1_in_range(c < -87.0f ? -87.0f : c);
  y = x > 88.0f ? exp_(x) : y;
  return x != x ? x : y;
}
GRADUS_MATH double expm1_(double x) { return __builtin_expm1(x); }

GRADUS_MATH float tanh_(float x) {
  float a = __builtin_fabsf(x), e = expm1_in_range(a > 10.0f ? 20.0f : a + a);
  float t = __builtin_copysignf(e / (e + 2.0f), x);
  return x != x ? x : t;
}
GRADUS_MATH double tanh_(double x) { return __builtin_tanh(x); }

// erf: x P(x^2) up to 1, then 1 - exp(-x^2) Q(1 / (x + 2)); P and Q are minimax fits (relative error below 2e-9).
GRADUS_MATH float erf_(float x) {
  float a = __builtin_fabsf(x), z = a > 1.0f ? 1.0f : a * a;
  float p = 7.853859961e-05f;
  p = p * z - 8.010193203e-04f;
  p = p * z + 5.188327638e-03f;
  p = p * z - 2.685381191e-02f;
  p = p * z + 1.128358515e-01f;
  p = p * z - 3.761262582e-01f;
  p = p * z + 1.128379166e+00f;
  float c = a > 4.2f ? 4.2f : a, t = 1.0f / (c + 2.0f);
  float q = 15.0625718f;
  q = q * t - 29.7899828f;
  q = q * t + 17.7574158f;
  q = q * t - 1.55053619f;
  q = q * t + 2.75679439f;
  q = q * t + 1.04239672f;
  q = q * t + 0.569539057f;
  q = q * t - 1.44641378e-4f;
  float far = __builtin_copysignf(1.0f - exp_(-c * c) * q, x);
  float y = a > 1.0f ? far : x * p;
  return x != x ? x : y;
}
GRADUS_MATH double erf_(double x) { return __builtin_erf(x); }

GRADUS_MATH float sqrt_(float x) { return __builtin_sqrtf(x); }
GRADUS_MATH double sqrt_(double x) { return __builtin_sqrt(x); }
GRADUS_MATH float abs_(float x) { return __builtin_fabsf(x); }
GRADUS_MATH double abs_(double x) { return __builtin_fabs(x); }
GRADUS_MATH float pow_(float x, float y) { return __builtin_powf(x, y); }
GRADUS_MATH double pow_(double x, double y) { return __builtin_pow(x, y); }
GRADUS_MATH float sin_(float x) { return __builtin_sinf(x); }
GRADUS_MATH double sin_(double x) { return __builtin_sin(x); }
GRADUS_MATH float cos_(float x) { return __builtin_cosf(x); }
GRADUS_MATH double cos_(double x) { return __builtin_cos(x); }

#undef GRADUS_MATH
