#include <cmath>

#include "gradus/optim/rule.h"

namespace gradus {
namespace {

struct AdamParams {
  double lr = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  void fields(Fields& f) {
    f("lr", lr, above(0), "learning rate");
    f("beta1", beta1, from_to(0, 1), "decay of the running mean of gradients");
    f("beta2", beta2, from_to(0, 1), "decay of the running mean of squared gradients");
    f("epsilon", epsilon, above(0), "keeps the division finite");
    f("weight_decay", weight_decay, at_least(0), "L2 penalty: adds weight_decay w to the gradient");
  }
};

struct AdamwParams : AdamParams {
  AdamwParams() { weight_decay = 0.01; }
  void fields(Fields& f) {
    f("lr", lr, above(0), "learning rate");
    f("beta1", beta1, from_to(0, 1), "decay of the running mean of gradients");
    f("beta2", beta2, from_to(0, 1), "decay of the running mean of squared gradients");
    f("epsilon", epsilon, above(0), "keeps the division finite");
    f("weight_decay", weight_decay, at_least(0), "taken off the weights each step: w -= lr weight_decay w");
  }
};

// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
// w -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
template <class P, bool decoupled>
class AdamRule : public RuleOptimizer<AdamRule<P, decoupled>, P> {
 public:
  static constexpr const char* kName = decoupled ? "adamw" : "adam";
  using RuleOptimizer<AdamRule<P, decoupled>, P>::RuleOptimizer;
  std::vector<std::string> state_names() const override { return {"mean", "mean_square"}; }
  double weight_decay() const override { return this->params.weight_decay; }
  bool decoupled_decay() const override { return decoupled; }
  template <class T>
  void rule(const kernels::Loops<T>& l, T* w, const T* g, T* const* s, std::int64_t n,
            const Optimizer::Step& step) const {
    const P& p = this->params;
    double t = static_cast<double>(step.number);
    l.adam(w, s[0], s[1], g, n,
           {step.lr / (1 - std::pow(p.beta1, t)), p.beta1, p.beta2, 1 / std::sqrt(1 - std::pow(p.beta2, t)), p.epsilon,
            1 - step.lr * step.decoupled_decay});
  }
};

}  // namespace

void register_adam(Catalog<Optimizer>& catalog) {
  catalog.add<AdamRule<AdamParams, false>>(
      "adam",
      "Momentum and a rate per parameter: w -= lr m / (sqrt(v) + epsilon), m and v bias-corrected running means.",
      "Kingma, Ba, Adam: a method for stochastic optimization, ICLR 2015");
  catalog.add<AdamRule<AdamwParams, true>>("adamw", "Adam with the weight decay taken off the weights themselves.",
                                           "Loshchilov, Hutter, Decoupled weight decay regularization, ICLR 2019");
}

}  // namespace gradus
