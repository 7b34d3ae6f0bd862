// Language models and labelled texts by the command, from a config to predictions and generated text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "command.h"
#include "gradus/base/value.h"

namespace gradus::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A text that repeats itself with a period of 13 letters, so that each has but one next letter.
std::string refrain(int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += "the cat sat.\n";
  return text;
}

std::string letters(const std::string& train = "epochs = 8\n", const std::string& cell = "lstm") {
  return "name = \"letters\"\nseed = 1\n[data]\nformat = \"text\"\nsource = \"text.txt\"\n[prepare]\nsplit = { method "
         "= "
         "\"contiguous\", train = 0.8, validation = 0.1, test = 0.1 }\n[model]\nlayers = [ { type = \"embedding\", "
         "size "
         "= 12 }, { type = \"" +
         cell + "\", units = 24 }, { type = \"linear\" } ]\n[train]\nbatch_size = 8\nsequence_length = 10\n" +
         "clip_norm = 1.0\noptimizer = { type = \"adam\", lr = 0.02 }\n" + train;
}

Value metrics_of(const Folder& f, const std::string& run) { return parse_json(f.read(run + "/metrics.json"), run); }

TEST(Text, ALanguageModelLearnsWhatFollows) {
  Folder f;
  f.write("text.txt", refrain(300));
  std::string config = f.write("letters.toml", letters());
  Result r = gradus({"train", config, "--out", f / "run"});
  ASSERT_EQ(r.code, 0) << r.err;
  Value m = metrics_of(f, "run");
  const Value& test = m.at("metrics").at("test");
  EXPECT_GT(test.at("accuracy").as_real(), 0.97);
  EXPECT_NEAR(test.at("perplexity").as_real(), std::exp(test.at("loss").as_real()), 1e-9);
  EXPECT_NEAR(test.at("bits_per_symbol").as_real(), test.at("loss").as_real() / std::log(2.0), 1e-9);
  EXPECT_GT(m.at("run").at("symbols_per_second").as_real(), 0);

  const Value samples = parse_json(f.read("run/samples.json"), "");
  ASSERT_EQ(samples.as_array().size(), 3u);  // after epochs 1, 4 and 8
  EXPECT_THAT(samples.as_array()[2].at("text").as_string(), HasSubstr("the cat sat.\nthe cat sat.\n"));
  const std::string report = f.read("run/report.html");
  EXPECT_THAT(report, AllOf(HasSubstr("After epoch 8"), HasSubstr("How far back it looks")));

  r = gradus({"generate", f / "run", "--prompt", "the c", "--length", "21", "--temperature", "0"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(r.out, "the cat sat.\nthe cat sat.\n\n");
  auto drawn = [&](const char* seed) {
    return gradus({"generate", f / "run", "--length", "40", "--seed", seed, "--temperature", "4"}).out;
  };
  EXPECT_EQ(drawn("5"), drawn("5"));
  EXPECT_NE(drawn("5"), drawn("6"));
  r = gradus({"generate", f / "run", "--prompt", "the c", "--length", "3", "--top-k", "1", "--json"});
  EXPECT_EQ(parse_json(r.out, "").at("text").as_string(), "the cat ");

  r = gradus({"evaluate", f / "run", "--data", f / "text.txt", "--json"});
  EXPECT_GT(parse_json(r.out, "").at("metrics").at("accuracy").as_real(), 0.97) << r.err;
}

TEST(Text, WhatReadsAheadIsRefused) {
  Folder f;
  f.write("text.txt", refrain(50));
  std::string config = f.write("letters.toml", letters("epochs = 1\n"));
  for (const char* layer : {"{ type = \"gru\", units = 8, bidirectional = true }", "{ type = \"attention\" }",
                            "{ type = \"conv1d\", channels = 8, kernel = 3, padding = \"same\" }"}) {
    Result r =
        gradus({"train", config, "--out", f / "run", "--overwrite", "--set", std::string("model.layers.1=") + layer});
    EXPECT_EQ(r.code, 2) << layer;
    EXPECT_THAT(r.err, AllOf(HasSubstr("model.layers"), HasSubstr("depends on those to come"))) << layer;
  }
}

TEST(Text, RunsAreTheSameOnAnyNumberOfThreadsAndWhenResumed) {
  Folder f;
  f.write("text.txt", refrain(200));
  for (const char* cell : {"lstm", "gru"}) {
    SCOPED_TRACE(cell);
    std::string config = f.write("letters.toml", letters("epochs = 4\n", cell));
    auto hash = [&](const std::string& run) { return metrics_of(f, run).at("model").at("hash").as_string(); };
    for (const char* threads : {"1", "2", "3"})
      ASSERT_EQ(gradus({"train", config, "--out", f / threads, "--threads", threads, "--overwrite"}).code, 0);
    EXPECT_EQ(hash("1"), hash("2"));
    EXPECT_EQ(hash("1"), hash("3"));
    // Stopped inside an epoch, where states are carried from batch to batch.
    Result r = gradus({"train", config, "--out", f / "part", "--overwrite", "--set", "train.checkpoint_steps=1",
                       "--set", "train.max_seconds=0.02"});
    while (r.code == 0 && metrics_of(f, "part").at("run").at("stopped").as_string() == "max_seconds")
      r = gradus({"train", config, "--out", f / "part", "--resume", "--set", "train.checkpoint_steps=1"});
    ASSERT_EQ(r.code, 0) << r.err;
    EXPECT_EQ(hash("1"), hash("part"));
  }
}

// `more` are rows behind those that are easy to tell.
std::string mood_config(const Folder& f, const std::string& more = "") {
  std::string table = "text,mood\n";
  for (int i = 0; i < 120; ++i)
    table += std::string(i % 2 ? "what a good day <3" : "what a bad day") + (i % 3 ? " it was" : "") +
             (i % 2 ? ",happy\n" : ",sad\n");
  f.write("texts.csv", table + more);
  return f.write(
      "mood.toml",
      "name = \"mood\"\nseed = 1\n[data]\nsource = \"texts.csv\"\ntext = \"text\"\ntarget = \"mood\"\ntokenizer = "
      "\"word\"\n[prepare]\nsplit = { method = \"stratified\", train = 0.7, validation = 0.1, test = 0.2 "
      "}\n[model]\nlayers = [ { type = \"embedding\", size = 8 }, { type = \"gru\", units = 8, bidirectional = true, "
      "output = \"last\" }, { type = \"linear\" } ]\n[train]\nepochs = 30\nbatch_size = 16\noptimizer = { type = "
      "\"adam\", lr = 0.02 }\n");
}

TEST(Text, LabelledTextsAreLearnedAndPredicted) {
  Folder f;
  Result r = gradus({"train", mood_config(f), "--out", f / "run"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(f.read("run/report.html"), Not(HasSubstr("Worst mistakes")));
  EXPECT_EQ(metrics_of(f, "run").at("metrics").at("test").at("accuracy").as_real(), 1);
  f.write("new.txt", "a good day\na bad day\n");
  r = gradus({"predict", f / "run", "--data", f / "new.txt"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, AllOf(HasSubstr("a good day,happy"), HasSubstr("a bad day,sad")));
}

TEST(Text, TheReportShowsTextsWithAWrongLabel) {
  Folder f;
  std::string wrong;
  for (int i = 0; i < 10; ++i) wrong += "what a good day <3,sad\n";
  Result r = gradus({"train", mood_config(f, wrong), "--out", f / "run"});
  ASSERT_EQ(r.code, 0) << r.err;
  const std::string report = f.read("run/report.html");
  EXPECT_THAT(report, AllOf(HasSubstr(">Worst mistakes</h2>"), HasSubstr("what a good day &lt;3"),
                            HasSubstr("<span class=\"truth\">sad</span>"),
                            HasSubstr("<span class=\"answer\">happy</span>"), Not(HasSubstr("day <3"))));
}

TEST(Text, PredictionsSayWhatTheModelDoesNotKnow) {
  Folder f;
  ASSERT_EQ(gradus({"train", mood_config(f), "--out", f / "run", "--set",
                    "data.tokenizer={ type = \"word\", max_length = 3 }"})
                .code,
            0);
  f.write("new.txt", "what a good day it was\n");
  Result r = gradus({"predict", f / "run", "--data", f / "new.txt"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("max_length"));
}

TEST(Text, MistakesAreTold) {
  Folder f;
  f.write("text.txt", refrain(30));
  std::string config = f.write("letters.toml", letters("epochs = 1\n"));
  auto refused = [&](std::vector<std::string> more, const std::string& what) {
    std::vector<std::string> args = {"train", config, "--out", f / "run", "--overwrite"};
    args.insert(args.end(), more.begin(), more.end());
    Result r = gradus(args);
    EXPECT_NE(r.code, 0);
    EXPECT_THAT(r.err, HasSubstr(what));
  };
  refused({"--set", "prepare.split.method=\"random\""}, "method = \"contiguous\"");
  refused({"--set", "train.batch_size=\"all\""}, "read in so many places");
  refused({"--set", "model.layers.1.output=\"last\""}, "leave out output = \"last\"");
  refused({"--set", "data.source=\"nowhere.txt\""}, "nowhere.txt");
  f.write("bad.txt",
          "good\nb\xFF"
          "d\n");
  refused({"--set", "data.source=\"bad.txt\""}, "bad.txt:2:2");
  refused({"--set", "data.tokenizer={ type = \"char\", max_length = 50 }"}, "would cut the whole text");
  refused({"--set", "data.tokenizer={ type = \"char\", bounds = true }"}, "marks texts, and this is one whole");
  f.write("short.txt", "abcdefg");
  refused({"--set", "data.source=\"short.txt\""}, "give it a larger share, or use a longer text");
  f.write("once.txt", "every word of this stands here but once");
  refused({"--set", "data.source=\"once.txt\"", "--set", "data.tokenizer=\"word\""}, "min_count = 1");
  f.write("empty.txt", "");
  refused({"--set", "data.source=\"empty.txt\""}, "the text is empty");
  f.write("huge.txt", "");
  std::filesystem::resize_file(f / "huge.txt", std::uintmax_t{1} << 43);  // a hole, which takes no room on the disk
  refused({"--set", "data.source=\"huge.txt\""}, "its text: 8796.1 GB");

  ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--overwrite"}).code, 0);
  Result r = gradus({"generate", f / "run", "--prompt", "the Cat"});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, HasSubstr("symbol 5 (of 7) did not occur"));
  EXPECT_THAT(gradus({"predict", f / "run", "--data", f / "text.txt"}).err, HasSubstr("gradus generate"));
  EXPECT_EQ(gradus({"generate", f / "run", "--temperature", "-1"}).code, 2);
  EXPECT_THAT(gradus({"generate", f / "run", "--seed", "-1"}).err, HasSubstr("--seed"));
  EXPECT_THAT(gradus({"generate", f / "run", "--prompt", "the \xFF"}).err, HasSubstr("prompt:1:5"));
  EXPECT_THAT(gradus({"evaluate", f / "run", "--data", f / "empty.txt"}).err, HasSubstr("use a longer text"));

  r = gradus({"train", config, "--out", f / "run", "--overwrite", "--set", "train.sequence_length=1000"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out + r.err, HasSubstr("too short for batches of 8 x 1000 symbols: it is read in 1 place"));
  r = gradus({"train", config, "--out", f / "words", "--set", "data.tokenizer=\"word\""});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(gradus({"generate", f / "words", "--prompt", "  "}).err, HasSubstr("leave it out to begin anew"));
}

TEST(Text, LabelledTextsThatAreAllUnknownAreRefused) {
  Folder f;
  std::string table = "text,mood\n", unlabelled = table;
  for (int i = 0; i < 20; ++i) table += "word" + std::to_string(i) + (i % 2 ? ",happy\n" : ",sad\n");
  f.write("texts.csv", table);
  std::string config = f.write(
      "mood.toml",
      "name = \"mood\"\nseed = 1\n[data]\nsource = \"texts.csv\"\ntext = \"text\"\ntarget = \"mood\"\n[prepare]\nsplit "
      "= { method = \"stratified\", train = 0.7, test = 0.3 }\n[model]\nlayers = [ { type = \"embedding\", size = 4 "
      "}, { type = \"sequence_pool\" }, { type = \"linear\" } ]\n[train]\nepochs = 1\n");
  Result r = gradus({"train", config, "--out", f / "run"});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, HasSubstr("use more text, or min_count = 1"));
  ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--set", "data.tokenizer=\"char\""}).code, 0);
  r = gradus({"train", config, "--out", f / "run", "--overwrite", "--set", "data.tokenizer=\"char\"", "--set",
              "model.layers.1={ type = \"gru\", units = 4 }"});
  EXPECT_THAT(r.err, HasSubstr("output = \"last\""));
  f.write("new.csv", unlabelled + "word1,\n");
  EXPECT_THAT(gradus({"evaluate", f / "run", "--data", f / "new.csv"}).err,
              HasSubstr("has no text with a target; fill in \"mood\""));
}

}  // namespace
}  // namespace gradus::test
