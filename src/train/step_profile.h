#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "gradus/tensor/profile.h"

namespace gradus {

// Where the time of warm training steps goes and what the engine does in them. The first two steps of a batch size make
// the kernels and take the memory that later ones use again, so they are counted apart.
class StepProfile {
 public:
  // One step on `examples`, from its making to end(), which may be left out. Null: nothing is measured.
  class Step {
   public:
    Step(StepProfile* profile, std::int64_t examples);
    ~Step() { end(); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    void end();

   private:
    StepProfile* profile_;
    bool warm_ = false;
    EngineCounters before_;
    std::optional<Profile::Running> running_;
  };

  std::int64_t steps() const { return steps_; }  // warm ones, as all that follows
  std::int64_t examples() const { return examples_; }
  const Profile& times() const { return times_; }
  const EngineCounters& counters() const { return warm_; }
  // Of the steps that came before them.
  const EngineCounters& first_counters() const { return first_; }

 private:
  static constexpr int kFirst = 2;
  std::map<std::int64_t, int> met_;  // steps of each batch size, up to kFirst
  std::int64_t steps_ = 0, examples_ = 0;
  Profile times_;
  EngineCounters warm_, first_;
};

}  // namespace gradus
