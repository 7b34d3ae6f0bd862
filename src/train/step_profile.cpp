#include "gradus/train/step_profile.h"

#include <utility>

namespace gradus {

StepProfile::Step::Step(StepProfile* profile, std::int64_t examples) : profile_(profile) {
  if (profile_ == nullptr) return;
  int& met = profile_->met_[examples];
  warm_ = met == kFirst;
  before_ = EngineCounters::now();
  if (warm_) {
    ++profile_->steps_;
    profile_->examples_ += examples;
    running_.emplace(profile_->times_);
  } else {
    ++met;
  }
}

void StepProfile::Step::end() {
  if (profile_ == nullptr) return;
  running_.reset();
  StepProfile& p = *std::exchange(profile_, nullptr);
  (warm_ ? p.warm_ : p.first_) += EngineCounters::now() - before_;
}

}  // namespace gradus
