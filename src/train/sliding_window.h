#pragma once

#include "gradus/data/dataset.h"
#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"

namespace gradus {

// How much a patch says about each of its places: most in its middle.
enum class Blend {
  gaussian,  // exp(-d^2 / 2) along each axis, d the distance from the middle in eighths of the patch
  linear,    // falling evenly from the middle to the border
};

struct SlidingWindow {
  double overlap = 0.5;  // of neighbouring patches, as a share of their size, 0 <= overlap < 1
  Blend blend = Blend::gaussian;
};

// Where patches of size `patch` start along an axis of n places: every patch (1 - overlap) of them, the last one flush
// with the end; at 0 alone where n <= patch.
std::vector<std::int64_t> patch_starts(std::int64_t n, std::int64_t patch, double overlap);

// The probabilities (or values) [size.., outputs] of an input [size.., channels] of any size, from a network trained on
// patches [patch.., channels] that keeps their size: the weighted mean of all patches over each place. An input smaller
// than a patch is padded with zeros at its end. Throws Error{shape} for networks and inputs that do not fit the patch,
// Error{value} for another overlap. Gaussian weights as in Isensee and others, nnU-Net, Nature Methods 18, 2021.
Tensor predict_by_patches(Network& network, const Loss& loss, const Tensor& input, const Shape& patch,
                          const SlidingWindow& window = {});

// The same of an example with its target, and how well it was met: the mean loss over all patches. A place counts in
// each patch that holds it, and what pads one does not. Throws as predict_by_patches does, and Error{shape} for a
// target that is not of the input's size.
struct MeasuredPatches {
  Tensor predictions;
  double loss = 0;
};
MeasuredPatches measure_by_patches(Network& network, const Loss& loss, const Batch& example, const Shape& patch,
                                   const SlidingWindow& window = {});

}  // namespace gradus
