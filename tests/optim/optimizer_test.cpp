#include "gradus/optim/optimizer.h"

#include <cmath>
#include <limits>

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/base/parallel.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::unique_ptr<Optimizer> make(const std::string& type, Value::Table params = {}) {
  return optimizers().make(type, Value(std::move(params)), type);
}

// Gradients that are given values: those of sum(g * w).
Gradients given(const std::vector<Parameter>& parameters, const std::vector<Tensor>& gradients) {
  Tensor loss = Tensor::scalar(0, parameters[0].value.dtype());
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (gradients[i].defined()) loss = loss + sum(gradients[i] * parameters[i].value);
  return backward(loss);
}

Parameter parameter(const std::string& name, const std::vector<double>& values, Dtype dtype = Dtype::f64,
                    bool penalized = true) {
  Tensor t = Tensor::from(values, {static_cast<std::int64_t>(values.size())}).to(dtype);
  return {name, t.copy().set_requires_grad(), penalized};
}

// PyTorch's names of a case's settings in gradus' terms; what gradus lacks makes `supported` false.
struct Setup {
  std::string type;
  Value::Table params;
  GradientRules rules;
  bool supported = true;
};

Setup setup_of(const Case& c) {
  Setup s;
  s.type = c.op == "momentum" || c.op == "nesterov" ? "sgd" : c.op;
  auto real = [&](const char* key) { return c.params.at(key).as_real(); };
  auto set = [&](const char* key, Value v) { s.params.emplace_back(key, std::move(v)); };
  if (c.params.find("weight_decay") != nullptr) set("weight_decay", real("weight_decay"));
  if (c.params.find("l1") != nullptr) s.rules.l1 = real("l1");
  if (c.params.find("eps") != nullptr) set("epsilon", real("eps"));
  if (c.params.find("rho") != nullptr) set("rho", real("rho"));
  if (c.params.find("alpha") != nullptr) set("rho", real("alpha"));
  if (c.op == "momentum" || c.op == "nesterov") {
    set("momentum", real("momentum"));
    set("nesterov", c.params.at("nesterov").as_bool());
  }
  if (c.params.find("betas") != nullptr) {
    set("beta1", c.params.at("betas").as_array()[0].as_real());
    set("beta2", c.params.at("betas").as_array()[1].as_real());
  }
  if (c.op == "adagrad") s.supported = real("initial_accumulator_value") == 0;
  if (c.op == "rmsprop") s.supported = real("momentum") == 0;
  return s;
}

double lr_at(const Case& c, std::int64_t step) {
  const Value& lr = c.params.at("lr");
  return lr.is_array() ? lr.as_array()[step].as_real() : lr.as_real();
}

void run_case(const Case& c, Dtype dtype, double tolerance) {
  Setup s = setup_of(c);
  if (!s.supported) return;
  std::unique_ptr<Optimizer> optimizer = make(s.type, s.params);
  std::vector<Parameter> p = {parameter("w", c.inputs.at("parameter").data, dtype)};
  const Array& g = c.inputs.at("gradients");
  const Array& expected = c.outputs.at("parameters");
  std::int64_t steps = g.shape[0], n = g.shape[1];
  for (std::int64_t t = 0; t < steps; ++t) {
    auto row = [&](const Array& a) {
      return std::vector<double>(a.data.begin() + t * n, a.data.begin() + (t + 1) * n);
    };
    optimizer->step(p, given(p, {Tensor::from(row(g), {n}).to(dtype)}), lr_at(c, t), s.rules);
    expect_close(values_of(p[0].value), row(expected), tolerance, c.name + " after step " + std::to_string(t));
  }
  EXPECT_EQ(optimizer->steps(), steps);
}

bool is_rule(const Case& c) { return c.op.rfind("schedule", 0) != 0 && c.op.rfind("clip", 0) != 0; }

TEST(Optimizers, MatchPyTorch) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/optimizers.json")) {
    if (!is_rule(c)) continue;
    run_case(c, Dtype::f64, 1e-12);
    run_case(c, Dtype::f32, 2e-5);
    ran += setup_of(c).supported;
  }
  EXPECT_GE(ran, 30);
}

TEST(Optimizers, ClipLikePyTorch) {
  for (const Case& c : read_cases(TEST_DATA "/oracles/optimizers.json")) {
    if (c.op != "clip_norm" && c.op != "clip_value") continue;
    std::vector<Parameter> p;
    std::vector<Tensor> g;
    for (const std::string& name : c.input_names) {
      p.push_back({name, Tensor::zeros(c.inputs.at(name).shape, Dtype::f64).set_requires_grad(), true});
      g.push_back(tensor_of(c.inputs.at(name), Dtype::f64));
    }
    GradientRules rules;
    if (c.op == "clip_norm")
      rules.clip_norm = c.params.at("max_norm").as_real();
    else
      rules.clip_value = c.params.at("max_value").as_real();
    StepReport report = make("sgd")->step(p, given(p, g), 1, rules);
    if (c.op == "clip_norm") {
      EXPECT_NEAR(report.gradient_norm, c.outputs.at("norm").data[0],
                  1e-12 * std::max(1.0, c.outputs.at("norm").data[0]));
    }
    for (const Parameter& q : p) expect_close(neg(q.value), c.outputs.at(q.name), 1e-12, c.name);
  }
}

TEST(Optimizers, PenaltiesSkipBiases) {
  for (const std::string& type : optimizers().names()) {
    std::vector<Parameter> p = {parameter("w", {1, -2}), parameter("b", {1, -2}, Dtype::f64, false)};
    GradientRules rules;
    rules.l1 = 0.3;
    rules.l2 = 0.2;
    Tensor zero = Tensor::zeros({2}, Dtype::f64);
    make(type, {{"weight_decay", 0.1}})->step(p, given(p, {zero, zero}), 0.1, rules);
    EXPECT_EQ(values_of(p[1].value), (std::vector<double>{1, -2})) << type;
    EXPECT_LT(values_of(p[0].value)[0], 1) << type;
    EXPECT_GT(values_of(p[0].value)[1], -2) << type;
  }
  std::vector<Parameter> p = {parameter("w", {1, -2, 0})};
  GradientRules rules;
  rules.l1 = 0.3;
  rules.l2 = 0.2;
  make("sgd")->step(p, given(p, {Tensor::zeros({3}, Dtype::f64)}), 0.1, rules);
  expect_close(values_of(p[0].value), {1 - 0.1 * 0.5, -2 + 0.1 * 0.7, 0}, 1e-15, "l1 and l2");
}

TEST(Optimizers, ParametersWithoutGradientStay) {
  for (const std::string& type : optimizers().names()) {
    std::vector<Parameter> p = {parameter("a", {1}), parameter("b", {5})};
    auto o = make(type);
    for (int i = 0; i < 3; ++i) o->step(p, given(p, {Tensor::ones({1}, Dtype::f64), Tensor()}), 0.1);
    EXPECT_EQ(values_of(p[1].value)[0], 5) << type;
    EXPECT_NE(values_of(p[0].value)[0], 1) << type;
  }
}

TEST(Optimizers, BadGradientsAreReported) {
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL})
    for (Dtype dtype : {Dtype::f32, Dtype::f64})
      for (int rule = 0; rule < 3; ++rule) {
        GradientRules rules;
        if (rule == 1) rules.clip_norm = 1;
        if (rule == 2) rules.clip_value = 1;
        std::vector<Parameter> p = {parameter("a", std::vector<double>(20000, 1), dtype),
                                    parameter("b", {1, 2, 3}, dtype), parameter("c", {1}, dtype)};
        Tensor g = Tensor::ones({20000}, dtype), fine = Tensor::ones({1}, dtype);
        Tensor mixed = Tensor::from(std::vector<double>{0, bad, 0}, {3}).to(dtype);
        auto o = make("adam");
        EXPECT_EQ(o->step(p, given(p, {g, Tensor::ones({3}, dtype), fine}), 0.1, rules).first_bad_parameter, -1);
        EXPECT_EQ(o->step(p, given(p, {g, mixed, fine}), 0.1, rules).first_bad_parameter, 1) << "rule " << rule;
        EXPECT_EQ(o->step(p, given(p, {g, Tensor(), fine}), 0.1, rules).first_bad_parameter, -1) << "rule " << rule;
      }
}

TEST(Optimizers, NormIsReportedWhenWanted) {
  std::vector<Parameter> p = {parameter("a", {0, 0}), parameter("b", {0})};
  std::vector<Tensor> g = {Tensor::from(std::vector<double>{3, 0}, {2}), Tensor::from(std::vector<double>{4}, {1})};
  EXPECT_EQ(make("sgd")->step(p, given(p, g), 1).gradient_norm, -1);
  EXPECT_EQ(make("sgd")->step(p, given(p, g), 1, {}, true).gradient_norm, 5);
}

// Training on a cut batch, with gradients as one term per shard; enough elements for several runs of them.
struct Training {
  std::vector<Parameter> p;
  std::unique_ptr<Optimizer> optimizer;
  GradientRules rules;
  explicit Training(const std::string& type, Dtype dtype = Dtype::f32)
      : optimizer(make(type, type == "sgd" ? Value::Table{{"momentum", 0.9}} : Value::Table{})) {
    p.push_back({"w", Tensor::uniform({150, 70}, -0.1, 0.1, {1, 0, 0}, dtype).set_requires_grad(), true});
    p.push_back({"b", Tensor::zeros({70}, dtype).set_requires_grad(), false});
  }
  void steps(int first, int count, int shards, bool norm) {
    for (int i = first; i < first + count; ++i) {
      Tensor x = Tensor::uniform({33, 150}, -1, 1, {2, 0, static_cast<std::uint32_t>(i)}, p[0].value.dtype());
      Tensor loss = mean(square(linear(shard(x, shards), p[0].value, p[1].value, {Activation::Kind::tanh, 0}) - 0.3));
      GradientRules with = rules;
      if (norm) with.clip_norm = 0.01;
      optimizer->step(p, backward(loss), 0.01, with);
    }
  }
  std::vector<std::vector<double>> values() const { return {values_of(p[0].value), values_of(p[1].value)}; }
};

TEST(Optimizers, CutGradientsGiveTheSameStep) {
  for (const std::string& type : optimizers().names())
    for (bool norm : {false, true}) {
      Training whole(type, Dtype::f64), cut(type, Dtype::f64);
      whole.steps(0, 3, 1, norm);
      cut.steps(0, 3, 4, norm);
      expect_close(cut.values()[0], whole.values()[0], 1e-9, type);
      EXPECT_NE(whole.values()[0], Training(type, Dtype::f64).values()[0]);
    }
}

TEST(Optimizers, BitsDoNotDependOnThreads) {
  int before = threads();
  for (const std::string& type : optimizers().names())
    for (bool norm : {false, true}) {
      std::vector<std::vector<double>> one;
      for (int n : {1, 2, 3}) {
        set_threads(n);
        Training t(type);
        t.steps(0, 3, 3, norm);
        if (n == 1)
          one = t.values();
        else
          EXPECT_EQ(t.values(), one) << type << " " << n;
      }
    }
  set_threads(before);
}

TEST(Optimizers, RestoredStateContinuesWithTheSameBits) {
  for (const std::string& type : optimizers().names()) {
    Training straight(type), first(type), second(type);
    straight.steps(0, 6, 2, false);
    first.steps(0, 3, 2, false);
    for (std::size_t i = 0; i < first.p.size(); ++i) second.p[i].value = first.p[i].value.copy().set_requires_grad();
    auto saved = first.optimizer->state(first.p);
    for (auto& [name, t] : saved) t = t.copy();
    first.steps(3, 1, 2, false);  // the saved copy must not follow
    second.optimizer->restore(second.p, 3, saved);
    EXPECT_EQ(second.optimizer->steps(), 3);
    second.steps(3, 3, 2, false);
    EXPECT_EQ(second.values(), straight.values()) << type;
  }
}

TEST(Optimizers, StateIsNamedAndChecked) {
  Training t("adam"), other("sgd");
  t.steps(0, 1, 1, false);
  auto state = t.optimizer->state(t.p);
  ASSERT_EQ(state.size(), 4u);
  EXPECT_EQ(state[0].first, "w.mean");
  EXPECT_EQ(state[1].first, "w.mean_square");
  EXPECT_EQ(state[3].first, "b.mean_square");
  EXPECT_EQ(state[0].second.shape().text(), "[150, 70]");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { other.optimizer->restore(other.p, 1, state); }),
              AllOf(HasSubstr("2 arrays"), HasSubstr("4")));
  state[1].second = Tensor::zeros({3});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { t.optimizer->restore(t.p, 1, state); }),
              AllOf(HasSubstr("w.mean_square [150, 70]"), HasSubstr("[3]")));
  std::vector<Parameter> fewer = {t.p[0]};
  EXPECT_THAT(error_of(ErrorKind::state, [&] { t.optimizer->step(fewer, Gradients(), 0.1); }),
              AllOf(HasSubstr("2 parameters"), HasSubstr("1")));
}

// Another shape of the same number of parameters would be read and written past its end.
TEST(Optimizers, EveryStepTakesTheParametersOfTheFirst) {
  auto weights = [](const Shape& s, Dtype dtype = Dtype::f32) {
    return std::vector<Parameter>{{"w", Tensor::ones(s, dtype).set_requires_grad(), true}};
  };
  for (const std::string& type : optimizers().names()) {
    auto o = make(type);
    auto step = [&](std::vector<Parameter> p) { o->step(p, backward(sum(p[0].value)), 0.1); };
    step(weights({100000, 2}));
    for (const Shape& other : {Shape{2}, Shape{2, 100000}, Shape{200000}})
      EXPECT_THAT(error_of(ErrorKind::state, [&] { step(weights(other)); }),
                  AllOf(HasSubstr("w f32 [100000, 2]"), HasSubstr("f32 " + other.text())));
    EXPECT_THAT(error_of(ErrorKind::state, [&] { step(weights({100000, 2}, Dtype::f64)); }), HasSubstr("f64"));
    step(weights({100000, 2}));  // other tensors of the same form are taken
    EXPECT_EQ(o->steps(), 2);
  }
}

TEST(Optimizers, AParameterUsedAsABatchIsSummedRight) {
  std::vector<Parameter> p = {{"w", Tensor::zeros({6, 2}, Dtype::f64).set_requires_grad(), true}};
  Tensor x = Tensor::uniform({6, 2}, -1, 1, {1, 0, 0}, Dtype::f64);
  make("sgd")->step(p, backward(sum(shard(x, 3) * p[0].value)), 1);
  EXPECT_EQ(values_of(neg(p[0].value)), values_of(x));
}

// Values just outside every bound are refused, those at closed ends taken.
// Products x^T dz that a step multiplies out while it updates, against products written out in f64: w -= lr x^T dz for
// the loss sum(dz * linear(x, w)).
void check_product_step(std::int64_t rows, std::int64_t m, std::int64_t n, int shards, Dtype dtype, double clip) {
  Tensor x = Tensor::uniform({rows, m}, -1, 1, {1, 0, 0}).to(dtype);
  Tensor dz = Tensor::uniform({rows, n}, -1, 1, {2, 0, 0}).to(dtype);
  std::vector<Parameter> p = {{"w", Tensor::zeros({m, n}, dtype).set_requires_grad()}};
  Gradients g = backward(sum(linear(shard(x, shards), p[0].value, Tensor()) * shard(dz, shards)));
  std::vector<double> vx = x.to(Dtype::f64).to_vector<double>(), vz = dz.to(Dtype::f64).to_vector<double>(),
                      want(m * n);
  double squares = 0;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t r = 0; r < rows; ++r) want[i * n + j] += vx[r * m + i] * vz[r * n + j];
      squares += want[i * n + j] * want[i * n + j];
    }
  GradientRules rules;
  rules.clip_norm = clip;
  double scale = clip > 0 ? clip / std::sqrt(squares) : 1;
  make("sgd")->step(p, g, 0.5, rules);
  std::vector<double> w = p[0].value.to(Dtype::f64).to_vector<double>();
  std::vector<double> read = g[p[0].value].to(Dtype::f64).to_vector<double>();
  double tolerance = dtype == Dtype::f64 ? 1e-12 : 1e-5 * std::sqrt(static_cast<double>(rows));
  for (std::size_t i = 0; i < w.size(); ++i) {
    ASSERT_NEAR(w[i], -0.5 * scale * want[i], tolerance) << rows << " rows, " << m << " x " << n;
    ASSERT_NEAR(read[i], want[i], tolerance);
  }
}

TEST(Optimizers, ProductsAreMultipliedOutOnTheWay) {
  for (Dtype dtype : {Dtype::f32, Dtype::f64})
    for (double clip : {0.0, 0.1}) {
      check_product_step(1, 5, 3, 1, dtype, clip);
      check_product_step(70, 130, 48, 3, dtype, clip);   // chunks of 80 rows
      check_product_step(9, 21, 700, 1, dtype, clip);    // of 8
      check_product_step(3, 17, 2500, 2, dtype, clip);   // too wide to be kept as factors
      check_product_step(600, 33, 450, 4, dtype, clip);  // too many elements
    }
}

TEST(Optimizers, ProductsOfParametersReadThemBeforeTheyChange) {
  // A factorisation: the gradient of each matrix is a product with the other, here through a view of it.
  Tensor left = Tensor::uniform({6, 4}, -1, 1, {1, 0, 0}), right = Tensor::uniform({4, 5}, -1, 1, {2, 0, 0});
  std::vector<Parameter> p = {{"left", left.copy().set_requires_grad()}, {"right", right.copy().set_requires_grad()}};
  Tensor rows = reshape(p[0].value, {6, 1, 4});
  make("sgd")->step(p, backward(sum(linear(rows, p[1].value, Tensor()))), 1);
  std::vector<float> l = left.to_vector<float>(), r = p[1].value.to_vector<float>(), before = right.to_vector<float>();
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 5; ++j) {
      float gradient = 0;
      for (int i = 0; i < 6; ++i) gradient += l[i * 4 + k];
      EXPECT_NEAR(r[k * 5 + j], before[k * 5 + j] - gradient, 1e-5);
    }
}

TEST(Optimizers, SharedWeightsAddTheirProducts) {
  Tensor x = Tensor::uniform({3, 4}, -1, 1, {1, 0, 0});
  std::vector<Parameter> p = {{"w", Tensor::uniform({4, 4}, -1, 1, {2, 0, 0}).set_requires_grad()}};
  auto loss = [&] { return sum(linear(linear(x, p[0].value, Tensor()), p[0].value, Tensor())); };
  Tensor w = p[0].value.copy();
  // x^T 1 (w 1)^T + (x w)^T 1: each use's product, from tensors alone.
  Tensor ones = Tensor::ones({3, 4});
  Tensor gradient = matmul(x, matmul(ones, w, false, true), true) + matmul(matmul(x, w), ones, true);
  make("sgd")->step(p, backward(loss()), 1);
  std::vector<float> got = p[0].value.to_vector<float>(), want = (w - gradient).to_vector<float>();
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5);
}

TEST(Optimizers, BoundsOfTheCatalog) {
  for (const std::string& type : optimizers().names()) {
    EXPECT_NO_THROW(make(type));
    EXPECT_EQ(make(type)->base_lr(), [&] {
      for (const FieldInfo& f : optimizers().entry(type).fields)
        if (f.name == "lr") return f.default_value.as_real();
      return -1.0;
    }());
    EXPECT_THAT(error_of(ErrorKind::config, [&] { make(type, {{"learning_rate", 0.1}}); }), HasSubstr("learning_rate"));
    for (const FieldInfo& f : optimizers().entry(type).fields) {
      if (f.type != "real" && f.type != "integer") continue;
      for (auto [end, open, outward] :
           {std::tuple{f.bound.low, f.bound.low_open, -HUGE_VAL}, {f.bound.high, f.bound.high_open, HUGE_VAL}}) {
        if (!std::isfinite(end)) continue;
        double bad = open ? end : std::nextafter(end, outward);
        EXPECT_THAT(error_of(ErrorKind::config,
                             [&, b = bad] {
                               make(type, {{f.name, b}});
                             }),
                    AllOf(HasSubstr(type + "." + f.name), HasSubstr(f.bound.text())));
        if (open) continue;
        EXPECT_NO_THROW(make(type, {{f.name, end}})) << type << "." << f.name;
      }
      EXPECT_THAT(error_of(ErrorKind::config, [&] { make(type, {{f.name, "x"}}); }), HasSubstr(f.name));
    }
  }
  EXPECT_THAT(error_of(ErrorKind::config, [] { make("sgd", {{"nesterov", true}}); }), HasSubstr("momentum"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { make("adm"); }), HasSubstr("adam"));
}

}  // namespace
}  // namespace gradus
