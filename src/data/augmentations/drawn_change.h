#pragma once

#include "gradus/data/augment.h"

namespace gradus {

// A transform of values by one drawn number.
class DrawnChange : public Augmentation {
 public:
  void apply(AugmentedExample& e, const AugmentDraws& draws) const final {
    if (draws.happens(probability_)) change(e, draws.uniform(1, range_.low, range_.high), draws);
  }

 protected:
  DrawnChange(const DrawnRange& range, double probability) : range_(range), probability_(probability) {}

 private:
  virtual void change(AugmentedExample& e, double amount, const AugmentDraws& draws) const = 0;

  DrawnRange range_;
  double probability_;
};

}  // namespace gradus
