#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "gradus/base/value.h"

namespace gradus::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string iris(
    const std::string& train = "epochs = 20\nbatch_size = 16\noptimizer = { type = \"adam\", lr = 0.01 }\n",
    const std::string& layers = "{ type = \"linear\", units = 16 }, { type = \"relu\" }, { type = \"linear\" }",
    const std::string& split = "{ method = \"stratified\", train = 0.7, validation = 0.15, test = 0.15 }") {
  return "name = \"iris\"\nseed = 3\n[data]\nsource = \"" PROJECT_DATA
         "/iris.csv\"\ntarget = \"species\"\n[prepare]\nsplit = " +
         split + "\nscale = \"standardize\"\n[model]\nlayers = [ " + layers +
         " ]\nloss = \"cross_entropy\"\n[train]\n" + train;
}

Value metrics_of(const Folder& f, const std::string& run) { return parse_json(f.read(run + "/metrics.json"), run); }
std::string hash_of(const Folder& f, const std::string& run) {
  return metrics_of(f, run).at("model").at("hash").as_string();
}

TEST(Train, ProfilePrintsTimesByLayerAndTheEnginesCounters) {
  Folder f;
  std::string config = f.write("iris.toml", iris());
  Result r = gradus({"train", config, "--out", f / "run", "--profile", "--quiet"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("linear1 "));
  EXPECT_THAT(r.err, HasSubstr("optimizer "));
  EXPECT_THAT(r.err, HasSubstr("warm steps: 0 allocations, 0 primitives made, 0 slow kernels"));
  r = gradus(
      {"train", config, "--out", f / "short", "--profile", "--set", "train.epochs=1", "--set", "train.batch_size=all"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("no step to measure"));
}

TEST(Train, FillsTheRunFolder) {
  Folder f;
  std::string config = f.write("iris.toml", iris());
  Result r = gradus({"train", config, "--out", f / "run"});
  ASSERT_EQ(r.code, 0) << r.err;
  for (const char* name : {"config.toml", "model.safetensors", "metrics.csv", "metrics.json", "report.html"})
    EXPECT_TRUE(f.has(std::string("run/") + name)) << name;
  Value m = metrics_of(f, "run");
  EXPECT_EQ(m.at("run").at("epochs").as_integer(), 20);
  EXPECT_EQ(m.at("run").at("stopped").as_string(), "epochs");
  EXPECT_EQ(m.at("model").at("parameters").as_integer(), 4 * 16 + 16 + 16 * 3 + 3);
  for (const char* part : {"train", "validation", "test"}) {
    const Value& v = m.at("metrics").at(part);
    EXPECT_GT(v.at("accuracy").as_real(), 0.85) << part;
    EXPECT_EQ(v.at("confusion").as_array().size(), 3u);
  }
  std::string history = f.read("run/metrics.csv");
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 21);
  EXPECT_THAT(history, HasSubstr("epoch,train.loss,validation.loss,validation.accuracy"));
}

TEST(Train, JsonIsTheOnlyOutput) {
  Folder f;
  Result r = gradus({"train", f.write("iris.toml", iris()), "--out", f / "run", "--quiet", "--json"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(r.err, "");
  EXPECT_EQ(parse_json(r.out, "out").at("model").at("hash").as_string(), hash_of(f, "run"));
}

// 256 examples a batch make four shards, 128 two, 16 one; batch norm and dropout take part.
TEST(Train, SameBitsOnAnyNumberOfThreads) {
  Folder f;
  std::string layers =
      "{ type = \"linear\", units = 24 }, { type = \"batch_norm\" }, { type = \"relu\" }, "
      "{ type = \"dropout\", rate = 0.3 }, { type = \"linear\" }";
  for (const char* batch : {"16", "128", "256"}) {
    std::string text =
        "name = \"digits\"\nseed = 5\n[data]\nsource = \"" PROJECT_DATA
        "/digits.csv\"\ntarget = \"digit\"\n"
        "[prepare]\nsplit = { method = \"random\", train = 0.8, validation = 0.1, test = 0.1 }\n[model]\nlayers = [ " +
        layers + " ]\n[train]\nepochs = 2\nbatch_size = " + batch + "\n";
    std::string config = f.write("digits.toml", text);
    std::vector<std::string> hashes;
    for (const char* threads : {"1", "2", "3"}) {
      std::string run = std::string("run") + batch + threads;
      Result r = gradus({"train", config, "--out", f / run, "--threads", threads, "--quiet"});
      ASSERT_EQ(r.code, 0) << r.err;
      hashes.push_back(hash_of(f, run));
    }
    EXPECT_EQ(hashes[0], hashes[1]) << batch;
    EXPECT_EQ(hashes[0], hashes[2]) << batch;
  }
}

TEST(Train, AnotherSeedIsAnotherModel) {
  Folder f;
  std::string config = f.write("iris.toml", iris());
  ASSERT_EQ(gradus({"train", config, "--out", f / "a", "--quiet"}).code, 0);
  ASSERT_EQ(gradus({"train", config, "--out", f / "b", "--quiet", "--set", "seed=4"}).code, 0);
  EXPECT_NE(hash_of(f, "a"), hash_of(f, "b"));
}

// Killed again and again, in and between epochs, and resumed each time: the bits are those of a run left alone.
TEST(Train, KilledAndResumedGivesTheSameBits) {
  Folder f;
  std::string config = f.write("iris.toml", iris("epochs = 400\nbatch_size = 4\ncheckpoint_steps = 7\n"
                                                 "early_stopping = { patience = 300 }\n"));
  ASSERT_EQ(gradus({"train", config, "--out", f / "whole", "--quiet"}).code, 0);
  int kills = 0;
  for (int i = 0; i < 12; ++i) {
    Result r = gradus_killed({"train", config, "--out", f / "cut", "--quiet", "--resume"}, 37 + 29 * (i % 7));
    if (r.code == 0) break;
    ASSERT_EQ(r.code, 128 + 9) << r.err;
    ++kills;
  }
  EXPECT_GT(kills, 1) << "the run ended before it could be killed";
  Result r = gradus({"train", config, "--out", f / "cut", "--quiet", "--resume"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(hash_of(f, "cut"), hash_of(f, "whole"));
}

TEST(Train, InterruptWritesACheckpointAndSaysHowToResume) {
  Folder f;
  std::string config = f.write("iris.toml", iris("epochs = 100000\nbatch_size = 4\n"));
  Result r = gradus_interrupted({"train", config, "--out", f / "run", "--quiet"}, 400);
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, HasSubstr("--resume"));
  EXPECT_TRUE(f.has("run/checkpoints/latest.safetensors"));
  EXPECT_FALSE(f.has("run/model.safetensors"));
}

TEST(Train, MoreEpochsContinueAFinishedRun) {
  Folder f;
  std::string config = f.write("iris.toml", iris());
  ASSERT_EQ(gradus({"train", config, "--out", f / "at-once", "--quiet", "--set", "train.epochs=30"}).code, 0);
  ASSERT_EQ(gradus({"train", config, "--out", f / "in-two", "--quiet", "--set", "train.epochs=12"}).code, 0);
  Result r = gradus({"train", config, "--out", f / "in-two", "--quiet", "--resume", "--set", "train.epochs=30"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(hash_of(f, "in-two"), hash_of(f, "at-once"));
  EXPECT_EQ(metrics_of(f, "in-two").at("run").at("epochs").as_integer(), 30);
}

TEST(Train, RefusesAFolderThatHoldsARun) {
  Folder f;
  std::string config = f.write("iris.toml", iris("epochs = 1\n"));
  ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--quiet"}).code, 0);
  Result again = gradus({"train", config, "--out", f / "run", "--quiet"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("--resume"));
  EXPECT_EQ(gradus({"train", config, "--out", f / "run", "--quiet", "--overwrite"}).code, 0);
  Result other = gradus({"train", config, "--out", f / "run", "--quiet", "--resume", "--set", "train.batch_size=8"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("train.batch_size"));
}

struct Mistake {
  const char* what;
  std::string config;
  int code;
  std::vector<std::string> says;
};

TEST(Train, NamesMistakesAndTheirFix) {
  std::string linear = "{ type = \"linear\" }";
  std::vector<Mistake> mistakes = {
      {"no split",
       "name = \"x\"\n[data]\nsource = \"" PROJECT_DATA "/iris.csv\"\ntarget = \"species\"\n[model]\nlayers = [ " +
           linear + " ]\n",
       2,
       {"prepare.split", "missing", "stratified"}},
      {"unknown key", iris("epoch = 3\n"), 2, {"epoch", "epochs"}},
      {"bad bound", iris("optimizer = { type = \"adam\", beta1 = 1.5 }\n"), 2, {"beta1", "[0, 1)", "1.5"}},
      {"unknown layer", iris("", "{ type = \"linaer\" }"), 2, {"linaer", "linear"}},
      {"sigmoid before cross-entropy", iris("", linear + ", { type = \"sigmoid\" }"), 2, {"sigmoid", "cross_entropy"}},
      {"sigmoid and dropout before cross-entropy",
       iris("", linear + ", { type = \"sigmoid\" }, { type = \"dropout\" }"),
       2,
       {"sigmoid", "cross_entropy"}},
      {"initializer",
       iris("", "{ type = \"linear\", initializer = \"hee\" }"),
       2,
       {"model.layers[0].initializer", "hee"}},
      {"initializer's limits",
       iris("", "{ type = \"linear\", initializer = { type = \"uniform\", low = 1, high = 0.5 } }"),
       2,
       {"model.layers[0].initializer: uniform", "got 1.0 and 0.5"}},
      {"residual without layers",
       iris("", "{ type = \"residual\" }, " + linear),
       2,
       {"model.layers[0].layers", "a list"}},
      {"layer in a residual",
       iris("", "{ type = \"residual\", layers = [ { type = \"linear\", unit = 4 } ] }, " + linear),
       2,
       {"model.layers[0].layers[0].unit"}},
      {"momentum",
       iris("optimizer = { type = \"sgd\", nesterov = true }\n"),
       2,
       {"train.optimizer: sgd.nesterov", "momentum"}},
      {"two sizes left open",
       iris("", "{ type = \"reshape\", shape = [-1, -1] }, " + linear),
       2,
       {"model.layers[0]", "[-1, -1]"}},
      {"batch norm of one",
       iris("batch_size = 1\n", "{ type = \"linear\", units = 4 }, { type = \"batch_norm\" }, " + linear),
       2,
       {"batch_size", "batch norm"}},
      {"early stopping without validation",
       iris("early_stopping = true\n", linear, "{ method = \"random\", train = 0.8, test = 0.2 }"),
       2,
       {"early_stopping", "validation"}},
      {"wrong width", iris("", "{ type = \"linear\", units = 7 }"), 2, {"model.layers", "3 scores", "[7]"}},
      {"wrong loss",
       iris().replace(iris().find("cross_entropy"), 13, "mse"),
       2,
       {"model.loss", "mse", "cross_entropy"}},
      {"scaled classes",
       iris().replace(iris().find("scale ="), 7, "scale_target = \"standardize\"\nscale ="),
       2,
       {"prepare.scale_target", "classes"}},
      {"unknown target", iris().replace(iris().find("\"species\""), 9, "\"specie\""), 1, {"specie", "species"}},
      {"missing file", iris().replace(iris().find("iris.csv"), 8, "none.csv"), 1, {"none.csv"}},
  };
  for (const Mistake& m : mistakes) {
    Folder f;
    Result r = gradus({"train", f.write("x.toml", m.config), "--out", f / "run"});
    EXPECT_EQ(r.code, m.code) << m.what << ": " << r.err;
    for (const std::string& s : m.says) EXPECT_THAT(r.err, HasSubstr(s)) << m.what;
    EXPECT_FALSE(f.has("run/model.safetensors")) << m.what;
  }
}

TEST(Train, WarnsOfWhatIsSeldomMeant) {
  Folder f;
  auto warnings = [&](const std::string& layers) {
    Result r = gradus({"train", f.write("x.toml", iris("epochs = 1\n", layers)), "--out", f / "run", "--overwrite"});
    EXPECT_EQ(r.code, 0) << r.err;
    return r.err;
  };
  EXPECT_THAT(warnings("{ type = \"linear\" }, { type = \"softmax\" }"), HasSubstr("softmax before cross_entropy"));
  EXPECT_THAT(warnings("{ type = \"linear\", units = 5 }, { type = \"step\" }, { type = \"linear\" }"),
              HasSubstr("step"));
  EXPECT_THAT(warnings("{ type = \"linear\", units = 5 }, { type = \"linear\" }"), HasSubstr("nothing non-linear"));
  EXPECT_THAT(warnings("{ type = \"linear\", units = 5 }, { type = \"relu\" }, { type = \"linear\" }"),
              Not(HasSubstr("warning")));
  EXPECT_THAT(warnings("{ type = \"linear\" }, { type = \"softmax\" }, { type = \"identity\" }"),
              HasSubstr("softmax before cross_entropy"));
  EXPECT_THAT(warnings("{ type = \"linear\", units = 5 }, { type = \"dropout\" }, { type = \"linear\" }"),
              HasSubstr("between linear1 and linear2"));
}

TEST(Train, WarningsFollowTheGraph) {
  Folder f;
  auto warnings = [&](const std::string& layers) {
    Result r = gradus({"train", f.write("x.toml", iris("epochs = 1\n", layers)), "--out", f / "run", "--overwrite"});
    EXPECT_EQ(r.code, 0) << r.err;
    return r.err;
  };
  const std::string end = ", { type = \"relu\" }, { type = \"linear\" }";
  auto linear = [](const std::string& more) { return "{ type = \"linear\", units = 4, " + more + " }"; };
  EXPECT_THAT(warnings(linear("name = \"a\"") + ", " + linear("from = \"input\", name = \"b\"") +
                       ", { type = \"add\", from = [\"a\", \"b\"] }" + end),
              Not(HasSubstr("warning")));
  std::string unread = warnings(linear("name = \"a\"") + ", " + linear("from = \"input\", name = \"b\"") + end);
  EXPECT_THAT(unread, HasSubstr("no layer reads a"));
  EXPECT_THAT(unread, Not(HasSubstr("non-linear")));
  auto residual = [](const std::string& layers) { return "{ type = \"residual\", layers = [ " + layers + " ] }"; };
  EXPECT_THAT(warnings(residual(linear("bias = true") + ", " + linear("bias = true")) + end),
              HasSubstr("inside residual1: nothing non-linear stands between linear1 and linear2"));
  EXPECT_THAT(warnings(residual("{ type = \"step\" }") + end), HasSubstr("inside residual1: the gradient of the step"));
}

// What training writes on a terminal of that width, without what the lines between take back.
std::vector<std::string> drawn(int columns, const std::string& config) {
  Folder f;
  setenv("TERM", "xterm", 1);
  int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  winsize size{.ws_row = 24, .ws_col = static_cast<unsigned short>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_TRUE(grantpt(terminal) == 0 && unlockpt(terminal) == 0 && ioctl(terminal, TIOCSWINSZ, &size) == 0);
  int kept_open = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
  std::string text;
  {
    Running running({"train", f.write("x.toml", config), "--out", f / "run"}, "", ptsname(terminal));
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    for (bool at_work = true; at_work;) {
      at_work = running.is_at_work();
      char piece[4096];
      for (ssize_t n; (n = read(terminal, piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(n));
      usleep(1000);
    }
  }
  close(kept_open);
  close(terminal);
  std::vector<std::string> lines;
  const std::string back = "\r\033[K";
  for (std::size_t at = text.find(back); at != std::string::npos; at = text.find(back, at)) {
    at += back.size();
    std::string line = text.substr(at, text.find_first_of("\r\n", at) - at);
    if (line.find('%') != std::string::npos) lines.push_back(line);
  }
  return lines;
}

std::size_t count(const std::string& line, const std::string& piece) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = line.find(piece, at)) != std::string::npos; at += piece.size()) ++n;
  return n;
}

TEST(Train, TheBarKeepsItsWidthAndFitsTheTerminal) {
  for (int columns : {20, 40, 80, 200}) {
    std::vector<std::string> lines = drawn(columns, iris("epochs = 4\nbatch_size = 1\n"));
    ASSERT_GE(lines.size(), 4u);
    EXPECT_THAT(lines.front(), Not(HasSubstr("examples/s"))) << "too early to tell";
    bool scored = false;
    for (const std::string& line : lines) {
      std::size_t bar = count(line, "█") + count(line, "░");
      EXPECT_EQ(bar, columns == 20 ? 0u : columns == 200 ? 30u : 10u) << line;
      EXPECT_LT(line.size() - 2 * bar, static_cast<std::size_t>(columns)) << line;
      EXPECT_EQ(count(line, "accuracy"), count(line, "validation accuracy")) << line;
      EXPECT_EQ(count(line, "loss"), columns == 20 ? 0u : 1u) << line;
      scored |= count(line, "accuracy") > 0;
    }
    EXPECT_EQ(scored, columns >= 80) << columns;
  }
}

TEST(Train, DivergingTrainingNamesTheStep) {
  Folder f;
  std::string config =
      "name = \"d\"\n[data]\nsource = \"" PROJECT_DATA
      "/diabetes.csv\"\ntarget = \"progression\"\n[prepare]\n"
      "split = { method = \"random\", train = 0.8, test = 0.2 }\n[model]\nlayers = [ { type = \"linear\" } ]\n"
      "loss = \"mse\"\n[train]\noptimizer = { type = \"sgd\", lr = 100.0 }\n";
  Result r = gradus({"train", f.write("d.toml", config), "--out", f / "run"});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, HasSubstr("step "));
  EXPECT_THAT(r.err, HasSubstr("finite"));
}

// y = 5000 + 300 x for x = 0 ... 59, far from what a new network puts out.
std::string line_table() {
  std::string text = "x,y\n";
  for (int x = 0; x < 60; ++x) text += std::to_string(x) + "," + std::to_string(5000 + 300 * x) + "\n";
  return text;
}

std::string line_config(const std::string& csv, const std::string& prepare) {
  return "name = \"line\"\n[data]\nsource = \"" + csv + "\"\ntarget = \"y\"\n[prepare]\nscale = \"standardize\"\n" +
         "split = { method = \"random\", train = 0.7, test = 0.3 }\n" + prepare +
         "[model]\nlayers = [ { type = \"linear\" } ]\n[train]\nepochs = 40\nbatch_size = 8\n"
         "optimizer = { type = \"sgd\", lr = 0.05 }\ncheckpoint_steps = 3\n";
}

TEST(Train, ScaledTargetsComeBackInTheirOwnUnits) {
  Folder f;
  std::string csv = f.write("line.csv", line_table());
  std::string config = f.write("line.toml", line_config(csv, "scale_target = \"standardize\"\n"));
  Result r = gradus({"train", config, "--out", f / "run"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("predictions and other metrics are not"));
  Value test = metrics_of(f, "run").at("metrics").at("test");
  EXPECT_LT(test.at("loss").as_real(), 1e-3);
  EXPECT_GT(test.at("mse").as_real(), 1e6 * test.at("loss").as_real());  // y's variance is about 27 million
  EXPECT_GT(test.at("r2").as_real(), 0.999);

  Result e = gradus({"evaluate", f / "run", "--data", f.write("one.csv", "x,y\n10,8000\n"), "--json"});
  ASSERT_EQ(e.code, 0) << e.err;
  EXPECT_LT(parse_json(e.out, "out").at("metrics").at("mae").as_real(), 50);
  Result p = gradus({"predict", f / "run", "--data", f.write("new.csv", "x\n10\n")});
  ASSERT_EQ(p.code, 0) << p.err;
  EXPECT_NEAR(std::stod(p.out.substr(p.out.find('\n') + 1)), 8000, 50);
}

TEST(Train, ScaledTargetsResumeWithTheSameBits) {
  Folder f;
  std::string csv = f.write("line.csv", line_table());
  std::string config = f.write("line.toml", line_config(csv, "scale_target = \"normalize\"\n"));
  ASSERT_EQ(gradus({"train", config, "--out", f / "whole", "--quiet"}).code, 0);
  ASSERT_EQ(gradus({"train", config, "--out", f / "cut", "--quiet", "--set", "train.epochs=13"}).code, 0);
  Result r = gradus({"train", config, "--out", f / "cut", "--quiet", "--resume"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(hash_of(f, "cut"), hash_of(f, "whole"));
}

TEST(Train, SaysWhenTargetsAreFarFromOne) {
  Folder f;
  std::string csv = f.write("line.csv", line_table());
  Result silent = gradus({"train", f.write("a.toml", line_config(csv, "scale_target = \"none\"\n")), "--out", f / "a"});
  EXPECT_THAT(silent.err, Not(HasSubstr("scale_target")));
  Result said = gradus({"train", f.write("b.toml", line_config(csv, "")), "--out", f / "b"});
  EXPECT_THAT(said.err, HasSubstr("scale_target = \"standardize\""));
  EXPECT_EQ(hash_of(f, "a"), hash_of(f, "b"));
}

TEST(Evaluate, MeasuresTheSameNumbersAsTraining) {
  Folder f;
  std::string config = f.write(
      "iris.toml", iris("epochs = 15\n", "{ type = \"linear\" }", "{ method = \"random\", train = 0.5, test = 0.5 }"));
  ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--quiet"}).code, 0);
  Result r = gradus({"evaluate", f / "run", "--data", PROJECT_DATA "/iris.csv", "--json"});
  ASSERT_EQ(r.code, 0) << r.err;
  double all = parse_json(r.out, "out").at("metrics").at("accuracy").as_real();
  Value parts = metrics_of(f, "run").at("metrics");
  EXPECT_NEAR(all, (parts.at("train").at("accuracy").as_real() + parts.at("test").at("accuracy").as_real()) / 2, 1e-9);
}

TEST(Predict, WorksOnRawDataWithoutTargets) {
  Folder f;
  ASSERT_EQ(gradus({"train", f.write("iris.toml", iris()), "--out", f / "run", "--quiet"}).code, 0);
  std::string raw =
      f.write("new.csv", "petal_width,petal_length,sepal_width,sepal_length\n0.2,1.4,3.5,5.1\n2.3,6.0,3.0,6.9\n");
  Result r = gradus({"predict", f / "run", "--data", raw});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("prediction,probability_setosa,probability_versicolor,probability_virginica\nsetosa,"));
  EXPECT_THAT(r.out, HasSubstr("\nvirginica,"));
  Result lacking = gradus({"predict", f / "run", "--data", f.write("bad.csv", "petal_width,petal_length\n1,2\n")});
  EXPECT_EQ(lacking.code, 1);
  EXPECT_THAT(lacking.err, HasSubstr("sepal_"));
}

TEST(Predict, DamagedModelsAreErrors) {
  Folder f;
  ASSERT_EQ(gradus({"train", f.write("iris.toml", iris("epochs = 1\n")), "--out", f / "run", "--quiet"}).code, 0);
  std::string model = f.read("run/model.safetensors");
  for (const std::string& bad :
       {std::string("not a model"), std::string(), model.substr(0, model.size() / 2), model + "x"}) {
    std::string path = f.write("bad.safetensors", bad);
    Result r = gradus({"predict", path, "--data", PROJECT_DATA "/iris.csv"});
    EXPECT_EQ(r.code, 1);
    EXPECT_THAT(r.err, HasSubstr("bad.safetensors"));
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
  }
}

TEST(Show, AnswersForHugeModelsAtOnce) {
  Folder f;
  std::string config =
      "name = \"big\"\n[model]\nlayers = [ { type = \"linear\", units = 100000 }, { type = \"relu\" }, "
      "{ type = \"linear\", units = 1000000 } ]\n";
  Result r = gradus({"show", "model", f.write("big.toml", config), "--input", "50000", "--json"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(parse_json(r.out, "out").at("parameters").as_integer(),
            50000LL * 100000 + 100000 + 100000LL * 1000000 + 1000000);
}

TEST(Show, ListsWhatThereIs) {
  Result r = gradus({"show", "catalog", "--json"});
  ASSERT_EQ(r.code, 0) << r.err;
  Value all = parse_json(r.out, "out");
  EXPECT_GT(all.at("layers").as_array().size(), 15u);
  EXPECT_GT(all.at("optimizers").as_array().size(), 5u);
  EXPECT_THAT(gradus({"show", "config"}).out,
              testing::AllOf(HasSubstr("data.target "), HasSubstr("prepare.split "), HasSubstr("train.epochs "),
                             HasSubstr("csv | fasta | folder | idx")));
  EXPECT_EQ(gradus({"show", "nonsense"}).code, 2);
  EXPECT_EQ(gradus({"data", "describe", PROJECT_DATA "/penguins.csv", "--json"}).code, 0);
}

TEST(Command, UsageMistakesExitWithTwo) {
  EXPECT_EQ(gradus({}).code, 2);
  EXPECT_EQ(gradus({"train"}).code, 2);
  EXPECT_EQ(gradus({"train", "x.toml", "--nonsense"}).code, 2);
  EXPECT_EQ(gradus({"train", "/nonexistent.toml"}).code, 2);
  EXPECT_EQ(gradus({"--version"}).code, 0);
}

TEST(Describe, TellsWhatTextsHold) {
  Folder f;
  f.write("texts.csv", "review,mood\ngood film,happy\nbad \u001B[31mday,sad\ngood,happy\nbad new film,sad\n");
  std::string config = f.write("texts.toml", R"(name = "texts"
[data]
source = "texts.csv"
text = "review"
target = "mood"
tokenizer = { type = "word", min_count = 1 }
[prepare]
split = { method = "contiguous", train = 0.5, test = 0.5 }
[model]
layers = [ { type = "linear" } ]
[train]
epochs = 1
)");
  Result r = gradus({"data", "describe", config});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out,
              testing::AllOf(HasSubstr("texts: binary, train 2, validation 0, test 2"), HasSubstr("vocabulary of 8"),
                             HasSubstr("most frequent tokens: \"\\u001b\" 1, \"31mday\" 1"), HasSubstr("happy"),
                             testing::Not(HasSubstr("\x1B"))));
  r = gradus({"data", "describe", config, "--json"});
  Value texts = parse_json(r.out, "out").at("summary").at("texts");
  EXPECT_EQ(texts.as_array()[1].at("unknown").as_real(), 0.25) << "of good, bad new film: new";
  EXPECT_THAT(gradus({"show", "catalog"}).out, HasSubstr("== tokenizers\nbpe: "));
}

// A 2 x 1 image is white on one side: mirrored it is white on the other.
TEST(Describe, DrawsSamplesOfAConfig) {
  Folder f;
  std::string images("\0\0\x08\x03\0\0\0\x14\0\0\0\x01\0\0\0\x02", 16), labels("\0\0\x08\x01\0\0\0\x14", 8);
  for (int i = 0; i < 20; ++i) {
    images += std::string("\0\xFF", 2);
    labels += static_cast<char>(i % 2);
  }
  f.write("images.idx", images);
  f.write("labels.idx", labels);
  std::string text =
      "name = \"sides\"\n[data]\ntrain = [\"images.idx\", \"labels.idx\"]\naugment = [{ type = \"flip_horizontal\" }]\n"
      "[prepare]\nsplit = { method = \"random\", train = 0.6, validation = 0.2, test = 0.2 }\n"
      "[model]\nlayers = [ { type = \"flatten\" }, { type = \"linear\" } ]\n";
  std::string config = f.write("sides.toml", text);
  Result r = gradus({"data", "describe", config, "--sheet", f / "sheet.png"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("flip_horizontal (probability = 0.5)"));
  EXPECT_THAT(r.out, HasSubstr("sheet.png"));
  std::string png = f.read("sheet.png");
  ASSERT_GT(png.size(), 24u);
  EXPECT_EQ(png.substr(1, 3), "PNG");
  // Two classes, 64 x 32 each with 4 pixels between; the image, 8 more to the right of it, and 8 epochs.
  auto side = [&](std::size_t at) {
    return 256 * static_cast<unsigned char>(png[at]) + static_cast<unsigned char>(png[at + 1]);
  };
  EXPECT_EQ(side(18), 9 * 68 + 8);
  EXPECT_EQ(side(22), 2 * 36 - 4);
  Result json = gradus({"data", "describe", config, "--sheet", f / "sheet.png", "--json"});
  EXPECT_THAT(json.out, HasSubstr("\"augment\""));
  std::string table = f.write("line.csv", line_table());
  Result other = gradus({"data", "describe", f.write("line.toml", line_config(table, "")), "--sheet", f / "x.png"});
  EXPECT_NE(other.code, 0);
  EXPECT_THAT(other.err, HasSubstr("--sheet"));
}

}  // namespace
}  // namespace gradus::test
