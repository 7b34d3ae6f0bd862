#pragma once

#include <string>
#include <vector>

#include "gradus/report/report.h"
#include "gradus/train/experiment.h"

namespace gradus::cli {

// What the report of a finished run shows. `commands` are the lines that reproduce it.
RunReport run_report(const Experiment& experiment, const RunOutcome& outcome, std::vector<std::string> commands);

}  // namespace gradus::cli
