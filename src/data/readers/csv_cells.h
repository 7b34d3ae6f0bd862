#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/readers/csv.h"

namespace gradus {

// What a field's text means under a file's options.
class CsvCells {
 public:
  CsvCells(const CsvOptions& options, char delimiter);

  // Compares without surrounding spaces and without regard to case.
  bool is_missing(std::string_view text) const;
  // Whether missing values are also written as this number (-999).
  bool is_missing(double value) const {
    return !missing_numbers_.empty() &&
           std::find(missing_numbers_.begin(), missing_numbers_.end(), value) != missing_numbers_.end();
  }

  // Reads a number; `mark` is its decimal mark, 0 when it has none.
  bool number(std::string_view text, double& value, char& mark) const;

  // The decimal mark; none while both are accepted.
  std::optional<char> mark() const {
    if (decimal_ == Decimal::either) return {};
    return decimal_ == Decimal::comma ? ',' : '.';
  }

 private:
  enum class Decimal { point, comma, either };
  Decimal decimal_ = Decimal::point;
  std::vector<std::string> missing_;  // lower case
  std::vector<double> missing_numbers_;
  std::size_t longest_missing_ = 0;
};

}  // namespace gradus
