#include "gradus/nn/weights.h"

namespace gradus {
namespace {

struct LinearParams : WeightsParams {
  std::optional<std::int64_t> units;
  void fields(Fields& f) {
    f("units", units, at_least(1), "width of the result; the last linear layer takes the target's when left out");
    WeightsParams::fields(f);
  }
};

// y = x w + b on the last axis: x [.., k], w [k, units], b [units].
class Linear final : public Module {
 public:
  using Params = LinearParams;
  Linear(const Params& p, const std::string& place) : units_(p.units), weights_(p, place) {}

  std::string type() const override { return "linear"; }
  Takes takes() const override { return Takes::bf16; }
  Shape output_shape(const Shape& input) const override {
    check_input(input);
    return input.with(input.rank() - 1, units());
  }
  Cost cost(const Shape& input) const override {
    check_input(input);
    std::int64_t k = input[input.rank() - 1], rows = input.size() / std::max<std::int64_t>(k, 1);
    return {weights_.count(k * units(), units()), rows * k * units(), rows * units()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    check_input(input);
    std::int64_t k = input[input.rank() - 1];
    weights_.build(type(), {k, units()}, units(), k, units(), context);
  }
  bool decide_width(std::int64_t width) override {
    if (!units_) units_ = width;
    return true;
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    return linear(x, weights_.weight(), weights_.bias(), context.watch ? Activation{} : activation_);
  }
  bool folds_channel_map() const override { return true; }
  Tensor forward_folded(const Tensor& x, const Module& after, const Context&) override {
    ChannelMap map = after.channel_map();
    auto [w, b] = weights_.folded(map);
    return linear(x, w, b, map.then);
  }
  void visit(const std::string& prefix, const Visitor& v) override { weights_.visit(prefix, v); }
  bool absorb(const Activation& a) override {
    activation_ = a;
    return true;
  }

 private:
  std::int64_t units() const {
    if (!units_)
      throw Error(
          ErrorKind::config, "linear.units", "missing",
          "only a last linear layer whose result keeps its shape up to the end takes its width from the target");
    return *units_;
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

  std::optional<std::int64_t> units_;
  Weights weights_;
  Activation activation_;
};

}  // namespace

void register_linear(Catalog<Module>& catalog) {
  catalog.add<Linear>("linear", "Fully connected: y = x w + b over the last axis.");
}

}  // namespace gradus
