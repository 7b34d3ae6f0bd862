#include "gradus/optim/rule.h"

namespace gradus {
namespace {

struct RmspropParams {
  double lr = 0.001;
  double rho = 0.99;
  double epsilon = 1e-8;
  double weight_decay = 0;
  void fields(Fields& f) {
    f("lr", lr, above(0), "learning rate");
    f("rho", rho, from_to(0, 1), "decay of the running average of squared gradients");
    f("epsilon", epsilon, above(0), "keeps the division finite");
    f("weight_decay", weight_decay, at_least(0), "L2 penalty: adds weight_decay w to the gradient");
  }
};

class Rmsprop final : public RuleOptimizer<Rmsprop, RmspropParams> {
 public:
  static constexpr const char* kName = "rmsprop";
  using RuleOptimizer::RuleOptimizer;
  std::vector<std::string> state_names() const override { return {"mean_square"}; }
  double weight_decay() const override { return params.weight_decay; }
  template <class T>
  void rule(const kernels::Loops<T>& l, T* w, const T* g, T* const* s, std::int64_t n, const Step& step) const {
    l.rmsprop(w, s[0], g, n, static_cast<T>(step.lr), static_cast<T>(params.rho), static_cast<T>(params.epsilon));
  }
};

}  // namespace

void register_rmsprop(Catalog<Optimizer>& catalog) {
  catalog.add<Rmsprop>("rmsprop",
                       "Steps divided by a running root mean square: s = rho s + (1 - rho) g^2, "
                       "w -= lr g / (sqrt(s) + epsilon).",
                       "Tieleman, Hinton, Lecture 6.5: RMSProp, 2012");
}

}  // namespace gradus
