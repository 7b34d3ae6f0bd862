#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gradus/report/report.h"

namespace gradus {

// A plain sentence about a run, derived from its numbers.
struct Observation {
  enum class Kind { good, note, warning };
  Kind kind = Kind::note;
  std::string text;
};

// The rules, in this order; "loss" is the validation loss, or the training loss where there is none, and the "result"
// part is test, or validation, or train.
//  1. diverged: the training loss ends not finite, or a validation loss is infinite.
//  2. no learning: the best training loss is less than 1 % below the first one.
//  3. over-fitting: the validation loss had its minimum at least 3 epochs before the end, ends at least 2 % above it,
//     and the training loss fell meanwhile.
//  4. no more progress: the same, but the training loss did not fall.
//  5. unfinished: the loss has its minimum in the last epoch and fell at least 2 % over the last tenth (3 epochs at
//     least) of the run.
//  6. unsteady: in 10 epochs or more, what the training loss rose in all is at least half of what it fell.
//  7. against a constant (where the confusion matrix counts whole rows): the share of right answers, with its 95 %
//  Wilson interval, against always answering the
//     commonest class; R2 against always answering the mean; forecasts as against_naive says.
//  8. gap: training accuracy (or R2) exceeds the result part's by more than 0.1.
//  9. weak class: the lowest recall, of classes of 5 rows or more, is more than 0.15 below the share of right answers.
// 10. commonest mistake: the largest count off the confusion matrix' diagonal.
// 11. imbalance: in the result part, the largest class has at least 10 times the rows of the smallest.
std::vector<Observation> observe(const RunReport& report);

// Whether forecasts beat the naive ones on the result part: by their MASE, or MAE where a series that never changes has
// none. Nothing for other runs.
std::optional<Observation> against_naive(const RunReport& report);

// The interval that holds the true share with 95 % confidence, for `successes` of `n` (Wilson 1927); n > 0.
std::pair<double, double> wilson_interval(double successes, double n);

// The epoch (from 1) with the lowest finite value, the first of equals; 0 when there is none.
int best_epoch(const std::vector<double>& values);

}  // namespace gradus
