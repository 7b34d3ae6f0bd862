#include "gradus/optim/rule.h"

namespace gradus {
namespace {

struct SgdParams {
  double lr = 0.01;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  void fields(Fields& f) {
    f("lr", lr, above(0), "learning rate");
    f("momentum", momentum, from_to(0, 1), "share of the previous step kept: v = momentum v + g");
    f("nesterov", nesterov, "look ahead: step along g + momentum v instead of v");
    f("weight_decay", weight_decay, at_least(0), "L2 penalty: adds weight_decay w to the gradient");
  }
};

class Sgd final : public RuleOptimizer<Sgd, SgdParams> {
 public:
  static constexpr const char* kName = "sgd";
  explicit Sgd(const Params& p) : RuleOptimizer(p) {
    if (params.nesterov && params.momentum == 0)
      throw Error(ErrorKind::config,
                  {"sgd.nesterov", "a momentum above 0 beside it", "momentum = 0", "set momentum = 0.9"});
  }
  std::vector<std::string> state_names() const override {
    if (params.momentum == 0) return {};
    return {"velocity"};
  }
  double weight_decay() const override { return params.weight_decay; }
  template <class T>
  void rule(const kernels::Loops<T>& l, T* w, const T* g, T* const* s, std::int64_t n, const Step& step) const {
    if (params.momentum == 0)
      l.sgd(w, g, n, static_cast<T>(step.lr));
    else
      l.momentum(w, s[0], g, n, static_cast<T>(step.lr), static_cast<T>(params.momentum), params.nesterov);
  }
};

}  // namespace

void register_sgd(Catalog<Optimizer>& catalog) {
  catalog.add<Sgd>("sgd", "Gradient descent: w -= lr g; with momentum v = momentum v + g, w -= lr v.",
                   "Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013");
}

}  // namespace gradus
