// Translation by the command: a toy language, from two files to a report, and mistakes in files, flags and configs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "command.h"
#include "gradus/base/value.h"

namespace gradus::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::array<std::array<const char*, 2>, 4> kCounts = {
    {{"one", "un"}, {"two", "deux"}, {"no", "nul"}, {"the", "le"}}};
constexpr std::array<std::array<const char*, 2>, 6> kColours = {
    {{"red", "rouge"}, {"green", "vert"}, {"white", "blanc"}, {"black", "noir"}, {"blue", "bleu"}, {"grey", "gris"}}};
constexpr std::array<std::array<const char*, 2>, 6> kAnimals = {
    {{"cat", "chat"}, {"dog", "chien"}, {"rat", "rat"}, {"bird", "oiseau"}, {"bear", "ours"}, {"fox", "renard"}}};

// 144 phrases such as "the red cat sees one dog" and "le chat rouge voit un chien"; every fifth is for the test.
void write_phrases(const Folder& f) {
  std::string text[2][2];
  std::size_t number = 0;
  for (auto& count : kCounts)
    for (auto& colour : kColours)
      for (auto& animal : kAnimals) {
        auto& part = text[number % 5 == 0];
        auto &seen_count = kCounts[number * 7 % 11 % 4], &seen = kAnimals[number * 5 % 13 % 6];
        ++number;
        part[0] +=
            std::string(count[0]) + " " + colour[0] + " " + animal[0] + " sees " + seen_count[0] + " " + seen[0] + "\n";
        part[1] +=
            std::string(count[1]) + " " + animal[1] + " " + colour[1] + " voit " + seen_count[1] + " " + seen[1] + "\n";
      }
  for (int side : {0, 1}) {
    f.write(side == 0 ? "train.en" : "train.fr", text[0][side]);
    f.write(side == 0 ? "test.en" : "test.fr", text[1][side]);
  }
}

const char* const kConfig = R"(name = "phrases"
seed = 1
[data]
format = "parallel"
train = ["train.en", "train.fr"]
test = ["test.en", "test.fr"]
tokenizer = "word"
[prepare]
split = { method = "files", validation = 0.1 }
[model]
layers = [ { type = "embedding", size = 12 }, { type = "gru", units = 12, bidirectional = true }, { type = "decoder", layers = [ { type = "embedding", size = 12 }, { type = "gru", units = 24, initial_state = "encoder" }, { type = "attention" }, { type = "linear" } ] } ]
[train]
epochs = 30
batch_size = 16
clip_norm = 1.0
optimizer = { type = "adam", lr = 0.01 }
)";

Value metrics_of(const Folder& f, const std::string& run) { return parse_json(f.read(run + "/metrics.json"), run); }

TEST(Translation, AToyLanguageIsLearned) {
  Folder f;
  write_phrases(f);
  std::string config = f.write("phrases.toml", kConfig);
  Result r = gradus({"train", config, "--out", f / "run"});
  ASSERT_EQ(r.code, 0) << r.err;
  Value m = metrics_of(f, "run");
  EXPECT_GT(m.at("run").at("symbols_per_second").as_real(), 0);
  EXPECT_FALSE(m.at("metrics").at("train").find("bleu"));
  EXPECT_TRUE(m.at("metrics").at("validation").find("bleu"));
  EXPECT_GT(m.at("metrics").at("test").at("accuracy").as_real(), 0.98);

  f.write("new.en", "the red cat sees one fox\ntwo grey dogs\n\"no\" white bird\n");
  r = gradus({"predict", f / "run", "--data", f / "new.en"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, AllOf(HasSubstr("text,prediction\n"),
                           HasSubstr("the red cat sees one fox,le chat rouge voit un renard\n")));
  Result beam = gradus({"predict", f / "run", "--data", f / "new.en", "--beam", "3", "--json"});
  EXPECT_EQ(parse_json(beam.out, "").at("predictions").as_array()[0].at("prediction").as_string(),
            "le chat rouge voit un renard");

  r = gradus({"evaluate", f / "run", "--data", f / "test.en", f / "test.fr", "--beam", "4", "--json"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(parse_json(r.out, "").at("metrics").at("accuracy"), m.at("metrics").at("test").at("accuracy"));

  const Value samples = parse_json(f.read("run/samples.json"), "");
  ASSERT_EQ(samples.as_array().size(), 3U);  // after epochs 1, 15 and 30
  EXPECT_THAT(samples.as_array()[2].at("text").as_string(), HasSubstr("\n  -> "));
  EXPECT_THAT(f.read("run/report.html"),
              AllOf(HasSubstr("What it looks at"), HasSubstr("Texts it made"), HasSubstr("After epoch 30")));
}

TEST(Translation, RunsAreTheSameOnAnyNumberOfThreadsAndWhenResumed) {
  Folder f;
  write_phrases(f);
  std::string config = f.write("phrases.toml", kConfig);
  auto hash = [&](const std::string& run) { return metrics_of(f, run).at("model").at("hash").as_string(); };
  for (const char* threads : {"1", "2", "3"})
    ASSERT_EQ(gradus({"train", config, "--out", f / threads, "--threads", threads, "--set", "train.epochs=3"}).code, 0);
  EXPECT_EQ(hash("1"), hash("2"));
  EXPECT_EQ(hash("1"), hash("3"));
  Result r = gradus({"train", config, "--out", f / "part", "--set", "train.epochs=3", "--set",
                     "train.checkpoint_steps=1", "--set", "train.max_seconds=0.02"});
  while (r.code == 0 && metrics_of(f, "part").at("run").at("stopped").as_string() == "max_seconds")
    r = gradus({"train", config, "--out", f / "part", "--resume", "--set", "train.epochs=3", "--set",
                "train.checkpoint_steps=1"});
  ASSERT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(hash("1"), hash("part"));
}

TEST(Translation, MistakesAreTold) {
  Folder f;
  write_phrases(f);
  std::string config = f.write("phrases.toml", kConfig);
  auto refused = [&](const std::vector<std::string>& more, const std::string& what) {
    std::vector<std::string> args = {"train", config, "--out", f / "run", "--overwrite", "--set", "train.epochs=1"};
    for (const std::string& change : more) args.insert(args.end(), {"--set", change});
    Result r = gradus(args);
    EXPECT_NE(r.code, 0) << what;
    EXPECT_THAT(r.err, HasSubstr(what));
  };
  refused({"data.train=[\"train.en\"]"}, "expected two files, [from, to], got 1 file");
  refused({"data.target_tokenizer={ type = \"word\", min_count = 9999 }"}, "occurs often enough to be known");
  f.write("short.fr", "un\n");
  refused({"data.train=[\"train.en\", \"short.fr\"]"}, "line k of one must belong to line k of the other");
  refused({"model.layers=[ { type = \"embedding\" }, { type = \"gru\" }, { type = \"linear\" } ]"},
          "the last layer is no decoder");
  refused({"model.layers.2.layers.1.bidirectional=true"}, "take bidirectional");
  refused({"model.layers.1.output=\"last\""}, "leave out output = \"last\"");
  refused({"train.class_weights=\"balanced\""}, "train.class_weights");
  refused({"train.early_stopping={ monitor = \"validation.bleu\" }"}, "validation.perplexity");

  ASSERT_EQ(gradus({"train", config, "--out", f / "run", "--overwrite", "--set", "train.epochs=1"}).code, 0);
  auto told = [&](const std::vector<std::string>& args, int code, const std::string& what) {
    Result r = gradus(args);
    EXPECT_EQ(r.code, code) << what;
    EXPECT_THAT(r.err, HasSubstr(what));
  };
  told({"evaluate", f / "run", "--data", f / "test.en"}, 2, "expected two files");
  told({"evaluate", f / "run", "--data", f / "test.en", f / "short.fr"}, 1, "short.fr: expected");
  told({"evaluate", f / "run", "--data", f / "test.en", f / "test.fr", "--beam", "0"}, 2, "--beam");
  told({"predict", f / "run", "--data", f / "test.en", f / "test.fr"}, 2, "expected one file of lines, got 2 files");
  told({"generate", f / "run", "--prompt", "the"}, 2, "does not predict the next symbol");

  f.write("moods.csv", "text,mood\ngood,happy\nbad,sad\ngood,happy\nbad,sad\ngood,happy\nbad,sad\n");
  std::string mood =
      "name = \"mood\"\n[data]\nsource = \"moods.csv\"\ntext = \"text\"\ntarget = \"mood\"\n[prepare]\nsplit = { "
      "method = "
      "\"contiguous\", train = 0.5, test = 0.5 }\n[model]\nlayers = [ { type = \"embedding\", size = 4 }, ";
  told({"train",
        f.write("mood.toml", mood + "{ type = \"decoder\", layers = [ { type = \"embedding\", size = 4 }, { "
                                    "type = \"attention\" }, { type = \"linear\" } ] } ]\n"),
        "--out", f / "mood"},
       2, "leave the decoder out");
  ASSERT_EQ(
      gradus({"train", f.write("mood.toml", mood + "{ type = \"gru\", output = \"last\" }, { type = \"linear\" } ]\n"),
              "--out", f / "mood", "--overwrite"})
          .code,
      0);
  told({"predict", f / "mood", "--data", f / "moods.csv", "--beam", "2"}, 2, "makes no text of a line");
}

}  // namespace
}  // namespace gradus::test
