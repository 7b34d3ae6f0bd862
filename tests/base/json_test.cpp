#include <cmath>

#include "any_value.h"
#include "expect_error.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Value parse(std::string_view text) { return parse_json(text, "m.json"); }

std::string refusal(std::string_view text) {
  return error_of(ErrorKind::data, [&] { parse(text); });
}

TEST(Json, ReadsEveryType) {
  Value v = parse(R"({"a": null, "b": [true, -3, 2.5, "x\u00e9\n"], "c": {"d": 18446744073709551615}})");
  EXPECT_TRUE(v.at("a").is_null());
  EXPECT_EQ(v.at("b"), Value(Value::Array{true, -3, 2.5, "xé\n"}));
  EXPECT_EQ(v.at("b").as_array()[1].type(), Value::Type::integer);
  EXPECT_EQ(v.at("c").at("d").as_real(), 0x1p64);
  EXPECT_EQ(parse("7"), Value(7));
}

TEST(Json, KeepsTheWrittenOrderAndOfEqualKeysTheLast) {
  Value v = parse(R"({"z": 1, "a": 2, "z": 3, "b": 4, "a": 5})");
  EXPECT_EQ(v.as_table(), (Value::Table{{"z", 3}, {"b", 4}, {"a", 5}}));
}

TEST(Json, SyntaxErrorsNameThePosition) {
  EXPECT_THAT(refusal("{\"a\": 1,\n \"b\": x}"), StartsWith("m.json:2:7: not JSON: "));
  EXPECT_THAT(refusal(""), AllOf(StartsWith("m.json:1:1: "), HasSubstr("unexpected end of input")));
  EXPECT_THAT(refusal("[1, 2"), HasSubstr("unexpected end of input"));
}

TEST(Json, HostileTextsAreRefused) {
  for (std::string text :
       {std::string("{\"a\": 1} x"), std::string("[1,]"), std::string("\"\xff\""), std::string("\"\xc3\""),
        std::string("[\0]", 3), std::string("\"a\0b\"", 5), std::string("\"\\ud800\""), std::string("1e999"),
        std::string("01"), std::string("NaN"), std::string("[1"), std::string("{\"a\"}"), std::string("\xef\xbb")})
    EXPECT_THAT(refusal(text), StartsWith("m.json:")) << text;
}

TEST(Json, DeepNestingIsRefused) {
  std::string open(64, '['), closed(64, ']');
  EXPECT_TRUE(parse(open + closed).is_array());
  EXPECT_EQ(refusal("[" + open + closed + "]"), "m.json: nested deeper than 64 levels");
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 64 levels"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(refusal(objects), HasSubstr("nested deeper than 64 levels"));
}

TEST(Json, TooMuchIsRefused) {
  EXPECT_EQ(parse_json("[1, 2]", "m", 6).as_array().size(), 2u);
  EXPECT_EQ(error_of(ErrorKind::data, [] { parse_json("[1, 2 ]", "m", 6); }),
            "m: expected at most 6 bytes of JSON, got 7");
  std::string many = "[1";
  for (int i = 0; i < 2'000'000; ++i) many += ",1";
  EXPECT_THAT(refusal(many + "]"), HasSubstr("more than 2000000 JSON values"));
  EXPECT_LT(refusal("\"" + std::string(1'000'000, 'x')).size(), 300u) << "the message must not repeat the text";
}

TEST(Json, ManyKeysAreReadInReasonableTime) {
  std::string text = "{\"k\": 0";
  for (int i = 0; i < 100'000; ++i) text += ",\"k" + std::to_string(i) + "\": 1";
  EXPECT_EQ(parse(text + "}").as_table().size(), 100'001u);
}

TEST(Json, WritesIndentedWithPlainListsOnOneLine) {
  Value v(Value::Table{{"a", Value::Array{1, 2.0}},
                       {"b", Value::Array{Value(Value::Array{1}), Value::table()}},
                       {"c", Value(Value::Table{{"d", Value()}})},
                       {"e", Value::array()}});
  EXPECT_EQ(to_json(v), R"({
  "a": [1, 2.0],
  "b": [
    [1],
    {}
  ],
  "c": {
    "d": null
  },
  "e": []
})");
  EXPECT_EQ(to_json(v, -1), R"({"a":[1,2.0],"b":[[1],{}],"c":{"d":null},"e":[]})");
}

TEST(Json, WritesWhatItCannotHoldAsTheNearestThing) {
  EXPECT_EQ(to_json(Value::Array{std::nan(""), INFINITY, -INFINITY}), "[null, null, null]");
  EXPECT_EQ(to_json("a\xff\x01\x7f\"\\"), "\"a\uFFFD\\u0001\\u007f\\\"\\\\\"");
  // Cut off, overlong and surrogate characters are no UTF-8.
  EXPECT_EQ(to_json("\xe2\x82"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(to_json("\xc0\xaf"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(to_json("\xed\xa0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
  EXPECT_EQ(to_json("\xf4\x90\x80\x80"), "\"\uFFFD\uFFFD\uFFFD\uFFFD\"");
}

RC_GTEST_PROP(Json, ReadsBackWhatItWrote, ()) {
  Value value = *any_value(3, true);
  RC_ASSERT(parse_json(to_json(value), "x") == value);
  RC_ASSERT(parse_json(to_json(value, -1), "x") == value);
}

RC_GTEST_PROP(Json, RealsReadBackWithTheSameBits, ()) {
  double x = *any_real(true);
  double back = parse_json(to_json(x), "x").as_real();
  RC_ASSERT(std::memcmp(&x, &back, sizeof x) == 0);
}

RC_GTEST_PROP(Json, AnyTextIsReadOrRefused, ()) {
  try {
    parse_json(*any_text(), "x");
  } catch (const Error& e) {
    RC_ASSERT(e.kind() == ErrorKind::data);
  }
}

}  // namespace
}  // namespace gradus
