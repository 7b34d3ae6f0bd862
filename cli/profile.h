#pragma once

#include <string>

#include "gradus/train/step_profile.h"

namespace gradus::cli {

// A table of the time per step by layer and pass, and the engine's counters.
std::string profile_text(const StepProfile& profile);

}  // namespace gradus::cli
