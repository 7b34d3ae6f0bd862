#pragma once

#include "gradus/train/experiment.h"

namespace gradus {

// Looks for mistakes in how a config's parts go together. Throws Error{config} for those that cannot work; returns a
// sentence for each that can but is seldom meant.
std::vector<std::string> check_experiment(const Experiment& experiment, const LoadedData& data, Network& network,
                                          const Loss& loss);

}  // namespace gradus
