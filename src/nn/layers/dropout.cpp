#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct DropoutParams {
  double rate = 0.5;
  void fields(Fields& f) { f("rate", rate, from_to(0, 1), "share of the elements that are zeroed in training"); }
};

class Dropout final : public Module {
 public:
  using Params = DropoutParams;
  explicit Dropout(Params p) : params_(p) {}
  std::string type() const override { return "dropout"; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape& input) const override { return {0, 0, input.size()}; }
  bool keeps_values() const override { return true; }
  void build(const Shape&, const BuildContext& context) override { stream_ = context.key.stream; }
  Tensor forward(const Tensor& x, const Context& context) override {
    if (!context.training) return x;
    return dropout(x, params_.rate, {context.key.seed, stream_, context.key.step});
  }

 private:
  Params params_;
  std::uint32_t stream_ = 0;
};

}  // namespace

void register_dropout(Catalog<Module>& catalog) {
  catalog.add<Dropout>("dropout", "Zeroes elements at random in training and divides the rest by 1 - rate.",
                       "Srivastava et al., Dropout, JMLR 2014");
}

}  // namespace gradus
