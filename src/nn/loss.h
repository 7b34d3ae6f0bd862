#pragma once

#include <memory>

#include "gradus/base/catalog.h"
#include "gradus/tensor/ops.h"

namespace gradus {

// What a loss compares predictions with.
enum class TargetKind {
  values,   // f32, shaped like the prediction
  classes,  // i32 class numbers [n, ...], or f32 distributions [n, ..., classes]
};

// A number to make small: the weighted mean over the batch of a loss per example.
class Loss {
 public:
  virtual ~Loss() = default;
  virtual std::string type() const = 0;
  virtual TargetKind target_kind() const = 0;
  virtual Tensor operator()(const Tensor& prediction, const Tensor& target, const LossWeights& weights = {}) const = 0;
  // Width of the network's result for a classification of that many classes (binary losses use one).
  virtual std::int64_t outputs(std::int64_t classes) const { return classes; }
  // Whether it also takes results of another width for that many classes.
  virtual bool takes(std::int64_t width, std::int64_t classes) const { return width == outputs(classes); }
  // What turns the network's result into probabilities or predicted values.
  virtual Tensor probabilities(const Tensor& prediction) const { return prediction; }
  virtual bool gives_probabilities() const { return false; }
  // Whether a target may be a share for each class instead of a class.
  virtual bool takes_distributions() const { return false; }
};

// Losses by name.
const Catalog<Loss>& losses();

// A batch's target in the form the loss takes: class numbers become the values of a single output for losses of values.
Tensor target_for(const Loss& loss, const Tensor& target);

// A loss from a config: a name, or a table with "type" and the loss's keys.
std::unique_ptr<Loss> make_loss(const Value& config, const std::string& place);

}  // namespace gradus
