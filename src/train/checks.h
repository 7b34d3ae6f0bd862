#pragma once

#include "gradus/train/experiment.h"

namespace gradus {

// Looks for mistakes in how a config's parts go together. Throws Error{config} for those that cannot work; returns a
// sentence for each that can but is seldom meant.
std::vector<std::string> check_experiment(const Experiment& experiment, const LoadedData& data, Network& network,
                                          const Loss& loss);

// Of a built network that predicts symbols of texts: throws Error{config} where it reads ahead.
void check_reading(Network& network, const TaskSpec& task, const Dataset& data);

}  // namespace gradus
