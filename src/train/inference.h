#pragma once

#include <functional>

#include "gradus/data/dataset.h"
#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"

namespace gradus {

// How many shards a batch is cut into. It depends on the batch and the network alone: more threads never change it.
int shards_for(const Module& network, const Shape& inputs);
// What a forward pass over a batch cut into so many shards is told about it.
Context context_of(const Batch& batch, int shards);

// Hands out a network's predictions for a data set batch by batch (probabilities where the loss makes some), in order;
// targets play no part.
void predict_network(Network& network, const Loss& loss, const Dataset& data,
                     const std::function<void(const Tensor& predictions, const Batch& batch)>& take);

// Measures the loss of a network over a data set and hands out its predictions batch by batch (probabilities where the
// loss makes some), in order.
double evaluate_network(Network& network, const Loss& loss, const Dataset& data,
                        const std::function<void(const Tensor& predictions, const Batch& batch)>& take = {});

}  // namespace gradus
