#pragma once

// How the parts of a report read the facts of a RunReport.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradus/report/report.h"

namespace gradus {

// The history series of that name, or null.
const EpochSeries* find_series(const RunReport& report, std::string_view name);

// metrics.PART.KEY where it is a number.
std::optional<double> metric(const RunReport& report, std::string_view part, std::string_view key);

// The part that speaks for the model: test, or validation, or train; "" when there are no metrics.
std::string result_part(const RunReport& report);

// metrics.PART.confusion, empty when absent. Throws Error{shape} unless it is square and fits the classes.
std::vector<std::vector<double>> confusion(const RunReport& report, std::string_view part);

// Names of n classes: the report's own, or "0", "1", ... where it has none.
std::vector<std::string> class_names(const RunReport& report, std::size_t n);

struct Confusion {
  std::size_t truth, predicted;  // class indices
  double count, of;              // of: rows of the true class
};
// The most frequent mistakes, most frequent first.
std::vector<Confusion> worst_confusions(const std::vector<std::vector<double>>& counts, std::size_t most);

// A name for people: "macro_f1" -> "macro F1", "lr" -> "learning rate", "r2" -> "R²"; others with spaces.
std::string readable(std::string_view key);

// What a metric is, for people: "share of right answers"; "" for others.
std::string meaning(std::string_view metric);

}  // namespace gradus
