#include <cmath>
#include <functional>
#include <limits>

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/nn/initializer.h"
#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"

// What every layer, loss and initialiser of the catalogs keeps: a new one is under test when its file exists.
namespace gradus {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The least a layer must be told, and what it is tried on.
struct Trial {
  Value::Table params;
  Shape example{4};
  std::int64_t symbols = 0;  // that inputs are numbers of, where they are not plain numbers
  std::int64_t shown = 0;    // different symbols that a decoder is shown
};

std::vector<Trial> trials(const std::string& type) {
  auto list = [](std::vector<Value::Table> layers) {
    Value::Array out;
    for (auto& l : layers) out.push_back(Value(std::move(l)));
    return Value(std::move(out));
  };
  if (type == "linear") return {{{{"units", 3}}}, {{{"units", 5}, {"bias", false}}, {2, 4}}};
  if (type == "reshape")
    return {{{{"shape", Value(Value::Array{2, -1})}}}, {{{"shape", Value(Value::Array{6})}}, {2, 3}}};
  if (type == "residual")
    return {{{{"layers", list({{{"type", "linear"}, {"units", 4}}, {{"type", "tanh"}}})}}},
            {{{"layers", list({{{"type", "linear"}, {"units", 3}}})},
              {"shortcut", list({{{"type", "linear"}, {"units", 3}}})}}}};
  if (type == "prelu") return {{}, {{{"per_channel", true}}, {2, 3}}};
  Value pair(Value::Array{2, 3}), same("same");
  if (type == "conv1d" || type == "conv_transpose1d")
    return {{{{"channels", 3}}, {5, 2}}, {{{"channels", 4}, {"groups", 2}, {"stride", 2}}, {6, 2}}};
  if (type == "conv2d")
    return {{{{"channels", 3}, {"padding", same}}, {4, 5, 2}},
            {{{"channels", 4}, {"kernel", pair}, {"stride", pair}, {"dilation", 2}, {"bias", false}}, {5, 9, 1}},
            {{{"channels", 2}, {"groups", 2}, {"padding", pair}}, {3, 3, 2}}};
  if (type == "conv_transpose2d")
    return {{{{"channels", 3}, {"padding", same}}, {2, 3, 2}},
            {{{"channels", 2}, {"kernel", pair}, {"stride", pair}, {"bias", false}}, {2, 2, 1}}};
  if (type == "conv3d" || type == "conv_transpose3d")
    return {{{{"channels", 2}, {"kernel", 2}, {"stride", 2}}, {4, 2, 2, 2}}};
  for (int axes = 1; axes <= 3; ++axes) {
    Shape sizes = axes == 1 ? Shape{4} : axes == 2 ? Shape{3, 4} : Shape{3, 2, 4};
    std::string end = std::to_string(axes) + "d";
    if (type.starts_with("adaptive_") && type.ends_with(end))
      return {{{}, sizes.inserted(axes, 2)}, {{{"size", 2}}, sizes.inserted(axes, 3)}};
    if (type == "upsample" + end)
      return {{{}, sizes.inserted(axes, 2)},
              {{{"size", 5},
                {"method", axes == 1   ? "linear"
                           : axes == 2 ? "bilinear"
                                       : "trilinear"}},
               sizes.inserted(axes, 3)}};
  }
  if (type == "group_norm")
    return {{{}, {4}}, {{{"groups", 2}}, {2, 3, 4}}, {{{"groups", 3}, {"affine", false}}, {4, 3}}};
  if (type == "instance_norm")
    return {{{}, {3, 2}}, {{{"running_statistics", true}}, {2, 3, 2}}, {{{"affine", false}}, {4, 1}}};
  if (type == "spatial_dropout") return {{{}, {3, 4}}, {{{"rate", 0.25}}, {2, 3, 2}}};
  if (type == "repeat")
    return {{{{"layers", list({{{"type", "linear"}, {"units", 4}}, {{"type", "tanh"}}})}}},
            {{{"times", 3}, {"layers", list({{{"type", "linear"}, {"units", 3}}, {{"type", "batch_norm"}}})}}}};
  for (int axes = 1; axes <= 3; ++axes)
    if (type.ends_with("pool" + std::to_string(axes) + "d"))
      return {{{}, Shape(std::vector<std::int64_t>(static_cast<std::size_t>(axes), 4)).inserted(axes, 2)},
              {{{"size", 3}, {"stride", 2}, {"padding", 1}},
               Shape(std::vector<std::int64_t>(static_cast<std::size_t>(axes), 4)).inserted(axes, 1)}};
  if (type.starts_with("global_")) return {{{}, {3, 2}}, {{}, {2, 3, 2}}};
  if (type == "sequence_pool") return {{{}, {4, 3}}, {{{"method", "max"}}, {3, 2}}, {{{"method", "last"}}, {3, 2}}};
  if (type == "embedding") return {{{{"size", 3}, {"symbols", 5}}, {4}, 5}, {{{"symbols", 2}}, {2, 3}, 2}};
  if (type == "rnn" || type == "gru" || type == "lstm") {
    Value::Table small{{"units", 3}}, stacked{{"units", 2},
                                              {"layers", 2},
                                              {"bidirectional", true},
                                              {"output", "last"},
                                              {"dropout", 0.4},
                                              {"recurrent_dropout", 0.3},
                                              {"initial_state", "learned"}};
    Value::Table other{{"units", 2}, {"bias", false}};
    if (type == "gru") other.emplace_back("reset", "before");
    if (type == "rnn") other.emplace_back("activation", "relu");
    return {{small, {4, 2}}, {stacked, {3, 4}}, {other, {2, 3}}};
  }
  if (type == "attention")
    return {{{}, {4, 3}}, {{{"score", "additive"}, {"heads", 2}, {"units", 4}, {"bias", false}}, {3, 2}}};
  if (type == "decoder") {
    Value layers = list({{{"type", "embedding"}, {"size", 3}, {"symbols", 5}},
                         {{"type", "lstm"}, {"units", 4}, {"initial_state", "encoder"}},
                         {{"type", "attention"}, {"score", "additive"}},
                         {{"type", "linear"}, {"units", 5}}});
    Value plain = list({{{"type", "embedding"}, {"size", 2}, {"symbols", 3}},
                        {{"type", "gru"}, {"units", 3}, {"layers", 2}, {"initial_state", "encoder"}},
                        {{"type", "attention"}, {"heads", 3}}});
    return {{{{"layers", layers}}, {4, 2}, 0, 5}, {{{"layers", plain}}, {2, 3}, 0, 3}};
  }
  if (type == "flatten") return {{{}, {2, 3}}, {{}, {5}}};
  return {{}, {{}, {2, 3}}};
}

std::unique_ptr<Module> make(const std::string& type, const Value::Table& params = {}) {
  return layers().make(type, Value(params), type);
}

BuildContext context(std::uint64_t seed, Dtype dtype = Dtype::f64) {
  return {RandomKey{seed, 0, 0}.in("layer"), dtype, {}};
}

Context predicting(const Trial& t, std::int64_t rows = 6) {
  Context c;
  if (t.shown > 0)
    c.shown =
        Tensor::uniform({rows, t.example[0]}, 0, static_cast<double>(t.shown), {5, 6, 7}, Dtype::f64).to(Dtype::i32);
  return c;
}

Context training(const Trial& t, std::int64_t rows = 6) {
  Context c = predicting(t, rows);
  c.training = true;
  c.key = {9, 0, 3};
  return c;
}

Shape with_batch(const Shape& example, std::int64_t rows) { return example.inserted(0, rows); }

Tensor batch(const Trial& t, std::int64_t rows = 6) {
  Shape shape = with_batch(t.example, rows);
  if (t.symbols > 0)
    return Tensor::uniform(shape, 0, static_cast<double>(t.symbols), {1, 2, 3}, Dtype::f64).to(Dtype::i32);
  return Tensor::uniform(shape, -2, 2, {1, 2, 3}, Dtype::f64);
}

// The same as something that gradients reach, where it can be.
Tensor leaf(const Trial& t) {
  Tensor x = batch(t);
  return t.symbols > 0 ? x : x.set_requires_grad();
}

std::vector<double> state_values(Module& m) {
  std::vector<double> all;
  for (const auto& [name, t] : state_of(m))
    for (double v : values_of(t)) all.push_back(v);
  return all;
}

// Calls f(name of the layer, trial) for all layers.
void for_layers(const std::function<void(const std::string&, const Trial&)>& f) {
  for (const std::string& type : layers().names())
    for (const Trial& t : trials(type)) {
      SCOPED_TRACE(type + " on " + t.example.text());
      ASSERT_NO_THROW(f(type, t));
    }
}

TEST(Layers, ShapeAndCostAreThoseOfTheRealThing) {
  for_layers([](const std::string& type, const Trial& t) {
    auto m = make(type, t.params);
    EXPECT_EQ(m->type(), type);
    Shape expected = m->output_shape(t.example);
    Cost cost = m->cost(t.example);
    m->build(t.example, context(1));
    for (bool train : {false, true})
      for (std::int64_t rows : {2, 6}) {
        Tensor y = m->forward(batch(t, rows), train ? training(t, rows) : predicting(t, rows));
        EXPECT_EQ(y.shape().text(), with_batch(expected, rows).text());
        EXPECT_EQ(y.dtype(), Dtype::f64);
      }
    std::int64_t parameters = 0;
    for (const Parameter& p : parameters_of(*m)) {
      parameters += p.value.size();
      EXPECT_TRUE(p.value.requires_grad()) << p.name;
    }
    EXPECT_EQ(cost.parameters, parameters);
    EXPECT_GE(cost.multiply_adds, 0);
  });
}

TEST(Layers, GradientsMatchCentralDifferences) {
  for_layers([](const std::string& type, const Trial& t) {
    auto m = make(type, t.params);
    m->build(t.example, context(1));
    Tensor x = leaf(t);
    auto loss = [&] {
      Tensor y = m->forward(x, training(t));
      return sum(y * Tensor::uniform(y.shape(), 0.5, 1.5, {4, 0, 0}, Dtype::f64));
    };
    Tensor at = loss();
    std::vector<Parameter> leaves = parameters_of(*m);
    if (t.symbols == 0) leaves.push_back({"x", x, true});
    if (!at.requires_grad()) return;
    Gradients g = backward(at);
    for (Parameter& p : leaves) {
      std::vector<double> slopes,
          got = g[p.value].defined() ? values_of(g[p.value]) : std::vector<double>(p.value.size());
      double* v = p.value.mutable_data<double>();
      for (std::int64_t i = 0; i < p.value.size(); ++i) {
        double middle = v[i];
        NoGrad no_grad;
        v[i] = middle + 1e-5;
        double above = loss().item();
        v[i] = middle - 1e-5;
        double below = loss().item();
        v[i] = middle;
        slopes.push_back((above - below) / 2e-5);
      }
      expect_close(got, slopes, 1e-6, p.name);
    }
  });
}

TEST(Layers, SeedsDecideTheWeights) {
  for_layers([](const std::string& type, const Trial& t) {
    auto a = make(type, t.params), b = make(type, t.params), c = make(type, t.params);
    a->build(t.example, context(1));
    b->build(t.example, context(1));
    c->build(t.example, context(2));
    EXPECT_EQ(state_values(*a), state_values(*b));
    EXPECT_EQ(values_of(a->forward(batch(t), training(t))), values_of(b->forward(batch(t), training(t))));
    if (type == "linear" || type == "residual") {
      EXPECT_NE(state_values(*a), state_values(*c));
    }
    a->build(t.example, context(2));  // again, afresh
    EXPECT_EQ(state_values(*a), state_values(*c));
  });
}

TEST(Layers, CutBatchesGiveTheSame) {
  for_layers([](const std::string& type, const Trial& t) {
    for (bool train : {false, true})
      for (int shards : {2, 3, 4}) {
        auto whole = make(type, t.params), cut = make(type, t.params);
        whole->build(t.example, context(1));
        cut->build(t.example, context(1));
        Context c = train ? training(t) : predicting(t), of_cut = c;
        if (t.shown > 0) of_cut.shown = shard(c.shown, shards);
        Tensor x = leaf(t);
        Tensor y = whole->forward(x, c), z = cut->forward(shard(x, shards), of_cut);
        expect_close(values_of(z), values_of(y), 1e-12, "forward");
        expect_close(state_values(*cut), state_values(*whole), 1e-12, "state");
        if (!y.requires_grad()) continue;
        Gradients gy = backward(sum(y * y)), gz = backward(sum(z * z));
        if (gy[x].defined()) expect_close(values_of(gz[x]), values_of(gy[x]), 1e-11, "gradient of x");
        auto p = parameters_of(*whole), q = parameters_of(*cut);
        for (std::size_t i = 0; i < p.size(); ++i)
          expect_close(values_of(gz[q[i].value]), values_of(gy[p[i].value]), 1e-11, p[i].name);
      }
  });
}

TEST(Layers, StateIsSavedAndLoaded) {
  for_layers([](const std::string& type, const Trial& t) {
    auto a = make(type, t.params), b = make(type, t.params);
    a->build(t.example, context(1));
    b->build(t.example, context(2));
    a->forward(batch(t), training(t));  // moves running statistics
    load_state(*b, state_of(*a));
    EXPECT_EQ(values_of(a->forward(batch(t), predicting(t))), values_of(b->forward(batch(t), predicting(t))));
    auto state = state_of(*a);
    state.push_back({"more", Tensor::zeros({1})});
    EXPECT_THAT(error_of(ErrorKind::data, [&] { load_state(*b, state); }), HasSubstr(std::to_string(state.size())));
    if (state.size() == 1) return;
    state.pop_back();
    state[0].second = Tensor::zeros({7, 7, 7});
    EXPECT_THAT(error_of(ErrorKind::data, [&] { load_state(*b, state); }),
                AllOf(HasSubstr(state[0].first), HasSubstr("[7, 7, 7]")));
  });
}

TEST(Layers, F32IsCloseToF64) {
  for_layers([](const std::string& type, const Trial& t) {
    auto a = make(type, t.params), b = make(type, t.params);
    a->build(t.example, context(1));
    b->build(t.example, context(1, Dtype::f32));
    expect_close(values_of(b->forward((t.symbols > 0 ? batch(t) : batch(t).to(Dtype::f32)), training(t))),
                 values_of(a->forward(batch(t), training(t))), 1e-4, type);
  });
}

// ---- parameters of every catalog

template <class Base>
void check_bounds(const Catalog<Base>& catalog, const std::function<Value::Table(const std::string&)>& needed) {
  for (const std::string& type : catalog.names()) {
    SCOPED_TRACE(type);
    const Entry& e = catalog.entry(type);
    EXPECT_FALSE(e.summary.empty());
    auto with = [&](const std::string& key, Value v) {
      Value table(needed(type));
      table.set(key, std::move(v));
      return [&catalog, type, table] { catalog.make(type, table, type); };
    };
    EXPECT_NO_THROW(catalog.make(type, Value(needed(type)), type));
    EXPECT_THAT(error_of(ErrorKind::config, with("no_such_key", 1)), AllOf(HasSubstr(type), HasSubstr("no_such_key")));
    Value defaults(needed(type));
    for (const FieldInfo& f : e.fields) {
      SCOPED_TRACE(f.name);
      EXPECT_FALSE(f.help.empty());
      if (!f.default_value.is_null() && defaults.find(f.name) == nullptr) defaults.set(f.name, f.default_value);
      bool number = f.type == "real" || f.type == "integer";
      if (number || f.type == "boolean") {
        EXPECT_THAT(error_of(ErrorKind::config, with(f.name, "word")), HasSubstr(f.name));
      }
      if (!number) continue;
      for (auto [end, open, outward] :
           {std::tuple{f.bound.low, f.bound.low_open, -1.0}, {f.bound.high, f.bound.high_open, 1.0}}) {
        if (!std::isfinite(end)) continue;
        double step = f.type == "integer" ? 1 : std::max(std::abs(end) * 1e-9, std::numeric_limits<double>::min());
        double bad = open ? end : end + outward * step;
        Value v = f.type == "integer" ? Value(static_cast<std::int64_t>(bad)) : Value(bad);
        EXPECT_THAT(error_of(ErrorKind::config, with(f.name, v)),
                    AllOf(HasSubstr(type + "." + f.name), HasSubstr(f.bound.text())));
        if (open) continue;
        EXPECT_NO_THROW(with(f.name, f.type == "integer" ? Value(static_cast<std::int64_t>(end)) : Value(end))());
      }
      EXPECT_THROW(with(f.name, std::nan(""))(), Error);
    }
    EXPECT_NO_THROW(catalog.make(type, defaults, type)) << "its own defaults";
  }
}

TEST(Catalogs, LayersRefuseBadParameters) {
  check_bounds<Module>(layers(), [](const std::string& type) { return trials(type)[0].params; });
  EXPECT_THAT(error_of(ErrorKind::config, [] { make("linaer"); }), AllOf(HasSubstr("linaer"), HasSubstr("linear")));
}

TEST(Catalogs, LossesRefuseBadParameters) {
  check_bounds<Loss>(losses(), [](const std::string&) { return Value::Table{}; });
  EXPECT_THAT(error_of(ErrorKind::config, [] { make_loss("mes", "train.loss"); }),
              AllOf(HasSubstr("train.loss"), HasSubstr("mse")));
}

TEST(Catalogs, InitializersRefuseBadParameters) {
  check_bounds<Initializer>(initializers(), [](const std::string&) { return Value::Table{}; });
  EXPECT_THAT(error_of(ErrorKind::config,
                       [] {
                         initializers().make("uniform", Value(Value::Table{{"low", 1}, {"high", 0.5}}), "u");
                       }),
              HasSubstr("low below high"));
}

// ---- losses

TEST(Losses, AreNamedAndGiveOneNumberThatBackwardTakes) {
  for (const std::string& type : losses().names()) {
    SCOPED_TRACE(type);
    auto loss = make_loss(type, "loss");
    EXPECT_EQ(loss->type(), type);
    std::int64_t width = loss->target_kind() == TargetKind::classes ? loss->outputs(3) : 1;
    Tensor z = Tensor::uniform({5, width}, -1, 1, {1, 0, 0}).set_requires_grad();
    Tensor t = loss->target_kind() == TargetKind::classes ? Tensor::from(std::vector<std::int32_t>{0, 1, 2, 1, 0}, {5})
                                                          : Tensor::full({5, width}, 0.5);
    Tensor whole = (*loss)(z, t, {});
    EXPECT_EQ(whole.size(), 1);
    std::vector<double> gradient = values_of(backward(whole)[z]);
    for (int s : {2, 3, 4}) {
      Tensor cut = (*loss)(shard(z, s), shard(t, s), {});
      EXPECT_NEAR(cut.item(), whole.item(), 1e-6);
      expect_close(values_of(backward(cut)[z]), gradient, 1e-6, "gradient");
    }
    EXPECT_EQ(loss->probabilities(z).shape().text(), z.shape().text());
  }
}

// ---- initialisers

TEST(Initializers, AreDeterministicAndOfTheShapeAsked) {
  for (const std::string& type : initializers().names()) {
    SCOPED_TRACE(type);
    auto i = initializers().make(type, Value::table(), type);
    for (Dtype dtype : {Dtype::f32, Dtype::f64}) {
      Tensor a = i->make({20, 30}, 20, 30, {1, 2, 3}, dtype), b = i->make({20, 30}, 20, 30, {1, 2, 3}, dtype),
             c = i->make({20, 30}, 20, 30, {2, 2, 3}, dtype);
      EXPECT_EQ(a.shape().text(), "[20, 30]");
      EXPECT_EQ(a.dtype(), dtype);
      EXPECT_EQ(values_of(a), values_of(b));
      bool constant = type == "zeros" || type == "constant";
      EXPECT_EQ(values_of(a) == values_of(c), constant);
    }
  }
}

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
  explicit Moments(const std::vector<double>& v) {
    for (double x : v) mean += x / static_cast<double>(v.size()), largest = std::max(largest, std::abs(x));
    for (double x : v) deviation += (x - mean) * (x - mean) / static_cast<double>(v.size());
    deviation = std::sqrt(deviation);
  }
};

// PyTorch's gain stands outside: kaiming's sqrt(2) is part of our he_*.
TEST(Initializers, MatchTheFormulas) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/initializers.json")) {
    auto number = [&](const char* key) { return c.params.at(key).as_real(); };
    bool kaiming = c.op.rfind("kaiming", 0) == 0, uniform = c.op.find("uniform") != std::string::npos;
    std::int64_t in = c.params.at("fan_in").as_integer(), out = c.params.at("fan_out").as_integer();
    if ((kaiming && c.params.at("mode").as_string() != "fan_in") || in * out < 50000) continue;
    double gain = kaiming ? number("gain") / std::sqrt(2.0) : number("gain");
    std::string type = std::string(kaiming ? "he_" : "glorot_") + (uniform ? "uniform" : "normal");
    Tensor w = initializers()
                   .make(type, Value(Value::Table{{"gain", gain}}), type)
                   ->make({in, out}, in, out, {1, 0, 0}, Dtype::f64);
    Moments m(values_of(w));
    double std = c.outputs.at("std").data[0];
    EXPECT_NEAR(m.deviation / std, 1, 0.01) << c.name;
    EXPECT_NEAR(m.mean / std, 0, 0.01) << c.name;
    if (uniform) {
      double bound = c.outputs.at("bound").data[0];
      EXPECT_LE(m.largest, bound) << c.name;
      EXPECT_GT(m.largest, 0.999 * bound) << c.name;
    }
    ++ran;
  }
  EXPECT_GE(ran, 20);
}

TEST(Initializers, PlainOnes) {
  auto draw = [](const char* type, Value::Table p) {
    return Moments(values_of(
        initializers().make(type, Value(std::move(p)), type)->make({300, 200}, 300, 200, {1, 0, 0}, Dtype::f64)));
  };
  EXPECT_EQ(draw("zeros", {}).largest, 0);
  EXPECT_NEAR(draw("constant", {{"value", 0.25}}).mean, 0.25, 1e-12);
  EXPECT_EQ(draw("constant", {{"value", 0.25}}).largest, 0.25);
  Moments n = draw("normal", {{"mean", 1}, {"deviation", 0.5}}), u = draw("uniform", {{"low", -1}, {"high", 3}});
  EXPECT_NEAR(n.mean, 1, 0.01);
  EXPECT_NEAR(n.deviation, 0.5, 0.01);
  EXPECT_NEAR(u.mean, 1, 0.02);
  EXPECT_NEAR(u.deviation, 4 / std::sqrt(12), 0.02);
  EXPECT_LT(u.largest, 3);
}

TEST(Initializers, OrthogonalRowsOrColumns) {
  for (auto [rows, cols] : {std::pair{12, 7}, {7, 12}, {9, 9}}) {
    Tensor w = initializers()
                   .make("orthogonal", Value(Value::Table{{"gain", 2}}), "o")
                   ->make({rows, cols}, rows, cols, {1, 0, 0}, Dtype::f64);
    Tensor product = rows >= cols ? matmul(w, w, true, false) : matmul(w, w, false, true);
    std::vector<double> v = values_of(product);
    std::int64_t n = std::min(rows, cols);
    for (std::int64_t i = 0; i < n * n; ++i) EXPECT_NEAR(v[i], i % (n + 1) == 0 ? 4 : 0, 1e-12);
  }
}

TEST(Initializers, TheDefaultFitsTheActivation) {
  auto deviation = [](Activation::Kind next) {
    return Moments(values_of(make_initializer({}, {next, 0}, "w")->make({400, 100}, 400, 100, {1, 0, 0}, Dtype::f64)))
        .deviation;
  };
  EXPECT_NEAR(deviation(Activation::Kind::relu), std::sqrt(2.0 / 400), 1e-3);
  EXPECT_NEAR(deviation(Activation::Kind::tanh), std::sqrt(2.0 / 500), 1e-3);
  EXPECT_THAT(error_of(ErrorKind::config, [] { make_initializer("he_unifrom", {}, "linear.initializer"); }),
              AllOf(HasSubstr("linear.initializer"), HasSubstr("he_uniform")));
}

}  // namespace
}  // namespace gradus
