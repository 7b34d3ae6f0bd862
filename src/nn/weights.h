#pragma once

#include <string>

#include "gradus/nn/module.h"

namespace gradus {

// The keys of layers that multiply by a weight and add a bias.
struct WeightsParams {
  bool bias = true;
  Value initializer;
  Value bias_initializer = "zeros";
  void fields(Fields& f);
};

// The weight of a layer, and its bias unless the params leave it out.
class Weights {
 public:
  // Refuses initialisers that are none, told at the layer's `place` in the config.
  Weights(const WeightsParams& params, const std::string& place);
  // Makes them: a weight of that shape, and a bias of `channels` values.
  void build(const std::string& layer, const Shape& weight, std::int64_t channels, std::int64_t fan_in,
             std::int64_t fan_out, const BuildContext& context);
  void visit(const std::string& prefix, const Module::Visitor& v);

  const Tensor& weight() const { return weight_.value; }
  const Tensor& bias() const { return bias_.value; }  // undefined where there is none
  // Weight and bias that give scale y + shift, where the weight's last axis is that of the result's channels.
  std::pair<Tensor, Tensor> folded(const ChannelMap& after) const;
  // How many numbers a weight of that size and its bias are.
  std::int64_t count(std::int64_t weights, std::int64_t channels) const {
    return weights + (params_.bias ? channels : 0);
  }

 private:
  WeightsParams params_;
  Parameter weight_, bias_;
};

}  // namespace gradus
