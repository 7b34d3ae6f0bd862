#include "profile.h"

#include <fmt/format.h>

#include "gradus/base/parallel.h"
#include "output.h"

namespace gradus::cli {
namespace {

std::string counters_line(const char* of, const EngineCounters& c, std::int64_t steps) {
  return fmt::format(
      "{}: {} allocations, {} primitives made, {} slow kernels, {} reorders of weights and their gradients{}", of,
      c.allocations, c.primitives, c.slow, c.reorders,
      steps > 0 ? fmt::format(" ({:.1f} a step)", static_cast<double>(c.reorders) / static_cast<double>(steps)) : "");
}

}  // namespace

std::string profile_text(const StepProfile& profile) {
  if (profile.steps() == 0)
    return "profile: no step to measure: the first two of a batch size only prepare; train for more steps\n" +
           counters_line("first steps", profile.first_counters(), 0);
  const Profile& times = profile.times();
  double steps = static_cast<double>(profile.steps()), total = times.total();
  auto ms = [&](double seconds) { return seconds > 0 ? fmt::format("{:.3f}", seconds / steps * 1e3) : ""; };
  auto share = [&](double seconds) { return fmt::format("{:.1f}%", 100 * seconds / total); };
  std::vector<std::vector<std::string>> rows;
  for (const Profile::Row& r : times.rows())
    rows.push_back({std::string(static_cast<std::size_t>(2 * r.depth), ' ') + r.name, ms(r.forward), ms(r.backward),
                    share(r.forward + r.backward)});
  rows.push_back({"waiting for other threads", ms(times.waiting()), "", share(times.waiting())});
  rows.push_back({"other", ms(times.other()), "", share(times.other())});
  return fmt::format("profile: {} steps of {:.0f} examples, {:.3f} ms each, {} threads, {} examples/s\n",
                     profile.steps(), static_cast<double>(profile.examples()) / steps, total / steps * 1e3, threads(),
                     grouped(static_cast<std::int64_t>(static_cast<double>(profile.examples()) / total))) +
         aligned_table({"part", "forward ms", "backward ms", "share"}, rows) + "\n" +
         counters_line("first steps", profile.first_counters(), 0) + "\n" +
         counters_line("warm steps", profile.counters(), profile.steps());
}

}  // namespace gradus::cli
