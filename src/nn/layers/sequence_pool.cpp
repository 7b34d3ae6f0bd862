#include <limits>

#include "gradus/nn/module.h"
#include "gradus/nn/steps.h"

namespace gradus {
namespace {

struct SequencePoolParams {
  std::string method = "mean";
  void fields(Fields& f) {
    f("method", method, {"mean", "max", "last"}, "what of a sequence's steps is taken, in each feature");
  }
};

// Sequences [time, features] -> [features], over the steps that each sequence has.
class SequencePool final : public Module {
 public:
  using Params = SequencePoolParams;
  explicit SequencePool(Params p) : params_(std::move(p)) {}
  std::string type() const override { return "sequence_pool"; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() != 2 || input.size() < 1)
      throw Error(ErrorKind::shape,
                  {"sequence_pool", "an input [batch, time, features]", "examples of shape " + input.text(), ""});
    return {input[1]};
  }
  Cost cost(const Shape& input) const override { return {0, input.size(), 2 * input.size()}; }
  Tensor forward(const Tensor& x, const Context& context) override {
    const std::int64_t time = x.dim(1);
    if (params_.method == "mean") return mean_of_steps(x, context.lengths);
    if (!context.lengths.defined())
      return params_.method == "last" ? squeeze(slice(x, 1, time - 1, time), 1) : max(x, {1});
    if (params_.method == "last") {
      Tensor last = expand_dims(context.lengths.to(x.dtype()), -1) - 1.0;
      return sum(x * expand_dims(equal(Tensor::arange(time, x.dtype()), last), -1), {1});
    }
    Tensor there = expand_dims(steps_there(context.lengths, time, x.dtype()), -1);  // [n, time, 1]
    Tensor lowest = Tensor::full({1}, std::numeric_limits<float>::lowest(), x.dtype());
    return max(where(there, x, lowest), {1});
  }

 private:
  Params params_;
};

}  // namespace

void register_sequence_pool(Catalog<Module>& catalog) {
  catalog.add<SequencePool>("sequence_pool",
                            "The mean, the maximum or the last of a sequence's steps, without padding.");
}

}  // namespace gradus
