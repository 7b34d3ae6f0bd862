#include "gradus/nn/weights.h"

#include "gradus/nn/initializer.h"

namespace gradus {

void WeightsParams::fields(Fields& f) {
  f("bias", bias, "add a bias");
  f("initializer", initializer, "a name or a table", "initial weights; left out: fits the activation that follows");
  f("bias_initializer", bias_initializer, "a name or a table", "initial biases");
}

// The initialisers are made again for each build; here so that a mistake is told with its place.
Weights::Weights(const WeightsParams& params, const std::string& place) : params_(params) {
  make_initializer(params_.initializer, {}, place + ".initializer");
  make_initializer(params_.bias_initializer, {}, place + ".bias_initializer");
}

void Weights::build(const std::string& layer, const Shape& weight, std::int64_t channels, std::int64_t fan_in,
                    std::int64_t fan_out, const BuildContext& context) {
  weight_.value = make_initializer(params_.initializer, context.next, layer + ".initializer")
                      ->make(weight, fan_in, fan_out, context.key.in("weight"), context.dtype);
  weight_.value.set_requires_grad();
  bias_.penalized = false;
  if (!params_.bias) return;
  bias_.value = make_initializer(params_.bias_initializer, context.next, layer + ".bias_initializer")
                    ->make({channels}, fan_in, fan_out, context.key.in("bias"), context.dtype);
  bias_.value.set_requires_grad();
}

std::pair<Tensor, Tensor> Weights::folded(const ChannelMap& after) const {
  NoGrad no_grad;
  return {weight() * after.scale, bias().defined() ? bias() * after.scale + after.shift : after.shift};
}

void Weights::visit(const std::string& prefix, const Module::Visitor& v) {
  if (v.parameter) v.parameter(prefix + "weight", weight_);
  if (v.parameter && params_.bias) v.parameter(prefix + "bias", bias_);
}

}  // namespace gradus
