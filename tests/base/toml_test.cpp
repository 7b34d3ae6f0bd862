#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "any_value.h"
#include "expect_error.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Value parse(std::string_view text) { return parse_toml(text, "x.toml"); }

std::string refusal(std::string_view text) {
  return error_of(ErrorKind::config, [&] { parse(text); });
}

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(Toml, ReadsEveryTypeWithItsPlace) {
  Value v = parse(R"(name = "iris"
seed = 1
[train]
lr = 0.01
resume = true
    "quoted key" = 'a'
[model]
layers = [ { type = "linear", units = 16 },
           { type = "relu" } ]
)");
  EXPECT_EQ(v.at("name").as_string(), "iris");
  EXPECT_EQ(v.at("seed").type(), Value::Type::integer);
  EXPECT_EQ(v.at("train").at("lr").as_real(), 0.01);
  EXPECT_TRUE(v.at("train").at("resume").as_bool());
  EXPECT_EQ(v.at("name").location().text(), "x.toml:1:1");
  EXPECT_EQ(v.at("train").location().text(), "x.toml:3:2");
  EXPECT_EQ(v.at("train").at("quoted key").location().text(), "x.toml:6:5");
  const Value::Array& layers = v.at("model").at("layers").as_array();
  EXPECT_EQ(layers[0].at("units").location().text(), "x.toml:8:31");
  EXPECT_EQ(layers[1].location().text(), "x.toml:9:12");
}

TEST(Toml, KeepsTheWrittenOrder) {
  Value v = parse("z = 1\na = 2\n[m.q]\nx = 1\n[b]\n[m]\nb.y = 1\na = 2\n");
  std::vector<std::string> keys, inner;
  for (const auto& [key, value] : v.as_table()) keys.push_back(key);
  for (const auto& [key, value] : v.at("m").as_table()) inner.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"z", "a", "m", "b"}));
  EXPECT_EQ(inner, (std::vector<std::string>{"q", "b", "a"}));
}

TEST(Toml, DatesAndTimesBecomeText) {
  Value v = parse("d = 2024-02-29\nt = 07:32:00\nboth = 1979-05-27T07:32:00Z\n");
  EXPECT_EQ(v.at("d").as_string(), "2024-02-29");
  EXPECT_EQ(v.at("t").as_string(), "07:32:00");
  EXPECT_EQ(v.at("both").as_string(), "1979-05-27T07:32:00Z");
}

TEST(Toml, SyntaxErrorsNameLineAndColumn) {
  EXPECT_THAT(refusal("a = 1\nb = = 2\n"), StartsWith("x.toml:2:5: "));
  EXPECT_THAT(refusal("a = 1\na = 2\n"), AllOf(StartsWith("x.toml:2:"), HasSubstr("a")));
  EXPECT_THAT(refusal("a = [1,\n 2,,]\n"), StartsWith("x.toml:2:"));
  EXPECT_THAT(refusal("s = \"open\n"), StartsWith("x.toml:1:"));
}

TEST(Toml, CommonMistakesAreToldWithTheirFix) {
  struct Case {
    const char *text, *place, *what, *fix;
  };
  for (const Case& c : std::vector<Case>{
           {"name = iris", "1:9", "a text needs quotes", "write \"iris\""},
           {"a = 1\nfile = data/iris.csv # here", "2:8", "a text needs quotes", "write \"data/iris.csv\""},
           {"l = [ { type = relu } ]", "1:", "a text needs quotes", "write \"relu\""},
           {"name = \"a\nb = 1", "1:10", "a text is not closed", "the quote that it begins with"},
           {"name = 'a", "1:", "a text is not closed", "the quote that it begins with"},
           {"name = \u201Ca\u201D", "1:8", "curly quotes", "straight ones"},
           {"a == 1", "1:4", "more than one =", "key = value"},
           {"f = \"C:\\data\"", "1:9", "a backslash in double quotes", "with / or in single quotes"},
           {"f = \"C:\\users\"", "1:10", "a backslash in double quotes", "with / or in single quotes"},
           {"o = { a = 1,\n b = 2 }", "1:13", "not closed on its line", "keep { } on one line"},
           {"o = { a = 1\r\n}", "1:12", "not closed on its line", "keep { } on one line"},
           {"a = True", "1:5", "\"True\" is neither true nor false", "write true"},
           {"a = [yes, 1]", "1:6", "\"yes\" is neither true nor false", "write true"},
           {"a = off", "1:5", "\"off\" is neither true nor false", "write false"},
           {"key: value", "1:4", "the = between", "key = value"},
           {"o = { a: 1 }", "1:8", "the = between", "key = value"},
           {"key =\nb = 1", "1:6", "no value", "behind the ="},
           {"a = 1,5", "1:6", "no decimal point", "1.5"},
           {"a = .5", "1:5", "digits on both sides", "0.5"},
           {"a = 1 b = 2", "1:7", "follows a value", "a line"},
           {"a = [1, 2\n", "", "a [ is not closed", "end the list with ]"},
           {"a = [1 2]", "1:8", "a comma is missing", "between its elements"},
           {"[data\na = 1", "1:6", "a [ is not closed", "end the section's name"}}) {
    std::string message = refusal(c.text);
    EXPECT_THAT(message, AllOf(StartsWith(std::string("x.toml:") + c.place), HasSubstr(c.what), HasSubstr(c.fix)))
        << c.text;
    EXPECT_THAT(message, ::testing::Not(HasSubstr("parsing"))) << c.text;
  }
}

TEST(Toml, HostileTextsAreRefused) {
  for (std::string text :
       {std::string("[\n"), std::string("a = \0", 5), std::string("\0", 1), std::string("a = \"\xff\xfe\""),
        std::string("\xc3"), std::string("a = \"\\ud800\""), std::string("a = 99999999999999999999"),
        std::string("a = 0x"), std::string("]"), std::string("[]"), std::string("a.b = 1\na = 2"), std::string("= 1"),
        std::string("[[a]]\n[a]\n"), std::string("a = {b = 1,\nc = 2}")})
    EXPECT_THAT(refusal(text), StartsWith("x.toml:")) << text;
}

TEST(Toml, ErrorsAreShortAndPrintable) {
  std::string key(30'000, 'k');
  EXPECT_LT(refusal(key + " = 1\n" + key + " = 2").size(), 300u);
  std::string message = refusal("\"\\u001b[31m\" = 1\n\"\\u001b[31m\" = 2");
  EXPECT_TRUE(std::none_of(message.begin(), message.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
}

TEST(Toml, TooMuchTextIsRefused) {
  std::string comment = "#" + std::string((64 << 10) - 1, 'x');
  EXPECT_TRUE(parse(comment).is_table());
  EXPECT_EQ(refusal(comment + "x"), "x.toml: expected at most 64 KB of configuration, got 65537 bytes");
  EXPECT_THAT(refusal(repeated("a.", 200'000) + "a = 1"), HasSubstr("at most 64 KB"));
}

TEST(Toml, DeepNestingIsRefusedWithItsPlace) {
  EXPECT_THAT(refusal(repeated("[", 32'000)), StartsWith("x.toml:1:64: nested deeper than 64 levels"));
  EXPECT_THAT(refusal("\na = " + repeated("[", 100)), StartsWith("x.toml:2:68: nested deeper than 64"));
  EXPECT_THAT(refusal(repeated("a.", 30'000) + "a = 1"), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(refusal("[" + repeated("a.", 30'000) + "a]"), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(refusal("a = { " + repeated("'a' .\t\"a\" . ", 100) + "a = 1 }"), HasSubstr("nested deeper than 64"));
  // Each key and each bracket run is short, the whole is not.
  std::string parts = repeated("a.", 30);
  EXPECT_THAT(refusal("[" + parts + "a]\n" + parts + "b = { " + parts + "c = 1 }"), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(refusal(repeated("a" + repeated(".a", 60) + " = { ", 60) + "b = 1" + repeated(" }", 60)),
              HasSubstr("nested deeper than 64"));
  // A quote that ends a string early in a careless scan must not hide what follows it.
  EXPECT_THAT(refusal("a = { b = \"\"\"x\"\"\"\", " + repeated("c.", 20'000) + "c = 1 }"),
              HasSubstr("nested deeper than 64"));
}

TEST(Toml, DepthSixtyFourIsAllowed) {
  auto nested = [](int lists) { return "a = " + repeated("[", lists) + repeated("]", lists); };
  EXPECT_TRUE(parse(nested(63)).find("a"));
  EXPECT_THAT(refusal(nested(64)), HasSubstr("nested deeper"));
  EXPECT_TRUE(parse("[" + repeated("a.", 62) + "a]").find("a"));
}

TEST(Toml, DotsAndBracketsInStringsAndCommentsAreNoNesting) {
  std::string noise = repeated("[{.", 200);
  Value v = parse("a = \"" + noise + "\\\"" + noise + "\" # " + noise + "\nb = '" + noise + "'\nc = \"\"\"\n" + noise +
                  "\"\"\"\nd = '''" + noise + "''' # it's " + noise);
  EXPECT_EQ(v.at("a").as_string(), noise + "\"" + noise);
  EXPECT_EQ(v.at("b").as_string(), noise);
  EXPECT_EQ(v.at("c").as_string(), noise);
  EXPECT_EQ(v.at("d").as_string(), noise);
  EXPECT_EQ(parse("a = [ " + repeated("1.5, 2.5,\n", 500) + "]").at("a").as_array().size(), 1000u);
}

TEST(Toml, WritesScalarsFirstThenSectionsAndLayersOneALine) {
  Value v = parse(R"([train]
optimizer = { type = "adam", lr = 1e-3 }
epochs = 100
[model]
layers = [ { type = "linear", units = 16 }, { type = "residual", layers = [ { type = "relu" } ] } ]
shape = [1, 28]
)");
  v.set("name", "iris");
  EXPECT_EQ(to_toml(v), R"(name = "iris"

[train]
optimizer = { type = "adam", lr = 0.001 }
epochs = 100

[model]
layers = [
  { type = "linear", units = 16 },
  { type = "residual", layers = [{ type = "relu" }] },
]
shape = [1, 28]
)");
}

TEST(Toml, WritesLongTablesAsSectionsAndLongListsOneALine) {
  Value v = Value::table();
  for (int i = 0; i < 12; ++i) v.set_path("a.long.key" + std::to_string(i), "value");
  v.set_path("a.after", 1);
  std::string text = to_toml(v);
  EXPECT_THAT(text, AllOf(HasSubstr("[a]\nafter = 1\n"), HasSubstr("\n[a.long]\nkey0 = \"value\"\n")));
  EXPECT_EQ(parse(text), v);
  Value::Array names(40, Value("class"));
  EXPECT_THAT(to_toml(Value(Value::Table{{"names", names}})), StartsWith("names = [\n  \"class\",\n"));
}

TEST(Toml, WritesRealsShortestAndStillReals) {
  Value v = Value::table();
  v.set("a", 1.0);
  v.set("b", 0.1);
  v.set("c", 1e20);
  v.set("d", -std::numeric_limits<double>::infinity());
  v.set("e", std::nan(""));
  v.set("f", 5e-324);
  std::string text = to_toml(v);
  EXPECT_EQ(text, "a = 1.0\nb = 0.1\nc = 1e+20\nd = -inf\ne = nan\nf = 5e-324\n");
  Value back = parse(text);
  EXPECT_EQ(back, v);
  for (const auto& [key, value] : back.as_table()) EXPECT_EQ(value.type(), Value::Type::real) << key;
}

TEST(Toml, WritesWhatItCannotHoldAsTheNearestThing) {
  Value v(Value::Table{{"gone", Value()}, {"bad\xff", "x\xc0y"}});
  EXPECT_EQ(to_toml(v), "\"bad\uFFFD\" = \"x\uFFFDy\"\n");
  EXPECT_THAT(error_of(ErrorKind::value, [] { to_toml(Value(3)); }), HasSubstr("expected a table, got 3"));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         to_toml(Value(Value::Table{{"a", Value::Array{Value()}}}));
                       }),
              HasSubstr("a list cannot hold an absent value"));
}

RC_GTEST_PROP(Toml, ReadsBackWhatItWrote, ()) {
  Value table = *any_table(3, false);
  std::string text = to_toml(table);
  RC_PRE(text.size() <= std::size_t{64 << 10});
  RC_ASSERT(parse_toml(text, "x") == table);
}

RC_GTEST_PROP(Toml, AnyTextIsReadOrRefused, ()) {
  try {
    parse_toml(*any_text(), "x");
  } catch (const Error& e) {
    RC_ASSERT(e.kind() == ErrorKind::config);
  }
}

TEST(Toml, OneValueIsReadAsOnTheCommandLine) {
  EXPECT_EQ(parse_toml_value("5"), Value(5));
  EXPECT_EQ(parse_toml_value("1e-3"), Value(0.001));
  EXPECT_EQ(parse_toml_value("true"), Value(true));
  EXPECT_EQ(parse_toml_value("[1, 2]"), Value(Value::Array{1, 2}));
  EXPECT_EQ(parse_toml_value("{ type = \"sgd\", lr = 1 }").at("lr"), Value(1));
  EXPECT_EQ(parse_toml_value("\"5\""), Value("5"));
  for (const char* word : {"adam", "a b", "data/iris.csv", "x = 1", "1 2", ";", "it's", "C:\\x"})
    EXPECT_EQ(parse_toml_value(word), Value(word));
  for (const char* broken : {"", " ", "[1,", " [1", "{ a = 1", "\"open", "'open", "[1] 2", "1\nb = 2"})
    EXPECT_THAT(error_of(ErrorKind::config, [&] { parse_toml_value(broken); }),
                AllOf(HasSubstr("a TOML value"), HasSubstr("[a, list]")))
        << broken;
  EXPECT_EQ(parse_toml_value("5").location().text(), "");
}

TEST(Toml, FilesAreReadWithTheirPathInErrors) {
  std::string path = (std::filesystem::temp_directory_path() / "gradus_toml_test.toml").string();
  std::ofstream(path) << "a = \n";
  EXPECT_THAT(error_of(ErrorKind::config, [&] { read_toml(path); }), StartsWith(path + ":1:"));
  std::ofstream(path) << std::string(70'000, '#');
  EXPECT_THAT(error_of(ErrorKind::config, [&] { read_toml(path); }), AllOf(StartsWith(path), HasSubstr("64 KB")));
  std::filesystem::remove(path);
  EXPECT_THAT(error_of(ErrorKind::file, [&] { read_toml(path); }), HasSubstr("No such file"));
}

}  // namespace
}  // namespace gradus
