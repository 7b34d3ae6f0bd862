#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct DropoutParams {
  double rate = 0.5;
  void fields(Fields& f) { f("rate", rate, from_to(0, 1), "share of the elements that are zeroed in training"); }
};
struct SpatialDropoutParams : DropoutParams {
  void fields(Fields& f) { f("rate", rate, from_to(0, 1), "share of the channels that are zeroed in training"); }
};

// What both kinds share: nothing happens but in training, and a layer draws from a stream of its own.
class DropoutLayer : public Module {
 public:
  explicit DropoutLayer(double rate) : rate_(rate) {}
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape& input) const override { return {0, 0, output_shape(input).size()}; }
  bool keeps_values() const override { return true; }
  void build(const Shape& input, const BuildContext& context) override {
    output_shape(input);
    stream_ = context.key.stream;
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    return context.training ? dropped(x, rate_, {context.key.seed, stream_, context.key.step}) : x;
  }

 private:
  virtual Tensor dropped(const Tensor& x, double rate, const RandomKey& key) const = 0;

  double rate_;
  std::uint32_t stream_ = 0;
};

class Dropout final : public DropoutLayer {
 public:
  using Params = DropoutParams;
  explicit Dropout(Params p) : DropoutLayer(p.rate) {}
  std::string type() const override { return "dropout"; }
  Takes takes() const override { return Takes::either; }

 private:
  Tensor dropped(const Tensor& x, double rate, const RandomKey& key) const override { return dropout(x, rate, key); }
};

class SpatialDropout final : public DropoutLayer {
 public:
  using Params = SpatialDropoutParams;
  explicit SpatialDropout(Params p) : DropoutLayer(p.rate) {}
  std::string type() const override { return "spatial_dropout"; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() < 2)
      throw Error(ErrorKind::shape,
                  {"spatial_dropout", "examples [size.., channels]", input.text(), "use dropout for rows of features"});
    return input;
  }

 private:
  Tensor dropped(const Tensor& x, double rate, const RandomKey& key) const override {
    return spatial_dropout(x, rate, key);
  }
};

}  // namespace

void register_dropout(Catalog<Module>& catalog) {
  catalog.add<Dropout>("dropout", "Zeroes elements at random in training and divides the rest by 1 - rate.",
                       "Srivastava et al., Dropout, JMLR 2014");
  catalog.add<SpatialDropout>(
      "spatial_dropout", "Zeroes whole channels of an example at random in training, divides the rest by 1 - rate.",
      "Tompson et al., Efficient object localization, CVPR 2015");
}

}  // namespace gradus
