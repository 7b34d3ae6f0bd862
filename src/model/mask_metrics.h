#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gradus {

// The weight of all places by true class (row) and predicted class (column), counted batch by batch.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes);
  // truth [n], predicted [n], weights [n] >= 0 or none. Throws Error{shape} for arrays that do not fit together and
  // Error{value} for class numbers outside [0, classes).
  void add(std::span<const std::int32_t> truth, std::span<const std::int32_t> predicted,
           std::span<const double> weights = {});
  int classes() const { return classes_; }
  double at(int truth, int predicted) const { return weights_[index(truth, predicted)]; }

 private:
  std::size_t index(int truth, int predicted) const {
    return static_cast<std::size_t>(truth) * static_cast<std::size_t>(classes_) + static_cast<std::size_t>(predicted);
  }

  int classes_;
  std::vector<double> weights_;
};

// How well masks agree over all places. With n_c the places of class c that are predicted as c, t_c its true and p_c
// its predicted ones:
struct MaskMetrics {
  double accuracy = 0;                      // share of places predicted right
  std::vector<std::optional<double>> dice;  // [k] 2 n / (t + p); none for a class that is neither true nor predicted
  std::vector<std::optional<double>> iou;   // [k] n / (t + p - n); none likewise
  double mean_dice = 1;                     // over the classes that have one but the background; 1 when none has
  double mean_iou = 1;
};

// `background` is left out of the means (-1: no class is). Throws Error{value} without places.
MaskMetrics mask_metrics(const ConfusionMatrix& confusion, int background = -1);

}  // namespace gradus
