#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/catalog.h"
#include "gradus/base/random.h"
#include "gradus/optim/optimizer.h"
#include "gradus/tensor/ops.h"

namespace gradus {

// What recurrent layers hand from one batch to the next, by layer: the state at the end of each sequence. Empty before
// the first batch.
class CarriedStates {
 public:
  // The state `number` of the layer whose key has that stream; undefined where there is none yet.
  Tensor& of(std::uint32_t stream, int number) { return states_[{stream, number}]; }
  void clear() { states_.clear(); }
  // Goes on with these sequences alone, in this order; one may come several times.
  void select(const std::vector<std::int32_t>& sequences);
  // For checkpoints: all states by name, and back; Error{data} for names that are none.
  std::vector<std::pair<std::string, Tensor>> named() const;
  void take(const std::vector<std::pair<std::string, Tensor>>& named);

 private:
  std::map<std::pair<std::uint32_t, int>, Tensor> states_;
};

// What a forward pass knows besides its input.
struct Context {
  bool training = false;
  RandomKey key;               // of this step; layers draw from key.in(own name)
  Dtype compute = Dtype::f32;  // bf16: mixed precision, see Module::takes
  Tensor lengths;  // i32 [n], the steps of each sequence of inputs [n, time, ...]; undefined where all fill their time

  CarriedStates* states = nullptr;  // recurrent layers begin with them and leave theirs

  // What a decoder reads: i32 [n, steps], of each target the symbols before each of its own; and how many these are, as
  // `lengths`.
  Tensor shown, shown_lengths;
  // What a decoder's layers look at: the result [n, time, features] of the layers before it, with its `lengths`.
  Tensor memory, memory_lengths;

  // When set, called with what each attention layer looked at: weights [n, heads, steps, time], 0 on padding.
  std::function<void(const Tensor&)> looked;

  // When set, called with each layer's name and output; fused activations are then computed on their own. Layers of a
  // branch have the names of what holds them in front: "residual1.branch.conv2d1".
  std::function<void(const std::string&, const Tensor&)> watch;

  // In prediction: layers keep what they make of their parameters for inputs like these, until thaw().
  bool freezing = false;

  // Whether results are all that is asked for: not in training, unwatched, and nothing is recorded.
  bool predicts() const;
  // The same for what is inside a layer: the names it is watched by begin with `prefix`.
  Context within(const std::string& prefix) const;
};

// What a layer costs for one example.
struct Cost {
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;  // of the forward pass
  std::int64_t activations = 0;    // elements kept for the backward pass

  // Memory of a training step in bytes: weights, gradients and two optimizer states; activations and their gradients.
  // Absurd layers stop at the largest integer.
  std::int64_t step_bytes(std::int64_t batch) const;
};

// What a layer is told when its parameters are made.
struct BuildContext {
  RandomKey key;  // of this layer
  Dtype dtype = Dtype::f32;
  Activation next;  // what follows it, for the default initialiser
};

class Network;

// A layer or a network: a function of tensors with parameters. Shapes are of one example; tensors carry the batch in
// front. Throws Error{shape} for inputs that do not fit.
class Module {
 public:
  virtual ~Module() = default;

  // The catalog's name of this kind of layer.
  virtual std::string type() const = 0;
  // Shape of the result for an input of that shape, without allocating anything.
  virtual Shape output_shape(const Shape& input) const = 0;
  virtual Cost cost(const Shape& input) const = 0;
  // Makes the parameters for inputs of that shape; building again starts afresh.
  virtual void build(const Shape& input, const BuildContext& context);
  virtual Tensor forward(const Tensor& x, const Context& context) = 0;

  // Modules with several inputs (add, concatenate) take them here; the others exactly one.
  virtual Shape output_shape_of(std::span<const Shape> inputs) const;
  virtual Cost cost_of(std::span<const Shape> inputs) const;
  virtual Tensor forward_of(std::span<const Tensor> inputs, const Context& context);
  virtual bool takes_several() const { return false; }

  // Gives a layer that sets the width of its result that width where its config left it open; whether this is such a
  // layer.
  virtual bool decide_width(std::int64_t) { return false; }
  // The same with how many different symbols inputs hold, for layers that have a row of weights for each.
  virtual bool decide_symbols(std::int64_t) { return false; }
  // Tells the layers of a decoder how many features Context::memory has; whether this layer looks at it.
  virtual bool decide_memory(std::int64_t) { return false; }
  // Whether weights are used at many places of each example, as a convolution's are: few examples keep a core busy.
  virtual bool shares_weights() const { return false; }
  // Examples that a shard has at least: a step of a sequence is one product over them.
  virtual std::int64_t least_rows() const { return 1; }
  // The network that reads Context::shown, where the layer is a decoder.
  virtual Network* decoder() { return nullptr; }
  // Whether training computes statistics over the batch, which needs more than one example.
  virtual bool uses_batch_statistics() const { return false; }

  // Calls parameter(name, p) for what training changes, and buffer(name, t) for other state kept with the model
  // (running statistics), in a fixed order.
  struct Visitor {
    std::function<void(const std::string&, Parameter&)> parameter;
    std::function<void(const std::string&, Tensor&)> buffer;
  };
  virtual void visit(const std::string& prefix, const Visitor& visitor);

  // What a layer is given in mixed precision: bf16 where it multiplies by weights, either type where it only moves
  // values or its ops have loops for both, f32 otherwise. Parameters are f32 always.
  enum class Takes { f32, bf16, either };
  virtual Takes takes() const { return Takes::f32; }

  // Whether the result is made of the input's own values, moved or in training dropped: none changes its sign.
  virtual bool keeps_values() const { return false; }
  // The networks inside, such as a residual's branch.
  virtual std::vector<const Network*> branches() const { return {}; }

  // The function this layer is, when it is a plain activation that a layer before it may compute in its own pass.
  virtual const Activation* as_activation() const { return nullptr; }
  // Takes over the activation after it; returns false when it cannot.
  virtual bool absorb(const Activation&) { return false; }
  // The same with the activation before it, where that gives the same result from less work.
  virtual bool absorb_before(const Activation&) { return false; }

  // Whether in prediction the layer is a function of each channel alone, and that function.
  virtual bool is_channel_map() const { return false; }
  virtual ChannelMap channel_map() const;
  // Whether in prediction the layer can do such a function to its result within its own weights, and both in one.
  virtual bool folds_channel_map() const { return false; }
  virtual Tensor forward_folded(const Tensor& x, const Module& after, const Context& context);
  // Lets go of what a forward pass with Context::freezing kept.
  virtual void thaw() {}
};

// Refuses shapes of one example with more elements than 2^40, whose number could overflow further on (Error{shape}).
void check_size(const Shape& example);

// Layers by name.
const Catalog<Module>& layers();

// All parameters, named, sharing their tensors with the module.
std::vector<Parameter> parameters_of(Module& module);
// All parameters and buffers by name, sharing their tensors with the module.
std::vector<std::pair<std::string, Tensor>> state_of(Module& module);
// Copies values into the module's state; names, shapes and types must match (Error{data}).
void load_state(Module& module, const std::vector<std::pair<std::string, Tensor>>& state);

}  // namespace gradus
