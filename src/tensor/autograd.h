#pragma once

#include <initializer_list>
#include <new>
#include <type_traits>

#include "gradus/tensor/tensor.h"

namespace gradus {

class Gradients;

// Whether ops record what backward() needs: on unless a NoGrad lives on this thread.
bool recording();

// Switches recording off on this thread for its lifetime (prediction, evaluation).
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

inline constexpr int kMaxOutputs = 4;

class BackwardStep;

struct Node;
void destroy_pooled(Node* n);

// One recorded op: its inputs' nodes (or leaves) and the closure that turns gradients of outputs into gradients of
// inputs.
struct Node {
  struct Edge {
    Ref<Node> node;        // of a computed input
    Ref<TensorImpl> leaf;  // or the leaf itself
    std::uint8_t output = 0;
  };
  // What a gradient of an output must be like; only `rank` sizes are set, which is cheaper than a Shape.
  struct Output {
    explicit Output(const TensorImpl& of);
    bool fits(const TensorImpl& gradient) const;
    Dtype dtype;
    std::uint8_t rank;
    std::int64_t dims[kMaxRank];
  };
  std::uint64_t sequence = 0;
  std::uint64_t visited = 0;
  int inputs = 0;
  std::uint8_t outputs = 0;
  int account = 0;  // of the profile that ran when it was recorded
  Edge* edges = nullptr;
  Output* forms = nullptr;  // of the outputs
  Tensor grads[kMaxOutputs];
  bool consumed = false;

  // Bytes that connect() needs.
  static std::size_t room(std::size_t from, std::size_t to) { return from * sizeof(Edge) + to * sizeof(Output); }
  // Sets edges (in `memory`) to the inputs and makes the outputs results of this node.
  void connect(void* memory, std::initializer_list<const Tensor*> from, std::initializer_list<Tensor*> to);
  virtual void backward(BackwardStep& step) = 0;
  virtual void release_saved() = 0;
  virtual ~Node();
};

// What a backward closure sees.
class BackwardStep {
 public:
  BackwardStep(Node& node, Gradients& gradients, bool keeps_record)
      : node_(node), gradients_(gradients), keeps_record_(keeps_record) {}
  // Gradient of an output; undefined when that output did not matter.
  const Tensor& grad(int output = 0) const { return node_.grads[output]; }
  // The same, given away: whoever holds the only handle may write over it.
  Tensor take_grad(int output = 0) { return std::move(node_.grads[output]); }
  bool wants(int input) const { return node_.edges[input].node || node_.edges[input].leaf; }
  // Adds a gradient of an input; Error{shape} unless it has the input's shape and type.
  void add(int input, Tensor gradient);
  // Adds the gradient a^T b over all rows, a [.., m], b [.., n], of an input [m, n]. For a leaf it is kept as its
  // factors while they are small: the optimizer then multiplies it out piece by piece, and it is never in memory whole.
  void add_product(int input, Tensor a, Tensor b);
  // Whether it would keep them.
  bool keeps_factors(int input, const Tensor& b) const;
  // Whether the closure may run again, so that what it keeps must stay as it is.
  bool keeps_record() const { return keeps_record_; }

 private:
  Node& node_;
  Gradients& gradients_;
  bool keeps_record_;
};

// Gradients of a loss with respect to the leaves that require them, to be read: leaves may share one tensor, so copy()
// what you want to change. Some are kept as products of tensors of the pass, so read them before you change its inputs
// in place.
class Gradients {
 public:
  Gradients() = default;
  Gradients(Gradients&& other) noexcept;
  Gradients& operator=(Gradients&& other) noexcept;
  Gradients(const Gradients&) = delete;
  ~Gradients();

  // The gradient of `leaf`, undefined when the loss does not depend on it. Joined when it was sharded.
  Tensor operator[](const Tensor& leaf) const;

  // A gradient as backward() left it: a value, possibly one term per shard, or value^T factor over all rows, both whole
  // or both cut alike.
  struct Raw {
    Tensor value, factor;
    // Turns a product into its value.
    void multiply_out();
  };
  static constexpr std::int64_t kMostFactorColumns = 2048;
  // Null when the loss does not depend on `leaf`. Whoever holds it may bring it into another form.
  Raw* raw(const Tensor& leaf) const;
  std::size_t size() const { return count_; }

 private:
  friend class BackwardStep;
  friend Gradients backward(const Tensor&, const Tensor&, bool);
  struct Entry {
    Ref<TensorImpl> leaf;
    Raw gradient;
  };
  Raw& slot(TensorImpl* leaf);
  Entry* find(const TensorImpl* leaf) const;
  void grow();
  Entry* entries_ = nullptr;  // open addressing, `room_` a power of two
  std::size_t room_ = 0, count_ = 0;
};

// Gradients of `loss`, a one-element tensor, by reverse accumulation over the recorded ops. The record is used up
// unless keep_graph. Throws Error{state} for a loss that depends on no parameter or whose record is used up.
Gradients backward(const Tensor& loss, bool keep_graph = false);
// The same from any tensor, given the gradient with respect to it.
Gradients backward(const Tensor& output, const Tensor& output_gradient, bool keep_graph = false);

template <class F>
struct NodeOf final : Node {
  explicit NodeOf(F&& f) : closure(std::move(f)) {}
  ~NodeOf() override { release_saved(); }
  void backward(BackwardStep& step) override { closure(step); }
  void release_saved() override {
    if (!released) closure.~F();
    released = true;
  }
  union {
    F closure;
  };
  bool released = false;
};

inline bool any_requires_grad(std::initializer_list<const Tensor*> inputs) {
  if (!recording()) return false;
  for (const Tensor* t : inputs)
    if (t->defined() && t->requires_grad()) return true;
  return false;
}

// Makes `outputs` the results of an op on `inputs` whose gradients `closure(BackwardStep&)` computes. Nothing is
// recorded when no input requires a gradient. The closure may keep its inputs as they are, but of its outputs only
// detached copies (an output holds the node, so it would never be freed).
template <class F>
void record_all(std::initializer_list<Tensor*> outputs, std::initializer_list<const Tensor*> inputs, F&& closure) {
  if (!any_requires_grad(inputs)) return;
  using Recorded = NodeOf<std::decay_t<F>>;
  void* memory = pooled_memory(sizeof(Recorded) + Node::room(inputs.size(), outputs.size()));
  Node* node = new (memory) Recorded(std::forward<F>(closure));
  node->connect(static_cast<char*>(memory) + sizeof(Recorded), inputs, outputs);
}

template <class F>
void record(Tensor& output, std::initializer_list<const Tensor*> inputs, F&& closure) {
  record_all({&output}, inputs, std::forward<F>(closure));
}

}  // namespace gradus
