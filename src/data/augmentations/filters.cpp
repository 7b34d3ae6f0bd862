#include <algorithm>
#include <cmath>
#include <numbers>

#include "gradus/data/augmentations/drawn_change.h"
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

class Blur final : public DrawnChange {
 public:
  using Params = BlurParams;
  Blur(const Params& p, const std::string& place)
      : DrawnChange(drawn_range(p.sigma, between(0, 64), place + ".sigma"), p.probability) {}

 private:
  void change(AugmentedExample& e, double sigma, const AugmentDraws&) const override {
    if (sigma == 0) return;
    thread_local GaussianSmooth smooth(1);
    smooth.set(sigma);
    auto slice = static_cast<std::size_t>(e.height * e.width * e.channels);
    for (std::size_t z = 0; z < static_cast<std::size_t>(e.depth); ++z)
      smooth(e.values.subspan(z * slice, slice), e.height, e.width, e.channels, Fill::reflect);
  }
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

class Noise final : public DrawnChange {
 public:
  using Params = NoiseParams;
  Noise(const Params& p, const std::string& place)
      : DrawnChange(drawn_range(p.deviation, between(0, 10), place + ".deviation"), p.probability) {}

 private:
  void change(AugmentedExample& e, double amount, const AugmentDraws& draws) const override {
    float deviation = static_cast<float>(amount) * (e.high - e.low);
    if (deviation == 0) return;
    thread_local std::vector<float> field;
    field.resize((e.values.size() + 1) / 2 * 2);
    draws.fill_uniform(AugmentDraws::kFields, field);
    make_normal(field);
    for (std::size_t i = 0; i < e.values.size(); ++i)
      e.values[i] = std::clamp(e.values[i] + deviation * field[i], e.low, e.high);
  }
};

}  // namespace

void register_filters(Catalog<Augmentation>& catalog) {
  catalog.add<Blur>("blur", "Convolves each slice with a Gaussian.");
  catalog.add<Noise>("noise",
                     "Adds Gaussian noise to each value; what leaves the range from black to white is cut off.");
}

}  // namespace gradus
