#include <algorithm>
#include <cmath>
#include <numbers>

#include "gradus/data/augment.h"
#include "gradus/data/smooth.h"

namespace gradus {
namespace {

struct BlurParams {
  Value sigma = Value::Array{0.0, 1.0};
  double probability = 1;
  void fields(Fields& f) {
    f("sigma", sigma, "a number, or [low, high]", "deviation of the Gaussian, in pixels");
    f("probability", probability, between(0, 1), "how often it acts");
  }
};

class Blur final : public Augmentation {
 public:
  using Params = BlurParams;
  Blur(const Params& p, const std::string& place)
      : range_(drawn_range(p.sigma, between(0, 64), place + ".sigma")), probability_(p.probability) {}
  void apply(AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(probability_)) return;
    double sigma = draws.uniform(1, range_.low, range_.high);
    if (sigma == 0) return;
    thread_local GaussianSmooth smooth(1);
    smooth.set(sigma);
    auto slice = static_cast<std::size_t>(e.height * e.width * e.channels);
    for (std::size_t z = 0; z < static_cast<std::size_t>(e.depth); ++z)
      smooth(e.values.subspan(z * slice, slice), e.height, e.width, e.channels, Fill::reflect);
  }

 private:
  DrawnRange range_;
  double probability_;
};

struct NoiseParams {
  Value deviation = 0.05;
  double probability = 1;
  void fields(Fields& f) {
    f("deviation", deviation, "a number, or [low, high]", "of the noise, as a share of the way from black to white");
    f("probability", probability, between(0, 1), "how often it acts");
  }
};

// Turns uniform numbers into standard normal ones, two at a time (Box and Muller 1958).
void make_normal(std::span<float> u) {
  for (std::size_t i = 0; i + 1 < u.size(); i += 2) {
    float radius = std::sqrt(-2 * std::log(1 - u[i])), angle = 2 * std::numbers::pi_v<float> * u[i + 1];
    u[i] = radius * std::cos(angle);
    u[i + 1] = radius * std::sin(angle);
  }
}

class Noise final : public Augmentation {
 public:
  using Params = NoiseParams;
  Noise(const Params& p, const std::string& place)
      : range_(drawn_range(p.deviation, between(0, 10), place + ".deviation")), probability_(p.probability) {}
  void apply(AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(probability_)) return;
    float deviation = static_cast<float>(draws.uniform(1, range_.low, range_.high)) * (e.high - e.low);
    if (deviation == 0) return;
    thread_local std::vector<float> field;
    field.resize((e.values.size() + 1) / 2 * 2);
    draws.fill_uniform(AugmentDraws::kFields, field);
    make_normal(field);
    for (std::size_t i = 0; i < e.values.size(); ++i)
      e.values[i] = std::clamp(e.values[i] + deviation * field[i], e.low, e.high);
  }

 private:
  DrawnRange range_;
  double probability_;
};

}  // namespace

void register_filters(Catalog<Augmentation>& catalog) {
  catalog.add<Blur>("blur", "Convolves each slice with a Gaussian.");
  catalog.add<Noise>("noise",
                     "Adds Gaussian noise to each value; what leaves the range from black to white is cut off.");
}

}  // namespace gradus
