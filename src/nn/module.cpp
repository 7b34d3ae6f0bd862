#include "gradus/nn/module.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "gradus/base/error.h"

namespace gradus {

namespace {

constexpr const char* kStatePrefix = "state.";

}  // namespace

void CarriedStates::select(const std::vector<std::int32_t>& sequences) {
  NoGrad no_grad;
  Tensor index = Tensor::from(sequences, {static_cast<std::int64_t>(sequences.size())});
  for (auto& [key, state] : states_)
    if (state.defined()) state = gradus::take(gather_shards(state), index);
}

std::vector<std::pair<std::string, Tensor>> CarriedStates::named() const {
  std::vector<std::pair<std::string, Tensor>> all;
  for (const auto& [key, state] : states_)
    if (state.defined())
      all.emplace_back(kStatePrefix + std::to_string(key.first) + "." + std::to_string(key.second),
                       gather_shards(state));
  return all;
}

void CarriedStates::take(const std::vector<std::pair<std::string, Tensor>>& named) {
  states_.clear();
  for (const auto& [name, state] : named) {
    std::uint32_t stream = 0;
    int number = 0, end = 0;
    if (std::sscanf(name.c_str(), "state.%u.%d%n", &stream, &number, &end) != 2 || end != static_cast<int>(name.size()))
      throw Error(ErrorKind::data, {"carried states", "names state.LAYER.NUMBER", "\"" + name + "\"", ""});
    of(stream, number) = state;
  }
}

Context Context::within(const std::string& prefix) const {
  Context inner = *this;
  if (watch)
    inner.watch = [prefix, outer = watch](const std::string& name, const Tensor& t) { outer(prefix + name, t); };
  return inner;
}

bool Context::predicts() const { return !training && !watch && !recording(); }

std::int64_t Cost::step_bytes(std::int64_t batch) const {
  double bytes =
      16 * static_cast<double>(parameters) + 8 * static_cast<double>(batch) * static_cast<double>(activations);
  return bytes < 0x1p63 ? static_cast<std::int64_t>(bytes) : std::numeric_limits<std::int64_t>::max();
}
namespace {

template <class T>
const T& only(std::span<const T> inputs, const std::string& type) {
  if (inputs.size() != 1)
    throw Error(ErrorKind::shape,
                {type, "one input", std::to_string(inputs.size()), "join them with add or concatenate"});
  return inputs[0];
}

}  // namespace

void Module::build(const Shape&, const BuildContext&) {}
Shape Module::output_shape_of(std::span<const Shape> inputs) const { return output_shape(only(inputs, type())); }
Cost Module::cost_of(std::span<const Shape> inputs) const { return cost(only(inputs, type())); }
Tensor Module::forward_of(std::span<const Tensor> inputs, const Context& context) {
  return forward(only(inputs, type()), context);
}
void Module::visit(const std::string&, const Visitor&) {}
ChannelMap Module::channel_map() const { throw Error(ErrorKind::state, type(), "it is no function of each channel"); }
Tensor Module::forward_folded(const Tensor&, const Module&, const Context&) {
  throw Error(ErrorKind::state, type(), "it folds no function of each channel");
}

void check_size(const Shape& example) {
  double size = 1;
  for (std::int64_t d : example) size *= static_cast<double>(std::max<std::int64_t>(d, 1));
  if (size > 0x1p40) throw Error(ErrorKind::shape, {"", "at most 2^40 elements for each example", example.text(), ""});
}

std::vector<Parameter> parameters_of(Module& module) {
  std::vector<Parameter> all;
  module.visit("", {[&](const std::string& name, Parameter& p) { all.push_back({name, p.value, p.penalized}); }, {}});
  return all;
}

std::vector<std::pair<std::string, Tensor>> state_of(Module& module) {
  std::vector<std::pair<std::string, Tensor>> all;
  module.visit("", {[&](const std::string& name, Parameter& p) { all.emplace_back(name, p.value); },
                    [&](const std::string& name, Tensor& t) { all.emplace_back(name, t); }});
  return all;
}

namespace {

void copy_values(const Tensor& from, Tensor& to) {
  if (to.dtype() == Dtype::f64)
    std::memcpy(to.mutable_data<double>(), from.data<double>(), to.size() * sizeof(double));
  else
    std::memcpy(to.mutable_data<float>(), from.data<float>(), to.size() * sizeof(float));
}

}  // namespace

void load_state(Module& module, const std::vector<std::pair<std::string, Tensor>>& state) {
  auto mine = state_of(module);
  if (mine.size() != state.size())
    throw Error(ErrorKind::data, {"model", std::to_string(mine.size()) + " tensors", std::to_string(state.size()),
                                  "the file is of another model"});
  auto kind = [](const Tensor& t) { return std::string(dtype_name(t.dtype())) + " " + t.shape().text(); };
  for (auto& [name, tensor] : mine) {
    const Tensor* found = nullptr;
    for (const auto& [n, t] : state)
      if (n == name) found = &t;
    if (found == nullptr || found->shape() != tensor.shape() || found->dtype() != tensor.dtype())
      throw Error(ErrorKind::data, {"model", name + " " + kind(tensor), found == nullptr ? "none" : kind(*found),
                                    "the file is of another model"});
    copy_values(*found, tensor);
  }
}

void register_layers(Catalog<Module>& catalog);

const Catalog<Module>& layers() {
  static const Catalog<Module> catalog = [] {
    Catalog<Module> c("layer");
    register_layers(c);
    return c;
  }();
  return catalog;
}

}  // namespace gradus
