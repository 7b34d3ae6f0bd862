#include "gradus/model/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

const char* const kPlace = "metrics";

using Classes = std::span<const std::int32_t>;

std::string example(std::size_t i) { return " for example " + std::to_string(i); }

void check_size(std::size_t given, std::size_t expected, const std::string& what) {
  if (given != expected)
    throw Error(ErrorKind::shape, {kPlace, std::to_string(expected) + " " + what, std::to_string(given), ""});
}

void check_classes(Classes numbers, int classes, const std::string& what) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] < 0 || numbers[i] >= classes)
      throw Error(ErrorKind::value, {kPlace, what + " classes in [0, " + std::to_string(classes) + ")",
                                     std::to_string(numbers[i]) + example(i), ""});
}

// The weights of n examples, checked.
class Weights {
 public:
  Weights(std::span<const double> weights, std::size_t n) : weights_(weights), total_(static_cast<double>(n)) {
    if (n == 0) throw Error(ErrorKind::value, {kPlace, "at least one example", "none", ""});
    if (weights.empty()) return;
    check_size(weights.size(), n, "weights, one per example");
    total_ = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (!(weights[i] >= 0) || std::isinf(weights[i]))
        throw Error(ErrorKind::value, {kPlace, "finite weights >= 0", real_text(weights[i]) + example(i), ""});
      total_ += weights[i];
    }
    if (total_ == 0) throw Error(ErrorKind::value, {kPlace, "a weight above 0", "only zeros", ""});
  }
  double operator[](std::size_t i) const { return weights_.empty() ? 1 : weights_[i]; }
  double total() const { return total_; }

 private:
  std::span<const double> weights_;
  double total_;
};

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

// The mean of the values whose `counts` are above 0.
double mean_where(const std::vector<double>& values, const std::vector<double>& counts) {
  double sum = 0, n = 0;
  for (std::size_t c = 0; c < values.size(); ++c)
    if (counts[c] > 0) {
      sum += values[c];
      ++n;
    }
  return ratio(sum, n);
}

// All that the confusion matrix determines.
ClassificationMetrics from_confusion(std::vector<double> confusion, std::size_t k, double total) {
  ClassificationMetrics m;
  m.support.assign(k, 0);
  std::vector<double> predicted(k, 0), occurring(k);
  for (std::size_t t = 0; t < k; ++t)
    for (std::size_t p = 0; p < k; ++p) {
      m.support[t] += confusion[t * k + p];
      predicted[p] += confusion[t * k + p];
    }
  for (std::size_t c = 0; c < k; ++c) {
    const double right = confusion[c * k + c];
    occurring[c] = m.support[c] + predicted[c];
    m.precision.push_back(ratio(right, predicted[c]));
    m.recall.push_back(ratio(right, m.support[c]));
    m.f1.push_back(ratio(2 * right, occurring[c]));
    m.accuracy += right;
  }
  m.accuracy /= total;
  m.balanced_accuracy = mean_where(m.recall, m.support);
  m.macro_f1 = mean_where(m.f1, occurring);
  m.confusion = std::move(confusion);
  return m;
}

template <class T>
void check_probabilities(Classes truth, std::span<const T> p, int classes) {
  check_size(p.size(), truth.size() * static_cast<std::size_t>(classes), "probabilities, one per example and class");
  auto wrong = std::find_if(p.begin(), p.end(), [](T x) { return !(x >= 0 && x <= std::numeric_limits<T>::max()); });
  if (wrong != p.end())
    throw Error(ErrorKind::value,
                {kPlace, "probabilities >= 0",
                 real_text(*wrong) + example(static_cast<std::size_t>(wrong - p.begin()) / classes), ""});
}

template <class T>
double mean_log_loss(Classes truth, std::span<const T> p, int classes, const Weights& weights) {
  const double least = std::numeric_limits<double>::epsilon(), most = 1 - least;
  auto clipped = [&](T x) { return std::clamp(static_cast<double>(x), least, most); };
  double loss = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const T* row = p.data() + i * classes;
    double sum = 0;
    for (int c = 0; c < classes; ++c) sum += clipped(row[c]);
    loss -= weights[i] * std::log(clipped(row[truth[i]]) / sum);
  }
  return loss / weights.total();
}

template <class T>
ClassificationMetrics from_probabilities(Classes truth, std::span<const T> p, int classes,
                                         std::span<const double> weights) {
  check_probabilities(truth, p, classes);
  std::vector<std::int32_t> predicted(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const T* row = p.data() + i * classes;
    predicted[i] = static_cast<std::int32_t>(std::max_element(row, row + classes) - row);
  }
  ClassificationMetrics m = classification_metrics(truth, predicted, classes, weights);
  m.log_loss = mean_log_loss(truth, p, classes, Weights(weights, truth.size()));
  if (classes == 2) {
    std::vector<double> score(truth.size());
    for (std::size_t i = 0; i < score.size(); ++i) score[i] = static_cast<double>(p[2 * i + 1]);
    m.auc = roc_auc(truth, score, weights);
  }
  return m;
}

template <class T>
double top_accuracy(Classes truth, std::span<const T> p, int classes, int top, std::span<const double> given) {
  Weights weights(given, truth.size());
  check_classes(truth, classes, "true");
  check_probabilities(truth, p, classes);
  if (top < 1 || top > classes)
    throw Error(ErrorKind::value, {kPlace, "top in [1, " + std::to_string(classes) + "]", std::to_string(top), ""});
  double right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const T* row = p.data() + i * classes;
    const T own = row[truth[i]];
    int ahead = 0;
    for (int c = 0; c < classes; ++c) ahead += row[c] > own || (row[c] == own && c < truth[i]);
    if (ahead < top) right += weights[i];
  }
  return right / weights.total();
}

template <class T>
RegressionMetrics regression(std::span<const T> truth, std::span<const T> predicted, int outputs,
                             std::span<const double> given) {
  if (outputs < 1) throw Error(ErrorKind::value, {kPlace, "at least one output", std::to_string(outputs), ""});
  const std::size_t d = outputs, n = truth.size() / d;
  check_size(truth.size(), n * d, "true values, " + std::to_string(d) + " per example");
  check_size(predicted.size(), truth.size(), "predictions, one per true value");
  Weights weights(given, n);

  // The mean is taken relative to the first value, so that a constant's variance is exactly 0.
  std::vector<double> mean(d, 0), variance(d, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t o = 0; o < d; ++o)
      mean[o] += weights[i] * (static_cast<double>(truth[i * d + o]) - static_cast<double>(truth[o]));
  for (std::size_t o = 0; o < d; ++o) mean[o] = static_cast<double>(truth[o]) + mean[o] / weights.total();

  RegressionMetrics m;
  m.outputs.resize(d);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t o = 0; o < d; ++o) {
      const double y = static_cast<double>(truth[i * d + o]);
      const double error = y - static_cast<double>(predicted[i * d + o]);
      m.outputs[o].mse += weights[i] * error * error;
      m.outputs[o].mae += weights[i] * std::abs(error);
      variance[o] += weights[i] * (y - mean[o]) * (y - mean[o]);
    }

  for (std::size_t o = 0; o < d; ++o) {
    RegressionScores& s = m.outputs[o];
    s.r2 = variance[o] != 0 ? 1 - s.mse / variance[o] : s.mse == 0 ? 1 : 0;
    s.mse /= weights.total();
    s.mae /= weights.total();
    s.rmse = std::sqrt(s.mse);
    m.mse += s.mse / outputs;
    m.mae += s.mae / outputs;
    m.r2 += s.r2 / outputs;
  }
  m.rmse = std::sqrt(m.mse);
  return m;
}

// Weights of examples are counts wherever none were given.
Value count(double x) {
  constexpr double kExact = 9007199254740992;  // 2^53
  return x < kExact && x == std::floor(x) ? Value(static_cast<std::int64_t>(x)) : Value(x);
}

Value list(const std::vector<double>& values) { return Value::Array(values.begin(), values.end()); }

Value counts(std::span<const double> values) {
  Value all = Value::array();
  for (double x : values) all.push_back(count(x));
  return all;
}

}  // namespace

ClassificationMetrics classification_metrics(Classes truth, Classes predicted, int classes,
                                             std::span<const double> given) {
  Weights weights(given, truth.size());
  check_size(predicted.size(), truth.size(), "predictions, one per example");
  check_classes(truth, classes, "true");
  check_classes(predicted, classes, "predicted");
  const std::size_t k = classes;
  std::vector<double> confusion(k * k, 0);
  for (std::size_t i = 0; i < truth.size(); ++i) confusion[truth[i] * k + predicted[i]] += weights[i];
  return from_confusion(std::move(confusion), k, weights.total());
}

ClassificationMetrics classification_metrics(Classes truth, std::span<const float> probabilities, int classes,
                                             std::span<const double> weights) {
  return from_probabilities(truth, probabilities, classes, weights);
}

ClassificationMetrics classification_metrics(Classes truth, std::span<const double> probabilities, int classes,
                                             std::span<const double> weights) {
  return from_probabilities(truth, probabilities, classes, weights);
}

double top_k_accuracy(Classes truth, std::span<const float> probabilities, int classes, int top,
                      std::span<const double> weights) {
  return top_accuracy(truth, probabilities, classes, top, weights);
}

double top_k_accuracy(Classes truth, std::span<const double> probabilities, int classes, int top,
                      std::span<const double> weights) {
  return top_accuracy(truth, probabilities, classes, top, weights);
}

std::optional<double> roc_auc(Classes truth, std::span<const double> score, std::span<const double> given) {
  Weights weights(given, truth.size());
  check_size(score.size(), truth.size(), "scores, one per example");
  check_classes(truth, 2, "true");
  struct Scored {
    double score, positive, negative;
  };
  std::vector<Scored> order;
  order.reserve(score.size());
  for (std::size_t i = 0; i < score.size(); ++i) {
    if (std::isnan(score[i]))
      throw Error(ErrorKind::value, {kPlace, "scores that are numbers", "nan" + example(i), ""});
    order.push_back({score[i], truth[i] == 1 ? weights[i] : 0, truth[i] == 0 ? weights[i] : 0});
  }
  std::sort(order.begin(), order.end(), [](const Scored& a, const Scored& b) { return a.score < b.score; });

  double area = 0, below = 0, positives = 0;
  for (std::size_t i = 0; i < order.size();) {
    double positive = 0, negative = 0;  // among equal scores
    const double equal = order[i].score;
    for (; i < order.size() && order[i].score == equal; ++i) {
      positive += order[i].positive;
      negative += order[i].negative;
    }
    area += positive * (below + negative / 2);
    below += negative;
    positives += positive;
  }
  if (positives == 0 || below == 0) return std::nullopt;
  return area / (positives * below);
}

RegressionMetrics regression_metrics(std::span<const float> truth, std::span<const float> predicted, int outputs,
                                     std::span<const double> weights) {
  return regression(truth, predicted, outputs, weights);
}

RegressionMetrics regression_metrics(std::span<const double> truth, std::span<const double> predicted, int outputs,
                                     std::span<const double> weights) {
  return regression(truth, predicted, outputs, weights);
}

Value to_value(const ClassificationMetrics& m) {
  Value table;
  table.set("accuracy", m.accuracy);
  table.set("balanced_accuracy", m.balanced_accuracy);
  table.set("macro_f1", m.macro_f1);
  table.set("precision", list(m.precision));
  table.set("recall", list(m.recall));
  table.set("f1", list(m.f1));
  table.set("support", counts(m.support));
  Value& rows = table.set("confusion", Value::array());
  const std::size_t k = m.support.size();
  for (std::size_t c = 0; c < k; ++c) rows.push_back(counts(std::span(m.confusion).subspan(c * k, k)));
  if (m.log_loss) table.set("log_loss", *m.log_loss);
  if (m.auc) table.set("auc", *m.auc);
  return table;
}

Value to_value(const RegressionMetrics& m) {
  Value table;
  table.set("mse", m.mse);
  table.set("rmse", m.rmse);
  table.set("mae", m.mae);
  table.set("r2", m.r2);
  return table;
}

}  // namespace gradus
