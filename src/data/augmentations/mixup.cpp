#include <cmath>
#include <numbers>

#include "gradus/data/augment.h"

namespace gradus {
namespace {

struct MixupParams {
  double alpha = 0.2;
  double probability = 1;
  void fields(Fields& f) {
    f("alpha", alpha, between(0.001, 100), "of the Beta(alpha, alpha) that shares come from: larger mixes more evenly");
    f("probability", probability, between(0, 1), "how often it acts");
  }
};

// The logarithm of a Gamma(shape) variate, made from numbers first ... first + 3 * kTries of the draws (Marsaglia and
// Tsang, "A simple method for generating gamma variables", ACM TOMS 2000; a shape below 1 by their section 6, whose
// power would underflow were it not a logarithm).
constexpr std::uint32_t kTries = 32;  // one fails with a probability below 5 %

double log_gamma_variate(const AugmentDraws& draws, std::uint32_t first, double shape) {
  double d = shape + 1 - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  double power = std::log(1 - static_cast<double>(draws.uniform(first))) / shape;
  for (std::uint32_t i = 0; i < kTries; ++i) {
    std::uint32_t at = first + 1 + 3 * i;
    double x = std::sqrt(-2 * std::log(1 - static_cast<double>(draws.uniform(at)))) *
               std::cos(2 * std::numbers::pi * static_cast<double>(draws.uniform(at + 1)));
    double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    double u = 1 - static_cast<double>(draws.uniform(at + 2));
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d * v) + power;
  }
  return std::log(d) + power;
}

class Mixup final : public Augmentation {
 public:
  using Params = MixupParams;
  explicit Mixup(Params p) : p_(p) {}
  bool mixes() const override { return true; }
  double kept_share(const AugmentDraws& draws) const override {
    if (!draws.happens(p_.probability)) return 1;
    double own = log_gamma_variate(draws, AugmentDraws::kFields, p_.alpha),
           other = log_gamma_variate(draws, AugmentDraws::kFields + 1 + 3 * kTries, p_.alpha);
    return 1 / (1 + std::exp(other - own));
  }

 private:
  Params p_;
};

}  // namespace

void register_mixup(Catalog<Augmentation>& catalog) {
  catalog.add<Mixup>("mixup", "Blends each example, and its target, with another one of its batch.",
                     "Zhang et al., mixup: Beyond empirical risk minimization, ICLR 2018");
}

}  // namespace gradus
