#pragma once

#include "gradus/model/mask_metrics.h"
#include "gradus/train/evaluation.h"

namespace gradus {

// The class predicted in each of the places [.., outputs]: the largest entry, the first of equals, or for a single
// output 1 above `threshold`.
std::vector<std::int32_t> predicted_classes(const Tensor& predictions, float threshold);

// Measures predicted masks or pictures batch by batch and keeps sums alone.
class PlaceMeasures {
 public:
  PlaceMeasures(const TaskSpec& task, Measure measure, bool probabilities);
  // predictions [n, size.., outputs] of the batch. Throws Error{shape} unless they fit its target.
  void add(const Tensor& predictions, const Batch& batch);
  // As metrics.json writes them, without the loss.
  Value metrics() const;

 private:
  // A mean of some examples' numbers.
  struct Mean {
    double sum = 0, weight = 0;
    void add(double value, double its_weight) {
      sum += value * its_weight;
      weight += its_weight;
    }
    double value() const { return sum / weight; }
  };
  struct Distances {
    Mean maximum, percentile95;
    std::int64_t examples = 0;
  };
  void add_masks(const Tensor& predictions, const Batch& batch);
  void add_distances(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& predicted,
                     const Shape& one, std::int64_t n);
  void add_pictures(const Tensor& predictions, const Batch& batch);
  Value mask_values() const;
  Value picture_values() const;

  TaskSpec task_;
  Measure measure_;
  float threshold_;
  int background_ = -1;
  ConfusionMatrix confusion_;
  std::vector<Distances> distances_;  // by class
  Mean mse_, psnr_, ssim_;
};

}  // namespace gradus
