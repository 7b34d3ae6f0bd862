#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../data/wav_file.h"
#include "command.h"
#include "gradus/base/value.h"

namespace gradus::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Result trained(const Folder& f, const std::string& config) {
  return gradus({"train", config, "--out", f / "run", "--quiet"});
}

// The lines of a text.
std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

const char* const kConvolution =
    "[model]\nlayers = [ { type = \"conv1d\", channels = 4, kernel = 3, padding = \"same\" }, \"relu\", "
    "\"global_average_pool\", { type = \"linear\" } ]\n[train]\nepochs = 20\nbatch_size = 8\n"
    "optimizer = { type = \"adam\", lr = 0.03 }\n";

TEST(Sequences, DnaOfVaryingLengthIsLearned) {
  Folder f;
  std::string exon, intron;
  for (int i = 0; i < 40; ++i) {
    exon += ">e" + std::to_string(i) + "\n" + std::string(static_cast<std::size_t>(4 + i % 5), 'G') + "NA\n";
    intron += ">i" + std::to_string(i) + "\n" + std::string(static_cast<std::size_t>(5 + i % 7), 't') + "C\n";
  }
  f.write("exon.fa", exon);
  f.write("intron.fa", intron);
  std::string config =
      f.write("dna.toml",
              "name = \"dna\"\n[data]\nformat = \"fasta\"\nsource = { exon = \"exon.fa\", intron = \"intron.fa\" }\n"
              "[prepare]\nsplit = { method = \"stratified\", train = 0.6, validation = 0.2, test = 0.2 }\n" +
                  std::string(kConvolution));
  Result r = gradus({"data", "describe", config});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, AllOf(HasSubstr("train 48, validation 16, test 16"), HasSubstr("80 sequences of 6 to 12 steps"),
                           HasSubstr("class   train  validation  test\nexon       24           8     8")));
  ASSERT_EQ(trained(f, config).code, 0);
  r = gradus({"predict", f / "run", "--data", f / "exon.fa"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, StartsWith("id,prediction,probability_exon,probability_intron\ne0,exon,"));
  EXPECT_EQ(lines(r.out), 41u);
  r = gradus({"evaluate", f / "run", "--data", f / "exon.fa", f / "intron.fa"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("accuracy 1\n"));
}

// Each step's class tells whether the sum so far is above 0, so that only a state can know it.
TEST(Sequences, EachStepOfASequenceIsLabelled) {
  Folder f;
  std::string csv = "id,t,x,above\n", expected;
  for (int i = 0; i < 90; ++i) {
    int sum = 0;
    for (int t = 0; t < 3 + i % 4; ++t) {
      const int x = (i * 7 + t * (i % 5 + 2) * 3) % 5 - 2;
      sum += x;
      csv += std::to_string(i) + "," + std::to_string(t) + "," + std::to_string(x) + (sum > 0 ? ",yes\n" : ",no\n");
    }
  }
  f.write("sums.csv", csv);
  std::string config = f.write(
      "sums.toml",
      "name = \"sums\"\nseed = 2\n[data]\nformat = \"sequence_table\"\nsource = \"sums.csv\"\nid = \"id\"\ntime = "
      "\"t\"\nvalue = [\"x\"]\ntarget = \"above\"\ntarget_per = \"step\"\n[prepare]\nsplit = { method = \"random\", "
      "train "
      "= 0.6, validation = 0.2, test = 0.2 }\n[model]\nlayers = [ { type = \"gru\", units = 12 }, { type = \"linear\" "
      "} "
      "]\n[train]\nepochs = 60\nbatch_size = 16\noptimizer = { type = \"adam\", lr = 0.02 }\n");
  Result r = trained(f, config);
  ASSERT_EQ(r.code, 0) << r.err;
  r = gradus({"evaluate", f / "run", "--data", f / "sums.csv", "--json"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_GT(parse_json(r.out, "").at("metrics").at("accuracy").as_real(), 0.95);
  r = gradus({"predict", f / "run", "--data", f / "sums.csv"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(lines(r.out), lines(csv));
  EXPECT_THAT(r.out, AllOf(HasSubstr("step,prediction"), HasSubstr("\n1,4,")));
  r = gradus({"train", config, "--out", f / "x", "--set", "model.layers.0.output=\"last\""});
  EXPECT_THAT(r.err, HasSubstr("scores after each step"));
}

// x[t] = sin(0.3 t), 200 steps; windows of 8, forecast 3 steps ahead.
std::string sine_config(const Folder& f) {
  std::string csv = "t,x\n";
  for (int i = 0; i < 200; ++i) csv += std::to_string(i) + "," + std::to_string(std::sin(0.3 * i)) + "\n";
  f.write("s.csv", csv);
  return f.write(
      "s.toml",
      "name = \"s\"\n[data]\nformat = \"series\"\nsource = \"s.csv\"\ntime = \"t\"\nvalue = \"x\"\nwindow = 8\n"
      "horizon = 3\nseason = 21\n[prepare]\nsplit = { method = \"time\", validation = 0.1, test = 0.2 }\n"
      "scale = \"standardize\"\n[model]\nlayers = [ \"flatten\", { type = \"linear\" } ]\n[train]\nepochs = 60\n"
      "batch_size = 16\noptimizer = { type = \"adam\", lr = 0.01 }\n");
}

TEST(Sequences, ASeriesIsForecast) {
  Folder f;
  std::string config = sine_config(f);
  Result r = gradus({"data", "describe", config});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, AllOf(HasSubstr("200 steps (every 1) from 0 to 199"), HasSubstr("feature    shift  divisor"),
                           HasSubstr("forecasts that learn nothing, on the test part:\nforecast "),
                           HasSubstr("\nseasonal naive, 21 steps ")));
  ASSERT_EQ(trained(f, config).code, 0);
  r = gradus({"predict", f / "run", "--data", f / "s.csv"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, StartsWith("origin,prediction_x+1,prediction_x+2,prediction_x+3\n7,"));
  EXPECT_EQ(lines(r.out), 1u + 193u) << "origins 7 to 199";
  r = gradus({"evaluate", f / "run", "--data", f / "s.csv"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("r2 1\n")) << "a sine is a linear function of its last two steps";
  EXPECT_THAT(r.out, AllOf(HasSubstr("\nmodel "), HasSubstr("\nnaive "), Not(HasSubstr("\nseasonal naive"))));
  EXPECT_THAT(r.err, HasSubstr("no seasonal naive forecasts")) << "the first origin has 8 steps before it";
}

// The same figures from the formulas: 140 steps train, the test part has the origins 157 to 196.
TEST(Sequences, ForecastsStandBesideThoseThatLearnNothing) {
  Folder f;
  Result r = gradus({"train", sine_config(f), "--out", f / "run"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, AllOf(HasSubstr("mase"), HasSubstr("\nseasonal naive, 21 steps ")));
  auto x = [](int t) { return std::sin(0.3 * t); };
  double scale = 0, naive = 0, seasonal = 0, squares = 0;
  for (int t = 21; t < 140; ++t) scale += std::abs(x(t) - x(t - 21)) / (140 - 21);
  for (int t = 157; t <= 196; ++t)
    for (int h = 1; h <= 3; ++h) {
      naive += std::abs(x(t + h) - x(t)) / 120;
      squares += std::pow(x(t + h) - x(t), 2) / 120;
      seasonal += std::abs(x(t + h) - x(t + h - 21)) / 120;
    }
  const Value test = parse_json(f.read("run/metrics.json"), "").at("metrics").at("test");
  EXPECT_NEAR(test.find_path("naive.mae")->as_real(), naive, 1e-5);
  EXPECT_NEAR(test.find_path("naive.rmse")->as_real(), std::sqrt(squares), 1e-5);
  EXPECT_NEAR(test.find_path("naive.mase")->as_real(), naive / scale, 1e-3);
  EXPECT_NEAR(test.find_path("seasonal_naive.mae")->as_real(), seasonal, 1e-5);
  EXPECT_NEAR(test.at("mase").as_real(), test.at("mae").as_real() / scale, 1e-4);
  EXPECT_EQ(test.at("per_horizon").as_array().size(), 3u);
  const std::string report = f.read("run/report.html");
  EXPECT_THAT(report, AllOf(HasSubstr("<section id=\"forecasts\""), HasSubstr("the model beats both."),
                            HasSubstr("x, one step ahead"), HasSubstr("x, 3 steps ahead"),
                            HasSubstr("forecasts of x, 3 steps ahead")));
}

TEST(Sequences, PredictionsSayWhatWasFilled) {
  Folder f;
  std::string config = sine_config(f);
  ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--quiet", "--set", "data.gaps=\"previous\""}).code, 0);
  std::string csv = "t,x\n";
  for (int i = 0; i < 20; ++i)
    if (i != 9) csv += std::to_string(i) + "," + std::to_string(std::sin(0.3 * i)) + "\n";
  f.write("gap.csv", csv);
  for (const char* command : {"predict", "evaluate"}) {
    Result r = gradus({command, f / "run", "--data", f / "gap.csv", "--json"});
    ASSERT_EQ(r.code, 0) << r.err;
    EXPECT_THAT(r.err, HasSubstr("1 value is filled (previous)")) << command;
  }
}

TEST(Sequences, SoundsAreTold) {
  Folder f;
  std::string list = "file,label\n";
  for (int i = 0; i < 24; ++i) {
    std::vector<std::int16_t> samples(static_cast<std::size_t>(1000 + 40 * i));
    for (std::size_t k = 0; k < samples.size(); ++k)
      samples[k] = static_cast<std::int16_t>(9000 * std::sin((i % 2 == 0 ? 0.3 : 1.1) * static_cast<double>(k)));
    f.write(std::to_string(i) + ".wav", wav_bytes(samples, 8000));
    list += std::to_string(i) + ".wav," + (i % 2 == 0 ? "low" : "high") + "\n";
  }
  f.write("list.csv", list);
  std::string config =
      f.write("w.toml",
              "name = \"w\"\n[data]\nformat = \"wav\"\nsource = \"list.csv\"\nrate = 8000\nmel_bins = 8\n"
              "[prepare]\nsplit = { method = \"stratified\", train = 0.5, test = 0.5 }\n" +
                  std::string(kConvolution));
  Result r = trained(f, config);
  ASSERT_EQ(r.code, 0) << r.err;
  r = gradus({"predict", f / "run", "--data", f / "3.wav"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, AllOf(StartsWith("file,prediction,"), HasSubstr("3.wav,high,")));
  r = gradus({"evaluate", f / "run", "--data", f / "list.csv"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("accuracy 1\n"));
}

TEST(Sequences, TablesOfLettersAreLearnedOnNewFilesAlike) {
  Folder f;
  std::string csv = "s,y\n";
  for (int i = 0; i < 40; ++i) csv += std::string(i % 2 == 0 ? "AACA," : "GGTG,") + (i % 2 == 0 ? "a" : "b") + "\n";
  f.write("t.csv", csv);
  std::string config = f.write(
      "t.toml",
      "name = \"t\"\n[data]\nformat = \"sequence_table\"\nsource = \"t.csv\"\nsequence = \"s\"\nalphabet = \"dna\"\n"
      "target = \"y\"\n[prepare]\nsplit = { method = \"random\", train = 0.5, test = 0.5 }\n" +
          std::string(kConvolution));
  ASSERT_EQ(trained(f, config).code, 0);
  f.write("new.csv", "s\nGGTG\nAACA\n");
  Result r = gradus({"predict", f / "run", "--data", f / "new.csv"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, AllOf(HasSubstr("\n1,b,"), HasSubstr("\n2,a,")));
}

}  // namespace
}  // namespace gradus::test
