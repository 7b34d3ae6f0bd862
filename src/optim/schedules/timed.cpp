#include <cmath>
#include <numbers>

#include "gradus/optim/schedule.h"

namespace gradus {
namespace {

struct WarmupParams {
  double warmup = 0;
  void fields(Fields& f) { f("warmup", warmup, from_to(0, 1), "share of all steps over which the rate rises from 0"); }
};

// A rule that is a function of time alone.
template <class P>
class Timed : public Schedule {
 public:
  using Params = P;
  explicit Timed(P p) : params_(p) {}

 protected:
  double warmup() const override { return params_.warmup; }
  P params_;
};

double epochs(const Clock& c) {
  return std::floor(static_cast<double>(c.step) / static_cast<double>(c.steps_per_epoch));
}

class Constant final : public Timed<WarmupParams> {
  using Timed::Timed;
  double rule(const Clock&) const override { return 1; }
};

struct StepParams : WarmupParams {
  std::int64_t every = 10;
  double gamma = 0.1;
  void fields(Fields& f) {
    f("every", every, at_least(1), "epochs between two drops");
    f("gamma", gamma, above_to(0, 1), "factor of each drop");
    WarmupParams::fields(f);
  }
};

class StepDecay final : public Timed<StepParams> {
  using Timed::Timed;
  double rule(const Clock& c) const override {
    return std::pow(params_.gamma, std::floor(epochs(c) / static_cast<double>(params_.every)));
  }
};

struct ExponentialParams : WarmupParams {
  double gamma = 0.95;
  void fields(Fields& f) {
    f("gamma", gamma, above_to(0, 1), "factor of each epoch");
    WarmupParams::fields(f);
  }
};

class Exponential final : public Timed<ExponentialParams> {
  using Timed::Timed;
  double rule(const Clock& c) const override { return std::pow(params_.gamma, epochs(c)); }
};

struct CosineParams : WarmupParams {
  double final_factor = 0;
  void fields(Fields& f) {
    f("final_factor", final_factor, between(0, 1), "share of the rate that the cosine ends at");
    WarmupParams::fields(f);
  }
};

class Cosine final : public Timed<CosineParams> {
  using Timed::Timed;
  double rule(const Clock& c) const override {
    double done =
        c.total_steps <= 0 ? 1 : std::fmin(1, static_cast<double>(c.step) / static_cast<double>(c.total_steps));
    return params_.final_factor + (1 - params_.final_factor) * (1 + std::cos(std::numbers::pi * done)) / 2;
  }
  bool rule_depends_on_length() const override { return true; }
};

}  // namespace

void register_timed(Catalog<Schedule>& catalog) {
  catalog.add<Constant>("constant", "The same rate throughout.");
  catalog.add<StepDecay>("step", "Multiplied by gamma every so many epochs.");
  catalog.add<Exponential>("exponential", "Multiplied by gamma each epoch.");
  catalog.add<Cosine>(
      "cosine", "Half a cosine from the full rate towards final_factor, which the step after the last would have.",
      "Loshchilov, Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017");
}

}  // namespace gradus
