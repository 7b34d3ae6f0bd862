#pragma once

#include <cstdint>
#include <vector>

#include "gradus/base/random.h"
#include "gradus/data/dataset.h"

namespace gradus {

// The order in which an epoch meets the examples, batch after batch: drawn by `key`, but for streams, which are read as
// they are. With `by_length`, where examples differ in length, batches are of alike ones: the examples of some dozens
// of batches are put in order of length, cut into batches, and all batches of the epoch mixed; a last one that is not
// full stays last.
std::vector<std::uint32_t> epoch_order(const Dataset& data, std::int64_t batch_size, bool by_length,
                                       const RandomKey& key);

}  // namespace gradus
