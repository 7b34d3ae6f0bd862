#include "gradus/nn/module.h"
#include "gradus/nn/running.h"

namespace gradus {
namespace {

void check_example(const char* layer, const Shape& input) {
  if (input.rank() < 1) throw Error(ErrorKind::shape, {layer, "examples [size.., channels]", input.text(), ""});
}

// Gain and bias per channel; without them values are left as they are normalised.
class Affine {
 public:
  explicit Affine(bool learned) : learned_(learned) {}
  std::int64_t count(std::int64_t channels) const { return learned_ ? 2 * channels : 0; }
  void build(std::int64_t channels, Dtype dtype) {
    gain_ = {"", Tensor::ones({channels}, dtype), false};
    bias_ = {"", Tensor::zeros({channels}, dtype), false};
    gain_.value.set_requires_grad(learned_);
    bias_.value.set_requires_grad(learned_);
  }
  void visit(const std::string& prefix, const Module::Visitor& v) {
    if (!learned_ || !v.parameter) return;
    v.parameter(prefix + "gain", gain_);
    v.parameter(prefix + "bias", bias_);
  }
  const Tensor& gain() const { return gain_.value; }
  const Tensor& bias() const { return bias_.value; }

 private:
  bool learned_;
  Parameter gain_, bias_;
};

struct GroupNormParams {
  std::int64_t groups = 1;
  double epsilon = 1e-5;
  bool affine = true;
  void fields(Fields& f) {
    f("groups", groups, at_least(1), "runs of channels normalised together; a divisor of their number");
    f("epsilon", epsilon, above(0), "added to the variance");
    f("affine", affine, "whether a gain and a bias per channel are learned");
  }
};

class GroupNorm final : public Module {
 public:
  using Params = GroupNormParams;
  explicit GroupNorm(Params p) : params_(p), affine_(p.affine) {}
  std::string type() const override { return "group_norm"; }
  Shape output_shape(const Shape& input) const override {
    check_example("group_norm", input);
    std::int64_t channels = input[input.rank() - 1];
    if (channels % params_.groups != 0)
      throw Error(ErrorKind::config, {"group_norm.groups", "a divisor of the input's channels",
                                      std::to_string(params_.groups) + " for " + std::to_string(channels), ""});
    if (input.size() / params_.groups < 2)
      throw Error(ErrorKind::config, {"group_norm.groups", "at least two values of an example in each group",
                                      std::to_string(params_.groups) + " for " + input.text(), "use fewer groups"});
    return input;
  }
  Cost cost(const Shape& input) const override {
    output_shape(input);
    return {affine_.count(input[input.rank() - 1]), 2 * input.size(), input.size()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    affine_.build(output_shape(input)[input.rank() - 1], context.dtype);
  }
  Tensor forward(const Tensor& x, const Context&) override {
    return group_norm(x, affine_.gain(), affine_.bias(), params_.groups, params_.epsilon);
  }
  void visit(const std::string& prefix, const Visitor& v) override { affine_.visit(prefix, v); }

 private:
  Params params_;
  Affine affine_;
};

struct InstanceNormParams {
  double epsilon = 1e-5;
  bool affine = true;
  bool running_statistics = false;
  double momentum = 0.1;
  void fields(Fields& f) {
    f("epsilon", epsilon, above(0), "added to the variance");
    f("affine", affine, "whether a gain and a bias per channel are learned");
    f("running_statistics", running_statistics,
      "predict with averages over the examples seen in training, not with the example's own statistics");
    f("momentum", momentum, above_to(0, 1), "share of the new batch in the running statistics");
  }
};

class InstanceNorm final : public Module {
 public:
  using Params = InstanceNormParams;
  explicit InstanceNorm(Params p) : params_(p), affine_(p.affine) {}
  std::string type() const override { return "instance_norm"; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() < 2 || input.product(0, input.rank() - 1) < 2)
      throw Error(ErrorKind::shape, {"instance_norm", "examples [size.., channels] with at least two positions",
                                     input.text(), "group_norm and layer_norm work on one"});
    return input;
  }
  Cost cost(const Shape& input) const override {
    output_shape(input);
    return {affine_.count(input[input.rank() - 1]), 2 * input.size(), input.size()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    std::int64_t channels = output_shape(input)[input.rank() - 1];
    affine_.build(channels, context.dtype);
    if (!params_.running_statistics) return;
    mean_ = Tensor::zeros({channels}, context.dtype);
    variance_ = Tensor::ones({channels}, context.dtype);
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    if (params_.running_statistics && !context.training)
      return batch_norm_fixed(x, affine_.gain(), affine_.bias(), params_.epsilon, mean_, variance_);
    if (params_.running_statistics) follow_examples(x);
    return group_norm(x, affine_.gain(), affine_.bias(), x.dim(-1), params_.epsilon);
  }
  void visit(const std::string& prefix, const Visitor& v) override {
    affine_.visit(prefix, v);
    if (!v.buffer || !params_.running_statistics) return;
    v.buffer(prefix + "running_mean", mean_);
    v.buffer(prefix + "running_variance", variance_);
  }

 private:
  // Means over the batch of the examples' means and unbiased variances.
  void follow_examples(const Tensor& x) {
    NoGrad no_grad;
    std::vector<int> sizes;
    for (int axis = 1; axis < x.rank() - 1; ++axis) sizes.push_back(axis);
    double n = static_cast<double>(x.shape().product(1, x.rank() - 1));
    follow(mean_, whole_mean(mean(x, sizes)), params_.momentum, 1);
    follow(variance_, whole_mean(variance(x, sizes)), params_.momentum, n / (n - 1));
  }
  static Tensor whole_mean(const Tensor& per_example) { return gather_shards(mean(per_example, {0})); }

  Params params_;
  Affine affine_;
  Tensor mean_, variance_;
};

}  // namespace

void register_group_norm(Catalog<Module>& catalog) {
  catalog.add<GroupNorm>("group_norm",
                         "Each group of channels of an example to mean 0 and variance 1, then gain and bias.",
                         "Wu, He, Group normalization, ECCV 2018");
  catalog.add<InstanceNorm>("instance_norm", "Each channel of an example to mean 0 and variance 1, then gain and bias.",
                            "Ulyanov, Vedaldi, Lempitsky, Instance normalization, 2016");
}

}  // namespace gradus
