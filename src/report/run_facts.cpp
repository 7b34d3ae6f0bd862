#include "gradus/report/run_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gradus/base/error.h"

namespace gradus {

const EpochSeries* find_series(const RunReport& report, std::string_view name) {
  auto at = std::find_if(report.history.begin(), report.history.end(), [&](const auto& s) { return s.name == name; });
  return at == report.history.end() ? nullptr : &*at;
}

std::optional<double> metric(const RunReport& report, std::string_view part, std::string_view key) {
  const Value* table = report.metrics.find(part);
  const Value* value = table ? table->find(key) : nullptr;
  if (!value || !value->is_number()) return std::nullopt;
  return value->as_real();
}

std::string result_part(const RunReport& report) {
  for (const char* part : {"test", "validation", "train"}) {
    const Value* table = report.metrics.find(part);
    if (table && table->is_table() && !table->as_table().empty()) return part;
  }
  return "";
}

std::vector<std::vector<double>> confusion(const RunReport& report, std::string_view part) {
  const Value* table = report.metrics.find(part);
  const Value* rows = table ? table->find("confusion") : nullptr;
  std::vector<std::vector<double>> counts;
  if (!rows || rows->is_null()) return counts;
  for (const Value& row : rows->as_array("metrics.confusion")) {
    counts.emplace_back();
    for (const Value& count : row.as_array("metrics.confusion")) counts.back().push_back(count.as_real());
  }
  std::size_t n = report.classes.empty() ? counts.size() : report.classes.size();
  bool fits = counts.size() == n && std::all_of(counts.begin(), counts.end(), [&](auto& r) { return r.size() == n; });
  if (!fits && !counts.empty())
    throw Error(ErrorKind::shape, {fmt::format("metrics.{}.confusion", part), fmt::format("{0} rows of {0} counts", n),
                                   fmt::format("{} rows, the first of {}", counts.size(), counts[0].size()), ""});
  return counts;
}

std::vector<std::string> class_names(const RunReport& report, std::size_t n) {
  std::vector<std::string> names = report.classes;
  for (std::size_t i = names.size(); i < n; ++i) names.push_back(std::to_string(i));
  return names;
}

std::vector<Confusion> worst_confusions(const std::vector<std::vector<double>>& counts, std::size_t most) {
  std::vector<Confusion> all;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    double of = 0;
    for (double count : counts[i]) of += count;
    for (std::size_t j = 0; j < counts[i].size(); ++j)
      if (i != j && counts[i][j] > 0) all.push_back({i, j, counts[i][j], of});
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  if (all.size() > most) all.resize(most);
  return all;
}

std::string readable(std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 26> kNames = {
      {{"macro_f1", "macro F1"},
       {"f1", "F1"},
       {"lr", "learning rate"},
       {"mse", "mean squared error"},
       {"rmse", "root mean squared error"},
       {"mae", "mean absolute error"},
       {"mase", "mean absolute scaled error"},
       {"r2", "R²"},
       {"examples_per_second", "examples per second"},
       {"stopped", "stopped because"},
       {"seconds", "time"},
       {"min", "lowest"},
       {"max", "highest"},
       {"std", "standard deviation"},
       {"log_loss", "log loss"},
       {"auc", "area under the ROC curve"},
       {"gradient_norm", "gradient norm"},
       {"hash", "weights' hash"},
       {"per_output", "output"},
       {"per_class", "class"},
       {"bleu", "BLEU"},
       {"psnr", "PSNR"},
       {"ssim", "SSIM"},
       {"iou", "IoU"},
       {"mean_dice", "mean Dice"},
       {"mean_iou", "mean IoU"}}};
  for (const auto& [name, text] : kNames)
    if (name == key) return text;
  std::string text(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string meaning(std::string_view metric) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 21> kMeanings = {
      {{"loss", "what training made small"},
       {"perplexity", "as unsure as if it guessed among so many equally likely symbols"},
       {"bits_per_symbol", "the loss in bits"},
       {"accuracy", "share of right answers"},
       {"bleu", "runs of one to four words that translations share with the true ones, from 0 to 100"},
       {"balanced_accuracy", "mean recall of the classes"},
       {"macro_f1", "mean over the classes of F1, the balance of precision and recall"},
       {"log_loss", "how surprised its probabilities are by the truth"},
       {"auc", "chance that an example of the second class scores above one of the first"},
       {"mse", "mean of the squared errors"},
       {"rmse", "root of the mean squared error: an error in the target's unit"},
       {"mae", "mean size of the errors, in the target's unit"},
       {"mase", "mean absolute error by that of the (seasonal) naive forecast one season ahead on the training series"},
       {"top5_accuracy", "share whose true class is among the five most probable"},
       {"mean_dice", "mean over the classes of Dice: twice the overlap by the sizes of mask and truth"},
       {"mean_iou", "mean over the classes of the overlap by the union of mask and truth"},
       {"mean_hausdorff", "mean over the classes of the largest distance between surfaces"},
       {"mean_hausdorff95", "the same of the 95th percentile of the distances"},
       {"psnr", "peak signal-to-noise ratio in decibels"},
       {"ssim", "structural similarity; 1 is equal"},
       {"r2", "share of the target's variance explained; 1 is perfect, 0 is as good as the mean"}}};
  for (const auto& [name, text] : kMeanings)
    if (name == metric) return text;
  return "";
}

}  // namespace gradus
