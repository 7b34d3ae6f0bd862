#include "gradus/nn/module.h"
#include "gradus/nn/running.h"

namespace gradus {
namespace {

struct BatchNormParams {
  double epsilon = 1e-5;
  double momentum = 0.1;
  std::string statistics = "batch";
  void fields(Fields& f) {
    f("epsilon", epsilon, above(0), "added to the variance");
    f("momentum", momentum, above_to(0, 1), "share of the new batch in the running statistics");
    f("statistics", statistics, {"batch", "shard"},
      "what training takes them over: the whole mini-batch, or each of the runs of examples that it is cut into for "
      "threads, which works like smaller batches");
  }
};

// Per channel (last axis): (x - mean) / sqrt(variance + epsilon) * gain + bias. In training the statistics are the
// whole mini-batch's (or each shard's own); otherwise the running ones, whose variance is the unbiased estimate.
class BatchNorm final : public Module {
 public:
  using Params = BatchNormParams;
  explicit BatchNorm(Params p) : params_(std::move(p)) {}
  std::string type() const override { return "batch_norm"; }
  Takes takes() const override { return Takes::either; }
  bool uses_batch_statistics() const override { return true; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() < 1)
      throw Error(ErrorKind::shape, {"batch_norm", "an input [batch, .., channels]", input.text(), ""});
    return input;
  }
  Cost cost(const Shape& input) const override {
    output_shape(input);
    return {2 * input[input.rank() - 1], input.size(), input.size()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    Shape channels{output_shape(input)[input.rank() - 1]};
    gain_ = {"", Tensor::ones(channels, context.dtype), false};
    bias_ = {"", Tensor::zeros(channels, context.dtype), false};
    gain_.value.set_requires_grad();
    bias_.value.set_requires_grad();
    mean_ = Tensor::zeros(channels, context.dtype);
    variance_ = Tensor::ones(channels, context.dtype);
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    bool relu = relu_after_ && !context.watch;
    if (!context.training)
      return batch_norm_fixed(x, gain_.value, bias_.value, params_.epsilon, mean_, variance_, relu);
    ChannelStatistics batch;
    Tensor y = batch_norm(x, gain_.value, bias_.value, params_.epsilon, batch, relu, params_.statistics == "shard");
    follow(mean_, batch.mean, params_.momentum, 1);
    double n = static_cast<double>(batch.count);
    follow(variance_, batch.variance, params_.momentum, n / (n - 1));
    return y;
  }
  bool is_channel_map() const override { return true; }
  ChannelMap channel_map() const override {
    return batch_norm_map(gain_.value, bias_.value, params_.epsilon, mean_, variance_, relu_after_);
  }
  bool absorb(const Activation& f) override { return relu_after_ = f.kind == Activation::Kind::relu; }
  void visit(const std::string& prefix, const Visitor& v) override {
    if (v.parameter) v.parameter(prefix + "gain", gain_);
    if (v.parameter) v.parameter(prefix + "bias", bias_);
    if (v.buffer) v.buffer(prefix + "running_mean", mean_);
    if (v.buffer) v.buffer(prefix + "running_variance", variance_);
  }

 private:
  Params params_;
  Parameter gain_, bias_;
  Tensor mean_, variance_;
  bool relu_after_ = false;
};

}  // namespace

void register_batch_norm(Catalog<Module>& catalog) {
  catalog.add<BatchNorm>("batch_norm", "Each channel to mean 0 and variance 1 over the mini-batch, then gain and bias.",
                         "Ioffe, Szegedy, Batch normalization, ICML 2015");
}

}  // namespace gradus
