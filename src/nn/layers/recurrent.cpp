#include <cmath>

#include "gradus/nn/initializer.h"
#include "gradus/nn/module.h"
#include "gradus/nn/steps.h"

namespace gradus {
namespace {

struct RecurrentParams {
  std::int64_t units = 64;
  std::int64_t layers = 1;
  bool bidirectional = false;
  std::string output = "sequence";
  double dropout = 0, recurrent_dropout = 0;
  std::string initial_state = "zeros";
  bool bias = true;
  Value initializer, state_initializer = "orthogonal";
  void fields(Fields& f) {
    f("units", units, at_least(1), "numbers of the state, and of the result in each direction");
    f("layers", layers, at_least(1), "layers on top of each other, each fed by the states of the one below");
    f("bidirectional", bidirectional, "a second layer reads each sequence from its end; the results are joined");
    f("output", output, {"sequence", "last"}, "the state after each step, or after each sequence's last");
    f("dropout", dropout, from_to(0, 1), "share of the numbers zeroed between layers in training");
    f("recurrent_dropout", recurrent_dropout, from_to(0, 1),
      "share of the state's numbers that products do not see in training, the same at each step of a sequence");
    f("initial_state", initial_state, {"zeros", "learned", "encoder"},
      "the state before a sequence's first step; encoder: in a decoder, tanh(m w + b) of the mean m of what it looks "
      "at");
    f("bias", bias, "add a bias");
    f("initializer", initializer, "a name or a table", "initial weights of the input; left out: glorot_uniform");
    f("state_initializer", state_initializer, "a name or a table", "initial weights of the state, gate by gate");
  }
};

struct RnnParams : RecurrentParams {
  std::string activation = "tanh";
  void fields(Fields& f) {
    RecurrentParams::fields(f);
    f("activation", activation, {"tanh", "relu"}, "of the state");
  }
  RecurrentCell cell() const { return activation == "relu" ? RecurrentCell::rnn_relu : RecurrentCell::rnn_tanh; }
};

constexpr const char* kLongestMemory =
    "steps that the state should last at most: biases of the gate that keeps it, and against it of the one that lets "
    "in, "
    "begin at the logarithms of numbers drawn from 1 to this";

struct GruParams : RecurrentParams {
  std::string reset = "after";
  std::optional<std::int64_t> longest_memory;
  void fields(Fields& f) {
    RecurrentParams::fields(f);
    f("longest_memory", longest_memory, at_least(2), kLongestMemory);
    f("reset", reset, {"after", "before"},
      "whether the reset gate takes effect after the state's product, as in PyTorch, or before it");
  }
  RecurrentCell cell() const { return reset == "after" ? RecurrentCell::gru : RecurrentCell::gru_reset_before; }
};

struct LstmParams : RecurrentParams {
  double forget_bias = 1;
  std::optional<std::int64_t> longest_memory;
  void fields(Fields& f) {
    RecurrentParams::fields(f);
    f("longest_memory", longest_memory, at_least(2), kLongestMemory);
    f("forget_bias", forget_bias, any(), "initial bias of the forget gate: above 0 the cell remembers from the start");
  }
  static RecurrentCell cell() { return RecurrentCell::lstm; }
};

// What is particular to a kind of cell: blocks of weights and of bias, and what biases begin with.
struct CellForm {
  RecurrentCell cell;
  std::int64_t weight_blocks, bias_blocks;
  int keeping_block = -1, input_block = -1;  // of the gates that keep the state and let in
  double keeping_bias = 0;
  std::optional<std::int64_t> longest_memory = {};  // instead of keeping_bias (Tallec and Ollivier 2018)
};
CellForm form_of(const RnnParams& p) { return {p.cell(), 1, 1}; }
CellForm form_of(const GruParams& p) { return {p.cell(), 3, p.reset == "after" ? 4 : 3, 1, -1, 0, p.longest_memory}; }
CellForm form_of(const LstmParams& p) { return {p.cell(), 4, 4, 1, 0, p.forget_bias, p.longest_memory}; }

// One layer in one direction.
struct Direction {
  Parameter input, state, bias, h, c;
  Parameter h_weight, c_weight;  // initial states made of an encoder's result, h and c being added

  void visit(const std::string& prefix, const Module::Visitor& v) {
    if (!v.parameter) return;
    v.parameter(prefix + "weight", input);
    v.parameter(prefix + "state_weight", state);
    if (bias.value.defined()) v.parameter(prefix + "bias", bias);
    if (h.value.defined()) v.parameter(prefix + "initial_h", h);
    if (c.value.defined()) v.parameter(prefix + "initial_c", c);
    if (h_weight.value.defined()) v.parameter(prefix + "initial_h_weight", h_weight);
    if (c_weight.value.defined()) v.parameter(prefix + "initial_c_weight", c_weight);
  }
};

// Sequences [time, in] -> [time, units], or [units] after the last step; of both directions [.., 2 units].
class RecurrentLayer : public Module {
 public:
  RecurrentLayer(const RecurrentParams& p, const CellForm& form, const std::string& place) : params_(p), form_(form) {
    make_initializer(params_.initializer, {}, place + ".initializer");
    make_initializer(params_.state_initializer, {}, place + ".state_initializer");
    if (form_.longest_memory && !params_.bias)
      throw Error(ErrorKind::config, {place + ".longest_memory", "a layer with biases, which it sets", "bias = false",
                                      "leave out one of the two"});
  }
  Takes takes() const override { return Takes::bf16; }
  bool shares_weights() const override { return true; }
  // More where the weights do not stay in a core's cache: each step reads all of them.
  std::int64_t least_rows() const override {
    return form_.weight_blocks * params_.units * params_.units > 1 << 19 ? 32 : 16;
  }

  Shape output_shape(const Shape& input) const override {
    check_input(input);
    return params_.output == "last" ? Shape{width()} : Shape{input[0], width()};
  }
  Cost cost(const Shape& input) const override {
    check_input(input);
    Cost c;
    for (std::int64_t l = 0; l < params_.layers; ++l) {
      const std::int64_t in = l == 0 ? input[1] : width(), u = params_.units,
                         weights = form_.weight_blocks * u * (in + u),
                         states = (has_cells() ? 2 : 1) * u * learned_rows();
      c.parameters += directions() * (weights + (params_.bias ? form_.bias_blocks * u : 0) + states);
      c.multiply_adds += directions() * input[0] * weights;
      c.activations += directions() * input[0] * (in + (form_.bias_blocks + 3) * u);
    }
    return c;
  }

  void build(const Shape& input, const BuildContext& context) override {
    check_input(input);
    stream_ = context.key.stream;
    layers_.assign(static_cast<std::size_t>(params_.layers * directions()), {});
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      BuildContext own = context;
      if (i > 0) own.key = context.key.in(name_of(i));
      build_direction(layers_[i], i < static_cast<std::size_t>(directions()) ? input[1] : width(), own);
    }
  }

  Tensor forward(const Tensor& x, const Context& context) override {
    Tensor below = x, last;
    for (std::int64_t l = 0; l < params_.layers; ++l) {
      if (l > 0) below = dropped(below, context, static_cast<int>(l));
      RecurrentResult r[2];
      for (int d = 0; d < directions(); ++d) r[d] = run(below, context, l * directions() + d);
      below = params_.bidirectional ? concatenate({r[0].y, r[1].y}, 2) : r[0].y;
      last = params_.bidirectional ? concatenate({r[0].h, r[1].h}, 1) : r[0].h;
    }
    return params_.output == "last" ? last : below;
  }

  bool decide_memory(std::int64_t features) override {
    memory_ = features;
    return params_.initial_state == "encoder";
  }

  void visit(const std::string& prefix, const Visitor& v) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i].visit(prefix + name_of(i), v);
  }

 private:
  int directions() const { return params_.bidirectional ? 2 : 1; }
  std::int64_t width() const { return params_.units * directions(); }
  bool has_cells() const { return form_.cell == RecurrentCell::lstm; }
  bool is_reverse(std::size_t i) const { return params_.bidirectional && i % 2 == 1; }

  // Rows of learned numbers for each initial state.
  std::int64_t learned_rows() const {
    if (params_.initial_state != "encoder") return params_.initial_state == "learned" ? 1 : 0;
    if (memory_ == 0)
      throw Error(ErrorKind::config, type() + ".initial_state", "there is no encoder",
                  "put the layer into a decoder's layers, or leave initial_state out");
    return memory_ + 1;
  }

  // "" for the first, then "reverse.", "layer2.", "layer2.reverse." ...
  std::string name_of(std::size_t i) const {
    const std::size_t layer = i / static_cast<std::size_t>(directions());
    return (layer > 0 ? "layer" + std::to_string(layer + 1) + "." : "") + (is_reverse(i) ? "reverse." : "");
  }

  void check_input(const Shape& input) const {
    if (input.rank() != 2 || input.size() < 1)
      throw Error(ErrorKind::shape,
                  {type(), "an input [batch, time, features]", "examples of shape " + input.text(),
                   input.rank() == 1 ? "put an embedding layer before it where inputs are symbols" : ""});
  }

  void build_direction(Direction& d, std::int64_t in, const BuildContext& context) const {
    const std::int64_t u = params_.units, columns = form_.weight_blocks * u;
    auto make = [&](const Value& initializer, const Shape& shape, std::int64_t fan, const std::string& name) {
      return make_initializer(initializer, {}, type())->make(shape, fan, u, context.key.in(name), context.dtype);
    };
    d.input.value = make(params_.initializer, {in, columns}, in, "weight").set_requires_grad();
    std::vector<Tensor> blocks;
    for (std::int64_t b = 0; b < form_.weight_blocks; ++b)
      blocks.push_back(make(params_.state_initializer, {u, u}, u, "state_weight" + std::to_string(b)));
    d.state.value = concatenate(blocks, 1).copy().set_requires_grad();
    d.bias.penalized = d.h.penalized = d.c.penalized = false;
    if (params_.bias) d.bias.value = first_bias(context).set_requires_grad();
    if (params_.initial_state == "zeros") return;
    d.h.value = Tensor::zeros({u}, context.dtype).set_requires_grad();
    if (has_cells()) d.c.value = Tensor::zeros({u}, context.dtype).set_requires_grad();
    if (params_.initial_state != "encoder") return;
    d.h_weight.value = make(params_.initializer, {memory_, u}, memory_, "initial_h_weight").set_requires_grad();
    if (has_cells())
      d.c_weight.value = make(params_.initializer, {memory_, u}, memory_, "initial_c_weight").set_requires_grad();
  }

  Tensor first_bias(const BuildContext& context) const {
    const std::int64_t u = params_.units;
    Tensor zeros = Tensor::zeros({u}, context.dtype), keeping = Tensor::full({u}, form_.keeping_bias, context.dtype),
           input = zeros;
    if (form_.longest_memory) {
      keeping = log(Tensor::uniform({u}, 1, static_cast<double>(*form_.longest_memory),
                                    context.key.in("longest_memory"), context.dtype));
      input = neg(keeping);
    }
    std::vector<Tensor> blocks;
    for (std::int64_t b = 0; b < form_.bias_blocks; ++b)
      blocks.push_back(b == form_.keeping_block ? keeping : b == form_.input_block ? input : zeros);
    return concatenate(blocks, 0).copy();
  }

  Tensor dropped(const Tensor& x, const Context& context, int layer) const {
    if (!context.training || params_.dropout == 0) return x;
    return dropout(x, params_.dropout, key_of("dropout", layer, context));
  }
  RandomKey key_of(const char* what, int number, const Context& context) const {
    return RandomKey{context.key.seed, stream_, context.key.step}.in(what + std::to_string(number));
  }

  // The state a direction begins with: the one carried over, or the learned one, or undefined for zeros.
  Tensor begin(const Tensor& x, const Context& context, Tensor* carried, const Tensor& learned,
               const Tensor& weight) const {
    if (carried != nullptr && carried->defined()) {
      if (carried->dim(0) != x.dim(0))
        throw Error(ErrorKind::state, {type(), std::to_string(carried->dim(0)) + " sequences, as in the batch before",
                                       std::to_string(x.dim(0)), "clear the carried states first"});
      return *carried;
    }
    if (weight.defined()) return linear(mean_of(context), weight, learned, {Activation::Kind::tanh});
    return learned.defined() ? broadcast_to(learned, {x.dim(0), params_.units}) : Tensor();
  }

  // Of what a decoder looks at, over the steps that each sequence has.
  Tensor mean_of(const Context& context) const {
    if (!context.memory.defined())
      throw Error(ErrorKind::state, type(), "has no encoder's result to begin with",
                  "put the layer into a decoder's layers");
    const Tensor& memory = context.memory;
    return mean_of_steps(memory.dtype() == Dtype::bf16 ? cast(memory, Dtype::f32) : memory, context.memory_lengths);
  }

  RecurrentResult run(const Tensor& x, const Context& context, std::int64_t number) const {
    const auto i = static_cast<std::size_t>(number);
    const Direction& d = layers_.at(i);
    RecurrentOptions options{form_.cell, is_reverse(i), context.lengths, {}};
    if (context.training && params_.recurrent_dropout > 0)
      options.mask = dropout(Tensor::ones({x.dim(0), params_.units}, d.input.value.dtype()), params_.recurrent_dropout,
                             key_of("recurrent_dropout", static_cast<int>(number), context));
    // What comes before a sequence's end is no past of it.
    const bool carries = context.states != nullptr && !is_reverse(i);
    Tensor* h = carries ? &context.states->of(stream_, 2 * static_cast<int>(number)) : nullptr;
    Tensor* c = carries && has_cells() ? &context.states->of(stream_, 2 * static_cast<int>(number) + 1) : nullptr;
    RecurrentResult r = recurrent(
        x, {d.input.value, d.state.value, d.bias.value},
        {begin(x, context, h, d.h.value, d.h_weight.value), begin(x, context, c, d.c.value, d.c_weight.value)},
        options);
    if (h != nullptr) *h = r.h.detach();
    if (c != nullptr) *c = r.c.detach();
    return r;
  }

  RecurrentParams params_;
  CellForm form_;
  std::uint32_t stream_ = 0;
  std::int64_t memory_ = 0;        // features of what a decoder looks at; 0 outside of one
  std::vector<Direction> layers_;  // of each layer one or both directions
};

template <class P>
class LayerOf final : public RecurrentLayer {
 public:
  using Params = P;
  LayerOf(const P& p, const std::string& place)
      : RecurrentLayer(static_cast<const RecurrentParams&>(p), form_of(p), place) {}
  std::string type() const override { return kName; }

 private:
  static constexpr const char* kName = std::is_same_v<P, RnnParams>   ? "rnn"
                                       : std::is_same_v<P, GruParams> ? "gru"
                                                                      : "lstm";
};

}  // namespace

void register_recurrent(Catalog<Module>& catalog) {
  catalog.add<LayerOf<RnnParams>>("rnn", "A state that each step makes of the input and of the state before it.",
                                  "Elman, Finding structure in time, Cognitive Science 1990");
  catalog.add<LayerOf<GruParams>>("gru", "A recurrent layer whose gates decide what of the state is kept.",
                                  "Cho et al., Learning phrase representations using RNN encoder-decoder, EMNLP 2014");
  catalog.add<LayerOf<LstmParams>>("lstm", "A recurrent layer with cells that keep what gates let in.",
                                   "Hochreiter, Schmidhuber, Long short-term memory, Neural Computation 1997");
}

}  // namespace gradus
