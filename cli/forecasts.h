#pragma once

#include <string>

#include "gradus/base/value.h"

namespace gradus::cli {

// The errors of a part's forecasts beside those of the naive ones, from its metrics or, without a model's, from
// naive_metrics; "" where it has none.
std::string forecast_table(const Value& metrics);

}  // namespace gradus::cli
