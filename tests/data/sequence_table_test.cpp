#include <cmath>

#include "../base/expect_error.h"
#include "gradus/data/source.h"
#include "temp_folder.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const char* const kHalves = "split = { method = \"contiguous\", train = 0.5, test = 0.5 }\n";

std::unique_ptr<Source> source_of(const std::string& data, const std::string& prepare = kHalves) {
  return make_source(
      {parse_toml("format = \"sequence_table\"\nsource = \"t.csv\"\n" + data, ""), parse_toml(prepare, "")});
}

// The table as t.csv in a folder.
struct OneTable {
  explicit OneTable(const std::string& csv) { folder.write("t.csv", csv); }
  LoadedData load(const std::string& data, const std::string& prepare = kHalves) const {
    return source_of(data, prepare)->load(folder.path(), 1);
  }
  std::string error(ErrorKind kind, const std::string& data, const std::string& prepare = kHalves) const {
    return error_of(kind, [&] { load(data, prepare); });
  }
  TempFolder folder;
};

Batch row_of(const Dataset& data, std::uint32_t row) { return data.fetch(std::vector<std::uint32_t>{row}); }
std::vector<float> inputs_of(const Dataset& data, std::uint32_t row) {
  return row_of(data, row).inputs.to_vector<float>();
}

// ---- letters

TEST(SequenceTable, ACellHoldsASequenceOfLetters) {
  const OneTable table("name,dna,class\na,ACN,x\nb,t,y\nc,GG,x\nd,A,y\n");
  const LoadedData data = table.load("sequence = \"dna\"\nalphabet = \"dna\"\nid = \"name\"\ntarget = \"class\"\n");
  EXPECT_THAT(data.task.classes, ElementsAre("x", "y"));
  EXPECT_THAT(inputs_of(*data.train, 0), ElementsAre(1, 0, 0, 0, 0, 1, 0, 0, 0.25f, 0.25f, 0.25f, 0.25f));
  EXPECT_THAT(inputs_of(*data.train, 1), ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(data.train->input_shape(), (Shape{3, 4}));
  EXPECT_THAT(data.class_counts, ElementsAre(1, 1));
}

TEST(SequenceTable, AnAlphabetOfOnesOwnMayLackLetters) {
  const OneTable table("s,y\nHE,1.5\nC-H,2.5\nEE,0.5\nHH,1\n");
  const std::string keys = "sequence = \"s\"\nalphabet = \"HEC\"\ntarget = \"y\"\n";
  EXPECT_THAT(table.error(ErrorKind::data, keys),
              AllOf(HasSubstr("t.csv: column \"s\", row 2, letter 2"), HasSubstr("one of the letters HEC"),
                    HasSubstr("got \"-\""), HasSubstr("unknown = \"zero\"")));
  const LoadedData data = table.load(keys + "unknown = \"zero\"\n");
  EXPECT_THAT(data.notes, Contains(HasSubstr("not in the alphabet and become zeros")));
  EXPECT_EQ(data.task.kind, Task::regression);
  EXPECT_THAT(inputs_of(*data.train, 1), ElementsAre(0, 0, 1, 0, 0, 0, 1, 0, 0));
  EXPECT_THAT(row_of(*data.train, 1).target.to_vector<float>(), ElementsAre(2.5f));
  const OneTable foreign("s,y\nAC,1.5\nGG,2.5\n");
  EXPECT_THAT(
      foreign.error(ErrorKind::data, "sequence = \"s\"\nalphabet = \"XYZ\"\nunknown = \"zero\"\ntarget = \"y\"\n"),
      AllOf(HasSubstr("t.csv"), HasSubstr("none in any sequence")));
}

TEST(SequenceTable, AColumnHoldsALetter) {
  const OneTable table("class,p1,p2,p3\nx,A,C,G\ny,T,T,\nx,G,C,A\ny,A,A,A\n");
  const std::string keys = "columns = \"p1..p3\"\nalphabet = \"dna\"\ntarget = \"class\"\n";
  const LoadedData data = table.load(keys);
  EXPECT_THAT(inputs_of(*data.train, 0), ElementsAre(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0));
  EXPECT_THAT(row_of(*data.train, 1).lengths.to_vector<std::int32_t>(), ElementsAre(2));
  const OneTable gap("class,p1,p2,p3\nx,A,C,G\ny,T,,T\n");
  EXPECT_THAT(gap.error(ErrorKind::data, keys), AllOf(HasSubstr("\"p2\", row 2"), HasSubstr("more steps behind it")));
  const OneTable word("class,p1,p2,p3\nx,A,C,G\ny,TT,A,T\n");
  EXPECT_THAT(word.error(ErrorKind::data, keys), AllOf(HasSubstr("\"p1\", row 2"), HasSubstr("got \"TT\"")));
}

TEST(SequenceTable, DigitsMayBeLetters) {
  const OneTable table("class,p1,p2\nx,0,1\ny,1,1\nx,0,0\ny,1,0\n");
  const LoadedData data = table.load("columns = [\"p2\", \"p1\"]\nalphabet = \"01\"\ntarget = \"class\"\n");
  EXPECT_THAT(inputs_of(*data.train, 0), ElementsAre(0, 1, 1, 0)) << "p2 is 1, p1 is 0";
}

// ---- numbers

// Worked by hand: training values of feature a are 1, 3, 5, 7 (mean 4, deviation sqrt 5), of b 2, 4, 6, 8.
TEST(SequenceTable, ColumnsOfNumbersAreGroupedIntoSteps) {
  const OneTable table("class,a1,b1,a2,b2\nx,1,2,3,4\ny,5,6,7,8\nx,100,0,0,0\ny,0,0,0,0\n");
  const std::string keys = "columns = \"a1..b2\"\nper_step = 2\ntarget = \"class\"\n";
  LoadedData data = table.load(keys);
  EXPECT_EQ(row_of(*data.train, 0).inputs.shape(), (Shape{1, 2, 2}));
  EXPECT_THAT(inputs_of(*data.train, 1), ElementsAre(5, 6, 7, 8));
  data = table.load(keys, std::string(kHalves) + "scale = \"standardize\"\n");
  const auto scaled = [](double x, double mean) { return static_cast<float>((x - mean) / std::sqrt(5.0)); };
  EXPECT_THAT(inputs_of(*data.train, 0), ElementsAre(scaled(1, 4), scaled(2, 5), scaled(3, 4), scaled(4, 5)));
  EXPECT_EQ(inputs_of(*data.test, 0)[0], scaled(100, 4)) << "the test part has no say";
  EXPECT_EQ(data.summary.at("features").as_array()[1].at("name").as_string(), "b1");
  EXPECT_EQ(data.summary.at("features").as_array()[1].at("shift").as_real(), 5);
}

TEST(SequenceTable, AWideRowEndsWithItsLastValue) {
  const OneTable table("t1,t2,t3,y\n1,2,3,0.1\n4,5,,0.2\n6,7,8,0.3\n9,,,0.4\n");
  const LoadedData data = table.load("columns = \"t1..t3\"\ntarget = \"y\"\n");
  EXPECT_THAT(inputs_of(*data.train, 1), ElementsAre(4, 5));
  EXPECT_THAT(inputs_of(*data.test, 1), ElementsAre(9));
  EXPECT_THAT(row_of(*data.train, 1).lengths.to_vector<std::int32_t>(), ElementsAre(2));
  const OneTable gap("t1,t2,t3,y\n1,,3,0.1\n4,5,6,0.2\n");
  EXPECT_THAT(gap.error(ErrorKind::data, "columns = \"t1..t3\"\ntarget = \"y\"\n"),
              AllOf(HasSubstr("\"t2\", row 1"), HasSubstr("a finite number")));
  const OneTable empty("t1,t2,t3,y\n,,,0.1\n4,5,6,0.2\n");
  EXPECT_THAT(empty.error(ErrorKind::data, "columns = \"t1..t3\"\ntarget = \"y\"\n"), HasSubstr("the row has no step"));
}

const char* const kLong =
    "who,when,x,z,class,state\n"
    "b,2020-01-01,1,10,p,on\nb,2020-01-02,2,20,p,off\n"
    "a,2020-01-01,3,30,q,on\na,2020-01-03,4,40,q,on\na,2020-01-05,5,50,q,off\n"
    "d,2020-01-01,6,60,q,on\nc,2020-01-01,7,70,p,off\n";
const char* const kLongKeys = "id = \"who\"\ntime = \"when\"\nvalue = [\"x\", \"z\"]\n";

TEST(SequenceTable, RowsOfOneNameAreASequence) {
  const OneTable table(kLong);
  const LoadedData data = table.load(std::string(kLongKeys) + "target = \"class\"\n");
  EXPECT_THAT(inputs_of(*data.train, 0), ElementsAre(1, 10, 2, 20)) << "in the order of the file";
  EXPECT_THAT(inputs_of(*data.train, 1), ElementsAre(3, 30, 4, 40, 5, 50));
  EXPECT_THAT(row_of(*data.train, 1).target.to_vector<std::int32_t>(), ElementsAre(1));
  EXPECT_FALSE(data.task.per_step);
  EXPECT_THAT(data.notes, Contains("4 sequences of 1 to 3 steps (mean 1.75), 2 numbers each"));
}

TEST(SequenceTable, StepsMayHaveTargets) {
  const OneTable table(kLong);
  const LoadedData data = table.load(std::string(kLongKeys) + "target = \"state\"\ntarget_per = \"step\"\n");
  EXPECT_TRUE(data.task.per_step);
  EXPECT_TRUE(TaskSpec::restored(data.task.state()).per_step);
  const Batch both = data.train->fetch(std::vector<std::uint32_t>{1, 0});
  EXPECT_EQ(both.target.shape(), (Shape{2, 3}));
  EXPECT_THAT(both.target.to_vector<std::int32_t>(), ElementsAre(1, 1, 0, 1, 0, 0)) << "off is 0, on is 1";
  EXPECT_THAT(both.weight.to_vector<float>(), ElementsAre(1, 1, 1, 1, 1, 0)) << "padding weighs nothing";
  EXPECT_THAT(data.class_counts, ElementsAre(2, 3));
  const LoadedData numbers =
      table.load("id = \"who\"\nvalue = \"x\"\ntarget = \"z\"\ntarget_per = \"step\"\ntask = \"regression\"\n",
                 std::string(kHalves) + "scale_target = \"normalize\"\n");
  EXPECT_THAT(numbers.train->fetch(std::vector<std::uint32_t>{0}).target.to_vector<float>(), ElementsAre(0, 0.25f))
      << "10 and 20 of 10 to 50";
}

TEST(SequenceTable, AGroupIsInOnePart) {
  const OneTable table("who,x,y,herd\na,1,0.5,h\nb,2,1.5,k\nc,3,2.5,h\nd,4,3.5,k\n");
  const LoadedData data = table.load("id = \"who\"\nvalue = \"x\"\ntarget = \"y\"\n",
                                     "split = { method = \"group\", column = \"herd\", train = 0.5, test = 0.5 }\n");
  const float first = inputs_of(*data.train, 0)[0], second = inputs_of(*data.train, 1)[0];
  EXPECT_EQ(second - first, 2) << "1 and 3, or 2 and 4";
}

TEST(SequenceTable, RowsOutOfOrderAreSortedWhenAsked) {
  const OneTable table("who,when,x,y\na,2,20,1.5\nb,1,5,2.5\na,1,10,1.5\nb,2,6,2.5\n");
  const std::string keys = "id = \"who\"\ntime = \"when\"\nvalue = \"x\"\ntarget = \"y\"\n";
  EXPECT_THAT(table.error(ErrorKind::data, keys),
              AllOf(HasSubstr("t.csv: column \"when\", row 3"), HasSubstr("is earlier than that of row 1"),
                    HasSubstr("sort = true")));
  const LoadedData data = table.load(keys + "sort = true\n");
  EXPECT_THAT(inputs_of(*data.train, 0), ElementsAre(10, 20));
  EXPECT_THAT(inputs_of(*data.test, 0), ElementsAre(5, 6));
  const OneTable twice("who,when,x,y\na,1,20,1.5\na,1,10,1.5\n");
  for (const char* sort : {"", "sort = true\n"})
    EXPECT_THAT(twice.error(ErrorKind::data, keys + sort),
                AllOf(HasSubstr("row 2"), HasSubstr("stands already in row 1"), HasSubstr("one row for each time")));
}

TEST(SequenceTable, SequencesWithoutATargetAreLeftOut) {
  const OneTable table("s,y\nAC,1.5\nGG,\nTT,0.5\nA,2.5\n");
  const LoadedData data = table.load("sequence = \"s\"\nalphabet = \"dna\"\ntarget = \"y\"\n");
  EXPECT_THAT(data.notes, Contains("1 sequence without a target is left out"));
  EXPECT_EQ(data.train->size() + data.test->size(), 3);
}

TEST(SequenceTable, ATrainedModelOpensNewFiles) {
  const OneTable table(kLong);
  const std::string keys = std::string(kLongKeys) + "target = \"class\"\n";
  auto source = source_of(keys, std::string(kHalves) + "scale = \"normalize\"\n");
  source->load(table.folder.path(), 1);
  auto restored = source_of("");
  restored->restore(parse_json(to_json(source->state()), "state"));
  table.folder.write("new.csv", "z,x,when,who\n10,1,2021-01-01,n\n50,5,2021-01-02,n\n");
  const OpenedData opened = restored->open({table.folder.path("new.csv")}, false);
  EXPECT_THAT(opened.echo, ElementsAre(Pair("who", ElementsAre("n"))));
  EXPECT_THAT(inputs_of(*opened.data, 0), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { restored->open({table.folder.path("new.csv")}, true); }),
              HasSubstr("class"));
  EXPECT_THAT(row_of(*restored->open({table.folder.path("t.csv")}, true).data, 1).target.to_vector<std::int32_t>(),
              ElementsAre(1));
}

TEST(SequenceTable, LettersOfNewFilesAreThoseTrainedOn) {
  const OneTable table("s,p1,p2,y\nHE,1,0,a\nC,0,1,b\nHH,1,1,a\nE,0,0,b\n");
  auto source = source_of("columns = \"p1..p2\"\nalphabet = \"01\"\ntarget = \"y\"\n");
  source->load(table.folder.path(), 1);
  auto restored = source_of("");
  restored->restore(parse_json(to_json(source->state()), "state"));
  table.folder.write("new.csv", "p2,p1\n0,1\n");
  EXPECT_THAT(inputs_of(*restored->open({table.folder.path("new.csv")}, false).data, 0), ElementsAre(0, 1, 1, 0));
}

TEST(SequenceTable, MistakesInTheKeysAreNamed) {
  const OneTable table("s,x,y\nAC,1,1.5\nGG,2,2.5\n");
  auto refused = [&](const std::string& keys, const std::string& prepare = kHalves) {
    return table.error(ErrorKind::config, keys, prepare);
  };
  EXPECT_THAT(refused("target = \"y\"\n"), HasSubstr("does not say where the sequences are"));
  EXPECT_THAT(refused("sequence = \"s\"\nvalue = \"x\"\ntarget = \"y\"\n"), HasSubstr("several ways"));
  EXPECT_THAT(refused("sequence = \"s\"\ntarget = \"y\"\n"), HasSubstr("data.alphabet: is missing"));
  EXPECT_THAT(refused("sequence = \"s\"\nalphabet = \"dna\"\n"), HasSubstr("data.target: is missing"));
  EXPECT_THAT(refused("value = \"x\"\ntarget = \"y\"\n"), HasSubstr("data.id"));
  EXPECT_THAT(refused("value = \"x\"\nid = \"s\"\nalphabet = \"dna\"\ntarget = \"y\"\n"), HasSubstr("data.alphabet"));
  EXPECT_THAT(refused("sequence = \"s\"\nalphabet = \"dna\"\nsort = true\ntarget = \"y\"\n"), HasSubstr("data.time"));
  EXPECT_THAT(refused("columns = \"x..s\"\ntarget = \"y\"\n"), HasSubstr("goes backwards"));
  EXPECT_THAT(refused("columns = [\"x\", \"x\"]\ntarget = \"y\"\n"),
              AllOf(HasSubstr("data.columns"), HasSubstr("\"x\" is named twice")));
  EXPECT_THAT(refused("id = \"s\"\nvalue = [\"x\", \"x\"]\ntarget = \"y\"\n"), HasSubstr("data.value"));
  EXPECT_THAT(refused("sequence = \"s\"\nalphabet = \"protein\"\ntarget = \"y\"\n"),
              HasSubstr("the letters themselves"));
  EXPECT_THAT(refused("id = \"s\"\nvalue = \"x\"\ntarget_per = \"step\"\ntarget = \"y\"\n",
                      "split = { method = \"stratified\", train = 0.5, test = 0.5 }\n"),
              HasSubstr("here each step has its own"));
  const OneTable odd("p1,p2,p3,y\n1,2,3,a\n1,warm,3,b\n");
  EXPECT_THAT(odd.error(ErrorKind::data, "columns = \"p1..p3\"\ntarget = \"y\"\n"),
              AllOf(HasSubstr(":3, column \"p2\""), HasSubstr("got \"warm\"")));
  EXPECT_THAT(refused("columns = [\"x\", \"y\"]\nper_step = 3\ntarget = \"y\"\n"), HasSubstr("a divisor of 2 columns"));
  EXPECT_THAT(refused("sequence = \"s\"\nalphabet = \"dna\"\nper_step = 2\ntarget = \"y\"\n"), HasSubstr("per_step"));
  EXPECT_THAT(refused("sequence = \"s\"\nalphabet = \"dna\"\ntarget = \"y\"\n",
                      std::string(kHalves) + "scale = \"standardize\"\n"),
              HasSubstr("letters are not scaled"));
  EXPECT_THAT(table.error(ErrorKind::data, "columns = [\"s\"]\ntarget = \"y\"\n"), HasSubstr("\"s\""));
  EXPECT_THAT(table.error(ErrorKind::data, "columns = \"x..z\"\ntarget = \"y\"\n"), HasSubstr("\"z\""));
  const OneTable other("who,x,y\na,1,1.5\na,2,2.5\n");
  EXPECT_THAT(other.error(ErrorKind::data, "id = \"who\"\nvalue = \"x\"\ntarget = \"y\"\n"),
              AllOf(HasSubstr("column \"y\", row 2"), HasSubstr("\"2.5\" here and \"1.5\" in row 1"),
                    HasSubstr("target_per = \"step\"")));
  const OneTable infinite("x,y\ninf,1.5\n2,2.5\n");
  EXPECT_THAT(infinite.error(ErrorKind::data, "columns = [\"x\"]\ntarget = \"y\"\n"),
              AllOf(HasSubstr("\"x\", row 1"), HasSubstr("got inf")));
}

}  // namespace
}  // namespace gradus
