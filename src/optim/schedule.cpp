#include "gradus/optim/schedule.h"

#include <cmath>

namespace gradus {

double Schedule::factor(const Clock& clock) const {
  auto rise = static_cast<std::int64_t>(std::llround(warmup() * static_cast<double>(clock.total_steps)));
  if (clock.step < rise) return static_cast<double>(clock.step + 1) / static_cast<double>(rise);
  return rule({clock.step - rise, clock.total_steps - rise, clock.steps_per_epoch});
}

void register_schedules(Catalog<Schedule>& catalog);

const Catalog<Schedule>& schedules() {
  static const Catalog<Schedule> catalog = [] {
    Catalog<Schedule> c("schedule");
    register_schedules(c);
    return c;
  }();
  return catalog;
}

}  // namespace gradus
