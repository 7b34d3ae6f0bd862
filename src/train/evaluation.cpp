#include "gradus/train/evaluation.h"

#include <algorithm>
#include <cmath>

#include "gradus/model/metrics.h"
#include "gradus/train/forecast_metrics.h"
#include "gradus/train/place_measures.h"
#include "gradus/train/sliding_window.h"

namespace gradus {
namespace {

constexpr int kTop = 5;

// Class of each place: the largest entry, or for a single output the side of the threshold.
void append_classes(const Tensor& p, std::int64_t n, bool probabilities, Evaluation& out) {
  std::int64_t k = p.size() / std::max<std::int64_t>(n, 1);
  const float* v = p.data<float>();
  float threshold = probabilities ? 0.5f : 0.0f;
  for (std::int64_t i = 0; i < n; ++i) {
    const float* row = v + i * k;
    out.predicted.push_back(
        static_cast<std::int32_t>(k == 1 ? row[0] > threshold : std::max_element(row, row + k) - row));
    if (!probabilities) continue;
    if (k == 1) out.probabilities.push_back(1 - row[0]);
    out.probabilities.insert(out.probabilities.end(), row, row + k);
  }
}

// The weight of each of the batch's places, where it has weights: of an example, they are those of all its places.
void append_weights(const Batch& batch, std::int64_t places, std::vector<double>& to) {
  if (!batch.weight.defined()) return;
  const float* weight = batch.weight.data<float>();
  for (std::int64_t i = 0; i < batch.weight.size(); ++i)
    to.insert(to.end(), static_cast<std::size_t>(places / batch.weight.size()), static_cast<double>(weight[i]));
}

void append(std::vector<float>& to, const Tensor& t) {
  to.insert(to.end(), t.data<float>(), t.data<float>() + t.size());
}

// How many of the most probable symbols are the true ones, as they weigh.
double hits(const Tensor& probabilities, const Batch& batch) {
  Tensor best = argmax(probabilities);
  const std::int32_t *b = best.data<std::int32_t>(), *t = batch.target.data<std::int32_t>();
  const float* w = batch.weight.defined() ? batch.weight.data<float>() : nullptr;
  double count = 0;
  for (std::int64_t i = 0; i < batch.target.size(); ++i)
    if (b[i] == t[i]) count += w != nullptr ? static_cast<double>(w[i]) : 1;
  return count;
}

// A batch with targets by step, and the predictions for it, as one example for each step that there is.
struct Steps {
  Tensor predictions;
  Batch batch;
};
Steps without_padding(const Tensor& predictions, const Batch& batch, std::vector<std::int32_t>& steps) {
  const std::int64_t n = batch.size(), time = batch.inputs.dim(1);
  std::vector<std::uint32_t> there;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto length =
        batch.lengths.defined() ? batch.lengths.data<std::int32_t>()[i] : static_cast<std::int32_t>(time);
    steps.push_back(length);
    for (std::int64_t t = 0; t < length; ++t) there.push_back(static_cast<std::uint32_t>(i * time + t));
  }
  auto compact = [&](const Tensor& t) {  // [n, time, ..]
    if (!t.defined() || t.rank() < 2) return Tensor();
    Shape rows = t.shape().without(0).with(0, n * time);
    return gather_rows(reshape(t, rows), there);
  };
  Steps s{compact(predictions), {}};
  s.batch.target = compact(batch.target);
  s.batch.weight = compact(batch.weight);
  return s;
}

int outputs_of(const Evaluation& e) { return static_cast<int>(e.task.width()); }

}  // namespace

std::int64_t network_width(const TaskSpec& task, const Loss& loss) {
  return task.classifies() ? loss.outputs(task.width()) : task.width();
}

Evaluation evaluate(Network& network, const Loss& loss, const TaskSpec& task, const Dataset& data, Measure measure) {
  Evaluation out;
  out.task = task;
  if (task.makes_text()) {
    double right = 0, symbols = 0;
    out.loss = evaluate_network(network, loss, data, [&](const Tensor& p, const Batch& batch) {
      right += hits(p, batch);
      symbols += batch.weight.defined() ? batch.total_weight : static_cast<double>(batch.target.size());
    });
    out.of_places = Value(Value::Table{{"perplexity", std::exp(out.loss)},
                                       {"bits_per_symbol", out.loss / std::log(2.0)},
                                       {"accuracy", right / symbols},
                                       {"symbols", static_cast<std::int64_t>(symbols)}});
    return out;
  }
  if (task.per_place) {
    PlaceMeasures measures(task, measure, loss.gives_probabilities());
    out.loss =
        evaluate_network(network, loss, data, [&](const Tensor& p, const Batch& batch) { measures.add(p, batch); });
    out.of_places = measures.metrics();
    return out;
  }
  out.loss = evaluate_network(network, loss, data, [&](const Tensor& predictions, const Batch& all) {
    Steps compact = task.per_step ? without_padding(predictions, all, out.steps) : Steps{predictions, all};
    const Tensor& p = compact.predictions;
    const Batch& batch = compact.batch;
    std::int64_t places = batch.target.size() / (task.classifies() ? 1 : task.width());
    append_weights(batch, places, out.weights);
    if (task.classifies()) {
      append_classes(p, places, loss.gives_probabilities(), out);
      const std::int32_t* t = batch.target.data<std::int32_t>();
      out.truth.insert(out.truth.end(), t, t + batch.target.size());
    } else {
      append(out.predicted_values, p);
      append(out.true_values, batch.target);
    }
  });
  unscale_targets(task.scales, out.predicted_values);
  unscale_targets(task.scales, out.true_values);
  if (measure == Measure::all) add_naive_forecasts(data, out);
  return out;
}

Evaluation evaluate_by_patches(Network& network, const Loss& loss, const TaskSpec& task, const Dataset& data,
                               const Shape& patch) {
  Evaluation out;
  out.task = task;
  PlaceMeasures measures(task, Measure::all, loss.gives_probabilities());
  double loss_sum = 0, weight_sum = 0;
  for (std::uint32_t i = 0; i < data.size(); ++i) {
    Batch example = data.fetch({&i, 1});
    if (!(example.total_weight > 0)) continue;
    MeasuredPatches measured = measure_by_patches(network, loss, example, patch);
    measures.add(expand_dims(measured.predictions, 0), example);
    loss_sum += measured.loss * example.total_weight;
    weight_sum += example.total_weight;
  }
  out.loss = loss_sum / weight_sum;
  out.of_places = measures.metrics();
  return out;
}

Value Evaluation::metrics() const {
  Value v;
  if (task.per_place || task.makes_text()) {
    v = of_places;
  } else if (!task.classifies()) {
    v = to_value(regression_metrics(std::span<const float>(true_values), predicted_values, outputs_of(*this), weights));
    if (!naive_values.empty()) add_forecast_metrics(*this, v);
  } else if (!probabilities.empty()) {
    v = to_value(classification_metrics(truth, std::span<const float>(probabilities), outputs_of(*this), weights));
    if (outputs_of(*this) > kTop)
      v.set("top5_accuracy",
            top_k_accuracy(truth, std::span<const float>(probabilities), outputs_of(*this), kTop, weights));
  } else {
    v = to_value(classification_metrics(truth, predicted, outputs_of(*this), weights));
  }
  Value all = Value::table();
  all.set("loss", loss);
  for (auto& [name, value] : v.as_table()) all.set(name, value);
  if (task.classifies() && !task.makes_text())
    all.set("classes", Value::Array(task.classes.begin(), task.classes.end()));
  return all;
}

Measured Evaluation::summary() const {
  Measured m;
  Value all = metrics();
  for (const std::string& name : summary_names(task)) m.emplace_back(name, all.at(name).as_real());
  return m;
}

std::vector<std::string> summary_names(const TaskSpec& task) {
  if (task.makes_text()) return {"loss", "perplexity", "accuracy"};
  if (task.per_place && task.classifies()) return {"loss", "accuracy", "mean_dice"};
  if (task.per_place) return {"loss", "psnr"};
  if (task.classifies()) return {"loss", "accuracy", "macro_f1"};
  return {"loss", "mse", "mae", "r2"};
}

}  // namespace gradus
