#pragma once

#include <memory>

#include "gradus/base/catalog.h"

namespace gradus {

// Where training stands when a learning rate is asked for.
struct Clock {
  std::int64_t step = 0;         // steps taken before this one
  std::int64_t total_steps = 0;  // steps the whole training is planned to take
  std::int64_t steps_per_epoch = 1;
};

// A factor on the optimizer's learning rate over time.
class Schedule {
 public:
  virtual ~Schedule() = default;

  // The factor for the step at `clock`: a linear rise over the first `warmup` share of all steps, then the rule over
  // the remaining ones.
  double factor(const Clock& clock) const;
  // Whether the factor depends on how many epochs are planned (then a continued run differs from one planned longer).
  bool depends_on_length() const { return warmup() > 0 || rule_depends_on_length(); }

  // The value of `monitored()` after an epoch; schedules that react to it keep what they need in state().
  virtual void observe(double, bool /*larger_is_better*/) {}
  virtual std::string monitored() const { return ""; }
  virtual Value state() const { return Value::table(); }
  virtual void restore(const Value&) {}

 protected:
  virtual double warmup() const = 0;
  virtual double rule(const Clock& clock) const = 0;
  virtual bool rule_depends_on_length() const { return false; }
};

// Schedules by name.
const Catalog<Schedule>& schedules();

}  // namespace gradus
