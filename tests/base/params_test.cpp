#include "gradus/base/params.h"

#include <cmath>
#include <limits>

#include "expect_error.h"
#include "gradus/base/catalog.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct StoppingParams {
  std::int64_t patience = 10;
  std::string monitor = "validation.loss";
  void fields(Fields& f) {
    f("patience", patience, at_least(1), "epochs to wait");
    f("monitor", monitor, "metric watched");
  }
};

struct ExampleParams {
  double lr = 0.001;
  double beta1 = 0.9;
  std::int64_t epochs = 100;
  bool shuffle = true;
  std::string mode = "auto";
  std::vector<std::string> columns;
  std::vector<std::int64_t> shape = {1, 28};
  std::optional<double> rate;
  std::optional<std::int64_t> units;
  std::optional<std::string> weight;
  Value batch_size = 32;
  StoppingParams early_stopping;
  void fields(Fields& f) {
    f("lr", lr, above(0), "step size");
    f("beta1", beta1, from_to(0, 1), "decay of the mean");
    f("epochs", epochs, at_least(1), "passes over the data");
    f("shuffle", shuffle, "new order each epoch");
    f("mode", mode, {"auto", "manual"}, "who decides");
    f("columns", columns, "columns used");
    f("shape", shape, at_least(1), "shape of a sample");
    f("rate", rate, inside(0, 1), "share kept");
    f("units", units, at_least(1), "width; the target's when absent");
    f("weight", weight, "column of weights");
    f("batch_size", batch_size, "a number or \"all\"", "samples a step");
    f("early_stopping", early_stopping, "when to stop");
  }
};

ExampleParams read(std::string_view toml, const std::string& place = "train") {
  ExampleParams params;
  read_params(params, parse_toml(toml, "iris.toml"), place, {"type"});
  return params;
}

std::string refusal(std::string_view toml) {
  return error_of(ErrorKind::config, [&] { read(toml); });
}

TEST(Params, ReadWhatIsGivenAndKeepDefaults) {
  ExampleParams p = read(R"(
type = "example"
lr = 1
epochs = 5.0
shuffle = false
mode = "manual"
columns = "a"
shape = [3, 32, 32]
rate = 0.5
units = 7
weight = "w"
batch_size = "all"
early_stopping = { patience = 3 }
)");
  EXPECT_EQ(p.lr, 1.0);
  EXPECT_EQ(p.beta1, 0.9);
  EXPECT_EQ(p.epochs, 5);
  EXPECT_FALSE(p.shuffle);
  EXPECT_EQ(p.mode, "manual");
  EXPECT_EQ(p.columns, std::vector<std::string>{"a"});
  EXPECT_EQ(p.shape, (std::vector<std::int64_t>{3, 32, 32}));
  EXPECT_EQ(p.rate, 0.5);
  EXPECT_EQ(p.units, 7);
  EXPECT_EQ(p.weight, "w");
  EXPECT_EQ(p.batch_size.as_string(), "all");
  EXPECT_EQ(p.early_stopping.patience, 3);
  EXPECT_EQ(p.early_stopping.monitor, "validation.loss");

  ExampleParams defaults;
  read_params(defaults, Value(), "train");
  EXPECT_EQ(defaults.epochs, 100);
  EXPECT_FALSE(defaults.units.has_value());
}

TEST(Params, UnknownKeysNameTheNearestOrAll) {
  EXPECT_EQ(refusal("type = \"linear\"\nunit = 3"),
            "iris.toml:2:1: train.unit: unknown key \"unit\" of linear; did you mean \"units\"?");
  EXPECT_EQ(refusal("epoch = 3"), "iris.toml:1:1: train.epoch: unknown key \"epoch\"; did you mean \"epochs\"?");
  EXPECT_EQ(refusal("[early_stopping]\nqqq = 3"),
            "iris.toml:2:1: train.early_stopping.qqq: unknown key \"qqq\"; known keys: patience, monitor");
  ExampleParams p;
  EXPECT_EQ(error_of(ErrorKind::config, [&] { read_params(p, parse_toml("type = 1", "x"), "a"); }).substr(0, 33),
            "x:1:1: a.type: unknown key \"type\"");
  EXPECT_EQ(error_of(ErrorKind::config,
                     [&] {
                       read_params(p, Value(Value::Table{{"epohcs", 1}}), "");
                     }),
            "epohcs: unknown key \"epohcs\"; did you mean \"epochs\"?");
}

TEST(Params, HostileKeysAreShownCutAndEscaped) {
  EXPECT_THAT(refusal("\"\\u001b[31m\" = 1"),
              HasSubstr("iris.toml:1:1: train.\"\\u001b[31m\": unknown key \"\\u001b[31m\"; known keys: lr"));
  EXPECT_LT(refusal(std::string(60'000, 'k') + " = 1").size(), 500u);
}

TEST(Params, WrongTypesNameKeyAndLocation) {
  EXPECT_EQ(refusal("\nepochs = \"ten\""), "iris.toml:2:1: train.epochs: expected an integer, got a string \"ten\"");
  EXPECT_EQ(refusal("epochs = 2.5"), "iris.toml:1:1: train.epochs: expected an integer, got 2.5");
  EXPECT_EQ(refusal("lr = true"), "iris.toml:1:1: train.lr: expected a number, got true");
  EXPECT_EQ(refusal("shuffle = 1"), "iris.toml:1:1: train.shuffle: expected true or false, got 1");
  EXPECT_EQ(refusal("mode = 1"), "iris.toml:1:1: train.mode: expected a string, got 1");
  EXPECT_EQ(refusal("columns = [\"a\", 2]"), "iris.toml:1:17: train.columns[1]: expected a string, got 2");
  EXPECT_EQ(refusal("shape = 3"), "iris.toml:1:1: train.shape: expected a list, got 3");
  EXPECT_EQ(refusal("shape = [1, \"2\"]"), "iris.toml:1:13: train.shape[1]: expected an integer, got a string \"2\"");
  EXPECT_EQ(refusal("early_stopping = true"), "iris.toml:1:1: train.early_stopping: expected a table, got true");
  EXPECT_EQ(refusal("early_stopping = { patience = \"x\" }"),
            "iris.toml:1:20: train.early_stopping.patience: expected an integer, got a string \"x\"");
  ExampleParams p;
  EXPECT_EQ(error_of(ErrorKind::config, [&] { read_params(p, Value("adam"), "train.optimizer"); }),
            "train.optimizer: expected a table, got a string \"adam\"");
}

TEST(Params, BrokenBoundsNameTheIntervalAndTheValue) {
  EXPECT_EQ(refusal("beta1 = 1.5"), "iris.toml:1:1: train.beta1 must be in [0, 1), got 1.5");
  EXPECT_EQ(refusal("beta1 = nan"), "iris.toml:1:1: train.beta1 must be in [0, 1), got nan");
  EXPECT_EQ(refusal("lr = 0"), "iris.toml:1:1: train.lr must be > 0, got 0");
  EXPECT_EQ(refusal("epochs = -3"), "iris.toml:1:1: train.epochs must be >= 1, got -3");
  EXPECT_EQ(refusal("shape = [1, 0]"), "iris.toml:1:13: train.shape[1] must be >= 1, got 0");
  EXPECT_EQ(refusal("rate = 1.0"), "iris.toml:1:1: train.rate must be in (0, 1), got 1");
  EXPECT_EQ(refusal("units = 0"), "iris.toml:1:1: train.units must be >= 1, got 0");
  EXPECT_EQ(refusal("mode = \"manul\""),
            "iris.toml:1:1: train.mode must be one of \"auto\", \"manual\", got \"manul\"; did you mean \"manual\"?");
}

TEST(Params, ChecksWhatCodeHasSet) {
  ExampleParams p;
  check_params(p, "adam");
  p.beta1 = 1.5;
  EXPECT_EQ(error_of(ErrorKind::value, [&] { check_params(p, "adam"); }), "adam.beta1 must be in [0, 1), got 1.5");
  p = {};
  p.early_stopping.patience = 0;
  EXPECT_EQ(error_of(ErrorKind::value, [&] { check_params(p, "train"); }),
            "train.early_stopping.patience must be >= 1, got 0");
  p = {};
  p.mode = "x";
  EXPECT_THAT(error_of(ErrorKind::value, [&] { check_params(p, ""); }), HasSubstr("mode must be one of"));
  p = {};
  p.shape = {2, -1};
  EXPECT_EQ(error_of(ErrorKind::value, [&] { check_params(p, "a"); }), "a.shape[1] must be >= 1, got -1");
  p = {};
  p.rate = 0.0;
  EXPECT_EQ(error_of(ErrorKind::value, [&] { check_params(p, "a"); }), "a.rate must be in (0, 1), got 0");
}

TEST(Params, WrittenParamsReadBackTheSame) {
  ExampleParams p;
  p.lr = 0.1;
  p.units = 12;
  p.columns = {"a", "b"};
  p.early_stopping.patience = 4;
  Value table = write_params(p);
  EXPECT_EQ(table.find("rate"), nullptr);
  EXPECT_EQ(table.at("early_stopping").at("patience"), Value(4));
  ExampleParams back;
  read_params(back, parse_toml(to_toml(table), "x"), "train");
  EXPECT_EQ(write_params(back), table);
  EXPECT_EQ(back.columns, p.columns);
  EXPECT_EQ(back.units, 12);
}

TEST(Params, DescribesEveryField) {
  ExampleParams p;
  std::vector<FieldInfo> all = describe_params(p);
  ASSERT_EQ(all.size(), 13u);
  auto field = [&](const std::string& name) {
    for (const FieldInfo& info : all)
      if (info.name == name) return info;
    ADD_FAILURE() << "no field " << name;
    return FieldInfo{};
  };
  EXPECT_EQ(field("lr").type, "real");
  EXPECT_EQ(field("lr").default_value, Value(0.001));
  EXPECT_EQ(field("lr").bound.text(), "> 0");
  EXPECT_EQ(field("lr").help, "step size");
  EXPECT_EQ(field("mode").choices, (std::vector<std::string>{"auto", "manual"}));
  EXPECT_EQ(field("units").type, "integer");
  EXPECT_TRUE(field("units").default_value.is_null());
  EXPECT_EQ(field("batch_size").type, "a number or \"all\"");
  EXPECT_EQ(field("shape").type, "list of integers");
  EXPECT_EQ(field("shape").default_value, Value(Value::Array{1, 28}));
  EXPECT_EQ(field("early_stopping.patience").default_value, Value(10));
}

TEST(Params, BoundsHoldAndReadAsIntervals) {
  EXPECT_EQ(between(-1, 0.5).text(), "[-1, 0.5]");
  EXPECT_EQ(above_to(0, 1).text(), "(0, 1]");
  EXPECT_EQ((Bound{-std::numeric_limits<double>::infinity(), 3}).text(), "<= 3");
  EXPECT_EQ(any().text(), "");
  EXPECT_TRUE(between(0, 1).holds(0) && between(0, 1).holds(1));
  EXPECT_FALSE(inside(0, 1).holds(0) || inside(0, 1).holds(1));
  EXPECT_TRUE(from_to(0, 1).holds(0) && !from_to(0, 1).holds(1));
  EXPECT_TRUE(above_to(0, 1).holds(1) && !above_to(0, 1).holds(0));
  EXPECT_TRUE(at_least(0).holds(INFINITY));
  EXPECT_FALSE(any().holds(std::nan("")));
}

TEST(Nearest, FindsWhatWasMeant) {
  std::vector<std::string> keys = {"units", "activation", "learning_rate", "batch_size", "lr"};
  EXPECT_EQ(nearest("unit", keys), "units");
  EXPECT_EQ(nearest("untis", keys), "units");
  EXPECT_EQ(nearest("UNITS", keys), "units");
  EXPECT_EQ(nearest("actvation", keys), "activation");
  EXPECT_EQ(nearest("learning-rate", keys), "learning_rate");
  EXPECT_EQ(nearest("batch", keys), "batch_size");
  EXPECT_EQ(nearest("rl", keys), "lr");
}

TEST(Nearest, KnowsWhatOthersCallIt) {
  EXPECT_EQ(nearest("learning_rate", {"beta1", "lr"}), "lr");
  EXPECT_EQ(nearest("LearningRate", {"beta1", "lr"}), "lr");
  EXPECT_EQ(nearest("mean_squared_error", {"cross_entropy", "mse", "mae"}), "mse");
  EXPECT_EQ(nearest("crossentropy", {"binary_cross_entropy", "cross_entropy"}), "cross_entropy");
  EXPECT_EQ(nearest("mode", {"mean", "median", "most_frequent"}), "most_frequent") << "though mean is spelled nearer";
  EXPECT_EQ(nearest("minmax", {"none", "normalize", "standardize"}), "normalize");
  EXPECT_EQ(nearest("standard", {"none", "normalize", "standardize"}), "standardize");
  EXPECT_EQ(nearest("Dense", {"dropout", "linear"}), "linear");
  EXPECT_EQ(nearest("relu6", {"prelu", "relu"}), "relu");
  EXPECT_EQ(nearest("Batch-Norm", {"batch_norm"}), "batch_norm");
}

TEST(Nearest, OfDottedWordsComparesTheLastParts) {
  std::vector<std::string> watched = {"train.loss", "validation.loss", "validation.accuracy", "validation.macro_f1"};
  EXPECT_EQ(nearest("validation.acc", watched), "validation.accuracy");
  EXPECT_EQ(nearest("validation.f1", watched), "validation.macro_f1");
  EXPECT_EQ(nearest("validaton.loss", watched), "validation.loss");
  EXPECT_EQ(nearest("val_loss", watched), "validation.loss");
  EXPECT_EQ(nearest("validation.colour", watched), "");
}

struct Shorthand {
  static constexpr std::string_view kShorthand = "method";
  std::string method;
  double share = 0;
  void fields(Fields& f) {
    f("method", method, {"mean", "median"}, "how");
    f("share", share, between(0, 1), "how much");
  }
};

TEST(Params, AValueMayStandForATable) {
  Shorthand s;
  read_params(s, "median", "prepare.missing");
  EXPECT_EQ(s.method, "median");
  read_params(s, parse_toml_value("{ method = \"mean\", share = 0.5 }"), "prepare.missing");
  EXPECT_EQ(s.method, "mean");
  EXPECT_EQ(s.share, 0.5);
  EXPECT_THAT(error_of(ErrorKind::config, [&] { read_params(s, "medain", "prepare.missing"); }),
              AllOf(HasSubstr("prepare.missing must be"), HasSubstr("did you mean \"median\"?")));
  EXPECT_THAT(error_of(ErrorKind::config, [&] { read_params(s, 5, "prepare.missing"); }),
              HasSubstr("prepare.missing: expected a string, got 5"));
  EXPECT_THAT(
      error_of(ErrorKind::config, [&] { read_params(s, parse_toml_value("{ method = \"x\" }"), "prepare.missing"); }),
      HasSubstr("prepare.missing.method must be"));
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  std::vector<std::string> keys = {"units", "lr"};
  EXPECT_EQ(nearest("momentum", keys), "");
  EXPECT_EQ(nearest("xy", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("units", {}), "");
}

class Layer {
 public:
  virtual ~Layer() = default;
};
class Dense : public Layer {
 public:
  struct Params {
    std::int64_t units = 1;
    void fields(Fields& f) { f("units", units, at_least(1), "width"); }
  };
  explicit Dense(Params p) : params(std::move(p)) {}
  Params params;
};

TEST(Catalog, MakesByNameWithParams) {
  Catalog<Layer> layers("layer");
  layers.add<Dense>("dense", "y = x W + b");
  Value table = parse_toml("type = \"dense\"\nunits = 3", "x");
  auto layer = layers.make("dense", table, "model.layers[0]");
  EXPECT_EQ(dynamic_cast<Dense&>(*layer).params.units, 3);
  EXPECT_EQ(layers.entry("dense").fields.at(0).name, "units");
  EXPECT_THAT(error_of(ErrorKind::config, [&] { layers.make("dens", table, "model.layers[0]"); }),
              "model.layers[0]: expected a known layer, got \"dens\"; did you mean \"dense\"?");
  EXPECT_THAT(error_of(ErrorKind::config, [&] { layers.make("qqqqqq", table, "m"); }), HasSubstr("known: dense"));
  EXPECT_THAT(error_of(ErrorKind::state, [&] { layers.add<Dense>("dense", ""); }), HasSubstr("registered twice"));
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] { layers.make("dense", parse_toml("type = \"dense\"\nunit = 3", "x"), "model.layers[2]"); }),
              "x:2:1: model.layers[2].unit: unknown key \"unit\" of dense; did you mean \"units\"?");
}

}  // namespace
}  // namespace gradus
