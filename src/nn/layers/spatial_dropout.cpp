#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct SpatialDropoutParams {
  double rate = 0.5;
  void fields(Fields& f) { f("rate", rate, from_to(0, 1), "share of the channels that are zeroed in training"); }
};

class SpatialDropout final : public Module {
 public:
  using Params = SpatialDropoutParams;
  explicit SpatialDropout(Params p) : params_(p) {}
  std::string type() const override { return "spatial_dropout"; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() < 2)
      throw Error(ErrorKind::shape,
                  {"spatial_dropout", "examples [size.., channels]", input.text(), "use dropout for rows of features"});
    return input;
  }
  Cost cost(const Shape& input) const override { return {0, 0, output_shape(input).size()}; }
  bool keeps_values() const override { return true; }
  void build(const Shape& input, const BuildContext& context) override {
    output_shape(input);
    stream_ = context.key.stream;
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    if (!context.training) return x;
    return spatial_dropout(x, params_.rate, {context.key.seed, stream_, context.key.step});
  }

 private:
  Params params_;
  std::uint32_t stream_ = 0;
};

}  // namespace

void register_spatial_dropout(Catalog<Module>& catalog) {
  catalog.add<SpatialDropout>(
      "spatial_dropout", "Zeroes whole channels of an example at random in training, divides the rest by 1 - rate.",
      "Tompson et al., Efficient object localization, CVPR 2015");
}

}  // namespace gradus
