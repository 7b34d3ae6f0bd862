#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct PreluParams {
  double initial = 0.25;
  bool per_channel = false;
  void fields(Fields& f) {
    f("initial", initial, any(), "slope below zero at the start");
    f("per_channel", per_channel, "a slope for each entry of the last axis instead of one for all");
  }
};

class Prelu final : public Module {
 public:
  using Params = PreluParams;
  explicit Prelu(Params p) : params_(p) {}
  std::string type() const override { return "prelu"; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() < 1) throw Error(ErrorKind::shape, {"prelu", "an input [batch, .., channels]", input.text(), ""});
    return input;
  }
  Cost cost(const Shape& input) const override { return {slopes(input), 0, input.size()}; }
  void build(const Shape& input, const BuildContext& context) override {
    slope_.value = Tensor::full({slopes(input)}, params_.initial, context.dtype);
    slope_.value.set_requires_grad();
    slope_.penalized = false;
  }
  Tensor forward(const Tensor& x, const Context&) override { return prelu(x, slope_.value); }
  void visit(const std::string& prefix, const Visitor& v) override {
    if (v.parameter) v.parameter(prefix + "slope", slope_);
  }

 private:
  std::int64_t slopes(const Shape& input) const { return params_.per_channel ? input[input.rank() - 1] : 1; }
  Params params_;
  Parameter slope_;
};

}  // namespace

void register_prelu(Catalog<Module>& catalog) {
  catalog.add<Prelu>("prelu", "f(x) = x for x >= 0, slope x below, with the slope learned.",
                     "He, Zhang, Ren, Sun, Delving deep into rectifiers, ICCV 2015");
}

}  // namespace gradus
