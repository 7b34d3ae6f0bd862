#pragma once

#include <span>
#include <string>
#include <vector>

#include "gradus/data/linear_scale.h"

namespace gradus {

// How each target of a regression is brought to another scale while it is trained; empty where none is.
using TargetScales = std::vector<LinearScale>;

// `given` is what [prepare] scale_target says: a method's name or { default = ..., columns = { NAME = ... } }, null for
// none. values [rows, names] are the targets, row-major; the scales are learned from the rows `train`, each counted
// once whatever its weight. Throws Error{config} for unknown methods and names, Error{data} for numbers too far apart.
TargetScales fit_target_scales(const Value& given, const std::vector<std::string>& names,
                               std::span<const double> values, const RowIndices& train);

// What a user should know about the targets' scale: how they are trained on, or, when nothing is `given`, that numbers
// far from 1 are hard to train on. Empty when there is nothing to say.
std::string target_scale_note(const Value& given, const TargetScales& scales, const std::vector<std::string>& names,
                              std::span<const double> values, const RowIndices& train);

// values [rows, scales] as they are trained on, as 32-bit numbers.
std::vector<float> scaled_targets(const TargetScales& scales, std::span<const double> values);

// Turns values [rows, scales] back into the targets' own units.
void unscale_targets(const TargetScales& scales, std::span<float> values);

// For the model file. restored_scales throws Error{data} unless there is a usable scale for each of the outputs.
Value scales_state(const TargetScales& scales);
TargetScales restored_scales(const Value& state, std::size_t outputs);

}  // namespace gradus
