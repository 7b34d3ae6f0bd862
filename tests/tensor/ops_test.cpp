#include <array>
#include <functional>
#include <set>

#include "gradus/base/parallel.h"
#include "gradus/tensor/ops.h"
#include "oracle.h"

// Values and gradients of the ops against PyTorch's, whole and on cut batches.
namespace gradus {
namespace {

using Inputs = std::vector<Tensor>;
using Apply = std::function<Tensor(const Value& params, const Inputs&)>;

std::vector<int> axes_of(const Value& params) {
  std::vector<int> axes;
  for (const Value& a : params.at("axes").as_array()) axes.push_back(static_cast<int>(a.as_integer()));
  return axes;
}
int axis_of(const Value& params) { return static_cast<int>(params.at("axis").as_integer()); }
bool keeps(const Value& params) { return params.at("keepdims").as_bool(); }
bool flag(const Value& params, const char* name) { return params.find(name) != nullptr && params.at(name).as_bool(); }

Shape shape_of(const Value& params) {
  std::vector<std::int64_t> dims;
  for (const Value& d : params.at("shape").as_array()) dims.push_back(d.as_integer());
  return Shape(dims);
}

template <Tensor (*f)(const Tensor&)>
Apply one() {
  return [](const Value&, const Inputs& in) { return f(in[0]); };
}
template <Tensor (*f)(const Tensor&, const Tensor&)>
Apply two() {
  return [](const Value&, const Inputs& in) { return f(in[0], in[1]); };
}
template <Tensor (*f)(const Tensor&, std::vector<int>, bool)>
Apply reduction() {
  return [](const Value& p, const Inputs& in) { return f(in[0], axes_of(p), keeps(p)); };
}

Tensor slice_all(const Value& p, const Inputs& in) {
  Tensor y = in[0];
  for (std::size_t i = 0; i < p.at("starts").as_array().size(); ++i) {
    auto at = [&](const char* key) { return p.at(key).as_array()[i].as_integer(); };
    y = slice(y, static_cast<int>(i), at("starts"), at("stops"), at("steps"));
  }
  return y;
}

Tensor variance_of(const Value& p, const Inputs& in) {
  Tensor y = variance(in[0], axes_of(p), keeps(p));
  if (!p.at("unbiased").as_bool()) return y;
  double n = static_cast<double>(in[0].size()) / static_cast<double>(y.size());
  return y * (n / (n - 1));
}

std::array<std::int64_t, 3> per_axis(const Value& params, const char* name, std::int64_t rest) {
  std::array<std::int64_t, 3> out = {rest, rest, rest};
  std::size_t axis = 0;
  if (const Value* list = params.find(name))
    for (const Value& v : list->as_array()) out[axis++] = v.as_integer();
  return out;
}

Slide slide_of(const Value& params) {
  const Value* groups = params.find("groups");
  return {per_axis(params, "stride", 1), per_axis(params, "dilation", 1), per_axis(params, "before", 0),
          per_axis(params, "after", 0), groups != nullptr ? groups->as_integer() : 1};
}

template <Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, const Slide&, const Activation&)>
Apply convolution() {
  return [](const Value& p, const Inputs& in) {
    return f(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), slide_of(p), {});
  };
}
template <Tensor (*f)(const Tensor&, const Kernel&, const Slide&)>
Apply pooling() {
  return [](const Value& p, const Inputs& in) { return f(in[0], per_axis(p, "kernel", 1), slide_of(p)); };
}

// x, weights of the input and the state, bias, h, for an LSTM c, and maybe a mask -> all steps and the last states.
Tensor recurrent_case(const Value& p, const Inputs& in) {
  const std::map<std::string, RecurrentCell> cells = {{"rnn_tanh", RecurrentCell::rnn_tanh},
                                                      {"rnn_relu", RecurrentCell::rnn_relu},
                                                      {"gru", RecurrentCell::gru},
                                                      {"gru_reset_before", RecurrentCell::gru_reset_before},
                                                      {"lstm", RecurrentCell::lstm}};
  RecurrentOptions options;
  options.cell = cells.at(p.at("cell").as_string());
  options.reverse = flag(p, "reverse");
  const bool lstm = options.cell == RecurrentCell::lstm;
  const std::size_t states = lstm ? 6 : 5;
  if (in.size() > states) options.mask = in[states];
  if (const Value* lengths = p.find("lengths")) {
    std::vector<std::int32_t> steps;
    for (const Value& n : lengths->as_array()) steps.push_back(static_cast<std::int32_t>(n.as_integer()));
    options.lengths = Tensor::from(steps, {static_cast<std::int64_t>(steps.size())});
  }
  RecurrentResult r = recurrent(in[0], {in[1], in[2], in[3]}, {in[4], lstm ? in[5] : Tensor()}, options);
  Tensor steps = reshape(r.y, {in[0].dim(0), r.y.dim(1) * r.y.dim(2)});
  return lstm ? concatenate({steps, r.h, r.c}, 1) : concatenate({steps, r.h}, 1);
}

const std::map<std::string, Apply>& table() {
  static const std::map<std::string, Apply> ops = {
      {"neg", one<neg>()},
      {"exp", one<exp>()},
      {"log", one<log>()},
      {"sqrt", one<sqrt>()},
      {"abs", one<abs>()},
      {"square", one<square>()},
      {"sign", one<sign>()},
      {"reciprocal", one<reciprocal>()},
      {"tanh", one<tanh>()},
      {"sigmoid", one<sigmoid>()},
      {"relu", one<relu>()},
      {"silu", one<silu>()},
      {"softplus", one<softplus>()},
      {"sin", one<sin>()},
      {"cos", one<cos>()},
      {"leaky_relu", [](const Value& p, const Inputs& in) { return leaky_relu(in[0], p.at("slope").as_real()); }},
      {"elu", [](const Value& p, const Inputs& in) { return elu(in[0], p.at("alpha").as_real()); }},
      {"gelu", [](const Value& p,
                  const Inputs& in) { return p.at("form").as_string() == "erf" ? gelu(in[0]) : gelu_tanh(in[0]); }},
      {"clamp",
       [](const Value& p, const Inputs& in) { return clamp(in[0], p.at("low").as_real(), p.at("high").as_real()); }},
      {"add", two<add>()},
      {"sub", two<sub>()},
      {"mul", two<mul>()},
      {"div", two<div>()},
      {"pow", two<pow>()},
      {"maximum", two<maximum>()},
      {"minimum", two<minimum>()},
      {"equal", two<equal>()},
      {"not_equal", two<not_equal>()},
      {"less", two<less>()},
      {"less_equal", two<less_equal>()},
      {"greater", two<greater>()},
      {"greater_equal", two<greater_equal>()},
      {"pow_scalar", [](const Value& p, const Inputs& in) { return pow(in[0], p.at("exponent").as_real()); }},
      {"matmul", [](const Value& p,
                    const Inputs& in) { return matmul(in[0], in[1], flag(p, "transpose_a"), flag(p, "transpose_b")); }},
      {"conv", convolution<conv>()},
      {"conv_transpose", convolution<conv_transpose>()},
      {"recurrent", recurrent_case},
      {"max_pool", pooling<max_pool>()},
      {"min_pool", pooling<min_pool>()},
      {"average_pool",
       [](const Value& p, const Inputs& in) {
         return average_pool(in[0], per_axis(p, "kernel", 1), slide_of(p), flag(p, "count_padding"));
       }},
      {"adaptive_max_pool",
       [](const Value& p, const Inputs& in) { return adaptive_max_pool(in[0], per_axis(p, "size", 1)); }},
      {"adaptive_average_pool",
       [](const Value& p, const Inputs& in) { return adaptive_average_pool(in[0], per_axis(p, "size", 1)); }},
      {"upsample",
       [](const Value& p, const Inputs& in) {
         bool nearest = p.at("method").as_string() == "nearest";
         return upsample(in[0], per_axis(p, "size", 1), nearest ? Upsampling::nearest : Upsampling::linear);
       }},
      {"group_norm",
       [](const Value& p, const Inputs& in) {
         return group_norm(in[0], in[1], in[2], p.at("groups").as_integer(), p.at("eps").as_real());
       }},
      {"sum", reduction<sum>()},
      {"mean", reduction<mean>()},
      {"max", reduction<max>()},
      {"min", reduction<min>()},
      {"var", variance_of},
      {"logsumexp", [](const Value& p, const Inputs& in) { return logsumexp(in[0], axes_of(p)[0], keeps(p)); }},
      {"argmax", [](const Value& p, const Inputs& in) { return argmax(in[0], axis_of(p)); }},
      {"softmax", [](const Value& p, const Inputs& in) { return softmax(in[0], axis_of(p)); }},
      {"log_softmax", [](const Value& p, const Inputs& in) { return log_softmax(in[0], axis_of(p)); }},
      {"reshape", [](const Value& p, const Inputs& in) { return reshape(in[0], shape_of(p)); }},
      {"permute",
       [](const Value& p, const Inputs& in) {
         std::vector<int> order;
         for (const Value& a : p.at("order").as_array()) order.push_back(static_cast<int>(a.as_integer()));
         return permute(in[0], order);
       }},
      {"broadcast_to", [](const Value& p, const Inputs& in) { return broadcast_to(in[0], shape_of(p)); }},
      {"squeeze", [](const Value& p, const Inputs& in) { return squeeze(in[0], axis_of(p)); }},
      {"unsqueeze", [](const Value& p, const Inputs& in) { return expand_dims(in[0], axis_of(p)); }},
      {"concatenate", [](const Value& p, const Inputs& in) { return concatenate(in, axis_of(p)); }},
      {"stack", [](const Value& p, const Inputs& in) { return stack(in, axis_of(p)); }},
      {"slice", slice_all},
      {"take_along_axis", [](const Value& p, const Inputs& in) { return take_along(in[0], in[1], axis_of(p)); }},
      {"take", [](const Value& p, const Inputs& in) { return take(in[0], in[1], axis_of(p)); }},
      {"where", [](const Value&, const Inputs& in) { return where(in[0], in[1], in[2]); }},
  };
  return ops;
}

bool several_axes(const Case& c) { return c.op == "logsumexp" && c.params.at("axes").as_array().size() > 1; }

std::vector<Case> cases() {
  std::vector<Case> known;
  for (const char* file : {"ops", "conv", "images", "recurrent"})
    for (Case& c : read_cases(std::string(TEST_DATA "/oracles/") + file + ".json"))
      if (table().count(c.op) != 0 && !several_axes(c)) known.push_back(std::move(c));
  return known;
}

// How a case is run: input i is cut in shards[i], the gradient of the result in `seed`.
struct Cut {
  std::vector<int> shards;
  int seed = 1;
  std::string text() const {
    std::string s = " cut";
    for (int n : shards) s += " " + std::to_string(n);
    return s + " seed " + std::to_string(seed);
  }
};

struct Result {
  Tensor y;
  std::map<std::string, Tensor> grads;
};

Result run(const Case& c, Dtype dtype, const Cut& cut) {
  Inputs leaves, inputs;
  for (std::size_t i = 0; i < c.input_names.size(); ++i) {
    const std::string& name = c.input_names[i];
    Tensor leaf = tensor_of(c.inputs.at(name), name == "index" ? Dtype::i32 : dtype);
    if (c.grads.count(name) != 0) leaf.set_requires_grad();
    leaves.push_back(leaf);
    inputs.push_back(shard(leaf, cut.shards[i]));
  }
  Result r{table().at(c.op)(c.params, inputs), {}};
  if (c.grad_outputs.empty()) return r;
  Gradients g = backward(r.y, shard(tensor_of(c.grad_outputs.at("y"), dtype), cut.seed));
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (c.grads.count(c.input_names[i]) != 0) r.grads[c.input_names[i]] = g[leaves[i]];
  return r;
}

void expect_case(const Case& c, const Result& r, double tolerance, const std::string& how) {
  expect_close(r.y, c.outputs.at("y"), tolerance, c.name + how);
  for (const auto& [name, grad] : r.grads)
    expect_close(grad, c.grads.at(name), tolerance, c.name + how + " gradient of " + name);
}

// Every way to cut the inputs, or some of them, and the gradient in 2 to 4; and inputs cut differently.
std::vector<Cut> cuts(std::size_t inputs) {
  std::vector<Cut> all;
  for (int shards : {2, 3, 4})
    for (unsigned subset = 0; subset < 1u << inputs; ++subset) {
      Cut cut;
      for (std::size_t i = 0; i < inputs; ++i) cut.shards.push_back(subset >> i & 1 ? shards : 1);
      all.push_back(cut);
      cut.seed = shards;
      all.push_back(cut);
    }
  Cut mixed;
  for (std::size_t i = 0; i < inputs; ++i) mixed.shards.push_back(2 + static_cast<int>(i));
  all.push_back(mixed);
  return all;
}

std::vector<double> all_values(const Result& r) {
  std::vector<double> v = values_of(r.y);
  for (const auto& [name, g] : r.grads)
    for (double x : values_of(g)) v.push_back(x);
  return v;
}

TEST(Ops, OracleFileIsCovered) {
  std::set<std::string> missing;
  for (const Case& c : read_cases(TEST_DATA "/oracles/ops.json"))
    if (table().count(c.op) == 0) missing.insert(c.op);
  EXPECT_EQ(missing, (std::set<std::string>{"argmin", "cumsum", "prod"}));
}

TEST(Ops, F64MatchesPyTorch) {
  for (const Case& c : cases())
    expect_case(c, run(c, Dtype::f64, {std::vector<int>(c.input_names.size(), 1), 1}), 1e-12, "");
}

TEST(Ops, F32MatchesPyTorch) {
  for (const Case& c : cases()) {
    double tolerance = c.name.ends_with("far_from_zero") ? 1e-3 : 1e-5;
    expect_case(c, run(c, Dtype::f32, {std::vector<int>(c.input_names.size(), 1), 1}), tolerance, " f32");
  }
}

TEST(Ops, CutBatchesMatchPyTorch) {
  for (const Case& c : cases())
    for (const Cut& cut : cuts(c.input_names.size())) expect_case(c, run(c, Dtype::f64, cut), 1e-12, cut.text());
}

TEST(Ops, BitsDoNotDependOnThreads) {
  Threads restore;
  for (const Case& c : cases()) {
    Cut cut{std::vector<int>(c.input_names.size(), 3), 1};
    set_threads(1);
    std::vector<double> one = all_values(run(c, Dtype::f32, cut));
    for (int n : {2, 3}) {
      set_threads(n);
      EXPECT_EQ(one, all_values(run(c, Dtype::f32, cut))) << c.name << " with " << n << " threads";
    }
  }
}

}  // namespace
}  // namespace gradus
