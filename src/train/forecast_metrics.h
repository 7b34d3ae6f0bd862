#pragma once

#include "gradus/train/evaluation.h"

namespace gradus {

// Adds the naive and the seasonal naive forecasts of a data set's examples to their evaluation; of other data than
// series nothing.
void add_naive_forecasts(const Dataset& data, Evaluation& evaluation);

// Adds what metrics.json has of forecasts beside the measures of regression: the model's "mase"; the tables "naive" and
// "seasonal_naive" of "mae", "rmse" and "mase" (the latter with "season"); all of it for each value and step ahead
// under "per_horizon" and, with several values, for each under "per_value". Means over values are those of regression;
// a value whose training series never changes has no "mase".
void add_forecast_metrics(const Evaluation& evaluation, Value& metrics);

// "naive" and "seasonal_naive" of a part of a series, without a model.
Value naive_metrics(const TaskSpec& task, const Dataset& data);

}  // namespace gradus
