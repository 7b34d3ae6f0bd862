#pragma once

#include <span>
#include <string>
#include <vector>

#include "gradus/data/dataset.h"
#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"

namespace gradus {

// Why a network gives an image the score it gives: by gradients of the score of a class with respect to the input or to
// a layer's result. The score is the network's own result for the class, before probabilities are made of it; where it
// has one for each place, their sum; of a network with a single result, that for class 1 and its negative for class 0.
// `classes` has one class for each of the inputs [n, size.., channels]. Throws Error{value} for a class that the
// network does not know, Error{shape} where sizes do not fit.

// |d score / d input|, the largest of the channels at each place: [n, size..]. Source: Simonyan, Vedaldi, Zisserman,
// Deep inside convolutional networks, 2013.
Tensor saliency(Network& network, const Tensor& inputs, std::span<const std::int32_t> classes);

// relu(sum_k a_k A_k) at each place of the result A [n, places.., channels] of a layer, with a_k the mean over the
// places of d score / d A_k: [n, places..]. Throws Error{config} where no layer has that name. Source: Selvaraju and
// others, Grad-CAM, ICCV 2017.
Tensor grad_cam(Network& network, const Tensor& inputs, std::span<const std::int32_t> classes,
                const std::string& layer);

// The layer that grad_cam is usually taken at: the last convolution (or residual block) whose result has places, or the
// normalization or activation behind it that keeps its shape; "" where there is none.
std::string last_convolution(const Network& network, const Shape& input);

// How far back a network over sequences looks: the Euclidean norm of d loss / d (what it read so many steps before a
// sequence's last), by distance 0, 1, ..., mean of the sequences that are as long (not a number where none is). The
// loss is that of the result after the last step; what was read is the input, or of symbols what the first layer makes
// of them. `batch` has inputs [n, time, ..]. Empty where the network's result is neither one for a sequence nor one for
// each step of sequences of equal length.
std::vector<double> gradient_by_distance(Network& network, const Loss& loss, const Batch& batch);

struct LayerOutput {
  std::string layer;
  Tensor value;
};

// The result of each layer in prediction, in order; those inside a residual block have its name in front.
std::vector<LayerOutput> layer_outputs(Network& network, const Tensor& inputs);

}  // namespace gradus
