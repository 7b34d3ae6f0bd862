#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "gradus/base/params.h"
#include "gradus/data/forecast.h"
#include "gradus/data/linear_scale.h"
#include "gradus/data/series.h"
#include "gradus/tensor/tensor.h"

namespace gradus {

// What a forecast is made from and of.
struct ForecastParams {
  std::string time;
  std::vector<std::string> value, features, calendar;
  std::int64_t window = 0, horizon = 1;
  std::vector<std::int64_t> lags;
  std::string gaps = "error";
  bool sort = false;
  void fields(Fields& f);

  std::int64_t longest_lag() const { return lags.empty() ? 0 : *std::ranges::max_element(lags); }
  // The first step up to which everything is known that an example sees.
  std::int64_t first_origin() const { return window - 1 + longest_lag(); }
  // The origins whose last forecast step lies in [begin, end); a count of 0 where there are none.
  Origins origins(std::size_t begin, std::size_t end) const;

  // The columns that are read: values, then other features.
  std::vector<std::string> columns() const;
  // What each step of a window holds: the columns, the values of each lag, two waves for each cycle of the calendar.
  std::vector<std::string> feature_names() const;
  // What is forecast, step by step: "temp+1", "rain+1", "temp+2" ...
  std::vector<std::string> outputs() const;
  // Throws Error{config} for what is missing or unknown.
  void check() const;
};

// All steps of a series as windows have them, [steps, features]; `scales` are those of the columns. What lags reach
// back to before the series is 0; no window from first_origin() on has it. Throws Error{config} for a calendar without
// dates.
Tensor window_steps(const ForecastParams& params, const Series& series, const std::vector<LinearScale>& scales);

// The values of all steps as they are forecast, [steps, values]; `scales` are those of the values, or none.
Tensor target_steps(const ForecastParams& params, const Series& series, const std::vector<LinearScale>& scales);

}  // namespace gradus
