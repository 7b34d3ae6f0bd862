#include "gradus/data/target_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/transforms/scale.h"

namespace gradus {
namespace {

const char* const kPlace = "prepare.scale_target";
// Beyond a deviation or a mean of this size, or a deviation of its inverse, a note says that scaling would help.
constexpr double kFar = 10;

std::string target_place(const std::string& name) { return fmt::format("{}: target {}", kPlace, quoted(name)); }

// Column c of values [rows, width].
std::vector<double> column_of(std::span<const double> values, std::size_t width, std::size_t c) {
  std::vector<double> cells(values.size() / width);
  for (std::size_t row = 0; row < cells.size(); ++row) cells[row] = values[row * width + c];
  return cells;
}

ColumnMethods methods_of(const Value& given) {
  ScaleParams params;
  read_params(params, given.is_null() ? Value("none") : given, kPlace);
  return ColumnMethods(kPlace, params.method, params.columns, kScaleMethods);
}

bool is_far(const LinearScale& standard) {
  return std::abs(standard.shift) > kFar || standard.divisor > kFar || standard.divisor < 1 / kFar;
}

std::string formula(const std::string& name, const LinearScale& scale) {
  std::string shifted =
      scale.shift == 0 ? "y" : fmt::format("(y {} {:.4g})", scale.shift < 0 ? '+' : '-', std::abs(scale.shift));
  return fmt::format("{} as {} / {:.4g}", quoted(name), shifted, scale.divisor);
}

std::string hint(const std::vector<std::string>& names, std::span<const double> values, const RowIndices& train) {
  for (std::size_t c = 0; c < names.size(); ++c) {
    LinearScale standard;
    try {
      standard = fit_scale("standardize", column_of(values, names.size(), c), train, target_place(names[c]));
    } catch (const Error&) {
      continue;  // nothing could scale them
    }
    if (is_far(standard))
      return fmt::format(
          "the target {} has mean {:.4g} and deviation {:.4g}: networks learn numbers near 1 more easily; "
          "scale_target = \"standardize\" under [prepare] trains on such, \"none\" silences this",
          quoted(names[c]), standard.shift, standard.divisor);
  }
  return "";
}

}  // namespace

TargetScales fit_target_scales(const Value& given, const std::vector<std::string>& names,
                               std::span<const double> values, const RowIndices& train) {
  ColumnMethods methods = methods_of(given);
  Table table;
  for (std::size_t c = 0; c < names.size(); ++c)
    table.add(Column::numeric(names[c], column_of(values, names.size(), c)));
  methods.check_names(table, "target");
  TargetScales scales;
  for (const std::string& name : names)
    scales.push_back(fit_scale(methods.of(name), table.column(name).numbers(), train, target_place(name)));
  bool changes = std::ranges::any_of(scales, [](const LinearScale& s) { return s.shift != 0 || s.divisor != 1; });
  return changes ? scales : TargetScales();
}

std::string target_scale_note(const Value& given, const TargetScales& scales, const std::vector<std::string>& names,
                              std::span<const double> values, const RowIndices& train) {
  if (given.is_null()) return hint(names, values, train);
  if (scales.empty()) return "";
  constexpr std::size_t kShown = 3;
  std::vector<std::string> formulas;
  for (std::size_t c = 0; c < std::min(names.size(), kShown); ++c) formulas.push_back(formula(names[c], scales[c]));
  return fmt::format("training sees {}{}: losses are in this scale, predictions and other metrics are not",
                     fmt::join(formulas, ", "), names.size() > kShown ? ", ..." : "");
}

std::vector<float> scaled_targets(const TargetScales& scales, std::span<const double> values) {
  std::vector<float> scaled(values.begin(), values.end());
  if (!scales.empty())
    for (std::size_t i = 0; i < scaled.size(); ++i)
      scaled[i] = static_cast<float>(scales[i % scales.size()].apply(values[i]));
  return scaled;
}

void unscale_targets(const TargetScales& scales, std::span<float> values) {
  if (scales.empty()) return;
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(scales[i % scales.size()].undo(static_cast<double>(values[i])));
}

Value scales_state(const TargetScales& scales) {
  Value list = Value::array();
  for (const LinearScale& scale : scales) {
    Value one = Value::table();
    scale.write(one);
    list.push_back(std::move(one));
  }
  return list;
}

TargetScales restored_scales(const Value& state, std::size_t outputs) {
  TargetScales scales;
  for (const Value& one : state.as_array()) scales.push_back(LinearScale::restored(one));
  if (scales.size() != outputs)
    throw Error(ErrorKind::data, {"the scales of the targets", fmt::format("one for each of {} targets", outputs),
                                  fmt::format("{}", scales.size()), ""});
  return scales;
}

}  // namespace gradus
