#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gradus/base/value.h"

namespace gradus {

// n examples, k classes numbered from 0, d outputs; arrays are row-major. Weights, where given, are one per example,
// finite, >= 0 and not all 0; without them every example weighs 1. Functions throw Error{shape} for arrays that do not
// fit together, and Error{value} without examples, for class numbers outside [0, k) and for weights, probabilities or
// scores that are none.

// How well predicted classes agree with true ones. What would be 0 / 0 is 0.
struct ClassificationMetrics {
  double accuracy = 0;             // share predicted right
  double balanced_accuracy = 0;    // mean recall of the classes that occur among the true ones
  double macro_f1 = 0;             // mean F1 of the classes that occur among the true or the predicted ones
  std::vector<double> precision;   // [k] share of those predicted as the class that are of it
  std::vector<double> recall;      // [k] share of the class that is predicted as it
  std::vector<double> f1;          // [k] harmonic mean of precision and recall
  std::vector<double> support;     // [k] weight of the class among the true ones
  std::vector<double> confusion;   // [k, k] weight of true class (row) predicted as class (column)
  std::optional<double> log_loss;  // with probabilities
  std::optional<double> auc;       // with probabilities of two classes that both occur
};

// truth [n], predicted [n].
ClassificationMetrics classification_metrics(std::span<const std::int32_t> truth,
                                             std::span<const std::int32_t> predicted, int classes,
                                             std::span<const double> weights = {});

// truth [n], probabilities [n, k] >= 0; the class predicted is the most probable one, the first of equals. The log loss
// is the mean of -ln p[true class], with each p in [2^-52, 1 - 2^-52] and rows scaled to sum 1.
ClassificationMetrics classification_metrics(std::span<const std::int32_t> truth, std::span<const float> probabilities,
                                             int classes, std::span<const double> weights = {});
ClassificationMetrics classification_metrics(std::span<const std::int32_t> truth, std::span<const double> probabilities,
                                             int classes, std::span<const double> weights = {});

// Share of examples whose true class is among the `top` most probable ones, 1 <= top <= k; of equals the first count as
// more probable, so that top 1 is the accuracy.
double top_k_accuracy(std::span<const std::int32_t> truth, std::span<const float> probabilities, int classes, int top,
                      std::span<const double> weights = {});
double top_k_accuracy(std::span<const std::int32_t> truth, std::span<const double> probabilities, int classes, int top,
                      std::span<const double> weights = {});

// Area under the ROC curve of truth [n] in {0, 1} against score [n]: the probability that an example of class 1 scores
// above one of class 0, ties counting half (Hanley and McNeil, Radiology 143, 1982). None unless both classes occur.
std::optional<double> roc_auc(std::span<const std::int32_t> truth, std::span<const double> score,
                              std::span<const double> weights = {});

struct RegressionScores {
  double mse = 0;   // mean of (truth - prediction)^2
  double rmse = 0;  // its root
  double mae = 0;   // mean of |truth - prediction|
  double r2 = 0;    // 1 - mse / variance of truth; of a constant truth 1 when all predictions are right, else 0
};

// The mean of each output's scores, but for rmse, which is the root of the mean mse.
struct RegressionMetrics : RegressionScores {
  std::vector<RegressionScores> outputs;  // [d]
};

// truth [n, d], predicted [n, d].
RegressionMetrics regression_metrics(std::span<const float> truth, std::span<const float> predicted, int outputs = 1,
                                     std::span<const double> weights = {});
RegressionMetrics regression_metrics(std::span<const double> truth, std::span<const double> predicted, int outputs = 1,
                                     std::span<const double> weights = {});

// The form metrics take in files: a table of the names above (confusion as a list of rows). What is absent is left out,
// and so are the scores of single outputs.
Value to_value(const ClassificationMetrics& metrics);
Value to_value(const RegressionMetrics& metrics);

}  // namespace gradus
