#pragma once

#include "gradus/kernels/loops.h"
#include "gradus/optim/optimizer.h"

namespace gradus {

// An optimizer whose rule is written once for float and double: Rule has Params params and
// `template <class T> void rule(const kernels::Loops<T>&, T* w, const T* g, T* const* state, int64 n, const Step&)
// const`.
template <class Rule, class P>
class RuleOptimizer : public Optimizer {
 public:
  using Params = P;
  explicit RuleOptimizer(const P& p) : params(p) { check_params(params, Rule::kName); }
  double base_lr() const override { return params.lr; }

 protected:
  void update(float* w, const float* g, float* const* s, std::int64_t n, const Step& step) const override {
    static_cast<const Rule*>(this)->rule(kernels::loops<float>(), w, g, s, n, step);
  }
  void update(double* w, const double* g, double* const* s, std::int64_t n, const Step& step) const override {
    static_cast<const Rule*>(this)->rule(kernels::loops<double>(), w, g, s, n, step);
  }
  P params;
};

}  // namespace gradus
