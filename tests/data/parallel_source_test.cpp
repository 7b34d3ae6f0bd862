// Pairs of lines: what they become, what is left out and said, and mistakes in keys and files.
#include <gmock/gmock.h>

#include <numeric>

#include "../base/expect_error.h"
#include "gradus/data/source.h"
#include "gradus/data/text/tokenizer.h"
#include "temp_file.h"
#include "temp_folder.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kWords = "tokenizer = { type = \"word\", min_count = 1 }\n";
const char* const kFiles = "split = \"files\"\n";
const char* const kHalves = "split = { method = \"contiguous\", train = 0.5, test = 0.5 }\n";

std::unique_ptr<Source> source_of(const std::string& data, const std::string& prepare) {
  return make_source({parse_toml("format = \"parallel\"\n" + data, ""), parse_toml(prepare, "")});
}

// A folder with pairs to train on and to test with.
struct Files {
  explicit Files(std::string_view en = "a cat\nthe cat sat\na dog\n",
                 std::string_view fr = "un chat\nle chat dort\nun chien\n") {
    folder.write("train.en", en);
    folder.write("train.fr", fr);
    folder.write("test.en", "the bird\n");
    folder.write("test.fr", "le chat vole\n");
  }
  LoadedData load(const std::string& more = kWords, const std::string& prepare = kFiles) const {
    return source_of(kParts + more, prepare)->load(folder.path(), 3);
  }
  std::string refused(const std::string& data, const std::string& prepare = kFiles,
                      ErrorKind kind = ErrorKind::config) const {
    return error_of(kind, [&] { source_of(data, prepare)->load(folder.path(), 3); });
  }
  static constexpr const char* kParts = "train = [\"train.en\", \"train.fr\"]\ntest = [\"test.en\", \"test.fr\"]\n";
  TempFolder folder;
};

Batch all_of(const Dataset& data) {
  std::vector<std::uint32_t> rows(static_cast<std::size_t>(data.size()));
  std::iota(rows.begin(), rows.end(), 0U);
  return data.fetch(rows);
}

std::vector<std::int32_t> numbers(const Tensor& t) { return t.to_vector<std::int32_t>(); }

// Numbered by hand: of equal counts the words are in order of their bytes. English: a, cat (2 and 3), dog, sat, the (4
// to 6). French has marks at both ends, 2 and 3: chat, un (4, 5), chien, dort, le (6 to 8).
TEST(Parallel, LinesBecomeWhatIsReadShownAndAnswered) {
  Files files;
  LoadedData data = files.load();
  EXPECT_EQ(data.symbols, 7);
  EXPECT_TRUE(data.task.translation);
  EXPECT_THAT(data.task.classes, ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "chat", "un", "chien", "dort", "le"));
  Batch batch = all_of(*data.train);
  EXPECT_EQ(batch.inputs.shape(), Shape({3, 3}));
  EXPECT_THAT(numbers(batch.inputs), ElementsAre(2, 3, 0, 6, 3, 5, 2, 4, 0));
  EXPECT_THAT(numbers(batch.lengths), ElementsAre(2, 3, 2));
  EXPECT_EQ(batch.shown.shape(), Shape({3, 4}));
  EXPECT_THAT(numbers(batch.shown), ElementsAre(2, 5, 4, 0, 2, 8, 4, 7, 2, 5, 6, 0));
  EXPECT_THAT(numbers(batch.target), ElementsAre(5, 4, 3, 0, 8, 4, 7, 3, 5, 6, 3, 0));
  EXPECT_THAT(numbers(batch.shown_lengths), ElementsAre(3, 4, 3));
  EXPECT_EQ(batch.total_weight, 10) << "padding is not answered";
  EXPECT_THAT(batch.weight.to_vector<float>(), ElementsAre(1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0));
  batch = all_of(*data.test);
  EXPECT_THAT(numbers(batch.inputs), ElementsAre(6, 1)) << "bird is unknown";
  EXPECT_THAT(numbers(batch.target), ElementsAre(8, 4, 1, 3)) << "vole is unknown";
  EXPECT_EQ(data.validation, nullptr);
  EXPECT_THAT(data.notes, IsEmpty());
}

TEST(Parallel, BothSidesAreDescribed) {
  Files files;
  const Value summary = files.load().summary;
  EXPECT_EQ(summary.at("vocabulary").as_integer(), 7);
  EXPECT_EQ(summary.at("target_vocabulary").as_integer(), 9);
  const Value& from = summary.at("texts").as_array()[1];
  EXPECT_EQ(from.at("part").as_string(), "test");
  EXPECT_EQ(from.at("unknown").as_real(), 0.5);
  EXPECT_EQ(summary.at("target_texts").as_array().size(), 2U);
}

TEST(Parallel, EachSideMayBeDividedInItsOwnWay) {
  Files files;
  LoadedData data = files.load("tokenizer = \"char\"\ntarget_tokenizer = { type = \"word\", min_count = 1 }\n");
  Batch batch = all_of(*data.train);
  EXPECT_EQ(batch.inputs.shape(), Shape({3, 11}));
  EXPECT_EQ(batch.target.shape(), Shape({3, 4}));
  data = files.load("tokenizer = { type = \"bpe\", vocabulary = 270 }\n");
  EXPECT_LE(data.symbols, 270);
  EXPECT_GT(data.task.classes.size(), 4U + 256);
}

TEST(Parallel, TheVocabularyComesFromTheTrainingPartAlone) {
  Files files("a\nb\nc\nd\n", "w\nx\ny\nz\n");
  LoadedData data =
      source_of("source = [\"train.en\", \"train.fr\"]\n" + std::string(kWords), kHalves)->load(files.folder.path(), 3);
  EXPECT_EQ(data.symbols, 4);
  EXPECT_THAT(numbers(all_of(*data.test).inputs), ElementsAre(1, 1));
}

TEST(Parallel, PairsWithAnEmptySideAreLeftOutAndCounted) {
  Files files("a cat\n\nthe cat sat\n  \na dog\n", "un chat\nrien\nle chat dort\nrien\n\n");
  LoadedData data = files.load();
  EXPECT_EQ(data.train->size(), 2);
  EXPECT_THAT(data.notes, ElementsAre("3 pairs of lines with an empty side left out"));
  Files none("\n\n", "un\ndeux\n");
  EXPECT_THAT(none.refused(Files::kParts, kFiles, ErrorKind::data), HasSubstr("has no line with a counterpart in"));
}

TEST(Parallel, LongPairsAreNotTrainedOn) {
  Files files("a cat\nthe cat sat\na dog sat there\n", "un chat\nle chat dort\nun chien\n");
  LoadedData data = files.load(kWords + std::string("max_length = 3\n"));
  EXPECT_EQ(data.train->size(), 2) << "a limit counts words, not marks";
  EXPECT_EQ(data.test->size(), 1);
  EXPECT_THAT(data.notes, ElementsAre("1 pair is longer than 3 tokens, not trained on"));
  data = files.load(kWords + std::string("max_length = 2\n"));
  EXPECT_EQ(data.train->size(), 1);
  EXPECT_EQ(data.test->size(), 1) << "the test part keeps its long ones";
  EXPECT_THAT(files.refused(Files::kParts + std::string(kWords) + "max_length = 1\n"),
              AllOf(HasSubstr("data.max_length"), HasSubstr("the limit is in tokens")));
}

TEST(Parallel, TestLinesThatWereTrainedOnAreNamed) {
  Files files("a cat\nthe bird\n", "un chat\nle merle\n");
  EXPECT_THAT(files.load().notes, ElementsAre(AllOf(HasSubstr("1 text of the test part is also in the training part"),
                                                    HasSubstr("test.en"))));
}

TEST(Parallel, EndsOfLinesAndTheMarkOfUtf8DoNotCount) {
  Files files(
      "\xEF\xBB\xBF"
      "a cat\r\nthe cat sat\r\na dog",
      "un chat\nle chat dort\nun chien\n");
  EXPECT_EQ(numbers(all_of(*files.load().train).inputs), numbers(all_of(*Files().load().train).inputs));
}

TEST(Parallel, NewLinesAreTreatedAsTheTrainingLinesWere) {
  Files files;
  std::unique_ptr<Source> source = source_of(Files::kParts + std::string(kWords), kFiles);
  LoadedData data = source->load(files.folder.path(), 3);
  std::unique_ptr<Source> back = sources().make("parallel", Value::table(), "format");
  back->restore(parse_json(to_json(source->state()), ""));
  EXPECT_EQ(back->state(), source->state());

  OpenedData opened = back->open({files.folder.path("test.en"), files.folder.path("test.fr")}, true);
  Batch batch = all_of(*opened.data), want = all_of(*data.test);
  EXPECT_EQ(numbers(batch.inputs), numbers(want.inputs));
  EXPECT_EQ(numbers(batch.target), numbers(want.target));
  EXPECT_TRUE(opened.has_target);

  TempFile lines("a dog\n\nthe cat\n", ".txt");
  opened = back->open({lines.path()}, false);
  EXPECT_FALSE(opened.has_target);
  EXPECT_THAT(numbers(all_of(*opened.data).inputs), ElementsAre(2, 4, 1, 0, 6, 3));
  EXPECT_THAT(opened.notes, ElementsAre(HasSubstr("1 text has no token and is taken as one <unk>")));
  ASSERT_EQ(opened.echo.size(), 1U);
  EXPECT_THAT(opened.echo[0].second, ElementsAre("a dog", "", "the cat"));
  EXPECT_EQ(back->target_tokenizer()->decode(std::vector<std::int32_t>{8, 4}), "le chat");

  EXPECT_THAT(error_of(ErrorKind::usage, [&] { back->open({lines.path()}, true); }),
              AllOf(HasSubstr("--data"), HasSubstr("two files"), HasSubstr("1 file")));
  EXPECT_THAT(error_of(ErrorKind::usage,
                       [&] {
                         back->open({lines.path(), lines.path()}, false);
                       }),
              AllOf(HasSubstr("one file of lines"), HasSubstr("2 files")));
  TempFile nothing("", ".txt");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { back->open({nothing.path()}, false); }), HasSubstr("no lines"));
}

TEST(Parallel, ADamagedStateIsRefused) {
  Files files;
  std::unique_ptr<Source> source = source_of(Files::kParts + std::string(kWords), kFiles);
  source->load(files.folder.path(), 3);
  Value state = source->state();
  state.set("target_tokenizer", state.at("tokenizer"));
  std::unique_ptr<Source> back = sources().make("parallel", Value::table(), "format");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { back->restore(state); }), HasSubstr("no marks at their ends"));
}

TEST(Parallel, FilesThatDoNotFitAreTold) {
  Files files("a cat\nthe cat sat\na dog\n", "un chat\nle chat dort\n");
  EXPECT_THAT(
      files.refused(Files::kParts, kFiles, ErrorKind::data),
      AllOf(HasSubstr("train.fr: expected 3 lines, as many as"), HasSubstr("got 2"), HasSubstr("line k of one")));
  Files latin("a\nb\n", "\xE9t\xE9\nx\n");
  EXPECT_THAT(latin.refused(Files::kParts, kFiles, ErrorKind::data), HasSubstr("train.fr:1:1"));
}

TEST(Parallel, MistakesInKeysAreTold) {
  Files files;
  const std::string test = "test = [\"test.en\", \"test.fr\"]\n", train = "train = [\"train.en\", \"train.fr\"]\n";
  EXPECT_THAT(files.refused("train = [\"train.en\"]\n" + test),
              AllOf(HasSubstr("data.train: expected two files, [from, to], got 1 file")));
  EXPECT_THAT(files.refused(train + "test = [\"test.en\", \"test.fr\", \"more\"]\n"), HasSubstr("got 3 files"));
  EXPECT_THAT(files.refused(train), HasSubstr("[data] keeps apart, and it names no test"));
  EXPECT_THAT(files.refused(train + test, "scale = \"none\"\n"), HasSubstr("scale"));
  EXPECT_THAT(files.refused(train + test, ""), HasSubstr("split"));
  EXPECT_THAT(files.refused("source = [\"train.en\", \"train.fr\"]\n",
                            "split = { method = \"stratified\", train = 0.5, test = 0.5 }\n"),
              HasSubstr("pairs of lines have neither"));
  EXPECT_THAT(files.refused(train + test + "tokenizer = { type = \"word\", max_length = 5 }\n"),
              AllOf(HasSubstr("data.tokenizer.max_length"), HasSubstr("set data.max_length")));
  EXPECT_THAT(files.refused(train + test + "target_tokenizer = { type = \"word\", max_length = 5 }\n"),
              HasSubstr("data.target_tokenizer.max_length"));
  EXPECT_THAT(files.refused(train + test + "max_length = -1\n"), HasSubstr("max_length"));
  EXPECT_THAT(files.refused("train = [\"train.en\", \"train.de\"]\n" + test, kFiles, ErrorKind::file),
              HasSubstr("train.de"));
}

}  // namespace
}  // namespace gradus
