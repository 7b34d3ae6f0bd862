#include <cmath>

#include "gradus/base/text.h"
#include "gradus/nn/initializer.h"

namespace gradus {
namespace {

class Uniform final : public Initializer {
 public:
  struct Params {
    double low = -0.05, high = 0.05;
    void fields(Fields& f) {
      f("low", low, any(), "smallest value");
      f("high", high, any(), "largest value");
    }
  };
  explicit Uniform(Params p) : params_(p) {
    if (p.low >= p.high)
      throw Error(ErrorKind::config, {"uniform", "low below high", real_text(p.low) + " and " + real_text(p.high), ""});
  }
  Tensor make(const Shape& shape, std::int64_t, std::int64_t, const RandomKey& key, Dtype dtype) const override {
    return Tensor::uniform(shape, params_.low, params_.high, key, dtype);
  }

 private:
  Params params_;
};

class Normal final : public Initializer {
 public:
  struct Params {
    double mean = 0, deviation = 0.05;
    void fields(Fields& f) {
      f("mean", mean, any(), "mean");
      f("deviation", deviation, at_least(0), "standard deviation");
    }
  };
  explicit Normal(Params p) : params_(p) {}
  Tensor make(const Shape& shape, std::int64_t, std::int64_t, const RandomKey& key, Dtype dtype) const override {
    return Tensor::normal(shape, params_.mean, params_.deviation, key, dtype);
  }

 private:
  Params params_;
};

struct GainParams {
  double gain = 1;
  void fields(Fields& f) { f("gain", gain, above(0), "factor on the standard deviation"); }
};

// Variance gain^2 * scale / fan, drawn uniformly (limits +-sqrt(3 variance)) or from a normal.
template <bool he, bool uniform>
class Scaled final : public Initializer {
 public:
  using Params = GainParams;
  explicit Scaled(Params p) : params_(p) {}
  Tensor make(const Shape& shape, std::int64_t fan_in, std::int64_t fan_out, const RandomKey& key,
              Dtype dtype) const override {
    double fan = he ? static_cast<double>(fan_in) / 2 : static_cast<double>(fan_in + fan_out) / 2;
    double deviation = params_.gain / std::sqrt(fan);
    if (!uniform) return Tensor::normal(shape, 0, deviation, key, dtype);
    double limit = std::sqrt(3.0) * deviation;
    return Tensor::uniform(shape, -limit, limit, key, dtype);
  }

 private:
  Params params_;
};

// Orthonormal columns (or rows, when there are fewer): modified Gram-Schmidt, twice, on normal draws.
class Orthogonal final : public Initializer {
 public:
  using Params = GainParams;
  explicit Orthogonal(Params p) : params_(p) {}
  Tensor make(const Shape& shape, std::int64_t, std::int64_t, const RandomKey& key, Dtype dtype) const override {
    std::int64_t cols = shape.rank() == 0 ? 1 : shape[shape.rank() - 1],
                 rows = shape.size() / std::max<std::int64_t>(cols, 1);
    bool wide = cols > rows;
    std::int64_t n = wide ? cols : rows, k = wide ? rows : cols;  // k vectors of n elements
    std::vector<double> v = Tensor::normal({k, n}, 0, 1, key, Dtype::f64).to_vector<double>();
    for (std::int64_t i = 0; i < k; ++i) orthonormalize(v.data(), i, n);
    std::vector<double> out(v.size());
    for (std::int64_t i = 0; i < k; ++i)
      for (std::int64_t j = 0; j < n; ++j) out[wide ? i * n + j : j * k + i] = params_.gain * v[i * n + j];
    return Tensor::from(out, shape).to(dtype);
  }

 private:
  // In several running sums, which do not wait for each other.
  static double dot(const double* a, const double* b, std::int64_t n) {
    constexpr int kSums = 8;
    double sums[kSums] = {};
    std::int64_t j = 0;
    for (; j + kSums <= n; j += kSums)
      for (int s = 0; s < kSums; ++s) sums[s] += a[j + s] * b[j + s];
    for (; j < n; ++j) sums[0] += a[j] * b[j];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
  static void orthonormalize(double* v, std::int64_t i, std::int64_t n) {
    double* own = v + i * n;
    for (int pass = 0; pass < 2; ++pass)
      for (std::int64_t p = 0; p < i; ++p) {
        const double along = dot(own, v + p * n, n);
        for (std::int64_t j = 0; j < n; ++j) own[j] -= along * v[p * n + j];
      }
    const double norm = std::sqrt(dot(own, own, n));
    for (std::int64_t j = 0; j < n; ++j) own[j] /= norm;
  }
  Params params_;
};

}  // namespace

void register_random(Catalog<Initializer>& catalog) {
  const char* glorot =
      "Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010";
  const char* he = "He, Zhang, Ren, Sun, Delving deep into rectifiers, ICCV 2015";
  catalog.add<Uniform>("uniform", "Uniform in [low, high).");
  catalog.add<Normal>("normal", "Normal with a mean and a standard deviation.");
  catalog.add<Scaled<false, true>>("glorot_uniform", "Xavier/Glorot: uniform with variance 2 / (fan_in + fan_out).",
                                   glorot);
  catalog.add<Scaled<false, false>>("glorot_normal", "Xavier/Glorot: normal with variance 2 / (fan_in + fan_out).",
                                    glorot);
  catalog.add<Scaled<true, true>>("he_uniform", "He/Kaiming: uniform with variance 2 / fan_in.", he);
  catalog.add<Scaled<true, false>>("he_normal", "He/Kaiming: normal with variance 2 / fan_in.", he);
  catalog.add<Orthogonal>(
      "orthogonal", "Orthonormal rows or columns, times gain.",
      "Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning, ICLR 2014");
}

}  // namespace gradus
