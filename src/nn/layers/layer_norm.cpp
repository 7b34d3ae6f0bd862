#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct LayerNormParams {
  double epsilon = 1e-5;
  void fields(Fields& f) { f("epsilon", epsilon, above(0), "added to the variance"); }
};

class LayerNorm final : public Module {
 public:
  using Params = LayerNormParams;
  explicit LayerNorm(Params p) : params_(p) {}
  std::string type() const override { return "layer_norm"; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() < 1)
      throw Error(ErrorKind::shape, {"layer_norm", "an input [batch, .., features]", input.text(), ""});
    return input;
  }
  Cost cost(const Shape& input) const override {
    output_shape(input);
    return {2 * input[input.rank() - 1], 2 * input.size(), 2 * input.size()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    Shape features{output_shape(input)[input.rank() - 1]};
    gain_ = {"", Tensor::ones(features, context.dtype), false};
    bias_ = {"", Tensor::zeros(features, context.dtype), false};
    gain_.value.set_requires_grad();
    bias_.value.set_requires_grad();
  }
  Tensor forward(const Tensor& x, const Context&) override {
    return layer_norm(x, gain_.value, bias_.value, params_.epsilon);
  }
  void visit(const std::string& prefix, const Visitor& v) override {
    if (v.parameter) v.parameter(prefix + "gain", gain_);
    if (v.parameter) v.parameter(prefix + "bias", bias_);
  }

 private:
  Params params_;
  Parameter gain_, bias_;
};

}  // namespace

void register_layer_norm(Catalog<Module>& catalog) {
  catalog.add<LayerNorm>("layer_norm", "Each row (last axis) to mean 0 and variance 1, then gain and bias.",
                         "Ba, Kiros, Hinton, Layer normalization, 2016");
}

}  // namespace gradus
