#include "gradus/data/readers/fasta.h"

#include <map>

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
using ::testing::Pair;

using Records = std::vector<std::pair<std::string, std::string>>;

Records records_of(const std::string& bytes) {
  const TempFile file(bytes, ".fa");
  FastaReader reader(file.path(), Alphabet("dna"));
  FastaRecord record;
  Records all;
  while (reader.next(record)) all.emplace_back(record.id, record.letters);
  return all;
}

std::string refused(const std::string& bytes) {
  return error_of(ErrorKind::data, [&] { records_of(bytes); });
}

TEST(FastaReader, LinesAreJoinedHoweverTheyEnd) {
  const Records wanted = {{"one", "ACGTacgtnnRY"}, {"two", "UUU"}};
  EXPECT_EQ(records_of(">one a gene\nACGTacgt\nnnRY\n>two\nUUU\n"), wanted);
  EXPECT_EQ(records_of(">one\ta gene\r\nACGTacgt\r\nnnRY\r\n\r\n>two\r\nUUU"), wanted) << "CRLF, no last line end";
  EXPECT_EQ(records_of(">one\rACGTacgtnnRY\r>two\rUUU\r"), wanted) << "CR";
}

TEST(FastaReader, SpacesBehindLinesAndEmptyLinesCount) {
  EXPECT_EQ(records_of("\n  \n>a  \nAC \n\nGT\t\n"), (Records{{"a", "ACGT"}}));
  EXPECT_EQ(records_of("\xEF\xBB\xBF>a\nAC\n"), (Records{{"a", "AC"}})) << "a byte order mark";
}

TEST(FastaReader, ASequenceWithoutANameHasItsNumber) {
  EXPECT_THAT(records_of(">\nA\n>b\nC\n> only a description\nG\n"),
              ElementsAre(Pair("1", "A"), Pair("b", "C"), Pair("3", "G")));
}

TEST(FastaReader, GzippedFilesAreTheSame) {
  std::string bytes;
  for (int i = 0; i < 3000; ++i) bytes += ">s" + std::to_string(i) + "\n" + std::string(700, "ACGT"[i % 4]) + "\n";
  const Records plain = records_of(bytes);
  ASSERT_EQ(plain.size(), 3000u);
  EXPECT_EQ(plain[2999], (std::pair{std::string("s2999"), std::string(700, 'T')}));
  EXPECT_EQ(records_of(gzipped(bytes)), plain);
}

TEST(FastaReader, WhatIsNoBaseIsNamedWithItsPlace) {
  EXPECT_THAT(refused(">a\nACGT\nACEGT\n"), AllOf(HasSubstr(".fa:3:3: expected A, C, G, T, U or one of the codes"),
                                                  HasSubstr("got \"E\""), HasSubstr("proteins")));
  EXPECT_THAT(refused(">a\r\nAC-T\r\n"), AllOf(HasSubstr(".fa:2:3"), HasSubstr("got \"-\"")));
  EXPECT_THAT(refused(">a\nA C\n"), HasSubstr(".fa:2:2"));
  EXPECT_THAT(refused(std::string(">a\nA\0C\n", 7)), HasSubstr(".fa:2:2"));
}

TEST(FastaReader, WhatIsNoFastaFileIsRefused) {
  EXPECT_THAT(refused("\nACGT\n>a\nA\n"), AllOf(HasSubstr(".fa:2:1"), HasSubstr("a header"), HasSubstr("\"ACGT\"")));
  EXPECT_THAT(refused(">a\nA\n>caf\xE9 x\nA\n"), AllOf(HasSubstr(".fa:3:5"), HasSubstr("a header in UTF-8")));
  EXPECT_THAT(refused(""), HasSubstr("holds no sequence"));
  EXPECT_THAT(refused("\n \n"), HasSubstr("holds no sequence"));
  EXPECT_THAT(refused(">a\nA\n>b\n\n>c\nA\n"), AllOf(HasSubstr(".fa:3:"), HasSubstr("\"b\" has no letters")));
  EXPECT_THAT(refused(">a"), AllOf(HasSubstr(".fa:1:"), HasSubstr("no letters")));
  EXPECT_THAT(refused("\xFF\xFE>\0a\0"), HasSubstr("UTF-16"));
  EXPECT_THAT(error_of(ErrorKind::file, [] { FastaReader("/none.fa", Alphabet("dna")); }), HasSubstr("/none.fa"));
}

// ---- the source

const char* const kHalves = "split = { method = \"stratified\", train = 0.5, test = 0.5 }\n";

std::unique_ptr<Source> source_of(const std::string& data, const std::string& prepare = kHalves) {
  return make_source({parse_toml("format = \"fasta\"\n" + data, ""), parse_toml(prepare, "")});
}

std::string load_error(ErrorKind kind, const std::string& data, const TempFolder& folder,
                       const std::string& prepare = kHalves) {
  return error_of(kind, [&] { source_of(data, prepare)->load(folder.path(), 1); });
}

void write_genes(const TempFolder& folder) {
  folder.write("exon.fa", ">e1\nAC\n>e2\nACG\n>e3\nN\n>e4\nACGTT\n");
  folder.write("intron.fa.gz", gzipped(">i1\nTT\n>i2\nTTT\n>i3\ntt\n>i4\nttttt\n"));
}

const char* const kClasses = "source = { exon = \"exon.fa\", intron = \"intron.fa.gz\" }\n";

// What each example becomes, by its number of steps and class.
TEST(FastaSource, SequencesAreOneHotAndPadded) {
  const TempFolder folder;
  write_genes(folder);
  const LoadedData data = source_of(kClasses)->load(folder.path(), 3);
  EXPECT_EQ(data.task.kind, Task::binary);
  EXPECT_THAT(data.task.classes, ElementsAre("exon", "intron"));
  EXPECT_THAT(data.class_counts, ElementsAre(2, 2));
  EXPECT_EQ(data.train->input_shape(), (Shape{5, 4})) << "the longest of all";
  EXPECT_THAT(data.notes, Contains("8 sequences of 1 to 5 steps (mean 2.875), 4 numbers each"));
  EXPECT_EQ(data.summary.at("sequences").as_integer(), 8);
  EXPECT_EQ(data.summary.at("classes").at("exon").at("test").as_integer(), 2);
  int seen = 0;
  for (const Dataset* part : {data.train.get(), data.test.get()})
    for (std::uint32_t i = 0; i < part->size(); ++i) {
      const Batch one = part->fetch(std::vector<std::uint32_t>{i});
      const std::vector<float> x = one.inputs.to_vector<float>();
      const int length = one.lengths.to_vector<std::int32_t>()[0];
      ASSERT_EQ(x.size(), static_cast<std::size_t>(4 * length));
      const bool intron = one.target.to_vector<std::int32_t>()[0] == 1;
      if (intron) {
        for (int t = 0; t < length; ++t) EXPECT_EQ(x[static_cast<std::size_t>(4 * t + 3)], 1.0f);
      } else if (length == 1) {
        EXPECT_THAT(x, ElementsAre(0.25f, 0.25f, 0.25f, 0.25f));
        ++seen;
      } else if (length == 3) {
        EXPECT_THAT(x, ElementsAre(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0));
        ++seen;
      }
    }
  EXPECT_EQ(seen, 2);
}

TEST(FastaSource, TestSequencesAreKnownByTheirLetters) {
  const TempFolder folder;
  write_genes(folder);
  const LoadedData data = source_of(kClasses)->load(folder.path(), 3);
  ASSERT_EQ(data.test_names.size(), static_cast<std::size_t>(data.test->size()));
  const std::map<char, std::vector<float>> codes = {{'A', {1, 0, 0, 0}}, {'C', {0, 1, 0, 0}},
                                                    {'G', {0, 0, 1, 0}}, {'T', {0, 0, 0, 1}},
                                                    {'t', {0, 0, 0, 1}}, {'N', {0.25f, 0.25f, 0.25f, 0.25f}}};
  for (std::uint32_t i = 0; i < data.test->size(); ++i) {
    std::vector<float> wanted;
    for (char letter : data.test_names[i]) {
      const std::vector<float>& code = codes.at(letter);
      wanted.insert(wanted.end(), code.begin(), code.end());
    }
    EXPECT_EQ(data.test->fetch(std::vector<std::uint32_t>{i}).inputs.to_vector<float>(), wanted) << i;
  }
}

TEST(FastaSource, SequencesOfOneLengthNeedNoLengths) {
  const TempFolder folder;
  folder.write("a.fa", ">1\nAC\n>2\nCA\n");
  folder.write("b.fa", ">1\nGT\n>2\nTG\n");
  const LoadedData data = source_of("source = { a = \"a.fa\", b = \"b.fa\" }\n")->load(folder.path(), 3);
  const Batch batch = data.train->fetch(std::vector<std::uint32_t>{0, 1});
  EXPECT_EQ(batch.inputs.shape(), (Shape{2, 2, 4}));
  EXPECT_FALSE(batch.lengths.defined());
}

TEST(FastaSource, AFolderHasAFileOrFolderForEachClass) {
  const TempFolder folder;
  folder.write("genes/exon.fa", ">e1\nAC\n>e2\nACG\n");
  folder.write("genes/intron/a.fasta", ">i1\nT\n");
  folder.write("genes/intron/b.fna", ">i2\nTT\n");
  folder.write("genes/README", "no sequences");
  const LoadedData data = source_of("source = \"genes\"\n")->load(folder.path(), 1);
  EXPECT_THAT(data.task.classes, ElementsAre("exon", "intron"));
  EXPECT_EQ(data.train->size(), 2);
}

TEST(FastaSource, LabelsComeFromATable) {
  const TempFolder folder;
  folder.write("all.fa", ">1 first\nA\n>2\nCC\n>3\nGGG\n>4\nTTTT\n>5\nA\n>6\nC\n");
  folder.write("labels.csv", "id,class,strain,length\n4,y,s1,4\n3,x,s1,3\n2,y,s2,2\n1,x,s2,1\n5,,s3,1\n");
  const std::string data = "source = \"all.fa\"\nlabels = \"labels.csv\"\n";
  LoadedData loaded = source_of(data, "split = { method = \"group\", column = \"strain\", train = 0.5, test = 0.5 }\n")
                          ->load(folder.path(), 1);
  EXPECT_THAT(loaded.notes, Contains(HasSubstr("1 sequence is not in")));
  EXPECT_THAT(loaded.notes, Contains(HasSubstr("1 sequence without a target is")));
  const Batch train = loaded.train->fetch(std::vector<std::uint32_t>{0, 1});
  const std::vector<std::int32_t> lengths = train.lengths.to_vector<std::int32_t>();
  EXPECT_THAT(train.target.to_vector<std::int32_t>(), ElementsAre(0, 1)) << "in the order of the FASTA file";
  EXPECT_TRUE(lengths == std::vector<std::int32_t>({1, 2}) || lengths == std::vector<std::int32_t>({3, 4}))
      << "a strain is in one part";

  loaded = source_of(data + "label = \"length\"\ntask = \"regression\"\n",
                     "split = { method = \"contiguous\", train = 0.5, test = 0.5 }\nscale_target = \"standardize\"\n")
               ->load(folder.path(), 1);
  EXPECT_EQ(loaded.task.kind, Task::regression);
  // Lengths 1, 2, 3 train (5 sequences, a half of which are 3): mean 2, deviation sqrt(2 / 3).
  EXPECT_DOUBLE_EQ(loaded.task.scales.at(0).shift, 2);
  EXPECT_NEAR(loaded.train->fetch(std::vector<std::uint32_t>{0}).target.to_vector<float>()[0], -1.224745f, 1e-6f);
}

TEST(FastaSource, ATrainedModelOpensNewFiles) {
  const TempFolder folder;
  write_genes(folder);
  auto source = source_of(kClasses);
  source->load(folder.path(), 3);
  auto restored = source_of("");
  restored->restore(parse_json(to_json(source->state()), "state"));

  const TempFile fresh(">q1\nTTA\n>q2\nNN\n", ".fa");
  const OpenedData opened = restored->open({fresh.path()}, false);
  EXPECT_FALSE(opened.has_target);
  EXPECT_THAT(opened.echo, ElementsAre(Pair("id", ElementsAre("q1", "q2"))));
  EXPECT_THAT(opened.data->fetch(std::vector<std::uint32_t>{0}).inputs.to_vector<float>(),
              ElementsAre(0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0));

  folder.write("new/intron.fa", ">q\nT\n");
  folder.write("labels.csv", "id,class\nq1,intron\nq2,exon\n");
  const std::vector<std::uint32_t> first = {0};
  EXPECT_THAT(restored->open({folder.path("new")}, true).data->fetch(first).target.to_vector<std::int32_t>(),
              ElementsAre(1));
  EXPECT_THAT(restored->open({folder.path("new/intron.fa")}, true).data->fetch(first).target.to_vector<std::int32_t>(),
              ElementsAre(1));
  EXPECT_THAT(restored->open({fresh.path(), folder.path("labels.csv")}, true)
                  .data->fetch(first)
                  .target.to_vector<std::int32_t>(),
              ElementsAre(1));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { restored->open({fresh.path()}, true); }),
              HasSubstr("which the model does not know"));
}

TEST(FastaSource, AStateThatIsDamagedIsRefused) {
  const TempFolder folder;
  write_genes(folder);
  auto source = source_of(kClasses);
  source->load(folder.path(), 3);
  Value state = source->state();
  state.set("features", Value::Array{"A"});
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of("")->restore(state); }), HasSubstr("damaged"));
}

TEST(FastaSource, MistakesAreNamed) {
  const TempFolder folder;
  write_genes(folder);
  folder.write("twice.csv", "id,class\ne1,x\ne1,y\n");
  folder.write("other.csv", "id,class\nz,x\n");
  folder.write("e.fa", ">e1\nA\n>e1\nA\n");
  folder.write("labels.csv", "id,class\ne1,x\n");
  folder.write("empty/notes.txt", "");
  EXPECT_THAT(load_error(ErrorKind::config, "source = \"exon.fa\"\n", folder),
              AllOf(HasSubstr("data.source"), HasSubstr("labels = \"labels.csv\"")));
  EXPECT_THAT(load_error(ErrorKind::file, "source = { exon = \"exom.fa\" }\n", folder), HasSubstr("exom.fa"));
  EXPECT_THAT(load_error(ErrorKind::data, "source = \"exon.fa\"\nlabels = \"twice.csv\"\n", folder),
              AllOf(HasSubstr("twice.csv"), HasSubstr("\"e1\" twice")));
  EXPECT_THAT(load_error(ErrorKind::data, "source = \"exon.fa\"\nlabels = \"other.csv\"\n", folder),
              AllOf(HasSubstr("other.csv"), HasSubstr("names none of the sequences"), HasSubstr("such as \"e1\"")));
  EXPECT_THAT(load_error(ErrorKind::data, "source = \"e.fa\"\nlabels = \"labels.csv\"\n", folder),
              HasSubstr("two sequences have the name \"e1\""));
  EXPECT_THAT(load_error(ErrorKind::config, "source = { exon = \"e.fa\", intron = \"./e.fa\" }\n", folder),
              AllOf(HasSubstr("data.source"), HasSubstr("e.fa twice")));
  EXPECT_THAT(load_error(ErrorKind::data, "source = \"empty\"\n", folder), HasSubstr("a folder without any"));
  EXPECT_THAT(load_error(ErrorKind::config, std::string(kClasses) + "labels = \"labels.csv\"\n", folder),
              HasSubstr("leave out one of the two"));
  EXPECT_THAT(load_error(ErrorKind::config, kClasses, folder,
                         "split = { method = \"group\", column = \"strain\", train = 0.5, test = 0.5 }\n"),
              AllOf(HasSubstr("prepare.split"), HasSubstr("strain")));
  EXPECT_THAT(load_error(ErrorKind::config, kClasses, folder, "split = \"files\"\n"),
              AllOf(HasSubstr("prepare.split"), HasSubstr("write train = \"train\" and test")));
  EXPECT_THAT(load_error(ErrorKind::config, "", folder),
              AllOf(HasSubstr("data.source"), HasSubstr("write source = \"genes\"")));
}

TEST(FastaSource, FilesOfClassesAreWrittenFromAnotherFolder) {
  const Value moved = with_files_from(
      parse_toml("source = { exon = [\"e.fa\", \"/f.fa\"], intron = \"i.fa\" }\nlabels = \"l.csv\"\n", ""), "/a/b",
      "/a/runs/x");
  EXPECT_EQ(moved.at("source").at("exon").as_array()[0].as_string(), "../../b/e.fa");
  EXPECT_EQ(moved.at("source").at("exon").as_array()[1].as_string(), "/f.fa");
  EXPECT_EQ(moved.at("source").at("intron").as_string(), "../../b/i.fa");
  EXPECT_EQ(moved.at("labels").as_string(), "../../b/l.csv");
}

}  // namespace
}  // namespace gradus
