#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/tensor/tensor.h"

namespace gradus {

// One row of metrics.csv.
struct EpochRecord {
  std::int64_t epoch = 0;                                  // 1 for the first
  double train_loss = 0;                                   // mean over the epoch's batches, as they were met
  std::vector<std::pair<std::string, double>> validation;  // "loss", "accuracy" ...
  double lr = 0;                                           // of the last step
  double gradient_norm = -1;
  double seconds = 0;  // of training so far
};

// Numbers measured on a data set: "loss" first, then what the task asks for.
using Measured = std::vector<std::pair<std::string, double>>;

// The history as checkpoints keep it, f64 [epochs, columns]: training may take more epochs than metadata have room for.
Tensor history_table(const std::vector<EpochRecord>& history);
// The same read back; `measured` names the validation's numbers. Throws Error{data} for another form.
std::vector<EpochRecord> read_history(const Tensor& table, const Value::Array& measured);

// What `monitor` watches in a record: train.loss, or validation.NAME; nothing where it was not measured.
std::optional<double> monitored_value(const EpochRecord& record, const std::string& monitor);
// A monitored number is better when it is smaller, except scores.
bool larger_is_better(const std::string& monitor);
// Refuses, for the key `place`, to watch what is not measured: known are train.loss and validation.NAME for each name
// in `measured`. Throws Error{config} that lists them and the nearest.
void check_monitor(const std::string& monitor, const std::vector<std::string>& measured, const std::string& place);

}  // namespace gradus
