#include "gradus/nn/network.h"

#include <algorithm>

#include "gradus/tensor/profile.h"

namespace gradus {

Network::Network(std::vector<std::unique_ptr<Module>> list) {
  for (auto& layer : list) add(std::move(layer));
}

int Network::find(const std::string& name) const {
  if (name == kInput) return -1;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].name == name) return static_cast<int>(i);
  std::vector<std::string> known = {kInput};
  for (const Node& n : nodes_) known.push_back(n.name);
  std::string close = nearest(name, known);
  throw Error(ErrorKind::config, {"from", "the name of an earlier layer or \"input\"", "\"" + name + "\"",
                                  close.empty() ? "" : "did you mean \"" + close + "\"?"});
}

Network& Network::add(std::unique_ptr<Module> layer, std::string name, const std::vector<std::string>& from) {
  if (layer == nullptr) throw Error(ErrorKind::config, {"network", "a layer", "none (a null pointer)", ""});
  Node node;
  if (name.empty()) {
    int ordinal = 1;
    for (const Node& n : nodes_) ordinal += n.module->type() == layer->type();
    name = layer->type() + std::to_string(ordinal);
  }
  if (name == kInput || name.find_first_of(". ") != std::string::npos ||
      std::any_of(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.name == name; }))
    throw Error(ErrorKind::config, {"name", "a name of its own without dots or spaces", "\"" + name + "\"", ""});
  if (from.empty()) node.from.push_back(static_cast<int>(nodes_.size()) - 1);
  for (const std::string& f : from) node.from.push_back(find(f));
  if (node.from.size() > 1 && !layer->takes_several())
    throw Error(ErrorKind::config,
                {name, "one input", std::to_string(node.from.size()), "join them with an add or concatenate layer"});
  is_list_ = is_list_ && node.from.size() == 1 && node.from[0] == static_cast<int>(nodes_.size()) - 1;
  node.name = std::move(name);
  node.module = std::move(layer);
  nodes_.push_back(std::move(node));
  return *this;
}

int Network::readers(int node) const {
  int count = node == static_cast<int>(nodes_.size()) - 1;
  for (const Node& n : nodes_) count += static_cast<int>(std::count(n.from.begin(), n.from.end(), node));
  return count;
}

// The layer that alone reads a layer's result, where that is all it reads; null otherwise.
Network::Node* Network::only_reader(int node) {
  if (readers(node) != 1) return nullptr;
  auto reads = [node](const Node& n) { return n.from.size() == 1 && n.from[0] == node; };
  auto it = std::find_if(nodes_.begin(), nodes_.end(), reads);
  return it == nodes_.end() ? nullptr : &*it;
}

void Network::require_layers() const {
  if (nodes_.empty()) throw Error(ErrorKind::config, {"network", "at least one layer", "none", ""});
}

std::vector<Shape> Network::shapes(const Shape& input, std::vector<Cost>* costs) const {
  require_layers();
  check_size(input);
  std::vector<Shape> out;
  for (const Node& n : nodes_) {
    std::vector<Shape> in;
    for (int f : n.from) in.push_back(f < 0 ? input : out[f]);
    try {
      out.push_back(n.module->output_shape_of(in));
      check_size(out.back());
      if (costs != nullptr) costs->push_back(n.module->cost_of(in));
    } catch (const Error& e) {
      throw e.at(n.name);
    }
  }
  return out;
}

Shape Network::output_shape(const Shape& input) const { return shapes(input, nullptr).back(); }

Cost Network::cost(const Shape& input) const {
  std::vector<Cost> costs;
  shapes(input, &costs);
  Cost total;
  for (const Cost& c : costs) {
    total.parameters += c.parameters;
    total.multiply_adds += c.multiply_adds;
    total.activations += c.activations;
  }
  return total;
}

std::vector<Network::LayerRow> Network::table(const Shape& input) const {
  std::vector<Cost> costs;
  std::vector<Shape> out = shapes(input, &costs);
  std::vector<LayerRow> rows;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    rows.push_back({nodes_[i].name, nodes_[i].module->type(), out[i], costs[i]});
  return rows;
}

// For each layer the activation that its values come to, also through layers that keep them. Of several the last one;
// identity where there is none.
std::vector<Activation> Network::activations_after() const {
  std::vector<Activation> after(nodes_.size());
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const Node& reader = nodes_[i];
    if (reader.from[0] < 0) continue;
    const Activation* own = reader.module->as_activation();
    Activation met = reader.module->keeps_values() ? after[i] : own != nullptr ? *own : Activation{};
    Activation& before = after[static_cast<std::size_t>(reader.from[0])];
    if (before.kind == Activation::Kind::identity) before = met;
  }
  return after;
}

// Decides which layers compute what follows them as well.
void Network::join_layers() {
  for (Node& n : nodes_) {  // what an earlier build decided
    n.module->absorb({});
    n.module->absorb_before({});
    n.fused = n.folded = false;
    n.folds = nullptr;
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& n = nodes_[i];
    if (n.from.size() != 1) continue;
    Node* before = n.from[0] >= 0 && readers(n.from[0]) == 1 ? &nodes_[n.from[0]] : nullptr;
    if (const Activation* own = n.module->as_activation(); own != nullptr) {
      Node* reader = only_reader(static_cast<int>(i));
      n.fused = (reader != nullptr && reader->module->absorb_before(*own)) ||
                (before != nullptr && before->module->absorb(*own));
    } else if (before != nullptr && n.module->is_channel_map() && before->module->folds_channel_map()) {
      n.folded = true;
      before->folds = n.module.get();
    }
  }
}

void Network::build(const Shape& input, const BuildContext& context) {
  std::vector<Shape> out = shapes(input, nullptr);
  thaw();
  join_layers();
  std::vector<Activation> after = activations_after();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& n = nodes_[i];
    BuildContext own = context;
    own.key = context.key.in(n.name);
    own.next = after[i];
    n.module->build(n.from[0] < 0 ? input : out[n.from[0]], own);
    n.built = true;
  }
}

void Network::build(const Shape& input, std::uint64_t seed, Dtype dtype) {
  build(input, BuildContext{RandomKey{seed, 0, 0}.in("init"), dtype, {}});
}

// What went wrong in a layer's forward pass: one that was not built lacks its parameters.
Error Network::told_of(const Node& node, const Error& e) {
  if (node.built || e.kind() != ErrorKind::state) return e.at(node.name);
  return Error(ErrorKind::state, node.name, "the network is not built", "call build() first");
}

void Network::compute_in(Dtype dtype) {
  if (dtype == Dtype::bf16 && !has_bf16())
    throw Error(ErrorKind::state, "bf16", "this processor does not multiply it", "compute in f32");
  if (dtype != Dtype::f32 && dtype != Dtype::bf16)
    throw Error(ErrorKind::value, {"compute_in", "f32 or bf16", dtype_name(dtype), ""});
  thaw();
  compute_ = dtype;
}

// What a layer is given: where it holds others and is watched, they are known by its name as well.
Context Network::context_of(const Node& node, const Context& context) {
  return context.watch && !node.module->branches().empty() ? context.within(node.name + ".") : context;
}

Tensor Network::forward(const Tensor& x, const Context& context) {
  require_layers();
  if (!x.defined()) throw Error(ErrorKind::state, "network", "the input is undefined");
  if (context.freezing) is_frozen_ = true;
  return forward_until(nodes_.size(), x, context);
}

Network* Network::decoder() { return nodes_.empty() ? nullptr : nodes_.back().module->decoder(); }

Tensor Network::encode(const Tensor& x, const Context& context) {
  if (decoder() == nullptr)
    throw Error(ErrorKind::state, "network", "its last layer is no decoder", "end it with { type = \"decoder\", ... }");
  const std::size_t last = nodes_.size() - 1;
  if (nodes_[last].from[0] != static_cast<int>(last) - 1)
    throw Error(ErrorKind::state, "network", "its decoder does not read the layer before it", "leave out its from");
  return last == 0 ? x : forward_until(last, x, context);
}

// The result of the layer before `end`.
Tensor Network::forward_until(std::size_t end, const Tensor& x, const Context& context) {
  if (compute_ != context.compute && compute_ == Dtype::bf16 && x.dtype() != Dtype::f64) {
    Context mixed = context;
    mixed.compute = compute_;
    return cast(forward_until(end, x, mixed), Dtype::f32);
  }
  return is_list_ ? forward_list(end, x, context) : forward_graph(end, x, context);
}

namespace {

// In mixed precision: makes inputs of the type that a layer works on, several of one type.
void give_to(const Module& layer, std::span<Tensor> inputs) {
  using Takes = Module::Takes;
  auto is_bf16 = [](const Tensor& t) { return t.dtype() == Dtype::bf16; };
  bool either = layer.takes() == Takes::either;
  if (inputs[0].dtype() == Dtype::i32) return;  // symbols
  if (either && (inputs.size() == 1 || std::none_of(inputs.begin(), inputs.end(), is_bf16))) return;
  for (Tensor& t : inputs) t = cast(t, layer.takes() == Takes::f32 ? Dtype::f32 : Dtype::bf16);
}

}  // namespace

// Whether the layer before has computed this one.
bool Network::is_skipped(const Node& n, const Context& context) {
  return (n.fused && !context.watch) || (n.folded && context.predicts());
}

// A layer's result; in mixed precision its inputs are replaced by what it works on.
Tensor Network::forward_node(Node& n, std::span<Tensor> inputs, const Context& context) {
  Profile::Part part(n.name);
  if (context.compute == Dtype::bf16) give_to(*n.module, inputs);
  try {
    if (n.folds != nullptr && context.predicts()) return n.module->forward_folded(inputs[0], *n.folds, context);
    auto forward = [&](const Context& own) {
      return inputs.size() == 1 ? n.module->forward(inputs[0], own) : n.module->forward_of(inputs, own);
    };
    return context.watch ? forward(context_of(n, context)) : forward(context);
  } catch (const Error& e) {
    throw told_of(n, e);
  }
}

Tensor Network::forward_list(std::size_t end, const Tensor& x, const Context& context) {
  Tensor value = x;
  for (std::size_t i = 0; i < end; ++i) {
    Node& n = nodes_[i];
    if (is_skipped(n, context)) continue;
    value = forward_node(n, {&value, 1}, context);
    if (context.watch) context.watch(n.name, value);
  }
  return value;
}

// Each value is let go after its last reader, so buffers are reused along a deep network.
Tensor Network::forward_graph(std::size_t end, const Tensor& x, const Context& context) {
  std::vector<Tensor> values(end);
  std::vector<int> left(nodes_.size());
  for (const Node& n : nodes_)
    for (int f : n.from)
      if (f >= 0) ++left[f];
  std::vector<Tensor> in;
  for (std::size_t i = 0; i < end; ++i) {
    Node& n = nodes_[i];
    in.clear();
    for (int f : n.from) {
      in.push_back(f < 0 ? x : values[f]);
      if (f >= 0 && --left[f] == 0) values[f] = Tensor();
    }
    values[i] = is_skipped(n, context) ? in[0] : forward_node(n, in, context);
    if (context.watch) context.watch(n.name, values[i]);
  }
  return values.back();
}

Tensor Network::operator()(const Tensor& x) {
  NoGrad no_grad;
  return gather_shards(forward(x, Context{}));
}

void Network::freeze(const Shape& input, Dtype dtype) {
  NoGrad no_grad;
  Context context;
  context.freezing = true;
  forward(Tensor::zeros(input.inserted(0, 1), dtype), context);
}

void Network::thaw() {
  if (!is_frozen_) return;
  is_frozen_ = false;
  for (Node& n : nodes_) n.module->thaw();
}

// Parameters that are handed out may be changed.
void Network::visit(const std::string& prefix, const Visitor& visitor) {
  thaw();
  for (Node& n : nodes_) n.module->visit(prefix + n.name + ".", visitor);
}

bool Network::uses_batch_statistics() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const Node& n) { return n.module->uses_batch_statistics(); });
}

bool Network::shares_weights() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const Node& n) { return n.module->shares_weights(); });
}

std::int64_t Network::least_rows() const {
  std::int64_t rows = 1;
  for (const Node& n : nodes_) rows = std::max(rows, n.module->least_rows());
  return rows;
}

bool Network::decide_symbols(std::int64_t count) {
  bool decided = false;
  for (Node& n : nodes_)
    if (std::ranges::find(n.from, -1) != n.from.end()) decided |= n.module->decide_symbols(count);
  return decided;
}

bool Network::decide_memory(std::int64_t features) {
  bool looks = false;
  for (Node& n : nodes_) looks |= n.module->decide_memory(features);
  return looks;
}

bool Network::decide_width(std::int64_t width) {
  const Shape result{width};
  auto keeps_shape = [&](const Node& n) {
    try {
      return n.module->output_shape_of(std::vector<Shape>(n.from.size(), result)) == result;
    } catch (const Error&) {
      return false;
    }
  };
  std::vector<bool> decides(nodes_.size());
  if (!nodes_.empty()) decides.back() = true;
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const Node& n = nodes_[i];
    if (!decides[i] || n.module->decide_width(width) || !keeps_shape(n)) continue;
    for (int f : n.from)
      if (f >= 0) decides[static_cast<std::size_t>(f)] = true;
  }
  return true;
}

namespace {

std::vector<std::string> names_in(const Value* from, const std::string& place) {
  std::vector<std::string> names;
  if (from == nullptr) return names;
  if (from->is_string()) return {from->as_string()};
  for (const Value& v : from->as_array(place + ".from")) names.push_back(v.as_string(place + ".from"));
  return names;
}

}  // namespace

std::unique_ptr<Network> make_network(const Value& layer_list, std::int64_t outputs, const std::string& place) {
  auto network = std::make_unique<Network>();
  const Value::Array& list = layer_list.as_array(place);
  if (list.empty()) throw Error(ErrorKind::config, {place, "at least one layer", "an empty list", ""});
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::string here = place + "[" + std::to_string(i) + "]";
    Value table = list[i];
    if (table.is_string()) {
      table = Value::table();
      table.set("type", list[i]);
    }
    std::string name = table.find("name") != nullptr ? table.at("name").as_string(here + ".name") : "";
    auto module = layers().make(table, here);
    try {
      network->add(std::move(module), name, names_in(table.find("from"), here));
    } catch (const Error& e) {
      throw e.at(here);
    }
  }
  if (outputs > 0) network->decide_width(outputs);
  return network;
}

namespace nn {
std::unique_ptr<Module> layer(const std::string& type, const Value& params) {
  return layers().make(type, params, type);
}
}  // namespace nn

}  // namespace gradus
