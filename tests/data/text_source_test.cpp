#include <gmock/gmock.h>

#include <numeric>

#include "../base/expect_error.h"
#include "gradus/data/source.h"
#include "temp_file.h"
#include "temp_folder.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const char* const kWords = "tokenizer = { type = \"word\", min_count = 1 }\n";
const char* const kHalves = "split = { method = \"contiguous\", train = 0.5, test = 0.5 }\n";
const char* const kFiles = "split = \"files\"\n";

std::unique_ptr<Source> source_of(const std::string& data, const std::string& prepare = kHalves) {
  return make_source({parse_toml(data, ""), parse_toml(prepare, "")});
}

LoadedData load(const std::string& data, const std::string& prepare = kHalves) {
  return source_of(data, prepare)->load("", 3);
}

std::string load_error(ErrorKind kind, const std::string& data, const std::string& prepare = kHalves) {
  return error_of(kind, [&] { load(data, prepare); });
}

std::string table(const TempFile& file, const std::string& more = kWords) {
  return "source = \"" + file.path() + "\"\ntext = \"review\"\ntarget = \"mood\"\n" + more;
}

std::string parts(const TempFile& train, const TempFile& test, const std::string& more = kWords) {
  return "train = \"" + train.path() + "\"\ntest = \"" + test.path() + "\"\ntext = \"review\"\ntarget = \"mood\"\n" +
         more;
}

Batch all_of(const Dataset& data) {
  std::vector<std::uint32_t> rows(static_cast<std::size_t>(data.size()));
  std::iota(rows.begin(), rows.end(), 0u);
  return data.fetch(rows);
}

std::vector<std::int32_t> numbers(const Tensor& t) { return t.to_vector<std::int32_t>(); }

// The same data read by the source as a model file has it.
std::unique_ptr<Source> reread(const std::string& format, const Source& source) {
  std::unique_ptr<Source> back = sources().make(format, Value::table(), "format");
  back->restore(parse_json(to_json(source.state()), ""));
  return back;
}

const char* const kTrain =
    "id,review,mood\n1,\"Good, good film\",happy\n2,bad film,sad\n3,good,happy\n4,\"so\nbad\",sad\n";
const char* const kTest = "review,mood\nbad new film,sad\nGOOD,happy\n";

// Numbered by hand: of the training texts good and bad and film occur 3, 2 and 2 times, "," and so once.
TEST(TextTable, TextsBecomeSequencesOfTokenNumbers) {
  TempFile train(kTrain), test(kTest);
  std::unique_ptr<Source> source = source_of(parts(train, test), kFiles);
  LoadedData data = source->load("", 3);
  EXPECT_EQ(data.symbols, 7);
  EXPECT_EQ(data.task.classes, (std::vector<std::string>{"happy", "sad"}));
  EXPECT_THAT(data.class_counts, ElementsAre(2, 2));
  Batch batch = all_of(*data.train);
  EXPECT_EQ(batch.inputs.dtype(), Dtype::i32);
  EXPECT_EQ(batch.inputs.shape(), Shape({4, 4}));
  EXPECT_THAT(numbers(batch.inputs), ElementsAre(2, 5, 2, 4, 3, 4, 0, 0, 2, 0, 0, 0, 6, 3, 0, 0));
  EXPECT_THAT(numbers(batch.lengths), ElementsAre(4, 2, 1, 2));
  EXPECT_THAT(numbers(batch.target), ElementsAre(0, 1, 0, 1));
  batch = all_of(*data.test);
  EXPECT_THAT(numbers(batch.inputs), ElementsAre(3, 1, 4, 2, 0, 0)) << "new is unknown";
  EXPECT_THAT(numbers(batch.target), ElementsAre(1, 0));
  EXPECT_EQ(data.validation, nullptr);
  EXPECT_EQ(data.train->input_shape(), data.test->input_shape());
}

TEST(TextTable, TestTextsAreKeptAsPeopleReadThem) {
  TempFile train(kTrain), test("review,mood\n\"bad\nnew  film\",sad\n" + std::string(1000, 'x') + ",happy\n");
  EXPECT_THAT(load(parts(train, test), kFiles).test_names, ElementsAre("bad new  film", std::string(397, 'x') + "..."));
}

TEST(TextTable, NewFilesAreTreatedAsTheTrainingFileWas) {
  TempFile train(kTrain), test(kTest);
  std::unique_ptr<Source> source = source_of(parts(train, test), kFiles);
  LoadedData data = source->load("", 3);
  std::unique_ptr<Source> back = reread("text_table", *source);
  EXPECT_EQ(back->state(), source->state());

  OpenedData opened = back->open({test.path()}, true);
  Batch batch = all_of(*opened.data), want = all_of(*data.test);
  EXPECT_EQ(numbers(batch.inputs), numbers(want.inputs));
  EXPECT_EQ(numbers(batch.target), numbers(want.target));
  EXPECT_TRUE(opened.has_target);

  TempFile unlabelled(
      "other,review\n1,bad\n2,\n3,\"a\tlong text of more than sixty characters, in which \u00E9 is one too\"\n");
  opened = back->open({unlabelled.path()}, false);
  EXPECT_THAT(numbers(all_of(*opened.data).lengths), ElementsAre(1, 1, 15));
  EXPECT_FALSE(opened.has_target);
  EXPECT_THAT(opened.notes, ElementsAre(AllOf(HasSubstr("1 text has no token and is taken as one <unk>"),
                                              HasSubstr("row 2 of " + unlabelled.path()))));
  ASSERT_EQ(opened.echo.size(), 1u);
  EXPECT_EQ(opened.echo[0].first, "text");
  EXPECT_THAT(opened.echo[0].second,
              ElementsAre("bad", "", "a long text of more than sixty characters, in which \u00E9 is ..."));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { back->open({unlabelled.path()}, true); }), HasSubstr("\"mood\""));

  TempFile lines("\uFEFFgood film\r\n\nbad", ".txt");
  opened = back->open({lines.path(), unlabelled.path()}, false);
  EXPECT_THAT(numbers(all_of(*opened.data).lengths), ElementsAre(2, 1, 1, 1, 1, 15));
  EXPECT_THAT(opened.echo[0].second, Contains("good film"));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { back->open({lines.path()}, true); }), HasSubstr("there is no column"));
  TempFile latin("good\nna\xEFve film\n", ".txt");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { back->open({latin.path()}, false); }),
              AllOf(HasSubstr(latin.path() + ":2:3"), HasSubstr("0xEF at byte 7")));
  TempFile nothing("", ".txt");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { back->open({nothing.path()}, false); }), HasSubstr("no texts"));
}

TEST(TextTable, TheFormatIsToldFromTheKeyText) {
  SourceConfig config;
  config.data.set("source", "a.csv");
  EXPECT_EQ(source_format(config), "csv");
  config.data.set("text", "review");
  EXPECT_EQ(source_format(config), "text_table");
  config.data.set("source", "a.tsv.gz");
  EXPECT_EQ(source_format(config), "text_table");
  config.data.set("source", "t10k-images-idx3-ubyte.gz");
  EXPECT_EQ(source_format(config), "idx");
  config.data.set("format", "csv");
  EXPECT_EQ(source_format(config), "csv");
}

TEST(TextTable, NumbersAreRegressedOnInTheirScale) {
  TempFile file("review,mood\nbad,1.5\nso so,2.5\ngood,4.5\nvery good,3.5\n");
  std::unique_ptr<Source> source = source_of(
      table(file), "split = { method = \"contiguous\", train = 0.5, test = 0.5 }\nscale_target = \"standardize\"\n");
  LoadedData data = source->load("", 3);
  EXPECT_EQ(data.task.kind, Task::regression);
  Batch batch = all_of(*data.train);  // mean 2, deviation 0.5
  EXPECT_EQ(batch.target.shape(), Shape({2, 1}));
  EXPECT_THAT(batch.target.to_vector<float>(), ElementsAre(-1, 1));
  OpenedData opened = reread("text_table", *source)->open({file.path()}, true);
  EXPECT_THAT(all_of(*opened.data).target.to_vector<float>(), ElementsAre(-1, 1, 5, 3));
}

TEST(TextTable, WholeNumbersAndTextsThatLookLikeNumbersAreTakenAsTheyAreMeant) {
  TempFile file("review,mood\n12,0\n12.50,1\n,0\n7,1\n");
  LoadedData data = load(table(file, "tokenizer = \"char\"\n"));
  EXPECT_THAT(data.task.classes, ElementsAre("0", "1"));
  EXPECT_THAT(numbers(all_of(*data.train).lengths), ElementsAre(2, 5)) << "12.50 is no number here";
  EXPECT_THAT(numbers(all_of(*data.test).lengths), ElementsAre(1, 1));
  EXPECT_THAT(data.notes, Contains(HasSubstr("row 3 of")));
}

TEST(TextTable, WhatIsOddIsSaid) {
  TempFile file(
      "review,mood\na b c d,x\ngood film,y\n...,x\n,y\nfilm good,\na b c d,x\nnew,y\ngood film,y\n,x\na b c d,y\n");
  std::string tokenizer = "tokenizer = { type = \"word\", min_count = 1, max_length = 3 }\n";
  LoadedData data = load(table(file, tokenizer),
                         "split = { method = \"contiguous\", train = 0.45, validation = 0.33, test = 0.22 }\n");
  EXPECT_THAT(data.notes, Contains(HasSubstr("1 text has no target")));
  EXPECT_THAT(data.notes, Contains(HasSubstr("3 texts have more than 3 tokens and are cut there (max_length)")));
  EXPECT_THAT(data.notes,
              Contains(AllOf(HasSubstr("2 texts have no token and are taken as one <unk>"), HasSubstr("row 4 of"))));
  EXPECT_THAT(data.notes, Contains(AllOf(HasSubstr("2 texts of the validation part are also in the training part"),
                                         HasSubstr("the first in row 6 of"))));
  EXPECT_THAT(data.notes, Contains(AllOf(HasSubstr("1 text of the test part is also in the training part"),
                                         HasSubstr("the first in row 10 of"))));
  const Value& train = data.summary.at("texts").as_array()[0];
  // 4 texts: a b c | good film | . . . | <unk>
  EXPECT_EQ(train.at("texts").as_integer(), 4);
  EXPECT_EQ(train.at("tokens").as_integer(), 9);
  EXPECT_EQ(train.at("shortest").as_integer(), 1);
  EXPECT_EQ(train.at("median").as_real(), 2.5);
  EXPECT_NEAR(train.at("p95").as_real(), 3, 1e-12);
  EXPECT_EQ(train.at("longest").as_integer(), 3);
  EXPECT_EQ(train.at("unknown").as_real(), 0) << "the empty text is counted as such";
  EXPECT_EQ(train.at("cut").as_integer(), 1);
  EXPECT_EQ(train.at("empty").as_integer(), 1);
  const Value& validation = data.summary.at("texts").as_array()[1];  // a b c | new | good film
  EXPECT_EQ(validation.at("part").as_string(), "validation");
  EXPECT_NEAR(validation.at("unknown").as_real(), 1.0 / 6, 1e-12);
  EXPECT_EQ(data.summary.at("texts").as_array()[2].at("empty").as_integer(), 1);
  EXPECT_EQ(data.summary.at("vocabulary").as_integer(), 9);  // 2 reserved, . a b c d film good
  const Value::Array& frequent = data.summary.at("frequent_tokens").as_array();
  EXPECT_EQ(frequent[0].at("token").as_string(), ".");
  EXPECT_EQ(frequent[0].at("count").as_integer(), 3);
  EXPECT_EQ(frequent[1].at("token").as_string(), "<unk>");
  EXPECT_EQ(data.summary.at("classes").at("x").at("train").as_integer(), 2);
}

TEST(TextTable, NothingOddIsNothingSaid) {
  TempFile train(kTrain), test("review,mood\nfilm,sad\n");
  LoadedData data = load(parts(train, test), kFiles);
  for (const char* word : {"token", "cut", "also in", "target"})
    EXPECT_THAT(data.notes, Not(Contains(HasSubstr(word))));
}

TEST(TextTable, TheVocabularyIsOfTheTrainingPartWhateverTheSplit) {
  TempFile file("review,mood,who\na,x,1\nb,y,1\nc,x,2\nd,y,2\ne,x,3\nf,y,3\n");
  for (const char* split : {"method = \"random\"", "method = \"stratified\"", "method = \"group\", column = \"who\""}) {
    LoadedData data = load(table(file), std::string("split = { ") + split + ", train = 0.67, test = 0.33 }\n");
    EXPECT_EQ(data.symbols, 2 + data.train->size()) << split;
    for (std::int32_t token : numbers(all_of(*data.test).inputs)) EXPECT_EQ(token, 1) << split;
  }
}

TEST(TextTable, CopiesCanBeKeptTogether) {
  TempFile file("review,mood\na a,x\nb b,y\na a,x\nc c,y\nb b,y\nd d,x\n");
  LoadedData data =
      load(table(file), "split = { method = \"group\", column = \"review\", train = 0.67, test = 0.33 }\n");
  EXPECT_EQ(data.train->size() + data.test->size(), 6);
  EXPECT_THAT(data.notes, Not(Contains(HasSubstr("also in the training part"))));
}

TEST(TextTable, MistakesAreNamed) {
  TempFile file(kTrain);
  std::string start = "source = \"" + file.path() + "\"\n";
  EXPECT_THAT(load_error(ErrorKind::config, start + "text = \"review\"\n"),
              AllOf(HasSubstr("data.target: is missing"), HasSubstr("target = \"sentiment\"")));
  EXPECT_THAT(load_error(ErrorKind::config, start + "text = \"review\"\ntarget = \"review\"\n"),
              HasSubstr("data.target"));
  EXPECT_THAT(load_error(ErrorKind::data, start + "text = \"revew\"\ntarget = \"mood\"\n"),
              AllOf(HasSubstr("data.text"), HasSubstr("did you mean \"review\"?")));
  EXPECT_THAT(load_error(ErrorKind::data, start + "text = \"review\"\ntarget = \"mod\"\n"), HasSubstr("data.target"));
  EXPECT_THAT(load_error(ErrorKind::config, table(file, "tokenizer = \"letters\"\n")), HasSubstr("data.tokenizer"));
  EXPECT_THAT(load_error(ErrorKind::config, table(file, "tokenizer = { type = \"char\", max_words = 3 }\n")),
              HasSubstr("max_words"));
  EXPECT_THAT(load_error(ErrorKind::config, table(file), kFiles), HasSubstr("names no train"));
  EXPECT_THAT(load_error(ErrorKind::config, table(file), "missing = \"mean\"\n"), HasSubstr("missing"));
  EXPECT_THAT(load_error(ErrorKind::config, table(file), ""), HasSubstr("prepare.split"));
}

TEST(TextTable, DamagedStatesAreRefused) {
  TempFile train(kTrain), test(kTest);
  std::unique_ptr<Source> source = source_of(parts(train, test), kFiles);
  source->load("", 3);
  for (const char* path : {"tokenizer.learned.symbols", "tokenizer.tokenizer.type", "target.columns", "text", "csv"}) {
    Value state = source->state();
    state.set_path(path, Value(-1));
    EXPECT_THROW(sources().make("text_table", Value::table(), "")->restore(state), Error) << path;
  }
}

TEST(TextFolder, AFolderForEachClass) {
  TempFolder train, test;
  train.write("neg/b.txt", "bad film\n");
  train.write("neg/a.txt", "bad bad");
  train.write("neg/notes.md", "not read");
  train.write("pos/1.txt", "\uFEFFgood");
  train.write(".hidden/1.txt", "x");
  test.write("neg/1.txt", "bad film");
  test.write("pos/1.txt", "fine");
  std::string config = "format = \"text_folder\"\ntrain = \"" + train.path() + "\"\ntest = \"" + test.path() + "\"\n";
  std::unique_ptr<Source> source = source_of(config + kWords, kFiles);
  LoadedData data = source->load("", 3);
  EXPECT_THAT(data.task.classes, ElementsAre("neg", "pos"));
  EXPECT_THAT(numbers(all_of(*data.train).inputs), ElementsAre(2, 2, 2, 3, 4, 0)) << "bad bad, bad film, good";
  EXPECT_THAT(numbers(all_of(*data.test).inputs), ElementsAre(2, 3, 1, 0));
  EXPECT_THAT(data.notes, Contains(AllOf(HasSubstr("1 text of the test part"), HasSubstr(test.path("neg/1.txt")))));

  std::unique_ptr<Source> back = reread("text_folder", *source);
  EXPECT_THAT(numbers(all_of(*back->open({test.path()}, true).data).target), ElementsAre(0, 1));
  OpenedData opened = back->open({test.path("pos"), train.path("neg/b.txt"), train.path()}, false);
  EXPECT_EQ(opened.data->size(), 5);
  ASSERT_NE(opened.file_names(), nullptr);
  EXPECT_EQ((*opened.file_names())[1], train.path("neg/b.txt"));
  EXPECT_EQ(opened.echo[1].second[1], "bad film");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { back->open({test.path("pos")}, true); }),
              HasSubstr("a folder without sub-folders"));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { back->open({test.path("none")}, false); }), HasSubstr("no such file"));
}

TEST(TextFolder, MistakesAreNamed) {
  TempFolder folder;
  folder.write("neg/a.txt", "a");
  folder.write("pos/a.txt", "b\xFF");
  folder.write("one.txt", "c");
  auto error = [&](ErrorKind kind, const std::string& path, const std::string& prepare = kHalves) {
    return load_error(kind, "format = \"text_folder\"\nsource = \"" + path + "\"\n", prepare);
  };
  EXPECT_THAT(error(ErrorKind::data, folder.path()), HasSubstr(folder.path("pos/a.txt") + ":1:2"));
  EXPECT_THAT(error(ErrorKind::data, folder.path("neg")), HasSubstr("no sub-folder"));
  EXPECT_THAT(error(ErrorKind::config, folder.path("one.txt")), AllOf(HasSubstr("a folder"), HasSubstr("data.source")));
  EXPECT_THAT(error(ErrorKind::file, folder.path("none")), HasSubstr("no file or folder"));
  EXPECT_THAT(error(ErrorKind::config, folder.path(),
                    "split = { method = \"group\", column = \"who\", train = 0.5, test = 0.5 }\n"),
              HasSubstr("folders of texts have no columns"));
  std::filesystem::create_directories(folder.path("empty"));
  EXPECT_THAT(error(ErrorKind::data, folder.path()), HasSubstr("a folder without any"));
}

}  // namespace
}  // namespace gradus
