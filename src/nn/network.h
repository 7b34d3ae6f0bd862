#pragma once

#include "gradus/base/error.h"
#include "gradus/nn/module.h"

namespace gradus {

// Layers joined into one module: a list, or a graph whose nodes name their inputs.
class Network final : public Module {
 public:
  // The name of the network's own input in `from`.
  static constexpr const char* kInput = "input";

  Network() = default;
  // A list of layers, each fed by the one before.
  explicit Network(std::vector<std::unique_ptr<Module>> list);

  // Adds a layer; `name` "" gives type and ordinal ("linear2"), `from` {} the layer before. Throws Error{config} for a
  // name that is taken, an input that is not known yet, or no layer.
  Network& add(std::unique_ptr<Module> layer, std::string name = "", const std::vector<std::string>& from = {});

  std::string type() const override { return "network"; }
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  void build(const Shape& input, const BuildContext& context) override;
  // Builds from a seed: what a program of its own calls.
  void build(const Shape& input, std::uint64_t seed, Dtype dtype = Dtype::f32);
  // Throws Error{state} where a layer needs the parameters that build() makes.
  Tensor forward(const Tensor& x, const Context& context) override;
  // Where the last layer is a decoder: its network, and what it looks at, the result of the layers before it. Null, and
  // Error{state}, for other networks.
  Network* decoder() override;
  Tensor encode(const Tensor& x, const Context& context);
  // What products are computed in from now on: f32, or bf16, mixed precision, whose weights, sums, statistics and
  // results stay f32. Throws Error{state} where the processor has no bf16 (see has_bf16).
  void compute_in(Dtype dtype);
  Dtype computes_in() const { return compute_; }
  // Prediction: no dropout, running statistics, nothing recorded.
  Tensor operator()(const Tensor& x);
  // Makes prediction for examples of that shape faster, of few at a time most: convolutions keep their weights as their
  // kernels read them, with the batch norm after them. Parameters must not change meanwhile; build(), visit() and what
  // is made of it (parameters_of, load_state, training) end it, and so does compute_in().
  void freeze(const Shape& input, Dtype dtype = Dtype::f32);
  void thaw() override;
  void visit(const std::string& prefix, const Visitor& visitor) override;
  bool uses_batch_statistics() const override;
  bool shares_weights() const override;
  std::int64_t least_rows() const override;
  // Tells the layers that read the network's input how many symbols it holds.
  bool decide_symbols(std::int64_t count) override;
  bool decide_memory(std::int64_t features) override;
  // Gives the layers that decide the width of the network's result that width where it was left open. Between them and
  // the end stand only layers that keep the shape [width].
  bool decide_width(std::int64_t width) override;

  // One row of the table `gradus show model` prints.
  struct LayerRow {
    std::string name, type;
    Shape output;
    Cost cost;
  };
  std::vector<LayerRow> table(const Shape& input) const;

  std::size_t size() const { return nodes_.size(); }
  const Module& layer(std::size_t i) const { return *nodes_[i].module; }
  const std::string& layer_name(std::size_t i) const { return nodes_[i].name; }
  // What layer `i` is fed by: numbers of layers; -1 is the network's input.
  const std::vector<int>& inputs(std::size_t i) const { return nodes_[i].from; }
  // How often the result of a layer (-1: the input) is read; the last layer's is also read by the network's user.
  int readers(int node) const;

 private:
  struct Node {
    std::string name;
    std::unique_ptr<Module> module;
    std::vector<int> from;    // node numbers; -1 is the network's input
    bool fused = false;       // an activation that the layer before or after computes
    bool folded = false;      // a function of each channel that the layer before computes in prediction
    Module* folds = nullptr;  // the layer after it whose function it computes in prediction
    bool built = false;
  };
  Node* only_reader(int node);
  void require_layers() const;
  void join_layers();
  static bool is_skipped(const Node& node, const Context& context);
  static Error told_of(const Node& node, const Error& e);
  static Context context_of(const Node& node, const Context& context);
  std::vector<Shape> shapes(const Shape& input, std::vector<Cost>* costs) const;
  int find(const std::string& name) const;
  std::vector<Activation> activations_after() const;

  Tensor forward_node(Node& node, std::span<Tensor> inputs, const Context& context);
  Tensor forward_until(std::size_t end, const Tensor& x, const Context& context);
  Tensor forward_list(std::size_t end, const Tensor& x, const Context& context);
  Tensor forward_graph(std::size_t end, const Tensor& x, const Context& context);

  std::vector<Node> nodes_;
  bool is_frozen_ = false;
  bool is_list_ = true;  // each layer is fed by the one before alone
  Dtype compute_ = Dtype::f32;
};

// A network from a config's list of layer tables. A last linear layer without units takes `outputs` (0: it must say),
// see Network::decide_width.
// Each table has "type" and the layer's keys, and may have "name" and "from" (a name or a list of names).
std::unique_ptr<Network> make_network(const Value& layer_list, std::int64_t outputs, const std::string& place);

// Layers for networks written in C++: nn::linear(128), nn::relu() ...
namespace nn {
std::unique_ptr<Module> layer(const std::string& type, const Value& params = Value::table());
inline std::unique_ptr<Module> linear(std::int64_t units) {
  return layer("linear", Value(Value::Table{{"units", units}}));
}
inline std::unique_ptr<Module> relu() { return layer("relu"); }
inline std::unique_ptr<Module> sigmoid() { return layer("sigmoid"); }
inline std::unique_ptr<Module> tanh() { return layer("tanh"); }
inline std::unique_ptr<Module> flatten() { return layer("flatten"); }
inline std::unique_ptr<Module> batch_norm() { return layer("batch_norm"); }
inline std::unique_ptr<Module> dropout(double rate) { return layer("dropout", Value(Value::Table{{"rate", rate}})); }

// network(linear(128), relu(), linear(10))
template <class... L>
Network network(L... list) {
  Network n;
  (n.add(std::move(list)), ...);
  return n;
}
}  // namespace nn

}  // namespace gradus
