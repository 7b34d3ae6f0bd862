#pragma once

#include <cstdint>
#include <vector>

#include "gradus/data/scans.h"
#include "gradus/data/split.h"

namespace gradus {

// How scans, or the slices of each scan, are divided.
struct VolumeSplit {
  SplitParams params;               // over scans; of "slices" the shares alone count
  bool slices = false;              // the slices of every scan are divided
  std::int64_t gap = 1;             // slices left out where two parts meet
  std::int64_t blocks = 1;          // pieces of a scan that are divided by themselves
  bool allow_same_subject = false;  // whether one subject may be in several parts
};

// Reads `prepare.split`: the methods of read_split, and
// - subject: whole subjects, as "group" does by the column "subject"
// - slices: the slices of every scan, with `gap` and `blocks`; see slice_parts.
VolumeSplit read_volume_split(const Value& value);

// Divides the scans of a list. "files" cuts whole subjects for validation. Throws Error{data} where a subject gets into
// two parts and may not.
Split split_scans(const VolumeSplit& split, const SplitData& data, const std::vector<Scan>& scans, std::uint64_t seed);

// The part (0 training, 1 validation, 2 test, 3 none) of each of n neighbouring slices: `blocks` runs as equal as can
// be, each cut into a training, a validation and a test run with `gap` slices in none between them. Every second block
// runs the other way round, so that the same part meets at its borders. Throws Error{data} where a part gets no slice.
std::vector<int> slice_parts(const VolumeSplit& split, std::int64_t n, const std::string& path);

}  // namespace gradus
