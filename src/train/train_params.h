#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gradus/base/params.h"

namespace gradus {

// Stops when a monitored number has not improved for `patience` epochs.
struct EarlyStoppingParams {
  std::string monitor = "validation.loss";
  std::int64_t patience = 10;
  double min_delta = 0;
  bool restore_best = true;
  void fields(Fields& f);
};

// The `[train]` section.
struct TrainParams {
  std::int64_t epochs = 10;
  Value batch_size = 32;  // a number, or "all"
  Value optimizer = "adam";
  Value schedule = "constant";
  std::string precision = "f32";
  std::optional<std::int64_t> seed;  // left out: the experiment's
  std::optional<std::int64_t> sequence_length;
  bool group_by_length = true;
  double l1 = 0, l2 = 0;
  double clip_norm = 0, clip_value = 0;
  Value early_stopping;  // false, true or a table
  double min_gradient_norm = 0;
  double max_seconds = 0;
  Value class_weights;  // "balanced" or a table
  double checkpoint_seconds = 5;
  std::int64_t checkpoint_steps = 0;
  void fields(Fields& f);
};

}  // namespace gradus
