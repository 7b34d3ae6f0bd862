#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "command.h"
#include "gradus/base/value.h"

namespace gradus::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A table of two classes that one number tells apart, and a config for it.
constexpr const char* kTable =
    "x,w,kind\n0,1,a\n1,2,b\n0.1,1,a\n0.9,1,b\n0.2,1,a\n0.8,3,b\n0,1,a\n1,1,b\n0.1,1,a\n0.9,1,b\n0.2,1,a\n0.8,1,b\n";

std::string config(const std::string& data = "source = \"t.csv\"\ntarget = \"kind\"\n",
                   const std::string& prepare = "split = { method = \"random\", train = 0.5, test = 0.5 }\n",
                   const std::string& rest = "[model]\nlayers = [ { type = \"linear\" } ]\n[train]\nepochs = 2\n") {
  return "name = \"t\"\n[data]\n" + data + "[prepare]\n" + prepare + rest;
}

struct Bench {
  Folder f;
  Bench() { f.write("t.csv", kTable); }
  // Trains the config with more arguments; the run goes to "run".
  Result train(const std::string& text, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"train", f.write("t.toml", text), "--out", f / "run", "--overwrite"};
    all.insert(all.end(), more.begin(), more.end());
    return gradus(all);
  }
  Result set(const std::vector<std::string>& overrides) const {
    std::vector<std::string> more = {"--quiet"};
    for (const std::string& o : overrides) more.insert(more.end(), {"--set", o});
    return train(config(), more);
  }
};

int lines(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

TEST(Set, ReachesListElementsAndComponentsGivenByName) {
  Bench b;
  Result r = b.set({"model.layers.0.units=2", "train.optimizer=adam", "train.optimizer.lr=0.25",
                    "prepare.scale=normalize", "prepare.scale.columns.x=standardize", "train.schedule=cosine",
                    "train.schedule.warmup=0.5", "model.loss=cross_entropy"});
  ASSERT_EQ(r.code, 0) << r.err;
  Value made = parse_toml(b.f.read("run/config.toml"), "made");
  EXPECT_EQ(made.find_path("train.optimizer.type")->as_string(), "adam");
  EXPECT_EQ(made.find_path("train.optimizer.lr")->as_real(), 0.25);
  EXPECT_EQ(made.find_path("prepare.scale.default")->as_string(), "normalize");
  EXPECT_EQ(made.find_path("prepare.scale.columns.x")->as_string(), "standardize");
  EXPECT_EQ(made.find_path("train.schedule.type")->as_string(), "cosine");
  EXPECT_EQ(made.find_path("model.layers.0.units")->as_integer(), 2);
}

TEST(Set, MistakesNameTheKeyAndNotALineOfTheFile) {
  struct Case {
    std::vector<std::string> set;
    std::vector<std::string> says;
  };
  std::vector<Case> cases = {
      {{"train.epochs=[1,"}, {"train.epochs", "\"[1,\"", "[a, list]"}},
      {{"train.epochs="}, {"train.epochs", "nothing stands there"}},
      {{"train.epochs=0"}, {"train.epochs", ">= 1", "0"}},
      {{"train.epochs=ten"}, {"train.epochs", "an integer", "\"ten\""}},
      {{"train.epoch=5"}, {"train.epoch", "did you mean \"epochs\"?"}},
      {{"train.lr=0.1"}, {"train.lr", "belongs to the optimizer", "optimizer = { type = \"adam\", lr = 0.001 }"}},
      {{"train.learning_rate=0.1"}, {"belongs to the optimizer", "lr = 0.001"}},
      {{"train.momentum=0.9"}, {"belongs to the optimizer", "momentum = 0.9"}},
      {{"train.weight_decay=0.1"}, {"belongs to the optimizer", "weight_decay = 0.01"}},
      {{"model.layers.3.units=32"}, {"model.layers.3.units", "an index below 1", "3"}},
      {{"model.layers.0.unit=2"}, {"model.layers.0.unit", "did you mean \"units\"?"}},
      {{"train.optimizer=adm"}, {"train.optimizer", "\"adm\"", "did you mean \"adam\"?"}},
      {{"train.optimizer.lr=0.1"}, {"train.optimizer", "has no type"}},
      {{"train.optimizer=adam", "train.optimizer.learning_rate=0.1"},
       {"train.optimizer.learning_rate", "did you mean \"lr\"?"}},
      {{"train.batch_size=0"}, {"train.batch_size", ">= 1", "0"}},
      {{"prepare.missing=mode"}, {"prepare.missing", "did you mean \"most_frequent\"?"}},
      {{"prepare.scale=minmax"}, {"prepare.scale", "did you mean \"normalize\"?"}},
      {{"prepare.split.method=kfold"}, {"prepare.split.method", "\"random\"", "\"kfold\""}},
      {{"prepare.split.train=0.9"}, {"prepare.split", "at most 1", "1.4"}},
      {{"model.loss=mean_squared_error"}, {"model.loss", "did you mean \"mse\"?"}},
      {{"model.loss=mse"}, {"model.loss", "mse measures numbers"}},
      {{"data.source=none.csv"}, {"data.source", "none.csv", "starts at the config's folder"}},
      {{"data.format=excel"}, {"data.format", "\"excel\"", "csv"}},
      {{"train.early_stopping={ monitor = \"validation.acc\" }"}, {"monitor", "did you mean \"validation.accuracy\"?"}},
  };
  for (const Case& c : cases) {
    Bench b;
    Result r = b.set(c.set);
    const std::string& last = c.set.back();
    EXPECT_EQ(r.code, last == "data.source=none.csv" ? 1 : 2) << last << ": " << r.err;
    EXPECT_THAT(r.err, AllOf(StartsWith("gradus: "), HasSubstr("--set " + last.substr(0, last.find('='))))) << last;
    EXPECT_THAT(r.err, Not(StartsWith("gradus: " + b.f / "t.toml"))) << last;
    for (const std::string& s : c.says) EXPECT_THAT(r.err, HasSubstr(s)) << last;
    EXPECT_EQ(lines(r.err), 1) << r.err;
    EXPECT_FALSE(b.f.has("run")) << last << ": a refused config leaves nothing behind";
  }
  EXPECT_THAT(Bench().set({"epochs"}).err, AllOf(HasSubstr("key=value"), HasSubstr("\"epochs\"")));
}

TEST(Run, ItsConfigTrainsFromWhereItLies) {
  Bench b;
  ASSERT_EQ(b.train(config(), {"--quiet"}).code, 0);
  Result again = gradus({"train", b.f / "run/config.toml", "--out", b.f / "deep/er/run", "--quiet"});
  ASSERT_EQ(again.code, 0) << again.err;
  Result third = gradus({"train", b.f / "deep/er/run/config.toml", "--out", b.f / "third", "--quiet"});
  ASSERT_EQ(third.code, 0) << third.err;
  auto hash = [&](const std::string& run) {
    return parse_json(b.f.read(run + "/metrics.json"), run).at("model").at("hash").as_string();
  };
  EXPECT_EQ(hash("deep/er/run"), hash("run"));
  EXPECT_EQ(hash("third"), hash("run"));
  Result resumed = gradus({"train", b.f / "run/config.toml", "--out", b.f / "run", "--quiet", "--resume"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(b.f.read("run/config.toml"), Not(HasSubstr(b.f / "t.csv"))) << "relative names stay relative";
  std::string absolute = config("source = \"" + b.f / "t.csv" + "\"\ntarget = \"kind\"\n");
  ASSERT_EQ(b.train(absolute, {"--quiet"}).code, 0);
  EXPECT_THAT(b.f.read("run/config.toml"), HasSubstr(b.f / "t.csv"));
}

TEST(Run, ItsConfigHasEveryDefault) {
  Bench b;
  std::string rest = "[model]\nlayers = [ { type = \"residual\", layers = [ \"dropout\" ] }, { type = \"linear\" } ]\n";
  ASSERT_EQ(b.train(config("source = \"t.csv\"\ntarget = \"kind\"\n",
                           "split = { method = \"random\", train = 0.5, validation = 0.25, test = 0.25 }\n",
                           rest + "[train]\noptimizer = \"adam\"\nearly_stopping = true\n"),
                    {"--quiet"})
                .code,
            0);
  Value made = parse_toml(b.f.read("run/config.toml"), "made");
  EXPECT_EQ(made.find_path("train.optimizer.beta1")->as_real(), 0.9);
  EXPECT_EQ(made.find_path("train.epochs")->as_integer(), 10);
  EXPECT_EQ(made.find_path("train.early_stopping.patience")->as_integer(), 10);
  EXPECT_EQ(made.find_path("model.loss.type")->as_string(), "cross_entropy");
  EXPECT_EQ(made.find_path("model.layers.0.layers.0.rate")->as_real(), 0.5);
  EXPECT_EQ(made.find_path("prepare.missing")->as_string(), "error");
}

TEST(Resume, RefusesOtherData) {
  Bench b;
  ASSERT_EQ(b.train(config(), {"--quiet"}).code, 0);
  std::string model = b.f.read("run/model.safetensors"), made = b.f.read("run/config.toml"), table = kTable;
  std::vector<std::string> resume = {"train",    b.f / "t.toml", "--out", b.f / "run",
                                     "--resume", "--quiet",      "--set", "train.epochs=4"};
  for (const auto& [from, to] : {std::pair(",b\n", ",c\n"), {"0.1,1", "0.3,1"}, {"0.8,1,b\n", ""}}) {
    std::string changed = table;
    for (std::size_t at; (at = changed.find(from)) != std::string::npos;) changed.replace(at, std::strlen(from), to);
    b.f.write("t.csv", changed);
    Result r = gradus(resume);
    EXPECT_EQ(r.code, 1) << from;
    EXPECT_THAT(r.err, AllOf(HasSubstr(b.f / "run"), HasSubstr("data are not those"), HasSubstr("--overwrite")));
    EXPECT_EQ(b.f.read("run/model.safetensors"), model);
    EXPECT_EQ(b.f.read("run/config.toml"), made);
  }
  b.f.write("t.csv", table);
  EXPECT_EQ(gradus(resume).code, 0);
}

TEST(Resume, CannotMakeARunShorter) {
  Bench b;
  ASSERT_EQ(b.train(config(), {"--quiet"}).code, 0);
  std::string made = b.f.read("run/config.toml");
  Result r = gradus({"train", b.f / "t.toml", "--out", b.f / "run", "--resume", "--set", "train.epochs=1"});
  EXPECT_EQ(r.code, 2);
  EXPECT_THAT(r.err, AllOf(HasSubstr("train.epochs: expected at least 2"), HasSubstr("got 1")));
  EXPECT_EQ(b.f.read("run/config.toml"), made);
}

TEST(Train, AModelLargerThanMemoryIsRefusedAtOnce) {
  Bench b;
  Result r =
      b.set({"model.layers=[{ type = \"linear\", units = 1000000 }, { type = \"linear\", units = 100000000 }, "
             "{ type = \"linear\" }]"});
  EXPECT_EQ(r.code, 2);
  EXPECT_THAT(r.err,
              AllOf(HasSubstr("model.layers"), HasSubstr("GB of memory that are free"), HasSubstr("show model")));
  EXPECT_FALSE(b.f.has("run"));
}

TEST(Train, OverridesMayStandBeforeTheFile) {
  Bench b;
  Result r = gradus({"train", "--set", "train.epochs=1", b.f.write("t.toml", config()), "--out", b.f / "run"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("trained 1 epoch in"));
}

TEST(Evaluate, NamesTheClassesOfItsFigures) {
  Bench b;
  Result r = b.train(config(), {"--json", "--quiet"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(parse_json(r.out, "out").find_path("metrics.test.classes")->as_array(), (Value::Array{"a", "b"}));
}

TEST(Evaluate, LongStretchesOfRowsMayWeighNothing) {
  Bench b;
  std::string table = "x,w,kind\n";
  for (int i = 0; i < 3000; ++i)
    table += std::to_string(i % 2) + (i < 500 || i >= 2900 ? ",1," : ",0,") + (i % 2 ? "a\n" : "b\n");
  b.f.write("t.csv", table);
  Result r = b.train(config("source = \"t.csv\"\ntarget = \"kind\"\nweight = \"w\"\n",
                            "split = { method = \"contiguous\", train = 0.9, test = 0.1 }\n"),
                     {"--json", "--quiet"});
  ASSERT_EQ(r.code, 0) << r.err;
  Value train = *parse_json(r.out, "out").find_path("metrics.train");
  EXPECT_EQ(train.at("support").as_array()[0].as_real() + train.at("support").as_array()[1].as_real(), 500);
}

TEST(Predict, WritesOverNothingThatItReads) {
  Bench b;
  ASSERT_EQ(b.train(config(), {"--quiet"}).code, 0);
  for (const char* file : {"t.csv", "run/model.safetensors", "run/config.toml"}) {
    std::string before = b.f.read(file);
    Result r = gradus({"predict", b.f / "run", "--data", b.f / "t.csv", "--out", b.f / file});
    EXPECT_EQ(r.code, 2);
    EXPECT_THAT(r.err, HasSubstr("--out: expected a file of its own"));
    EXPECT_EQ(b.f.read(file), before);
  }
}

TEST(Data, ATableMayLieInSeveralFiles) {
  Bench b;
  b.f.write("a.csv", "x,kind\n0,a\n1,b\n0.1,a\n0.9,b\n");
  b.f.write("b.csv", "kind,x\na,0.2\nb,0.8\n");  // other order
  b.f.write("c.csv", "x,kind,z\n0,a,1\n1,b,2\n");
  std::string files = "split = \"files\"\n";
  auto data = [](const std::string& train) { return "train = " + train + "\ntest = \"b.csv\"\ntarget = \"kind\"\n"; };
  Result r = b.train(config(data("[\"a.csv\", \"b.csv\"]"), files));
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(b.f.read("run/report.html"), HasSubstr("b.csv"));
  EXPECT_EQ(b.train(config(data("\"a.csv\""), files)).code, 0);
  Result columns = b.train(config(data("[\"a.csv\", \"c.csv\"]"), files));
  EXPECT_EQ(columns.code, 1);
  EXPECT_THAT(columns.err, AllOf(HasSubstr("c.csv"), HasSubstr("\"z\""), HasSubstr("same columns")));
  Result number = b.train(config(data("5"), files));
  EXPECT_EQ(number.code, 2);
  EXPECT_THAT(number.err, AllOf(HasSubstr("data.train"), HasSubstr("5")));
  Result idx = b.train(config("format = \"idx\"\ntrain = \"images.idx\"\n", files));
  EXPECT_EQ(idx.code, 2);
  EXPECT_THAT(idx.err, AllOf(HasSubstr("data.train"), HasSubstr("[values, labels]"), HasSubstr("images.idx")));
}

TEST(Data, TheFilesMethodSaysWhichFilesItNeeds) {
  Bench b;
  std::string files = "split = { method = \"files\" }\n";
  for (const char* data : {"target = \"kind\"\n", "target = \"kind\"\ntest = \"t.csv\"\n",
                           "target = \"kind\"\nformat = \"csv\"\n", "target = \"kind\"\ntrain = \"t.csv\"\n"}) {
    Result r = b.train(config(data, files));
    EXPECT_EQ(r.code, 2) << data;
    EXPECT_THAT(r.err, AllOf(HasSubstr("train = \"train.csv\""), HasSubstr("test = \"test.csv\""))) << data;
  }
  b.f.write("one.csv", "x,kind\n0,a\n1,b\n");
  b.f.write("two.csv", "x,kind\n0,a\n1,c\n");
  Result r = b.train(config("target = \"kind\"\ntrain = \"one.csv\"\ntest = \"two.csv\"\n", files));
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, AllOf(HasSubstr("\"c\""), HasSubstr("training file"), Not(HasSubstr("stratified"))));
}

TEST(Show, TheCatalogHasTheKeysOfEveryDataFormat) {
  Result r = gradus({"show", "catalog", "--json"});
  ASSERT_EQ(r.code, 0) << r.err;
  auto keys = [all = parse_json(r.out, "out")](const char* kind, const std::string& name) {
    std::string text = " ";
    for (const Value& e : all.at(kind).as_array())
      if (e.at("name").as_string() == name)
        for (const Value& f : e.at("fields").as_array()) text += f.at("name").as_string() + " ";
    return text;
  };
  EXPECT_THAT(keys("data formats", "csv"),
              AllOf(HasSubstr(" data.target "), HasSubstr(" data.weight "), HasSubstr(" data.delimiter "),
                    HasSubstr(" prepare.missing "), HasSubstr(" prepare.split ")));
  EXPECT_THAT(keys("data formats", "idx"), AllOf(HasSubstr(" data.train "), HasSubstr(" prepare.scale ")));
  EXPECT_THAT(keys("tables", "prepare.split"), HasSubstr(" column "));
  EXPECT_THAT(keys("tables", "train.early_stopping"), HasSubstr(" patience "));
  EXPECT_THAT(gradus({"show", "catalog"}).out, AllOf(HasSubstr("data.target"), HasSubstr("prepare.missing")));
}

TEST(Command, ArgumentMistakesAreToldAsAllOthers) {
  struct Case {
    std::vector<std::string> arguments;
    std::vector<std::string> says;
  };
  std::vector<Case> cases = {
      {{}, {"train", "predict", "gradus --help"}},
      {{"trian"}, {"\"trian\"", "did you mean train?"}},
      {{"train"}, {"gradus: train: FILE is missing", "config"}},
      {{"train", "x.toml", "--overwite"}, {"\"--overwite\"", "did you mean --overwrite?"}},
      {{"train", "x.toml", "more"}, {"gradus: train:", "\"more\""}},
      {{"train", "x.toml", "--threads", "0"}, {"gradus train", "--threads", "1024"}},
      {{"train", "x.toml", "--set"}, {"gradus: train: --set needs a value"}},
      {{"generate", "run", "--prompt", "a", "--prompt", "b"}, {"gradus: generate: --prompt is given more than once"}},
      {{"predict"}, {"gradus: predict: RUN is missing"}},
      {{"predict", "run"}, {"gradus: predict: --data FILE is missing", "gradus predict --help"}},
      {{"show"}, {"gradus show", "catalog", "run"}},
      {{"show", "cataloge"}, {"\"cataloge\"", "did you mean catalog?"}},
      {{"data", "describe"}, {"gradus data describe", "FILE"}},
  };
  for (const Case& c : cases) {
    Result r = gradus(c.arguments);
    std::string all;
    for (const std::string& a : c.arguments) all += a + " ";
    EXPECT_EQ(r.code, 2) << all;
    EXPECT_EQ(r.out, "") << all;
    EXPECT_THAT(r.err, StartsWith("gradus: ")) << all;
    EXPECT_EQ(lines(r.err), 1) << r.err;
    for (const std::string& s : c.says) EXPECT_THAT(r.err, HasSubstr(s)) << all;
  }
  EXPECT_EQ(gradus({"train", "--help"}).code, 0);
  EXPECT_THAT(gradus({"train", "--help"}).out, HasSubstr("config's folder"));
}

TEST(Train, DivergenceIsAFailureAlsoWhenQuiet) {
  Folder f;
  std::string diverging = "name = \"d\"\n[data]\nsource = \"" PROJECT_DATA
                          "/iris.csv\"\ntarget = \"species\"\n[prepare]\n"
                          "split = { method = \"random\", train = 0.6, validation = 0.2, test = 0.2 }\n"
                          "[model]\nlayers = [ { type = \"linear\", units = 8 }, { type = \"linear\" } ]\n[train]\n";
  // Found in a step, and when the last weights are measured or stored.
  for (const char* train : {"epochs = 20\noptimizer = { type = \"sgd\", lr = 1e9 }\n",
                            "epochs = 1\nbatch_size = \"all\"\noptimizer = { type = \"sgd\", lr = 1e38 }\n"}) {
    Result r =
        gradus({"train", f.write("d.toml", diverging + train), "--out", f / "run", "--quiet", "--json", "--overwrite"});
    EXPECT_EQ(r.code, 1) << train;
    EXPECT_THAT(r.err, AllOf(HasSubstr("finite"), HasSubstr("learning rate")));
    EXPECT_EQ(r.out, "");
    EXPECT_FALSE(f.has("run/model.safetensors"));
    Value run = parse_json(f.read("run/metrics.json"), "metrics").at("run");
    EXPECT_EQ(run.at("stopped").as_string(), "diverged");
    EXPECT_THAT(run.at("reason").as_string(), HasSubstr("finite"));
    EXPECT_THAT(gradus({"show", "run", f / "run"}).out, HasSubstr("diverged"));
    Result evaluated = gradus({"evaluate", f / "run"});
    EXPECT_EQ(evaluated.code, 1);
    EXPECT_THAT(evaluated.err, HasSubstr("gradus show run"));
  }
}

TEST(Evaluate, RefusesDataWithoutACompleteRow) {
  Bench b;
  ASSERT_EQ(b.set({"prepare.missing=drop_row", "data.exclude=w"}).code, 0);
  Result r = gradus({"evaluate", b.f / "run", "--data", b.f.write("gaps.csv", "x,kind\n,a\n,b\n")});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, AllOf(HasSubstr("gaps.csv"), HasSubstr("missing")));
}

// Every unit dies at once, and the loss stays finite: nothing fails, but the user must hear of it.
TEST(Train, AModelWorseThanAGuessIsDoubtedAlsoWhenQuiet) {
  Bench b;
  std::string dying =
      config("source = \"" PROJECT_DATA "/iris.csv\"\ntarget = \"species\"\n",
             "split = { method = \"random\", train = 0.6, test = 0.4 }\n",
             "[model]\nlayers = [ { type = \"linear\", units = 8 }, { type = \"relu\" }, "
             "{ type = \"linear\" } ]\n[train]\nepochs = 20\noptimizer = { type = \"sgd\", lr = 1e6 }\n");
  Result r = b.train(dying, {"--quiet"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, AllOf(HasSubstr("warning: "), HasSubstr("constant guess"), HasSubstr("learning rate")));
  EXPECT_EQ(b.train(dying, {"--quiet", "--set", "train.optimizer.lr=0.1"}).err, "");
}

TEST(Evaluate, SaysWhatRowsWeigh) {
  Bench b;
  std::string weighted = config("source = \"t.csv\"\ntarget = \"kind\"\nweight = \"w\"\n");
  ASSERT_EQ(b.train(weighted, {"--quiet"}).code, 0);
  Result with = gradus({"evaluate", b.f / "run", "--data", b.f / "t.csv", "--json"});
  EXPECT_EQ(with.code, 0);
  EXPECT_THAT(with.err, AllOf(HasSubstr("\"w\""), HasSubstr("as in training")));
  double support = 0;
  const Value out = parse_json(with.out, "out");
  for (const Value& s : out.at("metrics").at("support").as_array()) support += s.as_real();
  EXPECT_EQ(support, 15);  // the sum of the column
  Result without = gradus({"evaluate", b.f / "run", "--data", b.f.write("n.csv", "x,kind\n0,a\n1,b\n1,\n")});
  EXPECT_EQ(without.code, 0);
  EXPECT_THAT(without.err, AllOf(HasSubstr("every row weighs 1"), HasSubstr("1 row without a target")));
}

}  // namespace
}  // namespace gradus::test
