#pragma once

#include <cstdint>
#include <vector>

#include "gradus/train/evaluation.h"

namespace gradus {

// The examples that a classifier got wrong, those first that it was most sure of; at most `most`. None where it gives
// no probabilities.
std::vector<std::uint32_t> worst_mistakes(const Evaluation& evaluation, std::size_t most);

// The probability it gave to its answer for an example.
double confidence(const Evaluation& evaluation, std::uint32_t example);

}  // namespace gradus
