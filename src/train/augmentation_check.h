#pragma once

#include "gradus/train/experiment.h"

namespace gradus {

// Looks for transforms of `data.augment` that change what an image shows, as a mirror does with b and d: a sentence for
// each such pair of classes. Each transform is tried alone on validation images, at most 1000. A class a becomes b when
// - the trained network takes a for b in at least 10 points and three times more of the changed images than of the
//   images as they are, or
// - the nearest training images do, which have not seen the transform, for at least half of the changed images, and the
//   network agrees in a quarter of them: one that learned with the transform confuses the two either way.
std::vector<std::string> augmentation_warnings(const Experiment& experiment, Prepared& prepared);

}  // namespace gradus
