#include "gradus/data/text/utf8.h"

#include <gmock/gmock.h>

#include "../base/expect_error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string utf8(char32_t c) {
  std::string out;
  append_utf8(out, c);
  return out;
}

std::string refusal(std::string_view text) {
  return error_of(ErrorKind::data, [&] { check_utf8(text, "a.txt"); });
}

// RFC 3629, section 3: the first and last code point of each length.
TEST(Utf8, CodePointsOfEachLengthAreWrittenAndReadBack) {
  EXPECT_EQ(utf8(0), std::string(1, '\0'));
  EXPECT_EQ(utf8(0x7F), "\x7F");
  EXPECT_EQ(utf8(0x80), "\xC2\x80");
  EXPECT_EQ(utf8(0x7FF), "\xDF\xBF");
  EXPECT_EQ(utf8(0x800), "\xE0\xA0\x80");
  EXPECT_EQ(utf8(0xD7FF), "\xED\x9F\xBF");
  EXPECT_EQ(utf8(0xE000), "\xEE\x80\x80");
  EXPECT_EQ(utf8(0xFFFF), "\xEF\xBF\xBF");
  EXPECT_EQ(utf8(0x10000), "\xF0\x90\x80\x80");
  EXPECT_EQ(utf8(0x10FFFF), "\xF4\x8F\xBF\xBF");
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    std::string bytes = utf8(c);
    ASSERT_TRUE(is_utf8(bytes)) << static_cast<unsigned>(c);
    CodePoint read = first_code_point(bytes);
    ASSERT_EQ(read.value, c);
    ASSERT_EQ(read.bytes, bytes.size());
  }
  for (char32_t c : {0xD800u, 0xDFFFu, 0x110000u})
    EXPECT_THAT(error_of(ErrorKind::value, [&] { utf8(c); }), HasSubstr("U+10FFFF and no surrogate"));
}

TEST(Utf8, WhatIsNoUtf8IsNamedWithItsPlace) {
  EXPECT_NO_THROW(check_utf8("", "a.txt"));
  EXPECT_NO_THROW(check_utf8("a text of more than eight bytes \u00E9\u4E2D\U0001F600", "a.txt"));
  // Two lines of ten and five bytes; in the third, the seventh character is behind a letter of two bytes.
  EXPECT_THAT(refusal("0123456789\nabcd\n\u00E9 word\xE9!"),
              AllOf(HasSubstr("a.txt:3:7: expected UTF-8 text, got 0xE9 at byte 23"), HasSubstr("Latin-1"),
                    HasSubstr("save the text as UTF-8")));
  EXPECT_THAT(refusal("a\x80"),
              AllOf(HasSubstr("a.txt:1:2"), HasSubstr("0x80 at byte 1"), HasSubstr("nothing begins")));
  for (const char* overlong : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF"})
    EXPECT_THAT(refusal(overlong), HasSubstr("a shorter form"));
  for (const char* surrogate : {"\xED\xA0\x80", "\xED\xBF\xBF"})
    EXPECT_THAT(refusal(surrogate), HasSubstr("half of a UTF-16 pair"));
  for (const char* beyond : {"\xF4\x90\x80\x80", "\xF5\x80\x80\x80"})
    EXPECT_THAT(refusal(beyond), HasSubstr("above U+10FFFF"));
  for (const char* cut : {"\xC3", "\xE4\xB8", "\xF0\x9F\x98"}) EXPECT_THAT(refusal(cut), HasSubstr("cuts short"));
  EXPECT_THAT(refusal("\xFF\xFE"
                      "a"),
              HasSubstr("UTF-16"));
  EXPECT_THAT(refusal("eight by\xE4\xB8tes"), AllOf(HasSubstr("a.txt:1:9"), HasSubstr("does not go on")));
}

// Each of all pairs of bytes that follow an E, F or other lead byte is judged as is_utf8 judges it.
TEST(Utf8, FaultsAreFoundWhereTheyAre) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      std::string text = {'x', static_cast<char>(a), static_cast<char>(b), '\x80', '\x80'};
      bool refused = false;
      try {
        check_utf8(text, "t");
      } catch (const Error&) {
        refused = true;
      }
      EXPECT_EQ(refused, !is_utf8(text)) << a << " " << b;
      EXPECT_TRUE(is_utf8(repaired_utf8(text))) << a << " " << b;
    }
}

TEST(Utf8, RepairedTextKeepsWhatIsWhole) {
  EXPECT_EQ(repaired_utf8("a\xE9z\xE4\xB8"), "a\uFFFDz\uFFFD\uFFFD");
  EXPECT_EQ(repaired_utf8("caf\u00E9"), "caf\u00E9");
}

TEST(Utf8, TextIsCutBetweenCharacters) {
  std::string text = "a\u00E9\u4E2D\U0001F600z";
  EXPECT_EQ(count_code_points(text), 5u);
  EXPECT_EQ(first_code_points(text, 0), "");
  EXPECT_EQ(first_code_points(text, 3), "a\u00E9\u4E2D");
  EXPECT_EQ(first_code_points(text, 4), "a\u00E9\u4E2D\U0001F600");
  EXPECT_EQ(first_code_points(text, 9), text);
  EXPECT_EQ(without_mark("\uFEFFab"), "ab");
  EXPECT_EQ(without_mark("ab"), "ab");
}

// From Python: see tests/oracles/text.py.
TEST(Utf8, CaseIsFoldedAsUnicodeSays) {
  Value oracle = parse_json(read_file(TEST_DATA "/oracles/text.json"), "text.json");
  std::string all, want, got;
  for (const Value& pair : oracle.at("folded").as_array()) {
    auto from = static_cast<char32_t>(pair.as_array()[0].as_integer());
    auto to = static_cast<char32_t>(pair.as_array()[1].as_integer());
    EXPECT_EQ(folded(from), to) << "U+" << std::hex << static_cast<unsigned>(from);
    append_utf8(all, from);
    append_utf8(want, to);
  }
  fold_case(all, got);
  EXPECT_EQ(got, want);
}

TEST(Utf8, KindsOfCharacters) {
  for (char32_t c : {U' ', U'\n', U'\u00A0', U'\u3000', U'\u200B', U'\uFEFF'})
    EXPECT_EQ(character_kind(c), CharacterKind::space) << static_cast<unsigned>(c);
  for (char32_t c : {U'a', U'Z', U'0', U'_', U'\u00E9', U'\u03C9', U'\u0416', U'\u0301', U'\u00BD', U'\uD55C'})
    EXPECT_EQ(character_kind(c), CharacterKind::word) << static_cast<unsigned>(c);
  for (char32_t c : {U'\u4E2D', U'\u3042', U'\u30AB', U'\U00020000'})
    EXPECT_EQ(character_kind(c), CharacterKind::character) << static_cast<unsigned>(c);
  for (char32_t c : {U'.', U'-', U'\'', U'\u2019', U'\u20AC', U'\U0001F600', U'\u00D7', U'\u3002', U'\0'})
    EXPECT_EQ(character_kind(c), CharacterKind::sign) << static_cast<unsigned>(c);
}

}  // namespace
}  // namespace gradus
