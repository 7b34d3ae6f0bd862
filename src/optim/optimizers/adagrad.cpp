#include "gradus/optim/rule.h"

namespace gradus {
namespace {

struct AdagradParams {
  double lr = 0.01;
  double epsilon = 1e-10;
  double weight_decay = 0;
  void fields(Fields& f) {
    f("lr", lr, above(0), "learning rate");
    f("epsilon", epsilon, above(0), "keeps the division finite");
    f("weight_decay", weight_decay, at_least(0), "L2 penalty: adds weight_decay w to the gradient");
  }
};

class Adagrad final : public RuleOptimizer<Adagrad, AdagradParams> {
 public:
  static constexpr const char* kName = "adagrad";
  using RuleOptimizer::RuleOptimizer;
  std::vector<std::string> state_names() const override { return {"sum_of_squares"}; }
  double weight_decay() const override { return params.weight_decay; }
  template <class T>
  void rule(const kernels::Loops<T>& l, T* w, const T* g, T* const* s, std::int64_t n, const Step& step) const {
    l.adagrad(w, s[0], g, n, static_cast<T>(step.lr), static_cast<T>(params.epsilon));
  }
};

}  // namespace

void register_adagrad(Catalog<Optimizer>& catalog) {
  catalog.add<Adagrad>("adagrad", "A rate per parameter: s += g^2, w -= lr g / (sqrt(s) + epsilon).",
                       "Duchi, Hazan, Singer, Adaptive subgradient methods, JMLR 2011");
}

}  // namespace gradus
