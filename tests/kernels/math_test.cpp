#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gradus/base/parallel.h"
#include "gradus/kernels/loops.h"

// Accuracy and special values of the float functions; run once per instruction set (see CMakeLists.txt).
namespace gradus::kernels {
namespace {

const float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> values_at(Unary f, const std::vector<float>& x, float p = 0, float q = 0) {
  std::vector<float> y(x.size());
  ComputeScope scope;
  loops<float>().unary(f, x.data(), y.data(), static_cast<std::int64_t>(x.size()), p, q);
  return y;
}
float value_at(Unary f, float x, float p = 0, float q = 0) { return values_at(f, std::vector<float>{x}, p, q)[0]; }

// Evenly spaced numbers, and numbers of every magnitude between.
std::vector<float> samples(double low, double high) {
  std::vector<float> x;
  constexpr int n = 200003;
  for (int i = 0; i < n; ++i) x.push_back(static_cast<float>(low + (high - low) * i / (n - 1)));
  for (double m = 1e-30; m < std::max(std::abs(low), std::abs(high)); m *= 1.01)
    for (double v : {m, -m})
      if (v >= low && v <= high) x.push_back(static_cast<float>(v));
  return x;
}

// Largest error in units of the last place of the exact result; results below the smallest normal number count as 0.
template <class F>
double worst_ulps(Unary f, double low, double high, F exact, float p = 0) {
  std::vector<float> x = samples(low, high), y = values_at(f, x, p);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double e = exact(static_cast<double>(x[i])),
           size = std::max(std::abs(e), double{std::numeric_limits<float>::min()});
    double ulp = std::ldexp(1.0, std::ilogb(size) - 23);
    double error = std::abs(static_cast<double>(y[i]) - e);
    if (std::abs(e) < std::numeric_limits<float>::min() && y[i] == 0) continue;
    worst = std::max(worst, error / ulp);
  }
  return worst;
}

TEST(Math, AccuracyInUnitsOfTheLastPlace) {
  EXPECT_LE(worst_ulps(Unary::exp, -87, 88.7, [](double x) { return std::exp(x); }), 2);
  EXPECT_LE(worst_ulps(Unary::log, 1e-37, 1e-3, [](double x) { return std::log(x); }), 2);
  EXPECT_LE(worst_ulps(Unary::log, 0.5, 2, [](double x) { return std::log(x); }), 2);
  EXPECT_LE(worst_ulps(Unary::log, 2, 3e38, [](double x) { return std::log(x); }), 2);
  EXPECT_LE(worst_ulps(Unary::tanh, -12, 12, [](double x) { return std::tanh(x); }), 4);
  EXPECT_LE(worst_ulps(Unary::sigmoid, -80, 80, [](double x) { return 1 / (1 + std::exp(-x)); }), 4);
  EXPECT_LE(worst_ulps(Unary::erf, -6, 6, [](double x) { return std::erf(x); }), 4);
  EXPECT_LE(worst_ulps(Unary::softplus, -80, 80,
                       [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }),
            4);
  EXPECT_LE(worst_ulps(
                Unary::elu, -80, 0, [](double x) { return std::expm1(x); }, 1),
            4);
  EXPECT_LE(worst_ulps(Unary::sin, -100, 100, [](double x) { return std::sin(x); }), 2);
  EXPECT_LE(worst_ulps(Unary::cos, -100, 100, [](double x) { return std::cos(x); }), 2);
}

// Functions with a zero crossing or cancelling tails: absolute error, in units of 2^-24 times max(1, |x|).
template <class F>
double worst_absolute(Unary f, F exact) {
  std::vector<float> x = samples(-20, 20), y = values_at(f, x);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(y[i]) - exact(static_cast<double>(x[i]))) /
                                std::max(1.0, std::abs(static_cast<double>(x[i]))));
  return worst * std::ldexp(1.0, 24);
}

TEST(Math, AbsoluteAccuracyOfActivations) {
  EXPECT_LE(worst_absolute(Unary::gelu, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }), 4);
  EXPECT_LE(worst_absolute(
                Unary::gelu_tanh,
                [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }),
            6);
  EXPECT_LE(worst_absolute(Unary::silu, [](double x) { return x / (1 + std::exp(-x)); }), 4);
}

constexpr Unary kAll[] = {Unary::identity, Unary::neg,        Unary::abs,  Unary::sign,    Unary::square,
                          Unary::sqrt,     Unary::reciprocal, Unary::exp,  Unary::log,     Unary::sin,
                          Unary::cos,      Unary::erf,        Unary::step, Unary::sigmoid, Unary::tanh,
                          Unary::relu,     Unary::leaky_relu, Unary::elu,  Unary::gelu,    Unary::gelu_tanh,
                          Unary::silu,     Unary::softplus,   Unary::clamp};

TEST(Math, NanStaysNan) {
  for (Unary f : kAll)
    for (std::size_t n : {1, 37}) {  // alone, and in vectorised code
      std::vector<float> y = values_at(f, std::vector<float>(n, kNan), -0.5f, 0.5f);
      for (float v : y) EXPECT_TRUE(std::isnan(v)) << "function " << static_cast<int>(f);
      std::vector<double> x(n, kNan), z(n);
      loops<double>().unary(f, x.data(), z.data(), static_cast<std::int64_t>(n), -0.5, 0.5);
      for (double v : z) EXPECT_TRUE(std::isnan(v)) << "f64 function " << static_cast<int>(f);
    }
}

TEST(Math, SpecialValues) {
  EXPECT_EQ(value_at(Unary::exp, kInf), kInf);
  EXPECT_EQ(value_at(Unary::exp, -kInf), 0);
  EXPECT_EQ(value_at(Unary::exp, 0), 1);
  EXPECT_EQ(value_at(Unary::exp, 88.8f), kInf);
  EXPECT_EQ(value_at(Unary::exp, -200), 0);
  EXPECT_EQ(value_at(Unary::log, kInf), kInf);
  EXPECT_EQ(value_at(Unary::log, 0.0f), -kInf);
  EXPECT_EQ(value_at(Unary::log, -0.0f), -kInf);
  EXPECT_EQ(value_at(Unary::log, 1), 0);
  EXPECT_TRUE(std::isnan(value_at(Unary::log, -1)));
  EXPECT_TRUE(std::isnan(value_at(Unary::log, -kInf)));
  EXPECT_EQ(value_at(Unary::tanh, kInf), 1);
  EXPECT_EQ(value_at(Unary::tanh, -kInf), -1);
  EXPECT_EQ(value_at(Unary::tanh, 0), 0);
  EXPECT_EQ(value_at(Unary::sigmoid, kInf), 1);
  EXPECT_EQ(value_at(Unary::sigmoid, -kInf), 0);
  EXPECT_EQ(value_at(Unary::sigmoid, 0), 0.5f);
  EXPECT_EQ(value_at(Unary::erf, kInf), 1);
  EXPECT_EQ(value_at(Unary::erf, -kInf), -1);
  EXPECT_EQ(value_at(Unary::softplus, kInf), kInf);
  EXPECT_EQ(value_at(Unary::softplus, -kInf), 0);
  EXPECT_EQ(value_at(Unary::elu, -kInf, 2), -2);
  EXPECT_EQ(value_at(Unary::elu, kInf, 2), kInf);
  EXPECT_EQ(value_at(Unary::relu, kInf), kInf);
  EXPECT_EQ(value_at(Unary::relu, -kInf), 0);
  EXPECT_EQ(value_at(Unary::leaky_relu, -kInf, 0.1f), -kInf);
  EXPECT_EQ(value_at(Unary::reciprocal, 0), kInf);
  EXPECT_EQ(value_at(Unary::reciprocal, kInf), 0);
  EXPECT_EQ(value_at(Unary::sqrt, kInf), kInf);
  EXPECT_TRUE(std::isnan(value_at(Unary::sqrt, -1)));
  EXPECT_EQ(value_at(Unary::step, 0), 1);
  EXPECT_EQ(value_at(Unary::step, -1), 0);
  EXPECT_EQ(value_at(Unary::sign, -kInf), -1);
  EXPECT_EQ(value_at(Unary::clamp, kInf, -1, 2), 2);
  EXPECT_EQ(value_at(Unary::clamp, -kInf, -1, 2), -1);
  EXPECT_EQ(value_at(Unary::gelu, kInf), kInf);
  EXPECT_EQ(value_at(Unary::silu, kInf), kInf);
}

TEST(Math, DenormalsCountAsZeroInsideAScopeOnly) {
  volatile float tiny = std::numeric_limits<float>::denorm_min() * 8;
  EXPECT_EQ(value_at(Unary::square, tiny), 0);
  EXPECT_EQ(value_at(Unary::log, tiny), -kInf);
  EXPECT_EQ(value_at(Unary::exp, -95), 0);
  EXPECT_NE(tiny * 1.0f, 0);
}

TEST(Math, MaximumAndMinimumKeepNan) {
  std::vector<float> x = {1, kNan, 3, 2}, y(1);
  loops<float>().maximum(x.data(), y.data(), 1, 4, 1);
  EXPECT_TRUE(std::isnan(y[0]));
  loops<float>().minimum(x.data(), y.data(), 1, 4, 1);
  EXPECT_TRUE(std::isnan(y[0]));
  Broadcast s;
  s.rank = 1;
  s.size[0] = s.a[0] = s.b[0] = 1;
  for (Binary f : {Binary::maximum, Binary::minimum})
    for (auto [a, b] : {std::pair{kNan, 1.0f}, {1.0f, kNan}}) {
      loops<float>().binary(f, s, &a, &b, y.data());
      EXPECT_TRUE(std::isnan(y[0]));
    }
  std::int32_t at = -1;
  loops<float>().argmax(x.data(), &at, 1, 4, 1);
  EXPECT_EQ(at, 1);
}

// The set asked for is used where the processor has it, and the name tells which.
TEST(Math, InstructionSet) {
  const char* wish = std::getenv("GRADUS_ISA");
  std::string name = loops<float>().name;
  if (wish != nullptr && std::string(wish) == "baseline")
    EXPECT_EQ(name, "baseline");
  else if (wish != nullptr && std::string(wish) == "avx2")
    EXPECT_NE(name, "avx512");
  else
    EXPECT_TRUE(name == "baseline" || name == "avx2" || name == "avx512") << name;
  EXPECT_STREQ(loops<double>().name, "reference");
}

}  // namespace
}  // namespace gradus::kernels
