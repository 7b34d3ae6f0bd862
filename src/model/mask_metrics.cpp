#include "gradus/model/mask_metrics.h"

#include <string>

#include "gradus/base/error.h"

namespace gradus {
namespace {

const char* const kPlace = "metrics";

void check_size(std::size_t given, std::size_t expected, const std::string& what) {
  if (given != expected)
    throw Error(ErrorKind::shape, {kPlace, std::to_string(expected) + " " + what, std::to_string(given), ""});
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(int classes)
    : classes_(classes), weights_(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes), 0) {}

void ConfusionMatrix::add(std::span<const std::int32_t> truth, std::span<const std::int32_t> predicted,
                          std::span<const double> weights) {
  check_size(predicted.size(), truth.size(), "predictions, one per place");
  if (!weights.empty()) check_size(weights.size(), truth.size(), "weights, one per place");
  for (std::size_t i = 0; i < truth.size(); ++i) {
    for (std::int32_t c : {truth[i], predicted[i]})
      if (c < 0 || c >= classes_)
        throw Error(ErrorKind::value,
                    {kPlace, "classes in [0, " + std::to_string(classes_) + ")", std::to_string(c), ""});
    weights_[index(truth[i], predicted[i])] += weights.empty() ? 1 : weights[i];
  }
}

MaskMetrics mask_metrics(const ConfusionMatrix& m, int background) {
  MaskMetrics out;
  double all = 0, right = 0, dice = 0, iou = 0;
  int counted = 0;
  for (int c = 0; c < m.classes(); ++c) {
    double truth = 0, predicted = 0, both = m.at(c, c);
    for (int other = 0; other < m.classes(); ++other) {
      truth += m.at(c, other);
      predicted += m.at(other, c);
    }
    all += truth;
    right += both;
    out.dice.emplace_back();
    out.iou.emplace_back();
    if (!(truth + predicted > 0)) continue;
    out.dice.back() = 2 * both / (truth + predicted);
    out.iou.back() = both / (truth + predicted - both);
    if (c == background) continue;
    dice += *out.dice.back();
    iou += *out.iou.back();
    ++counted;
  }
  if (!(all > 0)) throw Error(ErrorKind::value, {kPlace, "a place whose weight is above 0", "none", ""});
  out.accuracy = right / all;
  if (counted > 0) {
    out.mean_dice = dice / counted;
    out.mean_iou = iou / counted;
  }
  return out;
}

}  // namespace gradus
