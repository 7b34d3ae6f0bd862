#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/data/forecast.h"
#include "gradus/data/target.h"
#include "gradus/data/target_scale.h"

namespace gradus {

// What is to be predicted, with its names.
struct TaskSpec {
  Task kind = Task::regression;
  std::vector<std::string> classes;  // names by class number; empty for regression
  std::vector<std::string> outputs;  // names of the target columns
  TargetScales scales = {};          // from the outputs' own units to those that are trained on
  bool per_place = false;            // whether the target is a mask or a picture: one class or value for each place
  bool per_step = false;             // whether each step of a sequence has a class or numbers of its own
  bool language = false;             // whether it is the next symbol of a text, after each; `classes` are the symbols
  bool translation = false;          // whether it is a sequence made for each, symbol by symbol: `classes`
  double low = 0, high = 255;        // of a target picture's values, in its own units: black and white
  std::vector<double> spacing = {};  // of a mask's places along each axis; empty: 1
  std::optional<ForecastTask> forecast = {};  // of series: what the outputs are

  bool makes_text() const { return language || translation; }
  bool classifies() const { return kind != Task::regression; }
  // Classes, or number of regression targets.
  std::int64_t width() const { return static_cast<std::int64_t>(classifies() ? classes.size() : outputs.size()); }
  // Learns `scales` as [prepare] scale_target says and adds a sentence about them to the notes; see fit_target_scales.
  // Throws Error{config} when it asks for scaling and the target has classes.
  void fit_scales(const Value& scale_target, std::span<const double> values, const RowIndices& train,
                  std::vector<std::string>& notes);
  Value state() const;
  // Throws Error{data} for a state that is damaged.
  static TaskSpec restored(const Value& state);
};

}  // namespace gradus
