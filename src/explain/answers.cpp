#include "gradus/explain/answers.h"

#include "gradus/train/inference.h"
#include "gradus/train/place_measures.h"

namespace gradus {
namespace {

Tensor in_own_units(const ImageModel& model, std::vector<float> values, const Shape& shape) {
  unscale_targets(model.task.scales, values);
  return Tensor::from(values, shape);
}

}  // namespace

Answers answers_of(const ImageModel& model, const Dataset& data) {
  Answers out;
  std::vector<float> values;
  Shape one;
  predict_network(model.network, model.loss, data, [&](const Tensor& predictions, const Batch&) {
    if (model.task.classifies()) {
      std::vector<std::int32_t> classes =
          predicted_classes(predictions, model.loss.gives_probabilities() ? 0.5f : 0.0f);
      out.classes.insert(out.classes.end(), classes.begin(), classes.end());
    } else {
      values.insert(values.end(), predictions.data<float>(), predictions.data<float>() + predictions.size());
      one = predictions.shape().without(0);
    }
  });
  if (!model.task.classifies()) out.values = in_own_units(model, std::move(values), one.inserted(0, data.size()));
  return out;
}

Tensor true_values(const ImageModel& model, const Batch& batch) {
  return in_own_units(model, batch.target.to_vector<float>(), batch.target.shape());
}

}  // namespace gradus
