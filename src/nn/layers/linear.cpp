#include "gradus/nn/initializer.h"
#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct LinearParams {
  std::optional<std::int64_t> units;
  bool bias = true;
  Value initializer;
  Value bias_initializer = "zeros";
  void fields(Fields& f) {
    f("units", units, at_least(1), "width of the result; the last linear layer takes the target's when left out");
    f("bias", bias, "add a bias");
    f("initializer", initializer, "a name or a table", "initial weights; left out: fits the activation that follows");
    f("bias_initializer", bias_initializer, "a name or a table", "initial biases");
  }
};

// y = x w + b on the last axis: x [.., k], w [k, units], b [units].
class Linear final : public Module {
 public:
  using Params = LinearParams;
  Linear(Params p, const std::string& place) : params_(std::move(p)) {
    // Made again for each build; here so that a mistake is told with its place.
    make_initializer(params_.initializer, {}, place + ".initializer");
    make_initializer(params_.bias_initializer, {}, place + ".bias_initializer");
  }

  std::string type() const override { return "linear"; }
  Shape output_shape(const Shape& input) const override {
    check_input(input);
    return input.with(input.rank() - 1, units());
  }
  Cost cost(const Shape& input) const override {
    check_input(input);
    std::int64_t k = input[input.rank() - 1], rows = input.size() / std::max<std::int64_t>(k, 1);
    return {k * units() + (params_.bias ? units() : 0), rows * k * units(), rows * units()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    check_input(input);
    std::int64_t k = input[input.rank() - 1];
    weight_.value = make_initializer(params_.initializer, context.next, "linear.initializer")
                        ->make({k, units()}, k, units(), context.key.in("weight"), context.dtype);
    weight_.value.set_requires_grad();
    bias_.penalized = false;
    if (!params_.bias) return;
    bias_.value = make_initializer(params_.bias_initializer, context.next, "linear.bias_initializer")
                      ->make({units()}, k, units(), context.key.in("bias"), context.dtype);
    bias_.value.set_requires_grad();
  }
  bool decide_width(std::int64_t width) override {
    if (!params_.units) params_.units = width;
    return true;
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    Tensor y = linear(x, weight_.value, bias_.value, context.watch ? Activation{} : activation_);
    return y;
  }
  void visit(const std::string& prefix, const Visitor& v) override {
    if (v.parameter) v.parameter(prefix + "weight", weight_);
    if (v.parameter && params_.bias) v.parameter(prefix + "bias", bias_);
  }
  bool absorb(const Activation& a) override {
    activation_ = a;
    return true;
  }

 private:
  std::int64_t units() const {
    if (!params_.units)
      throw Error(
          ErrorKind::config, "linear.units", "missing",
          "only a last linear layer whose result keeps its shape up to the end takes its width from the target");
    return *params_.units;
  }
  void check_input(const Shape& input) const {
    if (input.rank() < 1 || input.size() < 1)
      throw Error(ErrorKind::shape,
                  {"linear", "an input [batch, .., features]", "examples of shape " + input.text(), ""});
    std::int64_t k = input[input.rank() - 1];
    if (static_cast<double>(k) * static_cast<double>(units()) > 0x1p50)
      throw Error(ErrorKind::config,
                  {"linear.units", "at most 2^50 weights", std::to_string(k) + " x " + std::to_string(units()), ""});
  }

  Params params_;
  Parameter weight_, bias_;
  Activation activation_;
};

}  // namespace

void register_linear(Catalog<Module>& catalog) {
  catalog.add<Linear>("linear", "Fully connected: y = x w + b over the last axis.");
}

}  // namespace gradus
