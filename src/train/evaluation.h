#pragma once

#include "gradus/data/task.h"
#include "gradus/train/history.h"
#include "gradus/train/inference.h"

namespace gradus {

// What is measured: all, or without what is not watched epoch by epoch (distances of surfaces, SSIM, naive forecasts).
enum class Measure { all, watched };

// A network's predictions for a data set beside the truth, in n places: examples, or the pixels or steps of each.
struct Evaluation {
  TaskSpec task;
  double loss = 0;  // in the units trained on
  // classification
  std::vector<std::int32_t> truth, predicted;
  std::vector<float> probabilities;  // [n, classes]; empty when the loss gives none
  // regression, [n, outputs], in the targets' own units
  std::vector<float> true_values, predicted_values;
  std::vector<double> weights;  // empty: all 1
  // Of targets by step: the steps of each example, whose places follow one another without padding. Else empty.
  std::vector<std::int32_t> steps;
  // Of series, shaped and in units as predicted_values: what the naive and the seasonal naive forecast have for the
  // same examples. Empty where these are not measured (Measure::watched), equal, or look back beyond the series.
  std::vector<float> naive_values, seasonal_naive_values;

  // Of masks, pictures (TaskSpec::per_place) and symbols (TaskSpec::makes_text) the measures alone, taken batch by
  // batch: the places are not kept.
  Value of_places;

  // "loss" and what fits the task, as metrics.json writes it.
  Value metrics() const;
  // The few numbers that are watched epoch by epoch: loss; accuracy and macro_f1; mse, mae and r2; of masks
  // accuracy and mean_dice; of pictures psnr; of next symbols perplexity and accuracy.
  Measured summary() const;
};

// Numbers that a network gives for each example, or each place of it, to be trained on a task with a loss.
std::int64_t network_width(const TaskSpec& task, const Loss& loss);

// The names summary() gives for a task.
std::vector<std::string> summary_names(const TaskSpec& task);

// Predicts a whole data set without training; its targets are in the units trained on (TaskSpec::scales).
Evaluation evaluate(Network& network, const Loss& loss, const TaskSpec& task, const Dataset& data,
                    Measure measure = Measure::all);

// The same of masks and pictures of any size, by a network trained on patches [patch.., channels]: see
// measure_by_patches. The loss is the mean of the examples', as their places weigh.
Evaluation evaluate_by_patches(Network& network, const Loss& loss, const TaskSpec& task, const Dataset& data,
                               const Shape& patch);

}  // namespace gradus
