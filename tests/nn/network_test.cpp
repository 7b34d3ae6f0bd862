#include "gradus/nn/network.h"

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/tensor/profile.h"

namespace gradus {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Value config(const std::string& toml) { return parse_toml("layers = [" + toml + "]", "net.toml").at("layers"); }
std::unique_ptr<Network> from(const std::string& toml, std::int64_t outputs = 0) {
  return make_network(config(toml), outputs, "model.layers");
}

std::vector<std::string> names(Network& n) {
  std::vector<std::string> all;
  for (const Parameter& p : parameters_of(n)) all.push_back(p.name);
  return all;
}

TEST(Network, AListOfLayers) {
  auto n = from(R"({type = "linear", units = 5}, {type = "relu"}, {type = "linear", name = "last"})", 3);
  EXPECT_EQ(n->output_shape({4}).text(), "[3]");
  EXPECT_EQ(n->cost({4}).parameters, 4 * 5 + 5 + 5 * 3 + 3);
  n->build({4}, 7);
  EXPECT_THAT(names(*n), ElementsAre("linear1.weight", "linear1.bias", "last.weight", "last.bias"));
  EXPECT_TRUE(parameters_of(*n)[0].penalized);
  EXPECT_FALSE(parameters_of(*n)[1].penalized);
  EXPECT_EQ((*n)(Tensor::ones({2, 4})).shape().text(), "[2, 3]");
  auto rows = n->table({4});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].name, "relu1");
  EXPECT_EQ(rows[2].output.text(), "[3]");
  EXPECT_EQ(rows[0].cost.multiply_adds, 20);
}

// The width is that of the layers that decide the result's, wherever they stand in the list.
TEST(Network, OpenWidthsComeFromTheOutputs) {
  auto output = [](const std::string& toml) { return from(toml, 3)->output_shape({4}).text(); };
  EXPECT_EQ(output(R"({type = "linear"}, {type = "dropout"}, {type = "layer_norm"}, {type = "softmax"})"), "[3]");
  EXPECT_EQ(output(R"({type = "linear", name = "a"}, {type = "linear", name = "b", from = "input"},
                      {type = "add", from = ["a", "b"]})"),
            "[3]");
  EXPECT_EQ(output(R"({type = "linear", name = "head"}, {type = "linear", units = 9, name = "side", from = "input"},
                      {type = "relu", from = "head"})"),
            "[3]");
  EXPECT_EQ(output(R"({type = "linear"}, {type = "residual", layers = [{type = "linear", units = 3}]})"), "[3]");
  EXPECT_EQ(output(R"({type = "linear", units = 5}, {type = "relu"})"), "[5]") << "what is given stays";
  for (const char* open : {R"({type = "linear"}, {type = "linear", units = 3})",
                           R"({type = "linear"}, {type = "concatenate", from = ["linear1", "input"]})",
                           R"({type = "linear"}, {type = "reshape", shape = [3, 1]})",
                           R"({type = "linear"}, {type = "residual", layers = [{type = "linear", units = 5}]})"})
    EXPECT_THAT(error_of(ErrorKind::config, [&] { output(open); }), AllOf(HasSubstr("linear1"), HasSubstr("units")))
        << open;
}

TEST(Network, KnowsItsBatchStatisticsAtAnyDepth) {
  const std::string branch = R"([{type = "linear", units = 4}, {type = "batch_norm"}])";
  EXPECT_TRUE(from(R"({type = "batch_norm"}, {type = "relu"})")->uses_batch_statistics());
  EXPECT_TRUE(from("{type = \"residual\", layers = " + branch + "}")->uses_batch_statistics());
  EXPECT_TRUE(
      from("{type = \"residual\", layers = [{type = \"relu\"}], shortcut = " + branch + "}")->uses_batch_statistics());
  EXPECT_FALSE(from(R"({type = "residual", layers = [{type = "layer_norm"}]})")->uses_batch_statistics());
}

// Sizes whose products do not fit into 64 bits must not come out small.
TEST(Network, RefusesSizesThatCannotBeCounted) {
  auto refused = [](const std::string& toml) {
    EXPECT_THROW(from(toml)->cost({4}), Error) << toml;
    EXPECT_THROW(from(toml)->build({4}, 1), Error) << toml;
  };
  refused(R"({type = "linear", units = 9000000000000000000})");
  refused(R"({type = "linear", units = 4611686018427387905, bias = false})");  // times 4 is 4, modulo 2^64
  refused(R"({type = "linear", units = 8589934592}, {type = "linear", units = 8589934592})");
  refused(R"({type = "reshape", shape = [4611686018427387905, 4]})");
  EXPECT_THROW(from(R"({type = "relu"})")->cost({1LL << 40, 1LL << 40}), Error);
  EXPECT_EQ(from(R"({type = "linear", units = 1000000}, {type = "linear", units = 1000000})")->cost({4}).parameters,
            4'000'000 + 1'000'000 + 1'000'000'000'000 + 1'000'000);
}

TEST(Network, AGraph) {
  auto n = from(R"({type = "linear", units = 4, name = "a"}, {type = "tanh", name = "t"},
                   {type = "linear", units = 4, name = "b", from = "input"},
                   {type = "add", name = "sum", from = ["t", "b", "input"]},
                   {type = "concatenate", from = ["sum", "a"]}, {type = "linear", units = 2})");
  n->build({4}, 7, Dtype::f64);
  EXPECT_EQ(n->output_shape({4}).text(), "[2]");
  auto p = parameters_of(*n);
  Tensor x = Tensor::uniform({3, 4}, -1, 1, {1, 0, 0}, Dtype::f64);
  Tensor a = linear(x, p[0].value, p[1].value), b = linear(x, p[2].value, p[3].value);
  Tensor expected = linear(concatenate({tanh(a) + b + x, a}, 1), p[4].value, p[5].value);
  expect_close(values_of(n->forward(x, {})), values_of(expected), 1e-14, "graph");
  Gradients g = backward(sum(n->forward(shard(x, 2), {}))), h = backward(sum(expected));
  for (const Parameter& q : p) expect_close(values_of(g[q.value]), values_of(h[q.value]), 1e-12, q.name);
}

// Activations are computed in the pass of the linear layer before them only where nothing else reads its result.
TEST(Network, WatchingChangesNoValue) {
  for (std::string activation :
       {"relu", "tanh", "sigmoid", "gelu", "elu", "leaky_relu", "silu", "softplus", "identity", "step"}) {
    auto n = from("{type = \"linear\", units = 6}, {type = \"" + activation + "\"}, {type = \"linear\", units = 2}");
    n->build({4}, 7, Dtype::f64);
    Tensor x = Tensor::uniform({3, 4}, -1, 1, {1, 0, 0}, Dtype::f64);
    std::vector<std::string> seen;
    Tensor before;
    Context watching;
    watching.watch = [&](const std::string& name, const Tensor& t) {
      seen.push_back(name);
      if (name == "linear1") before = t;
    };
    Tensor plain = n->forward(x, {}), watched = n->forward(x, watching);
    expect_close(values_of(watched), values_of(plain), 1e-14, activation);
    EXPECT_THAT(seen, ElementsAre("linear1", activation + "1", "linear2"));
    auto p = parameters_of(*n);
    expect_close(values_of(before), values_of(linear(x, p[0].value, p[1].value)), 1e-14,
                 "what is watched is not yet activated");
    for (const Parameter& q : p) {
      Gradients g = backward(sum(square(n->forward(x, {})))), h = backward(sum(square(n->forward(x, watching))));
      if (g[q.value].defined())
        expect_close(values_of(g[q.value]), values_of(h[q.value]), 1e-12, activation + " " + q.name);
    }
  }
}

TEST(Network, BuildingAgainForgetsWhatWasFused) {
  Network n = nn::network(nn::linear(3), nn::sigmoid());
  n.build({2}, 1, Dtype::f64);
  n.add(nn::layer("add"), "both", {"linear1", "sigmoid1"});  // now the linear result has two readers
  n.build({2}, 1, Dtype::f64);
  Tensor x = Tensor::uniform({4, 2}, -1, 1, {1, 0, 0}, Dtype::f64);
  auto p = parameters_of(n);
  Tensor z = linear(x, p[0].value, p[1].value);
  expect_close(values_of(n.forward(x, {})), values_of(z + sigmoid(z)), 1e-14, "after a second build");
}

TEST(Network, SeedsAndNamesDecideTheWeights) {
  auto values = [](const std::string& toml, std::uint64_t seed) {
    auto n = from(toml);
    n->build({4}, seed);
    return values_of(parameters_of(*n)[0].value);
  };
  const std::string one = R"({type = "linear", units = 3})", named = R"({type = "linear", units = 3, name = "x"})";
  EXPECT_EQ(values(one, 1), values(one, 1));
  EXPECT_NE(values(one, 1), values(one, 2));
  EXPECT_NE(values(one, 1), values(named, 1));
  auto twins = from(R"({type = "linear", units = 4}, {type = "linear", units = 4})");
  twins->build({4}, 1);
  EXPECT_NE(values_of(parameters_of(*twins)[0].value), values_of(parameters_of(*twins)[2].value));
}

// He draws are wider than Glorot's for more units than inputs, with any seed by the same factor.
TEST(Network, DefaultInitializersLookThroughLayersThatKeepValues) {
  auto width = [](const std::string& between) {
    Value list =
        parse_toml_value("[{ type = \"linear\", units = 9 }, " + between + " { type = \"linear\", units = 1 }]");
    auto network = make_network(list, 0, "layers");
    network->build(Shape{3}, 5);
    std::vector<float> w = state_of(*network)[0].second.to_vector<float>();
    return std::abs(w[0]);
  };
  const std::string relu = "{ type = \"relu\" },";
  float he = width(relu), glorot = width("{ type = \"tanh\" },");
  EXPECT_FLOAT_EQ(he, 2 * glorot);  // sqrt(6 / 3) against sqrt(6 / 12)
  for (const char* kept : {"dropout", "flatten", "identity", "reshape"}) {
    std::string layer =
        std::string("{ type = \"") + kept + "\"" + (kept == std::string("reshape") ? ", shape = [9]" : "");
    EXPECT_EQ(width(layer + " }, " + relu), he) << kept;
  }
  EXPECT_EQ(width("{ type = \"dropout\" }, { type = \"identity\" }, " + relu), he);
  EXPECT_EQ(width("{ type = \"batch_norm\" }, " + relu), glorot);
}

TEST(Network, DropoutDrawsAnewEachStepInTrainingOnly) {
  auto n = from(R"({type = "dropout", rate = 0.5}, {type = "dropout", rate = 0.5, name = "second"})");
  n->build({50}, 1);
  Tensor x = Tensor::ones({20, 50});
  auto at = [&](std::uint32_t step, bool training) {
    Context c;
    c.training = training;
    c.key = {1, 0, step};
    return values_of(n->forward(x, c));
  };
  EXPECT_EQ(at(1, true), at(1, true));
  EXPECT_NE(at(1, true), at(2, true));
  EXPECT_EQ(at(1, false), values_of(x));
  EXPECT_EQ(values_of((*n)(x)), values_of(x));
  double kept = 0;
  for (double v : at(1, true)) kept += v != 0;
  EXPECT_NEAR(kept / 1000, 0.25, 0.06) << "the two layers draw the same mask";
}

TEST(Reshape, ErrorsShowTheShapeAsGiven) {
  auto error = [](const char* shape, ErrorKind kind) {
    return error_of(kind, [&] {
      nn::layer("reshape", Value(Value::Table{{"shape", parse_toml_value(shape)}}))->output_shape(Shape{10});
    });
  };
  EXPECT_THAT(error("[-1, -1]", ErrorKind::config), AllOf(HasSubstr("at most one"), HasSubstr("got [-1, -1]")));
  EXPECT_THAT(error("[-1, 4]", ErrorKind::shape), HasSubstr("got [-1, 4]"));
}

TEST(Network, DropoutSeedOfTheStepMatters) {
  auto n = from(R"({type = "dropout", rate = 0.5})");
  n->build({50}, 1);
  Context a, b;
  a.training = b.training = true;
  a.key = {1, 0, 0};
  b.key = {2, 0, 0};
  EXPECT_NE(values_of(n->forward(Tensor::ones({20, 50}), a)), values_of(n->forward(Tensor::ones({20, 50}), b)));
}

// Three blocks are the three networks one after the other, with weights of their own.
TEST(Repeat, IsItsBlocksInARow) {
  const std::string block = R"({type = "linear", units = 4, name = "a"}, {type = "tanh"},
                               {type = "add", from = ["tanh1", "input"]})";
  auto n = from(R"({type = "linear", units = 4}, {type = "repeat", times = 3, name = "blocks", layers = [)" + block +
                    "]}, {type = \"linear\"}",
                2);
  EXPECT_EQ(n->output_shape({3}).text(), "[2]");
  EXPECT_EQ(n->cost({3}).parameters, 4 * 4 + 3 * 20 + 5 * 2);
  n->build({3}, 7, Dtype::f64);
  EXPECT_THAT(names(*n),
              ElementsAre("linear1.weight", "linear1.bias", "blocks.1.a.weight", "blocks.1.a.bias", "blocks.2.a.weight",
                          "blocks.2.a.bias", "blocks.3.a.weight", "blocks.3.a.bias", "linear2.weight", "linear2.bias"));
  std::vector<Parameter> p = parameters_of(*n);
  EXPECT_NE(values_of(p[2].value), values_of(p[4].value));
  EXPECT_NE(values_of(p[4].value), values_of(p[6].value));
  Tensor x = Tensor::uniform({5, 3}, -1, 1, {1, 0, 0}, Dtype::f64), h = linear(x, p[0].value, p[1].value);
  for (std::size_t i : {2, 4, 6}) h = tanh(linear(h, p[i].value, p[i + 1].value)) + h;
  expect_close(values_of(n->forward(x, {})), values_of(linear(h, p[8].value, p[9].value)), 1e-14, "forward");
}

TEST(Repeat, MayBeNested) {
  auto n = from(R"({type = "repeat", times = 2, layers = [ {type = "repeat", times = 3, layers = [
                   {type = "conv1d", channels = 2, padding = "same"}, {type = "batch_norm"}, {type = "relu"} ] },
                   {type = "max_pool1d"} ] })");
  EXPECT_EQ(n->output_shape({8, 2}).text(), "[2, 2]");
  EXPECT_TRUE(n->uses_batch_statistics());
  EXPECT_TRUE(n->shares_weights());
  n->build({8, 2}, 1);
  EXPECT_EQ(names(*n).size(), 24u);
  EXPECT_EQ(names(*n)[4], "repeat1.1.repeat1.2.conv1d1.weight");
}

TEST(Repeat, MistakesAreNamed) {
  auto config_error = [](const std::string& toml) { return error_of(ErrorKind::config, [&] { from(toml); }); };
  EXPECT_THAT(config_error(R"({type = "repeat", layers = [{type = "relu"}, {type = "rleu"}]})"),
              AllOf(HasSubstr("model.layers[0].layers[1]"), HasSubstr("relu")));
  EXPECT_THAT(
      config_error(R"({type = "relu", name = "out"}, {type = "repeat", layers = [{type = "relu", from = "out"}]})"),
      AllOf(HasSubstr("model.layers[1].layers[0]"), HasSubstr("\"input\"")));
  EXPECT_THAT(config_error(R"({type = "repeat", times = 0, layers = ["relu"]})"),
              HasSubstr("model.layers[0].times must be >= 1"));
  EXPECT_THAT(config_error(R"({type = "repeat", times = 2, layers = []})"), HasSubstr("model.layers[0].layers"));
  EXPECT_THAT(config_error(R"({type = "repeat", times = 200, layers = [
                              {type = "repeat", times = 100, layers = ["relu", "relu"]}]})"),
              AllOf(HasSubstr("model.layers[0].times"), HasSubstr("10000")));
  auto grows = from(R"({type = "repeat", times = 4, layers = [{type = "max_pool1d"}]})");
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         grows->output_shape({4, 1});
                       }),
              AllOf(HasSubstr("repeat1"), HasSubstr("block 3"), HasSubstr("max_pool1d")));
}

TEST(Network, ErrorsNameTheLayer) {
  auto two = from(R"({type = "linear", units = 5, name = "first"}, {type = "reshape", shape = [7], name = "odd"})");
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { two->output_shape({4}); }),
              AllOf(HasSubstr("odd"), HasSubstr("[5]"), HasSubstr("[7]")));
  auto n = from(R"({type = "linear", units = 5, name = "first"})");
  n->build({4}, 1);
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         (*n)(Tensor::ones({2, 3}));
                       }),
              AllOf(HasSubstr("first"), HasSubstr("[2, 3]"), HasSubstr("[4, 5]")));
  auto config_error = [](const std::string& toml) { return error_of(ErrorKind::config, [&] { from(toml); }); };
  EXPECT_THAT(config_error(R"({type = "linear", unist = 5})"),
              AllOf(HasSubstr("model.layers[0]"), HasSubstr("unist"), HasSubstr("units")));
  EXPECT_THAT(config_error(R"({type = "relu"}, {type = "reul"})"),
              AllOf(HasSubstr("model.layers[1]"), HasSubstr("reul"), HasSubstr("relu")));
  EXPECT_THAT(config_error(R"({units = 5})"), AllOf(HasSubstr("model.layers[0]"), HasSubstr("type")));
  EXPECT_THAT(config_error(""), HasSubstr("at least one layer"));
  EXPECT_THAT(config_error(R"({type = "relu", name = "a"}, {type = "relu", name = "a"})"),
              AllOf(HasSubstr("model.layers[1]"), HasSubstr("\"a\"")));
  EXPECT_THAT(config_error(R"({type = "relu", name = "input"})"), HasSubstr("input"));
  EXPECT_THAT(config_error(R"({type = "relu", name = "a.b"})"), HasSubstr("a.b"));
  EXPECT_THAT(config_error(R"({type = "relu", name = "first"}, {type = "relu", from = "frist"})"),
              AllOf(HasSubstr("frist"), HasSubstr("first")));
  EXPECT_THAT(config_error(R"({type = "relu", name = "a"}, {type = "relu", from = ["a", "input"]})"),
              HasSubstr("one input"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { from(R"({type = "linear"})")->output_shape({4}); }),
              AllOf(HasSubstr("linear1"), HasSubstr("units")));
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [] {
                         from(R"({type = "linear", units = 3, name = "a"}, {type = "add", from = ["a", "input"]})")
                             ->output_shape({4});
                       }),
              AllOf(HasSubstr("add1"), HasSubstr("[3]"), HasSubstr("[4]")));
  EXPECT_THAT(
      error_of(ErrorKind::shape,
               [] { from(R"({type = "residual", layers = [{type = "linear", units = 3}]})")->output_shape({4}); }),
      AllOf(HasSubstr("residual1"), HasSubstr("[3]"), HasSubstr("[4]")));
  EXPECT_THAT(error_of(ErrorKind::config, [] { Network().output_shape({4}); }), HasSubstr("at least one layer"));
}

TEST(Network, ForwardOfOneThatWasNotBuiltIsAnError) {
  for (std::string layer : {"linear", "batch_norm", "layer_norm", "prelu"}) {
    auto n = from("{type = \"" + layer + "\"" + (layer == "linear" ? ", units = 2" : "") + "}");
    EXPECT_THAT(error_of(ErrorKind::state,
                         [&] {
                           (*n)(Tensor::ones({2, 3}));
                         }),
                AllOf(HasSubstr(layer + "1"), HasSubstr("call build() first")));
    n->add(nn::layer("add"), "both", {layer + "1", layer + "1"});  // now a graph
    EXPECT_THAT(error_of(ErrorKind::state, [&] { (*n)(Tensor::ones({2, 3})); }), HasSubstr("call build() first"));
    n->build({3}, 1);
    EXPECT_EQ((*n)(Tensor::ones({2, 3})).dim(0), 2);
    n->add(nn::linear(1));  // and one more that is not built
    EXPECT_THAT(error_of(ErrorKind::state, [&] { (*n)(Tensor::ones({2, 3})); }), HasSubstr("call build() first"));
    EXPECT_THAT(error_of(ErrorKind::state, [&] { (*n)(Tensor()); }), HasSubstr("the input is undefined"));
  }
  EXPECT_THAT(error_of(ErrorKind::config, [] { Network()(Tensor::ones({2, 3})); }), HasSubstr("at least one layer"));
  EXPECT_THAT(error_of(ErrorKind::config, [] { Network().add(nullptr); }), HasSubstr("a layer"));
}

// Gains, biases and statistics that differ from where they start.
void stir(Network& n) {
  std::uint32_t stream = 0;
  std::vector<std::pair<std::string, Tensor>> state = state_of(n);
  for (auto& [name, t] : state) t = Tensor::uniform(t.shape(), 0.5, 1.5, {9, stream++, 0}, t.dtype());
  load_state(n, state);
}

// Watched, each layer computes alone what in prediction the one before it computes within its weights.
TEST(Network, PredictionFoldsBatchNormIntoTheWeightsBeforeIt) {
  struct {
    const char* layers;
    Shape input;
    int norms;  // that remain
  } cases[] = {
      {R"({type = "conv2d", channels = 4, groups = 2}, "batch_norm", "relu", {type = "linear", units = 3}, "batch_norm")",
       {5, 6, 2},
       0},
      {R"({type = "conv2d", channels = 4, bias = false}, "batch_norm",
          {type = "residual", layers = [ {type = "conv2d", channels = 4, padding = "same"}, "batch_norm" ]}, "relu")",
       {5, 6, 2},
       0},
      {R"({type = "conv_transpose2d", channels = 4}, "batch_norm", "relu", "batch_norm")", {3, 3, 2}, 2},
      {R"({type = "conv2d", channels = 4, name = "a"}, "batch_norm", {type = "add", from = ["a", "batch_norm1"]})",
       {5, 6, 2},
       1},
  };
  for (auto& c : cases) {
    auto n = from(c.layers);
    n->build(c.input, 3, Dtype::f64);
    stir(*n);
    Tensor x = Tensor::uniform(c.input.inserted(0, 3), -1, 1, {4, 0, 0}, Dtype::f64);
    Context alone;
    alone.watch = [](const std::string&, const Tensor&) {};
    Profile profile;
    Tensor y = [&] {
      Profile::Running running(profile);
      return (*n)(x);
    }();
    std::vector<double> folded = y.to_vector<double>(), apart = n->forward(x, alone).to_vector<double>();
    ASSERT_EQ(folded.size(), apart.size());
    for (std::size_t i = 0; i < folded.size(); ++i) EXPECT_NEAR(folded[i], apart[i], 1e-12) << c.layers;
    std::vector<Profile::Row> parts = profile.rows();
    auto is_norm = [](const Profile::Row& r) { return r.name.starts_with("batch_norm"); };
    EXPECT_EQ(std::count_if(parts.begin(), parts.end(), is_norm), c.norms) << c.layers;
  }
}

// What is kept for prediction gives the same bits, for other numbers of examples and shards too, and goes when weights
// may.
TEST(Network, FrozenItPredictsTheSameUntilItsParametersAreHandedOut) {
  const char* layers = R"({type = "conv2d", channels = 4, padding = "same"}, "batch_norm", "relu",
      {type = "repeat", times = 2, layers = [ {type = "conv2d", channels = 4, padding = "same"} ]},
      {type = "residual", layers = [ {type = "conv2d", channels = 4, padding = "same"}, "batch_norm" ]}, "relu",
      {type = "linear", units = 3})";
  auto n = from(layers);
  n->build({6, 5, 2}, 3);
  stir(*n);
  NoGrad no_grad;
  Tensor x = Tensor::uniform({7, 6, 5, 2}, -1, 1, {4, 0, 0}), other = Tensor::uniform({2, 8, 5, 2}, -1, 1, {4, 1, 0});
  auto predict = [&](const Tensor& from, int shards) {
    return gather_shards(n->forward(shard(from, shards), Context{})).to_vector<float>();
  };
  std::vector<float> whole = predict(x, 1), cut = predict(x, 3), of_other = predict(other, 1);
  n->freeze({6, 5, 2});
  std::uint64_t reorders = EngineCounters::now().reorders;
  EXPECT_EQ(predict(x, 1), whole);
  EXPECT_EQ(predict(x, 3), cut);
  EXPECT_EQ(EngineCounters::now().reorders, reorders) << "no weights are packed";
  EXPECT_EQ(predict(other, 1), of_other) << "of another size: not from what was kept";
  EXPECT_GT(EngineCounters::now().reorders, reorders);

  for (Parameter& p : parameters_of(*n)) p.value.mutable_data<float>()[0] += 1;
  EXPECT_NE(predict(x, 1), whole) << "parameters were handed out";
  n->freeze({6, 5, 2});
  if (has_bf16()) {
    n->compute_in(Dtype::bf16);
    std::vector<float> rounded = predict(x, 1);
    n->freeze({6, 5, 2});
    EXPECT_EQ(predict(x, 1), rounded);
  }
}

}  // namespace
}  // namespace gradus
