#include <algorithm>

#include "gradus/data/augmentations/drawn_change.h"

namespace gradus {
namespace {

struct BrightnessParams {
  Value amount = 0.2;
  double probability = 1;
  void fields(Fields& f) {
    f("amount", amount, "a number d for -d to d, or [low, high]",
      "what is added, as a share of the way from black to white");
    f("probability", probability, between(0, 1), "how often it acts");
  }
};

class Brightness final : public DrawnChange {
 public:
  using Params = BrightnessParams;
  Brightness(const Params& p, const std::string& place)
      : DrawnChange(drawn_range(p.amount, between(-1, 1), place + ".amount", 0), p.probability) {}

 private:
  void change(AugmentedExample& e, double amount, const AugmentDraws&) const override {
    float more = static_cast<float>(amount) * (e.high - e.low);
    for (float& v : e.values) v = std::clamp(v + more, e.low, e.high);
  }
};

struct ContrastParams {
  Value factor = 0.2;
  double probability = 1;
  void fields(Fields& f) {
    f("factor", factor, "a number d for 1 - d to 1 + d, or [low, high]", "times the difference from the image's mean");
    f("probability", probability, between(0, 1), "how often it acts");
  }
};

class Contrast final : public DrawnChange {
 public:
  using Params = ContrastParams;
  Contrast(const Params& p, const std::string& place)
      : DrawnChange(drawn_range(p.factor, between(0, 10), place + ".factor", 1), p.probability) {}

 private:
  void change(AugmentedExample& e, double amount, const AugmentDraws&) const override {
    float factor = static_cast<float>(amount);
    if (factor == 1) return;
    double sum = 0;
    for (float v : e.values) sum += static_cast<double>(v);
    float mean = static_cast<float>(sum / static_cast<double>(e.values.size()));
    for (float& v : e.values) v = std::clamp(mean + factor * (v - mean), e.low, e.high);
  }
};

}  // namespace

void register_light(Catalog<Augmentation>& catalog) {
  catalog.add<Brightness>("brightness", "Adds one number to all values; the result stays between black and white.");
  catalog.add<Contrast>("contrast",
                        "Multiplies the differences from the image's mean; the result stays between black and white.");
}

}  // namespace gradus
