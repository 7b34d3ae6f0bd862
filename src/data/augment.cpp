#include "gradus/data/augment.h"

namespace gradus {

void register_augmentations(Catalog<Augmentation>& catalog);

const Catalog<Augmentation>& augmentations() {
  static const Catalog<Augmentation> catalog = [] {
    Catalog<Augmentation> c("augmentation");
    register_augmentations(c);
    return c;
  }();
  return catalog;
}

Augmenter::Augmenter(const Value& list, std::uint64_t seed, const std::string& place) {
  if (list.is_null()) return;
  std::size_t i = 0;
  for (const Value& spec : list.as_array(place)) {
    std::string number = std::to_string(i++);
    steps_.push_back(
        {augmentations().make(spec, place + "[" + number + "]"), RandomKey{seed, 0, 0}.in("augment").in(number)});
  }
}

void Augmenter::apply(AugmentedExample& example, std::uint64_t row, std::int64_t epoch) const {
  for (const Step& step : steps_)
    step.transform->apply(example, AugmentDraws(step.key.at_step(static_cast<std::uint32_t>(epoch)), row));
}

}  // namespace gradus
