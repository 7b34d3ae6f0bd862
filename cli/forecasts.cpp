#include "forecasts.h"

#include "gradus/data/numbers.h"
#include "output.h"

namespace gradus::cli {
namespace {

constexpr const char* kErrors[] = {"mae", "rmse", "mase"};

std::vector<std::string> row_of(std::string name, const Value& errors) {
  std::vector<std::string> row = {std::move(name)};
  for (const char* key : kErrors) {
    const Value* error = errors.find(key);
    row.push_back(error != nullptr ? short_number(error->as_real()) : "-");
  }
  return row;
}

// The model's errors, if there is one, then those of the naive forecasts.
void add_rows(const Value& record, const std::string& of, std::vector<std::vector<std::string>>& rows) {
  if (record.find("mae") != nullptr) rows.push_back(row_of("model" + of, record));
  if (const Value* naive = record.find("naive")) rows.push_back(row_of("naive" + of, *naive));
  if (const Value* seasonal = record.find("seasonal_naive"))
    rows.push_back(row_of(
        "seasonal naive, " + count_text(static_cast<std::uint64_t>(seasonal->at("season").as_integer()), "step") + of,
        *seasonal));
}

}  // namespace

std::string forecast_table(const Value& metrics) {
  if (metrics.find("naive") == nullptr && metrics.find("seasonal_naive") == nullptr) return "";
  std::vector<std::vector<std::string>> rows;
  if (const Value* values = metrics.find("per_value"))
    for (const Value& record : values->as_array()) add_rows(record, ", " + record.at("value").as_string(), rows);
  else
    add_rows(metrics, "", rows);
  return aligned_table({"forecast", "mae", "rmse", "mase"}, rows);
}

}  // namespace gradus::cli
