#include "gradus/optim/rule.h"

namespace gradus {
namespace {

struct AdadeltaParams {
  double lr = 1;
  double rho = 0.9;
  double epsilon = 1e-6;
  double weight_decay = 0;
  void fields(Fields& f) {
    f("lr", lr, above(0), "factor on the step the rule finds by itself");
    f("rho", rho, from_to(0, 1), "decay of the running averages");
    f("epsilon", epsilon, above(0), "keeps the first steps from being zero");
    f("weight_decay", weight_decay, at_least(0), "L2 penalty: adds weight_decay w to the gradient");
  }
};

class Adadelta final : public RuleOptimizer<Adadelta, AdadeltaParams> {
 public:
  static constexpr const char* kName = "adadelta";
  using RuleOptimizer::RuleOptimizer;
  std::vector<std::string> state_names() const override { return {"mean_square", "mean_square_step"}; }
  double weight_decay() const override { return params.weight_decay; }
  template <class T>
  void rule(const kernels::Loops<T>& l, T* w, const T* g, T* const* s, std::int64_t n, const Step& step) const {
    l.adadelta(w, s[0], s[1], g, n, static_cast<T>(step.lr), static_cast<T>(params.rho),
               static_cast<T>(params.epsilon));
  }
};

}  // namespace

void register_adadelta(Catalog<Optimizer>& catalog) {
  catalog.add<Adadelta>("adadelta",
                        "No rate to choose: s = rho s + (1 - rho) g^2, d = sqrt((u + epsilon) / (s + epsilon)) g, "
                        "u = rho u + (1 - rho) d^2, w -= lr d.",
                        "Zeiler, ADADELTA: an adaptive learning rate method, 2012");
}

}  // namespace gradus
