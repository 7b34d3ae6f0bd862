#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/base/params.h"
#include "gradus/data/volume.h"

namespace gradus {

// The keys of [data] that say how scans become examples.
struct VolumeParams {
  std::string task = "auto";
  std::vector<std::string> classes;
  Value label_values;
  std::string take = "volumes", axis = "axial";
  std::int64_t every = 1;
  bool only_labelled = false;
  std::vector<std::int64_t> patch, stride, size;
  std::optional<std::int64_t> per_volume;
  Value spacing, augment;
  void fields(Fields& f);
};

// The [prepare] section of scans.
struct VolumePrepareParams {
  Value split;
  std::string scale = "standardize_each";
  Value scale_target;
  void fields(Fields& f);
};

// [depth, height, width] of a list that is empty or has three numbers; Error{config} that names `key` for others.
std::optional<Extent3> extent_in(const std::vector<std::int64_t>& list, const char* key);
// `spacing` in mm, if it is given; Error{config}.
std::optional<Spacing3> spacing_in(const Value& value);
// `label_values`: the values of each class. Throws Error{config} for a class without one and a value of two classes.
std::vector<std::vector<std::int64_t>> label_values_in(const Value& value);

}  // namespace gradus
