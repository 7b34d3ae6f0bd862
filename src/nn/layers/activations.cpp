#include "gradus/nn/module.h"

namespace gradus {
namespace {

// An elementwise layer named in the catalog.
class ActivationLayer : public Module {
 public:
  ActivationLayer(std::string type, Activation a) : type_(std::move(type)), activation_(a) {}
  std::string type() const override { return type_; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape& input) const override { return {0, 0, input.size()}; }
  const Activation* as_activation() const override { return &activation_; }
  bool keeps_values() const override { return activation_.kind == Activation::Kind::identity; }
  Tensor forward(const Tensor& x, const Context&) override {
    switch (activation_.kind) {
      case Activation::Kind::identity:
        return x;
      case Activation::Kind::step:
        return step(x);
      case Activation::Kind::sigmoid:
        return sigmoid(x);
      case Activation::Kind::tanh:
        return tanh(x);
      case Activation::Kind::relu:
        return relu(x);
      case Activation::Kind::leaky_relu:
        return leaky_relu(x, activation_.parameter);
      case Activation::Kind::elu:
        return elu(x, activation_.parameter);
      case Activation::Kind::gelu:
        return gelu(x);
      case Activation::Kind::gelu_tanh:
        return gelu_tanh(x);
      case Activation::Kind::silu:
        return silu(x);
      case Activation::Kind::softplus:
        return softplus(x);
    }
    return x;
  }

 private:
  std::string type_;
  Activation activation_;
};

struct LeakyParams {
  double slope = 0.01;
  void fields(Fields& f) { f("slope", slope, at_least(0), "slope below zero"); }
};
class LeakyRelu final : public ActivationLayer {
 public:
  using Params = LeakyParams;
  explicit LeakyRelu(Params p) : ActivationLayer("leaky_relu", {Activation::Kind::leaky_relu, p.slope}) {}
};

struct EluParams {
  double alpha = 1;
  void fields(Fields& f) { f("alpha", alpha, above(0), "the value far below zero is -alpha"); }
};
class Elu final : public ActivationLayer {
 public:
  using Params = EluParams;
  explicit Elu(Params p) : ActivationLayer("elu", {Activation::Kind::elu, p.alpha}) {}
};

struct GeluParams {
  bool approximate = false;
  void fields(Fields& f) { f("approximate", approximate, "use the tanh form"); }
};
class Gelu final : public ActivationLayer {
 public:
  using Params = GeluParams;
  explicit Gelu(Params p)
      : ActivationLayer("gelu", {p.approximate ? Activation::Kind::gelu_tanh : Activation::Kind::gelu, 0}) {}
};

struct SoftmaxParams {
  void fields(Fields&) {}
};
class Softmax final : public Module {
 public:
  using Params = SoftmaxParams;
  explicit Softmax(Params) {}
  std::string type() const override { return "softmax"; }
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape& input) const override { return {0, 0, input.size()}; }
  Tensor forward(const Tensor& x, const Context&) override { return softmax(x, -1); }
};

void add_plain(Catalog<Module>& catalog, const std::string& name, Activation::Kind kind, const std::string& summary,
               const std::string& source = "") {
  catalog.add({name, summary, source, {}}, [name, kind](const Value& table, const std::string& place) {
    NoParams none;
    read_params(none, table, place, {"type", "name", "from"});
    return std::unique_ptr<Module>(std::make_unique<ActivationLayer>(name, Activation{kind, 0}));
  });
}

}  // namespace

void register_activations(Catalog<Module>& catalog) {
  using Kind = Activation::Kind;
  add_plain(catalog, "identity", Kind::identity, "The linear activation: f(x) = x.");
  add_plain(catalog, "step", Kind::step,
            "f(x) = 1 for x >= 0, else 0; its gradient is 0, so nothing before it learns.");
  add_plain(catalog, "sigmoid", Kind::sigmoid, "f(x) = 1 / (1 + exp(-x)), in (0, 1).");
  add_plain(catalog, "tanh", Kind::tanh, "f(x) = 2 sigmoid(2 x) - 1, in (-1, 1).");
  add_plain(catalog, "relu", Kind::relu, "f(x) = max(0, x).", "Nair, Hinton, ICML 2010");
  catalog.add<LeakyRelu>("leaky_relu", "f(x) = x for x >= 0, slope x below.", "Maas, Hannun, Ng, ICML 2013");
  catalog.add<Elu>("elu", "f(x) = x for x > 0, alpha (exp(x) - 1) below.",
                   "Clevert, Unterthiner, Hochreiter, ICLR 2016");
  catalog.add<Gelu>("gelu", "f(x) = x Phi(x), Phi the normal distribution function.", "Hendrycks, Gimpel, 2016");
  add_plain(catalog, "silu", Kind::silu, "f(x) = x sigmoid(x).", "Elfwing, Uchibe, Doya, Neural Networks 2018");
  add_plain(catalog, "softplus", Kind::softplus, "f(x) = log(1 + exp(x)).");
  catalog.add<Softmax>("softmax", "f(x)_i = exp(x_i) / sum_j exp(x_j) over the last axis.");
}

}  // namespace gradus
