#include "../tensor/oracle.h"
#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"

// Layers, small networks and losses against PyTorch's values and gradients.
namespace gradus {
namespace {

// PyTorch's names of a layer's parameters and buffers in ours.
std::string ours(const std::string& name) {
  static const std::map<std::string, std::string> names = {
      {"scale", "gain"}, {"shift", "bias"}, {"running_var", "running_variance"}};
  auto it = names.find(name);
  return it == names.end() ? name : it->second;
}

Value::Table params_of(const Case& c) {
  Value::Table p;
  auto copy = [&](const char* from, const char* to) {
    if (c.params.find(from) != nullptr) p.emplace_back(to, c.params.at(from));
  };
  if (c.op == "linear") {
    copy("bias", "bias");
    p.emplace_back("units", c.inputs.at("weight").shape[1]);
  }
  copy("momentum", "momentum");
  copy("running_statistics", "running_statistics");
  copy("eps", "epsilon");
  copy("slope", "slope");
  copy("alpha", "alpha");
  if (c.op == "prelu") p.emplace_back("per_channel", c.inputs.at("slope").shape[0] > 1);
  return p;
}

// Gives the module's state the case's values; `name_of` tells the case's name of each.
void set_state(Module& m, const Case& c, Dtype dtype, const std::function<std::string(const std::string&)>& name_of) {
  auto state = state_of(m);
  for (auto& [name, t] : state)
    if (c.inputs.count(name_of(name)) != 0) t = tensor_of(c.inputs.at(name_of(name)), dtype);
  load_state(m, state);
}

Context training() {
  Context c;
  c.training = true;
  return c;
}

bool is_layer(const Case& c) {
  if (c.op == "network" || c.op == "residual" || c.op == "batch_norm_running") return false;
  return !(c.op == "layer_norm" && (c.inputs.count("scale") == 0 || c.params.at("axes").as_integer() != 1));
}

void run_layer(const Case& c, Dtype dtype, int shards, double tolerance) {
  SCOPED_TRACE(c.name + " in " + std::to_string(shards));
  auto layer = layers().make(c.op, Value(params_of(c)), c.op);
  Tensor x = tensor_of(c.inputs.at("x"), dtype).set_requires_grad();
  layer->build(x.shape().without(0), {RandomKey{1, 0, 0}, dtype, {}});
  auto name_of = [&](const std::string& n) {
    for (const std::string& theirs : c.input_names)
      if (theirs != "x" && ours(theirs) == n) return theirs;
    return std::string();
  };
  set_state(*layer, c, dtype, name_of);
  Context context;
  context.training = c.params.find("training") != nullptr && c.params.at("training").as_bool();
  Tensor y = layer->forward(shard(x, shards), context);
  expect_close(y, c.outputs.at("y"), tolerance, c.name);
  Gradients g = backward(y, tensor_of(c.grad_outputs.at("y"), dtype));
  expect_close(g[x], c.grads.at("x"), tolerance, c.name + " gradient of x");
  for (const Parameter& p : parameters_of(*layer))
    expect_close(g[p.value], c.grads.at(name_of(p.name)), tolerance, c.name + " gradient of " + p.name);
  for (const auto& [name, t] : state_of(*layer))
    if (c.outputs.count(name_of(name)) != 0)
      expect_close(t, c.outputs.at(name_of(name)), tolerance, c.name + " " + name);
}

TEST(Oracle, Layers) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/layers.json")) {
    if (!is_layer(c)) continue;
    // A constant channel multiplies rounding by 1 / sqrt(epsilon); far from zero it is that of the values themselves.
    bool hard = c.name.find("far_from_zero") != std::string::npos || c.name.find("constant") != std::string::npos;
    for (int s : {1, 2, 3}) run_layer(c, Dtype::f64, s, hard ? 1e-9 : 1e-12);
    run_layer(c, Dtype::f32, 1, hard ? 2e-3 : 1e-5);
    ++ran;
  }
  EXPECT_GE(ran, 36);
}

TEST(Oracle, RunningStatisticsOfThreeBatches) {
  for (const Case& c : read_cases(TEST_DATA "/oracles/layers.json")) {
    if (c.op != "batch_norm_running") continue;
    auto layer = layers().make("batch_norm", Value::table(), "batch_norm");
    layer->build({3}, {RandomKey{1, 0, 0}, Dtype::f64, {}});
    for (const char* x : {"x0", "x1", "x2"})
      layer->forward(shard(tensor_of(c.inputs.at(x), Dtype::f64), 2), training());
    auto state = state_of(*layer);
    EXPECT_EQ(state[2].first, "running_mean");
    expect_close(state[2].second, c.outputs.at("running_mean"), 1e-12, "mean");
    expect_close(state[3].second, c.outputs.at("running_var"), 1e-12, "variance");
  }
}

Network network_of(const Case& c) {
  auto units = [&](const char* weight) { return c.inputs.at(weight).shape[1]; };
  if (c.name == "mlp_classifier")
    return nn::network(nn::linear(units("weight1")), nn::relu(), nn::linear(units("weight2")), nn::tanh(),
                       nn::linear(units("weight3")));
  if (c.name == "mlp_4_3_1")
    return nn::network(nn::linear(units("weight1")), nn::sigmoid(), nn::linear(units("weight2")), nn::sigmoid());
  if (c.name == "mlp_batch_norm")
    return nn::network(nn::linear(units("weight1")), nn::batch_norm(), nn::layer("gelu"), nn::linear(units("weight2")));
  Value::Array branch = {Value(Value::Table{{"type", "linear"}, {"units", units("weight1")}}),
                         Value(Value::Table{{"type", "relu"}}),
                         Value(Value::Table{{"type", "linear"}, {"units", units("weight2")}})};
  return nn::network(nn::layer("residual", Value(Value::Table{{"layers", Value(branch)}})));
}

// "residual1.branch.linear2.weight" -> "weight2"; "batch_norm1.gain" -> "scale".
std::string case_name(const std::string& ours_name) {
  std::size_t dot = ours_name.rfind('.'), start = ours_name.rfind('.', dot - 1);
  std::string layer =
      ours_name.substr(start == std::string::npos ? 0 : start + 1, dot - (start == std::string::npos ? 0 : start + 1));
  std::string what = ours_name.substr(dot + 1);
  if (layer.rfind("linear", 0) == 0) return what + layer.substr(6);
  return what == "gain" ? "scale" : what == "bias" ? "shift" : what;
}

void run_network(const Case& c, Dtype dtype, int shards, double tolerance, bool watched) {
  SCOPED_TRACE(c.name + " in " + std::to_string(shards) + (watched ? " watched" : ""));
  Network n = network_of(c);
  Tensor x = tensor_of(c.inputs.at("x"), dtype);
  if (c.grads.count("x") != 0) x.set_requires_grad();
  n.build(x.shape().without(0), 1, dtype);
  set_state(n, c, dtype, case_name);
  Context context = training();
  if (watched) context.watch = [](const std::string&, const Tensor&) {};
  Tensor y = n.forward(shard(x, shards), context), loss = y;
  if (c.outputs.count("y") != 0) {
    expect_close(y, c.outputs.at("y"), tolerance, c.name);
  } else {
    bool classes = c.outputs.count("logits") != 0;
    expect_close(y, c.outputs.at(classes ? "logits" : "prediction"), tolerance, c.name);
    Tensor target = tensor_of(c.inputs.at("target"), classes ? Dtype::i32 : dtype);
    loss = (*make_loss(classes ? "cross_entropy" : "mse", "loss"))(y, shard(target, shards));
    expect_close(loss, c.outputs.at("loss"), tolerance, c.name + " loss");
  }
  Gradients g = c.outputs.count("y") != 0 ? backward(y, tensor_of(c.grad_outputs.at("y"), dtype)) : backward(loss);
  for (const Parameter& p : parameters_of(n))
    expect_close(g[p.value], c.grads.at(case_name(p.name)), tolerance, c.name + " gradient of " + p.name);
  if (c.grads.count("x") != 0) expect_close(g[x], c.grads.at("x"), tolerance, c.name + " gradient of x");
}

TEST(Oracle, Networks) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/layers.json")) {
    if (c.op != "network" && c.op != "residual") continue;
    for (bool watched : {false, true}) {
      for (int s : {1, 2, 4}) run_network(c, Dtype::f64, s, 1e-12, watched);
      run_network(c, Dtype::f32, 1, 2e-5, watched);
    }
    ++ran;
  }
  EXPECT_EQ(ran, 4);
}

std::string loss_type(const Case& c) { return c.op == "hinge_binary" || c.op == "hinge_multi_class" ? "hinge" : c.op; }

// Other conventions than ours are in the file too.
bool is_ours(const Case& c) {
  const Value* convention = c.params.find("convention");
  return convention == nullptr || convention->as_string() == "sum_over_classes";
}

Value loss_config(const Case& c) {
  Value config(Value::Table{{"type", loss_type(c)}});
  for (const char* key : {"delta", "label_smoothing"})
    if (c.params.find(key) != nullptr) config.set(key, c.params.at(key));
  return config;
}

// The example's weight times its class's.
LossWeights weights_of(const Case& c, Dtype dtype) {
  LossWeights w;
  if (c.inputs.count("weight") == 0 && c.inputs.count("class_weight") == 0) return w;
  std::int64_t n = c.inputs.at(c.input_names[0]).shape[0];
  std::vector<double> v(n, 1.0);
  if (c.inputs.count("weight") != 0) v = c.inputs.at("weight").data;
  if (c.inputs.count("class_weight") != 0)
    for (std::int64_t i = 0; i < n; ++i)
      v[i] *= c.inputs.at("class_weight").data[static_cast<std::size_t>(c.inputs.at("target").data[i])];
  w.weight = Tensor::from(v, {n}).to(dtype);
  return w;
}

void run_loss(const Case& c, Dtype dtype, int shards, double tolerance) {
  SCOPED_TRACE(c.name + " in " + std::to_string(shards));
  auto loss = make_loss(loss_config(c), "loss");
  const std::string& input = c.input_names[0];
  Tensor z = tensor_of(c.inputs.at(input), dtype).set_requires_grad();
  const Array& target = c.inputs.at("target");
  bool index = target.shape.rank() == 1;
  Tensor t = tensor_of(target, index ? Dtype::i32 : dtype);
  LossWeights w = weights_of(c, dtype);
  Tensor y = (*loss)(shard(z, shards), shard(t, shards), w);
  expect_close(values_of(y), c.outputs.at("loss").data, tolerance, c.name);
  expect_close(backward(y)[z], c.grads.at(input), tolerance, c.name + " gradient");
  // One example at a time.
  for (std::int64_t i = 0; i < z.dim(0) && c.outputs.count("losses") != 0; ++i)
    EXPECT_NEAR((*loss)(slice(z.detach(), 0, i, i + 1), slice(t, 0, i, i + 1)).item(), c.outputs.at("losses").data[i],
                tolerance * std::max(1.0, std::abs(c.outputs.at("losses").data[i])));
}

TEST(Oracle, Losses) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/losses.json")) {
    if (!is_ours(c)) continue;
    for (int s : {1, 2, 3, 4}) run_loss(c, Dtype::f64, s, 1e-12);
    run_loss(c, Dtype::f32, 1, 1e-5);
    ++ran;
  }
  EXPECT_GE(ran, 55);
}

}  // namespace
}  // namespace gradus
