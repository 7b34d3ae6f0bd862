#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gradus/base/catalog.h"
#include "gradus/tensor/autograd.h"
#include "gradus/tensor/tensor.h"

namespace gradus {

// A tensor that training changes. Biases and the gains of normalisation are not `penalized`: L1, L2 and weight decay
// leave them alone.
struct Parameter {
  std::string name;
  Tensor value;
  bool penalized = true;
};

// Additions to the loss and limits on its gradient, applied by every optimizer before its own rule.
struct GradientRules {
  double l1 = 0;          // adds l1 |w|: gradient l1 sign(w)
  double l2 = 0;          // adds l2 / 2 w^2: gradient l2 w
  double clip_norm = 0;   // gradients of all parameters are scaled together to at most this Euclidean norm; 0: off
  double clip_value = 0;  // each gradient element is limited to [-clip_value, clip_value]; 0: off
};

// What a step found out on its way.
struct StepReport {
  double gradient_norm = -1;     // Euclidean norm over all parameters before clipping; -1 when it was not wanted
  int first_bad_parameter = -1;  // index of the first parameter whose gradient has a NaN or Inf; -1: none
};

// A rule that moves parameters against their gradients. The base class owns the walk over the parameters: it sums the
// shards' terms in a fixed tree, applies the GradientRules, and calls the rule on runs of elements, in parallel when
// that pays; results do not depend on the thread count.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // One step with the given learning rate. Parameters without a gradient stay as they are. A gradient with a NaN or Inf
  // is only reported: with clip_norm or want_norm nothing has changed then, otherwise the step was taken and the
  // weights may be spoilt. Throws Error{state} unless parameters have the number, shapes and types of the first step's.
  StepReport step(std::vector<Parameter>& parameters, const Gradients& gradients, double lr,
                  const GradientRules& rules = {}, bool want_norm = false);

  // The learning rate of the configuration; schedules scale it.
  virtual double base_lr() const = 0;
  // Arrays of state the rule keeps per parameter ("momentum", "second_moment"), zero at the start.
  virtual std::vector<std::string> state_names() const = 0;
  // Whether L2 written as weight_decay is taken off the weights directly (AdamW) or added to the gradient.
  virtual double weight_decay() const { return 0; }
  virtual bool decoupled_decay() const { return false; }

  std::int64_t steps() const { return steps_; }

  // State for checkpoints: tensors named "parameter.state"; restore() checks names and shapes (Error{data}).
  std::vector<std::pair<std::string, Tensor>> state(const std::vector<Parameter>& parameters);
  void restore(const std::vector<Parameter>& parameters, std::int64_t steps,
               const std::vector<std::pair<std::string, Tensor>>& state);

  // What the rule needs besides the arrays.
  struct Step {
    double lr;
    std::int64_t number;     // 1 for the first
    double decoupled_decay;  // 0 for parameters that are not penalized
  };

 protected:
  virtual void update(float* w, const float* g, float* const* state, std::int64_t n, const Step& step) const = 0;
  virtual void update(double* w, const double* g, double* const* state, std::int64_t n, const Step& step) const = 0;

 private:
  struct Chunk {
    int parameter;
    std::int64_t begin, count;     // elements
    std::int64_t first_row, rows;  // the same of a matrix, in rows
  };
  struct Pass;
  struct Form {
    Shape shape;
    Dtype dtype;
  };
  void prepare(const std::vector<Parameter>& parameters);
  void check_forms(const std::vector<Parameter>& parameters) const;
  // Finds the gradients; returns whether several threads should take part.
  bool collect(const std::vector<Parameter>& parameters, const Gradients& gradients);
  void walk(const Pass& pass);
  double join(Pass pass);
  void run_chunk(const Pass& pass, std::size_t number);
  template <class T>
  void run_chunk_of(const Pass& pass, std::size_t number);

  std::vector<Form> forms_;                       // of the parameters of the first step
  std::vector<std::vector<Tensor>> state_;        // [parameter][array]
  std::vector<const Gradients::Raw*> gradients_;  // of the step under way; null where there is none
  std::vector<std::int64_t> work_;                // of the step under way, per element of each parameter
  std::vector<Tensor> joined_;                    // gradients put together, when the norm is wanted first
  std::vector<Chunk> chunks_;
  std::vector<double> squares_;  // per chunk
  std::vector<char> bad_;        // per chunk
  std::int64_t steps_ = 0;
};

// Optimizers by name, with their parameters.
const Catalog<Optimizer>& optimizers();

}  // namespace gradus
