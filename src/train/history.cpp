#include "gradus/train/history.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/params.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

// A row per epoch has these columns and then one per measured value.
constexpr std::int64_t kRecordColumns = 5;  // epoch, train_loss, lr, gradient_norm, seconds

}  // namespace

Tensor history_table(const std::vector<EpochRecord>& history) {
  std::int64_t columns = kRecordColumns + static_cast<std::int64_t>(history.front().validation.size());
  Tensor table = Tensor::empty({static_cast<std::int64_t>(history.size()), columns}, Dtype::f64);
  double* at = table.mutable_data<double>();
  for (const EpochRecord& r : history) {
    for (double x : {static_cast<double>(r.epoch), r.train_loss, r.lr, r.gradient_norm, r.seconds}) *at++ = x;
    for (const auto& [name, value] : r.validation) *at++ = value;
  }
  return table;
}

std::vector<EpochRecord> read_history(const Tensor& table, const Value::Array& measured) {
  std::int64_t columns = kRecordColumns + static_cast<std::int64_t>(measured.size());
  if (table.dtype() != Dtype::f64 || table.rank() != 2 || table.dim(1) != columns)
    throw Error(ErrorKind::data, {"history", "f64 [epochs, " + std::to_string(columns) + "]", table.text(), ""});
  std::vector<EpochRecord> history(static_cast<std::size_t>(table.dim(0)));
  const double* at = table.data<double>();
  for (EpochRecord& r : history) {
    r.epoch = static_cast<std::int64_t>(at[0]);
    r.train_loss = at[1];
    r.lr = at[2];
    r.gradient_norm = at[3];
    r.seconds = at[4];
    for (std::size_t i = 0; i < measured.size(); ++i)
      r.validation.emplace_back(measured[i].as_string("measured"), at[kRecordColumns + static_cast<std::int64_t>(i)]);
    at += columns;
  }
  return history;
}

std::optional<double> monitored_value(const EpochRecord& r, const std::string& monitor) {
  if (monitor == "train.loss") return r.train_loss;
  for (const auto& [name, value] : r.validation)
    if (monitor == "validation." + name) return value;
  return std::nullopt;
}

bool larger_is_better(const std::string& monitor) {
  std::string name = monitor.substr(monitor.find('.') + 1);
  return name != "loss" && name != "mse" && name != "mae" && name != "rmse" && name != "log_loss" &&
         name != "perplexity" && name != "bits_per_symbol";
}

void check_monitor(const std::string& monitor, const std::vector<std::string>& measured, const std::string& place) {
  std::vector<std::string> known = {"train.loss"};
  for (const std::string& name : measured) known.push_back("validation." + name);
  if (std::find(known.begin(), known.end(), monitor) != known.end()) return;
  std::string close = nearest(monitor, known);
  throw Error(ErrorKind::config, {place, "one of " + comma_list(known), quoted(monitor),
                                  close.empty() ? "" : "did you mean " + quoted(close) + "?"});
}

}  // namespace gradus
