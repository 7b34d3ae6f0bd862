#pragma once

#include <cstdint>
#include <vector>

#include "gradus/explain/galleries.h"

namespace gradus {

// What a model says of some examples, in their order.
struct Answers {
  std::vector<std::int32_t> classes;  // of each example, or of each place of it
  Tensor values;                      // [n, ...] where the model predicts numbers, in the target's own units
};
// Of all examples of `data`, which are held at once.
Answers answers_of(const ImageModel& model, const Dataset& data);
// A batch's targets [n, ...] in their own units.
Tensor true_values(const ImageModel& model, const Batch& batch);

}  // namespace gradus
