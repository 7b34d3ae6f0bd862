#pragma once

#include <string>
#include <vector>

#include "gradus/data/readers/csv.h"
#include "gradus/data/split.h"
#include "gradus/data/table.h"

namespace gradus {

// What [data] names: files that the split divides, or training and test files that are kept apart.
struct PartFiles {
  std::vector<std::string> source, train, test;
  GivenParts given() const { return {!source.empty(), !train.empty(), !test.empty()}; }
};

// Several tables of the key `place`, one below the other; they must have the same columns. Relative names start at
// `folder`.
Table read_tables(const std::vector<std::string>& files, const std::string& folder, const std::string& place,
                  const CsvOptions& options);

}  // namespace gradus
