#include "gradus/data/volume_params.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"

namespace gradus {

void VolumeParams::fields(Fields& f) {
  f("task", task, {"auto", "regression", "binary", "multiclass"},
    "what labels that are no files are; auto: text and few whole numbers are classes, other numbers regression");
  f("classes", classes, "names of the classes in label volumes; left out: the values themselves");
  f("label_values", label_values, "a list with a value, or a list of values, for each class",
    "which values of label volumes each class has; left out: 0, 1, ... in the order of classes");
  f("take", take, {"volumes", "slices", "patches"}, "what an example is: a whole scan, a slice or a patch of it");
  f("axis", axis, {"axial", "coronal", "sagittal"}, "which slices: seen from below, from the front or from the side");
  f("every", every, at_least(1), "take every n-th slice for training, validation and test");
  f("only_labelled", only_labelled, "leave out slices and patches whose places are all of the first class");
  f("patch", patch, at_least(1), "[depth, height, width] of patches, in voxels");
  f("stride", stride, at_least(1), "steps from patch to patch along each axis; left out: the patch's size");
  f("per_volume", per_volume, at_least(1),
    "patches at this many random places of each scan to train on; left out: on a grid");
  f("spacing", spacing, "mm, or a list of three from foot to head, back to front, left to right",
    "voxel size that scans are resampled to; left out: their own");
  f("size", size, at_least(1), "[depth, height, width] that scans are cut and padded to about their middle");
  f("augment", augment, "a list of transforms", "changes of training examples, anew in each epoch");
}

void VolumePrepareParams::fields(Fields& f) {
  f("split", split, "a table with method and shares",
    "how data are held back: { method = \"subject\", train = 0.7, validation = 0.15, test = 0.15 }");
  f("scale", scale, {"standardize_each", "standardize", "normalize", "none"},
    "standardize_each: mean 0, deviation 1 of every scan, whose units have no meaning (MRI); standardize: of the "
    "training part as a whole, for units that have one (CT); normalize: its minimum and maximum to 0 and 1");
  f("scale_target", scale_target, "none, standardize or normalize", "what a regression is trained on");
}

std::optional<Extent3> extent_in(const std::vector<std::int64_t>& list, const char* key) {
  if (list.empty()) return std::nullopt;
  if (list.size() != 3)
    throw Error(ErrorKind::config,
                {key, "three whole numbers, [depth, height, width]", std::to_string(list.size()), ""});
  return Extent3{list[0], list[1], list[2]};
}

std::optional<Spacing3> spacing_in(const Value& value) {
  if (value.is_null()) return std::nullopt;
  const char* place = "data.spacing";
  Value::Array list = value.is_array() ? value.as_array() : Value::Array(3, value);
  if (list.size() != 3)
    throw Error(ErrorKind::config, {value.place(place),
                                    "one number or three, in mm from foot to head, back to front, "
                                    "left to right",
                                    std::to_string(list.size()), ""});
  Spacing3 out;
  for (std::size_t a = 0; a < 3; ++a) {
    out[a] = list[a].as_real(place);
    if (!(out[a] > 0 && out[a] < 1e6))
      throw Error(ErrorKind::config, {value.place(place), "mm above 0", fmt::format("{}", out[a]), ""});
  }
  return out;
}

std::vector<std::vector<std::int64_t>> label_values_in(const Value& value) {
  const char* place = "data.label_values";
  std::vector<std::vector<std::int64_t>> out;
  for (const Value& item : value.as_array(place)) {
    out.emplace_back();
    if (!item.is_array()) {
      out.back().push_back(item.as_integer(place));
    } else {
      for (const Value& v : item.as_array()) out.back().push_back(v.as_integer(place));
    }
    if (out.back().empty()) throw Error(ErrorKind::config, value.place(place), "a class has an empty list of values");
  }
  std::vector<std::int64_t> all;
  for (const auto& values : out) all.insert(all.end(), values.begin(), values.end());
  std::ranges::sort(all);
  if (auto twice = std::ranges::adjacent_find(all); twice != all.end())
    throw Error(ErrorKind::config, value.place(place), fmt::format("lists the value {} twice", *twice));
  return out;
}

}  // namespace gradus
