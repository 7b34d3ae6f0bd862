#include "gradus/train/place_measures.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/model/image_scores.h"
#include "gradus/model/surface_distance.h"

namespace gradus {
namespace {

// The weights of n places that a batch's weights stand for; none where all count 1.
std::vector<double> weights_of(const Batch& batch, std::int64_t n) {
  std::vector<double> out;
  if (!batch.weight.defined()) return out;
  const float* w = batch.weight.data<float>();
  std::int64_t each = n / batch.weight.size();
  for (std::int64_t i = 0; i < n; ++i) out.push_back(static_cast<double>(w[i / each]));
  return out;
}

// The mean weight of each example's places.
std::vector<double> example_weights(const Batch& batch, std::int64_t n) {
  std::vector<double> out(static_cast<std::size_t>(n), 1);
  if (!batch.weight.defined()) return out;
  const float* w = batch.weight.data<float>();
  std::int64_t each = batch.weight.size() / n;
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < each; ++j) sum += static_cast<double>(w[i * each + j]);
    out[static_cast<std::size_t>(i)] = sum / static_cast<double>(each);
  }
  return out;
}

// Weights of places are counts wherever none were given.
Value count(double x) { return x == std::floor(x) ? Value(static_cast<std::int64_t>(x)) : Value(x); }

}  // namespace

std::vector<std::int32_t> predicted_classes(const Tensor& predictions, float threshold) {
  std::int64_t k = predictions.dim(-1), n = predictions.size() / k;
  const float* v = predictions.data<float>();
  std::vector<std::int32_t> classes(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const float* row = v + i * k;
    classes[static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>(k == 1 ? row[0] > threshold : std::max_element(row, row + k) - row);
  }
  return classes;
}

PlaceMeasures::PlaceMeasures(const TaskSpec& task, Measure measure, bool probabilities)
    : task_(task),
      measure_(measure),
      threshold_(probabilities ? 0.5f : 0.0f),
      confusion_(static_cast<int>(task.classes.size())),
      distances_(task.classes.size()) {
  auto it = std::find(task_.classes.begin(), task_.classes.end(), "background");
  if (it != task_.classes.end()) background_ = static_cast<int>(it - task_.classes.begin());
}

void PlaceMeasures::add(const Tensor& predictions, const Batch& batch) {
  const Shape &of = predictions.shape(), &target = batch.target.shape();
  bool fits = task_.classifies() ? of.rank() >= 1 && of.without(of.rank() - 1) == target : of == target;
  if (!fits)
    throw Error(ErrorKind::shape,
                {"evaluation", task_.classifies() ? "scores for each place of the mask" : "a picture like the target",
                 of.text() + " for " + target.text(), ""});
  task_.classifies() ? add_masks(predictions, batch) : add_pictures(predictions, batch);
}

void PlaceMeasures::add_masks(const Tensor& predictions, const Batch& batch) {
  std::int64_t places = batch.target.size();
  std::vector<std::int32_t> predicted = predicted_classes(predictions, threshold_);
  std::vector<std::int32_t> truth(batch.target.data<std::int32_t>(), batch.target.data<std::int32_t>() + places);
  std::vector<double> weights = weights_of(batch, places);
  confusion_.add(truth, predicted, weights);
  if (measure_ == Measure::watched) return;
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (weights[i] == 0) truth[i] = predicted[i] = -1;  // of no class
  add_distances(truth, predicted, batch.target.shape().without(0), batch.size());
}

void PlaceMeasures::add_distances(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& predicted,
                                  const Shape& one, std::int64_t n) {
  if (one.rank() < 1 || one.rank() > 3) return;
  auto classes = static_cast<std::int64_t>(distances_.size()), places = one.size();
  std::vector<std::optional<SurfaceDistances>> found(static_cast<std::size_t>(n * classes));
  parallel_for(found.size(), 1, [&](std::size_t begin, std::size_t end) {
    std::vector<std::uint8_t> a(static_cast<std::size_t>(places)), b(a.size());
    for (std::size_t i = begin; i < end; ++i) {
      auto c = static_cast<std::int32_t>(static_cast<std::int64_t>(i) % classes);
      if (c == background_) continue;
      std::int64_t first = static_cast<std::int64_t>(i) / classes * places;
      for (std::int64_t j = 0; j < places; ++j) {
        a[j] = truth[first + j] == c;
        b[j] = predicted[first + j] == c;
      }
      found[i] = surface_distances(a, b, one, task_.spacing);
    }
  });
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    Distances& d = distances_[i % distances_.size()];
    d.maximum.add(found[i]->maximum, 1);
    d.percentile95.add(found[i]->percentile95, 1);
    ++d.examples;
  }
}

void PlaceMeasures::add_pictures(const Tensor& predictions, const Batch& batch) {
  std::int64_t n = batch.size();
  Shape one = batch.target.shape().without(0);
  std::vector<float> truth(batch.target.data<float>(), batch.target.data<float>() + batch.target.size());
  std::vector<float> predicted(predictions.data<float>(), predictions.data<float>() + predictions.size());
  unscale_targets(task_.scales, truth);
  unscale_targets(task_.scales, predicted);
  std::vector<ImageScores> scores(static_cast<std::size_t>(n));
  auto size = static_cast<std::size_t>(one.size());
  parallel_for(scores.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      scores[i] = image_scores(std::span(truth).subspan(i * size, size), std::span(predicted).subspan(i * size, size),
                               one, task_.high - task_.low, measure_ == Measure::all);
  });
  std::vector<double> weights = example_weights(batch, n);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    mse_.add(scores[i].mse, weights[i]);
    psnr_.add(scores[i].psnr, weights[i]);
    if (scores[i].ssim) ssim_.add(*scores[i].ssim, weights[i]);
  }
}

Value PlaceMeasures::metrics() const { return task_.classifies() ? mask_values() : picture_values(); }

Value PlaceMeasures::mask_values() const {
  MaskMetrics m = mask_metrics(confusion_, background_);
  Value table = Value::table();
  table.set("accuracy", m.accuracy);
  table.set("mean_dice", m.mean_dice);
  table.set("mean_iou", m.mean_iou);
  Mean maximum, percentile95;
  Value classes = Value::array(), rows = Value::array();
  for (int c = 0; c < confusion_.classes(); ++c) {
    Value row = Value::array(), entry = Value::table();
    for (int p = 0; p < confusion_.classes(); ++p) row.push_back(count(confusion_.at(c, p)));
    rows.push_back(std::move(row));
    entry.set("class", task_.classes[c]);
    if (m.dice[c]) entry.set("dice", *m.dice[c]);
    if (m.iou[c]) entry.set("iou", *m.iou[c]);
    const Distances& d = distances_[c];
    if (d.examples > 0) {
      entry.set("hausdorff", d.maximum.value());
      entry.set("hausdorff95", d.percentile95.value());
      entry.set("hausdorff_examples", d.examples);
      maximum.add(d.maximum.value(), 1);
      percentile95.add(d.percentile95.value(), 1);
    }
    classes.push_back(std::move(entry));
  }
  if (maximum.weight > 0) {
    table.set("mean_hausdorff", maximum.value());
    table.set("mean_hausdorff95", percentile95.value());
  }
  table.set("per_class", std::move(classes));
  table.set("confusion", std::move(rows));
  return table;
}

Value PlaceMeasures::picture_values() const {
  if (!(mse_.weight > 0)) throw Error(ErrorKind::value, {"metrics", "a picture whose weight is above 0", "none", ""});
  Value table = Value::table();
  table.set("psnr", psnr_.value());
  if (ssim_.weight > 0) table.set("ssim", ssim_.value());
  table.set("mse", mse_.value());
  table.set("rmse", std::sqrt(mse_.value()));
  return table;
}

}  // namespace gradus
