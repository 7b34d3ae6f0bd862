#include "gradus/data/readers/csv.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "../base/expect_error.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Table read(std::string_view text, const CsvOptions& options = {}) {
  TempFile file(text);
  return read_csv(file.path(), options);
}

std::string error(std::string_view text, const CsvOptions& options = {}, ErrorKind kind = ErrorKind::data) {
  TempFile file(text);
  return error_of(kind, [&] { read_csv(file.path(), options); });
}

std::vector<std::string> texts(const Table& table, std::string_view column) {
  std::vector<std::string> all;
  for (std::size_t row = 0; row < table.rows(); ++row) all.push_back(table.column(column).text(row));
  return all;
}

std::vector<double> numbers(const Table& table, std::string_view column) {
  std::span<const double> cells = table.column(column).numbers();
  return {cells.begin(), cells.end()};
}

CsvOptions with_types(const std::string& column, const char* type) {
  CsvOptions options;
  options.types.set(column, type);
  return options;
}

TEST(Csv, ReadsNumbersAndCategories) {
  Table table = read("a,b,c\n1,x,0.5\n-2,y,1e3\n3,x,.25\n");
  EXPECT_THAT(table.names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(numbers(table, "a"), ElementsAre(1, -2, 3));
  EXPECT_THAT(numbers(table, "c"), ElementsAre(0.5, 1000, 0.25));
  EXPECT_THAT(table.column("b").levels(), ElementsAre("x", "y"));
  EXPECT_THAT(texts(table, "b"), ElementsAre("x", "y", "x"));
  EXPECT_THAT(table.notes(), IsEmpty());
}

TEST(Csv, AcceptsEveryLineEnding) {
  for (const char* text : {"a,b\n1,x\n2,y\n", "a,b\r\n1,x\r\n2,y\r\n", "a,b\r1,x\r2,y\r", "a,b\n1,x\n2,y",
                           "a,b\r\n1,x\r\n2,y", "a,b\r1,x\r2,y",
                           "\xEF\xBB\xBF"
                           "a,b\n1,x\n2,y\n",
                           "a,b\n1,x\r\n2,y\r\n\r\n"}) {
    Table table = read(text);
    EXPECT_THAT(table.names(), ElementsAre("a", "b")) << text;
    EXPECT_THAT(numbers(table, "a"), ElementsAre(1, 2)) << text;
    EXPECT_THAT(texts(table, "b"), ElementsAre("x", "y")) << text;
  }
}

TEST(Csv, ReadsQuotedFields) {
  Table table =
      read("\"na,me\",v\n\"two\nlines\",1\n\"say \"\"hi\"\"\",2\n \"padded\" , 3 \n\"\"\"\",4\n\"a;b\r\nc\",5\n");
  EXPECT_THAT(texts(table, "na,me"), ElementsAre("two\nlines", "say \"hi\"", "padded", "\"", "a;b\r\nc"));
  EXPECT_THAT(numbers(table, "v"), ElementsAre(1, 2, 3, 4, 5));
}

TEST(Csv, ReadsQuotedNumbersAndKeepsSpacesInsideQuotes) {
  Table table = read("a,b\n\"1.5\",\" x \"\n\" 2 \",y\n\"\",z\n");
  EXPECT_EQ(numbers(table, "a")[0], 1.5);
  EXPECT_EQ(numbers(table, "a")[1], 2);
  EXPECT_TRUE(table.column("a").is_missing(2));
  EXPECT_THAT(texts(table, "b"), ElementsAre(" x ", "y", "z"));
}

TEST(Csv, KeepsStrayQuotes) {
  Table table = read("size,v\n5\" pipe,1\n\"abc\"def,2\n\"a\"b\"c\",3\n");
  EXPECT_THAT(texts(table, "size"), ElementsAre("5\" pipe", "abcdef", "ab\"c\""));
  EXPECT_THAT(table.notes(), Contains(HasSubstr("closing quote was kept in 2 fields (line 3 the first)")));
}

TEST(Csv, RecognisesMissingValues) {
  Table table = read("a,b\n1,x\nNA,na\nNaN, null \nnull,NULL\n?,?\n,\n\"\",\"\"\n7,y\n");
  EXPECT_EQ(table.column("a").missing_count(), 6u);
  EXPECT_EQ(table.column("b").missing_count(), 6u);
  EXPECT_EQ(numbers(table, "a")[7], 7);
  EXPECT_THAT(table.column("b").levels(), ElementsAre("x", "y"));
}

TEST(Csv, TakesMissingValuesFromTheOptions) {
  CsvOptions options;
  options.missing_values = {"-999", "none"};
  Table table = read("a,b\n1,x\n-999,NONE\n-999.0,NA\n", options);
  EXPECT_EQ(table.column("a").missing_count(), 2u);
  EXPECT_THAT(texts(table, "b"), ElementsAre("x", "", "NA"));
}

TEST(Csv, InfersTypesOverTheWholeColumn) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 20000; ++i) text += std::to_string(i) + ",1," + (i < 5000 ? "" : "word") + "\n";
  text +=
      "12a,0"
      "1,x\n";
  Table table = read(text);
  EXPECT_EQ(table.column("a").kind(), ColumnKind::categorical);
  EXPECT_EQ(table.column("a").text(7), "7");
  EXPECT_EQ(table.column("a").text(20000), "12a");
  EXPECT_EQ(table.column("a").levels().size(), 20001u);
  EXPECT_EQ(table.column("b").kind(), ColumnKind::numeric);
  EXPECT_EQ(table.column("b").numbers()[20000], 1);
  EXPECT_EQ(table.column("c").missing_count(), 5000u);
  EXPECT_EQ(table.column("c").text(5000), "word");
  EXPECT_THAT(table.notes(), ElementsAre(AllOf(HasSubstr("\"a\""), HasSubstr("\"12a\""), HasSubstr("line 20002"))));
}

TEST(Csv, KeepsTheTextOfNumbersThatTurnOutToBeCategories) {
  Table table = read("code,v\n007,1\n7.0,2\n1e1,3\nA7,4\n");
  EXPECT_THAT(texts(table, "code"), ElementsAre("007", "7.0", "1e1", "A7"));
  EXPECT_THAT(numbers(table, "v"), ElementsAre(1, 2, 3, 4));
}

TEST(Csv, TypesCanBeGiven) {
  Table table = read("a,b\n10,1\n9,2\n10,3\n", with_types("a", "categorical"));
  EXPECT_THAT(table.column("a").levels(), ElementsAre("9", "10"));
  EXPECT_THAT(error("a,b\n1,2\nx1,3\n", with_types("a", "numeric")),
              AllOf(HasSubstr(":3, column \"a\""), HasSubstr("expected a number, got \"x1\"")));
  EXPECT_THAT(error("alpha,b\n1,2\n", with_types("alpa", "numeric"), ErrorKind::config),
              AllOf(HasSubstr("data.types.alpa"), HasSubstr("did you mean \"alpha\"?")));
  EXPECT_THAT(error("a,b\n1,2\n", with_types("a", "text"), ErrorKind::config),
              AllOf(HasSubstr("\"numeric\" or \"categorical\""), HasSubstr("\"text\"")));
}

TEST(Csv, ExpectedKindsMayNameAbsentColumns) {
  CsvOptions options;
  options.expected_kinds = {{"a", ColumnKind::categorical}, {"gone", ColumnKind::numeric}};
  EXPECT_THAT(texts(read("a,b\n01,2\n", options), "a"), ElementsAre("01"));
}

TEST(Csv, DetectsTheDelimiter) {
  for (std::string delimiter : {",", ";", "\t", "|"}) {
    std::string d = delimiter;
    Table table = read("a" + d + "b" + d + "c\n1" + d + "x" + d + "3\n2" + d + "y" + d + "4\n");
    EXPECT_THAT(table.names(), ElementsAre("a", "b", "c")) << d;
    EXPECT_THAT(numbers(table, "c"), ElementsAre(3, 4)) << d;
  }
  Table names_with_semicolons = read("name,v\na; b,1\nc; d,2\n");
  EXPECT_THAT(texts(names_with_semicolons, "name"), ElementsAre("a; b", "c; d"));
  EXPECT_THAT(texts(read("text\nhello; world\nbye\n"), "text"), ElementsAre("hello; world", "bye"));
}

TEST(Csv, DelimiterCanBeGiven) {
  CsvOptions options;
  options.delimiter = "tab";
  EXPECT_THAT(read("a,b\tc\n1,2\tx\n", options).names(), ElementsAre("a,b", "c"));
  options.delimiter = ":";
  EXPECT_THAT(numbers(read("a:b\n1:2\n", options), "b"), ElementsAre(2));
  for (const char* bad : {"", ",,", "\"", "\n", "5", "."}) {
    options.delimiter = bad;
    EXPECT_THAT(error("a,b\n", options, ErrorKind::config), HasSubstr("delimiter")) << bad;
  }
}

TEST(Csv, DetectsTheHeader) {
  EXPECT_THAT(read("1,2\n3,4\n").names(), ElementsAre("column_1", "column_2"));
  EXPECT_EQ(read("1,2\n3,4\n").rows(), 2u);
  EXPECT_THAT(read("150,4,setosa\n5.1,3.5,0\n4.9,3.0,1\n").names(), ElementsAre("150", "4", "setosa"));
  EXPECT_THAT(read("name,place\nAnn,Oslo\nBob,Rome\n").names(), ElementsAre("name", "place"));
  EXPECT_EQ(read("p,x,n\ne,x,n\np,y,n\ne,x,w\n").rows(), 4u);  // categories that come up again below
  CsvOptions options;
  options.header = false;
  EXPECT_EQ(read("a,b\n1,2\n", options).rows(), 2u);
  options.header = true;
  EXPECT_THAT(read("2019,2020\n1,2\n", options).names(), ElementsAre("2019", "2020"));
  options.header = "yes";
  EXPECT_THAT(error("a\n1\n", options, ErrorKind::config), HasSubstr("\"auto\", true or false"));
}

TEST(Csv, FixesNames) {
  Table table = read("a,,a,a_2, b \n1,2,3,4,5\n");
  EXPECT_THAT(table.names(), ElementsAre("a", "column_2", "a_3", "a_2", "b"));
  EXPECT_THAT(table.notes(), Contains(HasSubstr("2 column names were empty or taken")));
}

TEST(Csv, ATextInAnotherEncodingIsAnError) {
  EXPECT_THAT(error("a,b\n1,x\n2,caf\xE9\n"),
              AllOf(HasSubstr(":3, column \"b\""), HasSubstr("UTF-8"), HasSubstr("save the file as UTF-8")));
  EXPECT_THAT(error("caf\xE9,b\n1,x\n"), AllOf(HasSubstr(":1:"), HasSubstr("save the file as UTF-8")));
  EXPECT_THAT(error("\x89PNG\r\n\x1A\n"), HasSubstr("UTF-8"));
  EXPECT_THAT(error("a,b\n1,2\n3,\xE9\n"), HasSubstr(":3, column \"b\"")) << "among numbers";
  EXPECT_THAT(texts(read("\u00E9,b\n1,caf\u00E9\n2,\uFFFD\n"), "b"), ElementsAre("caf\u00E9", "\uFFFD"));
}

TEST(Csv, ALineOfSpreadsheetsNamesTheDelimiter) {
  for (const char* line : {"sep=;\n", "sep=;\r\n", "\"sep=;\"\n"}) {
    Table table = read(std::string(line) + "a;b,c\n1;x,y\n2;z,w\n");
    EXPECT_THAT(table.names(), ElementsAre("a", "b,c")) << line;
    EXPECT_THAT(texts(table, "b,c"), ElementsAre("x,y", "z,w")) << line;
  }
  EXPECT_THAT(error("sep=;\na;b\n1;2\n3\n"), AllOf(HasSubstr(":4:"), HasSubstr("as in line 2")));
  EXPECT_THAT(read("sep=ab,b\n1,2\n").names(), ElementsAre("sep=ab", "b"));
  CsvOptions bars;
  bars.delimiter = "|";
  EXPECT_THAT(read("sep=;\na|b\n1|2\n", bars).names(), ElementsAre("a", "b"));
}

// Rows of a column `x` with these texts, each with its number in place of N.
std::string rows_of(const std::string& text, int rows) {
  std::string all = "x\ty\n";
  for (int i = 0; i < rows; ++i) {
    std::string cell = text;
    cell.replace(cell.find('N'), 1, std::to_string(10 + i));
    all += cell + "\t" + std::to_string(i) + "\n";
  }
  return all;
}

TEST(Csv, NumbersAndDatesThatAreNotReadAsSuchAreTold) {
  struct Case {
    const char *text, *what, *fix;
  };
  for (const Case& c : {Case{"N,5", "a decimal comma (\"10,5\")", "set decimal"},
                        {"1,N0.50", "signs", "1200.5"},
                        {"$ N", "signs", "1200.5"},
                        {"N %", "signs", "1200.5"},
                        {"N \u20AC", "signs", "1200.5"},
                        {"20N-03-31", "dates (\"2010-03-31\")", "days"},
                        {"N.03.2024", "dates", "days"},
                        {"3/N/2024 10:15", "dates", "days"}})
    EXPECT_THAT(read(rows_of(c.text, 20)).notes(), Contains(AllOf(HasSubstr("column \"x\""), HasSubstr(c.what),
                                                                  HasSubstr("20 categories"), HasSubstr(c.fix))))
        << c.text;
  auto says_so = [](const std::string& text, const CsvOptions& options = {}) {
    return !read(text, options).notes().empty() &&
           ::testing::Matches(Contains(HasSubstr("categories")))(read(text, options).notes());
  };
  EXPECT_FALSE(says_so(rows_of("name N", 20)));
  EXPECT_FALSE(says_so(rows_of("N,5", 10))) << "few levels";
  EXPECT_FALSE(says_so(rows_of("N,5", 20), with_types("x", "categorical")));
  EXPECT_FALSE(says_so(rows_of("N,5", 20) + rows_of("N,5", 20).substr(4))) << "levels that come again";
}

TEST(Csv, RaggedRowsAreErrorsWithLineAndCounts) {
  EXPECT_THAT(error("a,b,c\n1,2,3\n4,5\n"),
              AllOf(HasSubstr(":3:"), HasSubstr("expected 3 fields, as in line 1, got 2")));
  EXPECT_THAT(error("a,b\n\"x\ny\",2\n\n4,5,6,7\n"),
              AllOf(HasSubstr(":5:"), HasSubstr("2 fields"), HasSubstr("got 4")));
  EXPECT_THAT(error("a,b\n1,2\n3,4,5\n"), HasSubstr("got 3"));
}

TEST(Csv, AcceptsATrailingDelimiter) {
  Table everywhere = read("a,b,\n1,2,\n3,4,\n");
  EXPECT_THAT(everywhere.names(), ElementsAre("a", "b"));
  EXPECT_THAT(everywhere.notes(), ElementsAre(HasSubstr("last column has neither a name nor a value")));
  Table in_rows = read("a,b\n1,2,\n3,4,\n5,6\n");
  EXPECT_THAT(numbers(in_rows, "b"), ElementsAre(2, 4, 6));
  EXPECT_THAT(in_rows.notes(), Contains(HasSubstr("at the end of 2 rows was ignored")));
  EXPECT_THAT(read("a,b,\n1,2\n3,4\n").names(), ElementsAre("a", "b"));
}

TEST(Csv, SkipsEmptyLines) {
  Table table = read("\n\na,b\n1,2\n\n  \n3,4\n\n\n");
  EXPECT_THAT(numbers(table, "a"), ElementsAre(1, 3));
  EXPECT_THAT(table.notes(), Contains(HasSubstr("4 empty lines were skipped")));
}

TEST(Csv, ReadsDecimalCommas) {
  Table table = read("a;b;c\n1,5;2;x\n-0,25;3,75;y\n");
  EXPECT_THAT(numbers(table, "a"), ElementsAre(1.5, -0.25));
  EXPECT_THAT(numbers(table, "b"), ElementsAre(2, 3.75));
  EXPECT_THAT(table.notes(), Contains(HasSubstr("decimal commas")));
  EXPECT_THAT(numbers(read("a;b\n1.5;2\n"), "a"), ElementsAre(1.5));
  EXPECT_THAT(numbers(read("1,5;2,5\n3,5;4,5\n"), "column_2"), ElementsAre(2.5, 4.5));
}

TEST(Csv, MixedDecimalMarksAreAnErrorThatAsks) {
  EXPECT_THAT(error("a;b\n1,5;1.000\n2,5;2.000\n"),
              AllOf(HasSubstr("one decimal mark"), HasSubstr("column \"a\", line 2"), HasSubstr("column \"b\", line 2"),
                    HasSubstr("set decimal")));
  EXPECT_THAT(error("a;b\n1,5;1\n2.5;2\n"), HasSubstr("set decimal"));
  CsvOptions options;
  options.decimal = ",";
  Table table = read("a;b\n1,5;1.000\n", options);
  EXPECT_EQ(table.column("b").kind(), ColumnKind::categorical);
  EXPECT_THAT(numbers(table, "a"), ElementsAre(1.5));
  options.delimiter = ",";
  EXPECT_THAT(error("a,b\n", options, ErrorKind::config), HasSubstr("delimiter"));
}

TEST(Csv, UnterminatedQuoteNamesTheLineWhereItOpened) {
  EXPECT_THAT(error("a,b\n1,x\n2,\"y\n3,z\n4,w\n"), AllOf(HasSubstr(":3:"), HasSubstr("never closed")));
  EXPECT_THAT(error("a,b\n1,\"x\n"), AllOf(HasSubstr(":2:"), HasSubstr("never closed")));
  EXPECT_THAT(error("a,b\n1,\""), AllOf(HasSubstr(":2:"), HasSubstr("never closed")));
}

TEST(Csv, RefusesWhatIsNoText) {
  EXPECT_THAT(error(std::string("a,b\n1,x\n2,\0y\n", 13)), AllOf(HasSubstr(":3:"), HasSubstr("NUL")));
  EXPECT_THAT(error(std::string("a,b\n1,\"\0\"\n", 10)), AllOf(HasSubstr(":2:"), HasSubstr("NUL")));
  EXPECT_THAT(error(std::string("\xFF\xFE"
                                "a\0",
                                4)),
              HasSubstr("UTF-16"));
  for (const char* empty : {"", "\n", "\xEF\xBB\xBF", "  \n\n"}) EXPECT_THAT(error(empty), HasSubstr("no text"));
  error_of(ErrorKind::file, [] { read_csv("no/such/file.csv"); });
}

TEST(Csv, KeepsItsLimits) {
  CsvOptions options;
  options.max_field = 100;
  EXPECT_THAT(error("a,b\n1," + std::string(101, 'x') + "\n", options),
              AllOf(HasSubstr(":2:"), HasSubstr("100 bytes")));
  EXPECT_THAT(error("a,b\n1,2\n1,\"" + std::string(300, '\n') + "\"\n", options),
              AllOf(HasSubstr(":3:"), HasSubstr("100 bytes"), HasSubstr("closed?")));
  EXPECT_EQ(read("a,b\n1,\"" + std::string(100, 'x') + "\"\n", options).rows(), 1u);
  options.max_columns = 3;
  EXPECT_THAT(error("a,b,c,d\n", options), HasSubstr("more than 3 fields"));
  options.max_bytes = 10;
  EXPECT_THAT(error("a,b,c\n1,2,3\n", options), HasSubstr("at most 10 bytes"));
  EXPECT_THAT(error(gzipped("a,b,c\n1,2,3\n"), options), HasSubstr("at most 10 bytes"));
  options.max_field = 0;
  EXPECT_THAT(error("a\n", options, ErrorKind::value), HasSubstr("max_field"));
}

TEST(Csv, StopsReadingWhereAFieldMustBeTooLong) {
  CsvOptions options;
  options.max_field = 1000;
  std::string packed = gzipped("a,b\n1," + std::string(64 << 20, 'x'));
  packed.resize(packed.size() / 2);
  for (const char* delimiter : {"auto", ",", ";"}) {
    options.delimiter = delimiter;
    EXPECT_THAT(error(packed, options), HasSubstr("longer than 1000 bytes")) << "instead of: the file is cut off";
  }
}

TEST(Csv, ReadsLargeFilesPlainAndGzippedWhateverTheirName) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 300000; ++i) text += std::to_string(i) + ",\"x\n\"\"y\"\"\"," + std::to_string(i % 7) + ".5\n";
  for (const std::string& bytes : {text, gzipped(text.substr(0, 1000000)) + gzipped(text.substr(1000000))}) {
    Table table = read(bytes);
    ASSERT_EQ(table.rows(), 300000u);
    EXPECT_EQ(table.column("a").numbers()[299999], 299999);
    EXPECT_THAT(table.column("b").levels(), ElementsAre("x\n\"y\""));
    EXPECT_EQ(table.column("c").numbers()[299999], 299999 % 7 + 0.5);
  }
}

TEST(Csv, AFieldMayCrossWhatIsReadAtOnce) {
  std::string longest(900'000, 'x'), text = "a,b\n";
  longest[400'000] = '\n';
  for (int i = 0; i < 8; ++i) text += std::to_string(i) + ",\"" + longest + "\"\n";
  for (const std::string& bytes : {text, gzipped(text)}) {
    Table table = read(bytes);
    ASSERT_EQ(table.rows(), 8u);
    EXPECT_THAT(table.column("b").levels(), ElementsAre(longest));
  }
}

TEST(Csv, RefusesDamagedGzip) {
  std::string text = "a,b\n";
  for (int i = 0; i < 10000; ++i) text += std::to_string(i * 7919 % 10007) + "," + std::to_string(i) + "\n";
  std::string packed = gzipped(text);
  EXPECT_THAT(error(packed.substr(0, packed.size() / 2)), HasSubstr("ends too early"));
  EXPECT_THAT(error(packed.substr(0, packed.size() - 2)), HasSubstr("ends too early"));
  EXPECT_THAT(error(packed + "junk"), HasSubstr("damaged"));
  std::string flipped = packed;
  flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 0x55);
  EXPECT_THAT(error(flipped), HasSubstr("damaged"));
}

TEST(Csv, AHeaderAloneIsATableWithoutRows) {
  Table table = read("a,b\n");
  EXPECT_EQ(table.rows(), 0u);
  EXPECT_THAT(table.names(), ElementsAre("a", "b"));
}

TEST(Csv, ReadsWideFiles) {
  std::string header, row;
  for (int i = 0; i < 50000; ++i) {
    header += (i ? ",n" : "n") + std::to_string(i);
    row += (i ? "," : "") + std::to_string(i * 3);
  }
  Table table = read(header + "\n" + row + "\n" + row + "\n");
  EXPECT_EQ(table.columns(), 50000u);
  EXPECT_EQ(table.column("n49999").numbers()[1], 3 * 49999);
}

TEST(Csv, ParsesNumbersAsStrtodDoes) {
  std::vector<std::string> fields = {"0",
                                     "-0",
                                     "1",
                                     "123456789012345",
                                     "9007199254740993",
                                     "0.1",
                                     "-3.14",
                                     "1.",
                                     ".5",
                                     "00012.50",
                                     "1e-7",
                                     "1E+22",
                                     "5e-324",
                                     "1.7976931348623157e308",
                                     "0.30000000000000004",
                                     "12345678901234567890",
                                     "0.000000000000000000000000012345",
                                     "2.2250738585072014e-308"};
  std::uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    int digits = 1 + static_cast<int>(state >> 33) % 19, point = static_cast<int>(state >> 40) % 20;
    std::string text = state >> 63 ? "-" : "";
    for (int d = 0; d < digits; ++d) {
      if (d == point) text += '.';
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += static_cast<char>('0' + (state >> 60) % 10);
    }
    fields.push_back(text);
  }
  std::string text = "v,w\n";
  for (const std::string& field : fields) text += field + "," + field + "\n";
  Table table = read(text);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    double expected = std::strtod(fields[i].c_str(), nullptr);
    EXPECT_EQ(table.column("v").numbers()[i], expected) << fields[i];
    EXPECT_EQ(table.column("w").numbers()[i], expected) << fields[i];
  }
  EXPECT_TRUE(std::signbit(table.column("v").numbers()[1]));
}

TEST(Csv, TakesNoTextForANumber) {
  for (const char* text : {"1-2", "1.2.3", "0x1F", "1e", "--1", "+-1", "1 2", "1_000", "1%", "e5", "-", ".", "+",
                           "12abc", "2024-01-05", "1d5"}) {
    Table table = read(std::string("a,b\n") + text + ",1\n3,2\n");
    EXPECT_EQ(table.column("a").kind(), ColumnKind::categorical) << text;
    EXPECT_EQ(table.column("a").text(0), text);
  }
  EXPECT_EQ(read("a,b\n+5,1\n").column("a").numbers()[0], 5);
  EXPECT_TRUE(std::isinf(read("a,b\ninf,1\n").column("a").numbers()[0]));
}

TEST(Csv, RowsCanBeStreamed) {
  TempFile file("a;b\n\"x;1\";2\n\n3;\"4\n5\"\n6;7;8\n");
  CsvRows rows(file.path());
  std::vector<std::string> fields;
  ASSERT_TRUE(rows.next(fields));
  EXPECT_THAT(fields, ElementsAre("a", "b"));
  EXPECT_EQ(rows.delimiter(), ';');
  ASSERT_TRUE(rows.next(fields));
  EXPECT_THAT(fields, ElementsAre("x;1", "2"));
  ASSERT_TRUE(rows.next(fields));
  EXPECT_THAT(fields, ElementsAre("3", "4\n5"));
  EXPECT_EQ(rows.line(), 4u);
  ASSERT_TRUE(rows.next(fields));
  EXPECT_THAT(fields, ElementsAre("6", "7", "8"));
  EXPECT_EQ(rows.line(), 6u);
  EXPECT_FALSE(rows.next(fields));
}

// Its rows go on for 2 TB, in a file that takes no room.
TEST(Csv, TablesTooLargeForMemoryAreRefused) {
  std::string text = "a,b\n";
  for (int row = 0; row < 10000; ++row) text += "0.5,0.25\n";
  TempFile file(text);
  std::filesystem::resize_file(file.path(), 2'000'000'000'000);
  CsvOptions options;
  options.max_bytes = 4'000'000'000'000;
  EXPECT_THAT(
      error_of(ErrorKind::data, [&] { read_csv(file.path(), options); }),
      AllOf(HasSubstr(file.path()), HasSubstr("rows of 2 numeric columns"), HasSubstr("GB of memory that are")));
}

TEST(Csv, ReadsTheProjectsDataSets) {
  Table penguins = read_csv(std::string(PROJECT_DATA) + "/penguins.csv");
  EXPECT_EQ(penguins.rows(), 344u);
  EXPECT_THAT(penguins.column("species").levels(), ElementsAre("Adelie", "Chinstrap", "Gentoo"));
  EXPECT_EQ(penguins.column("sex").missing_count(), 11u);
  EXPECT_EQ(penguins.column("bill_length_mm").missing_count(), 2u);
  EXPECT_EQ(read_csv(std::string(PROJECT_DATA) + "/iris.csv").rows(), 150u);
  EXPECT_EQ(read_csv(std::string(PROJECT_DATA) + "/wine.csv").columns(), 14u);
  EXPECT_EQ(read_csv(std::string(PROJECT_DATA) + "/wdbc.csv").rows(), 569u);
  EXPECT_EQ(read_csv(std::string(PROJECT_DATA) + "/diabetes.csv").rows(), 442u);
  EXPECT_EQ(read_csv(std::string(PROJECT_DATA) + "/digits.csv").columns(), 65u);
}

}  // namespace
}  // namespace gradus
