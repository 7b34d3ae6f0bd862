#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/data/target.h"

namespace gradus {

// What is to be predicted, with its names.
struct TaskSpec {
  Task kind = Task::regression;
  std::vector<std::string> classes;  // names by class number; empty for regression
  std::vector<std::string> outputs;  // names of the target columns

  bool classifies() const { return kind != Task::regression; }
  // Classes, or number of regression targets.
  std::int64_t width() const { return static_cast<std::int64_t>(classifies() ? classes.size() : outputs.size()); }
  Value state() const;
  static TaskSpec restored(const Value& state);
};

}  // namespace gradus
