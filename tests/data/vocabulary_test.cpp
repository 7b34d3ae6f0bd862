#include "gradus/data/text/vocabulary.h"

#include <gmock/gmock.h>

#include "../base/expect_error.h"

namespace gradus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> symbols_of(const Vocabulary& v) {
  std::vector<std::string> all;
  for (std::int32_t i = 0; i < v.size(); ++i) all.emplace_back(v.symbol(i));
  return all;
}

const std::vector<std::pair<std::string, std::int64_t>> kCounted = {
    {"b", 2}, {"\u00E9", 2}, {"a", 2}, {"z", 9}, {"q", 1}};

// By hand: falling counts, of equals by bytes; e acute is C3 A9 and so behind all ASCII letters.
TEST(Vocabulary, IsInOrderOfCountsThenBytes) {
  Vocabulary v = Vocabulary::learned(kCounted, {});
  EXPECT_THAT(symbols_of(v), ElementsAre("<pad>", "<unk>", "z", "a", "b", "\u00E9", "q"));
  EXPECT_EQ(v.count(2), 9);
  EXPECT_EQ(v.count(kUnknown), 0);
  EXPECT_EQ(v.find("b"), 4);
  EXPECT_EQ(v.find("B"), kUnknown);
  EXPECT_EQ(v.find(""), kUnknown);
  EXPECT_THAT(symbols_of(Vocabulary::learned(kCounted, {2, 2, true})),
              ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "z", "a"));
  EXPECT_THAT(symbols_of(Vocabulary::learned(kCounted, {3, 0, false})), ElementsAre("<pad>", "<unk>", "z"));
  EXPECT_EQ(Vocabulary().size(), 2);
  for (std::int32_t number : {-1, 7})
    EXPECT_THAT(error_of(ErrorKind::value, [&] { v.symbol(number); }), HasSubstr("a number from 0 to 6"));
}

TEST(Vocabulary, ASymbolSpeltLikeAReservedNameIsItsOwn) {
  Vocabulary v = Vocabulary::learned({{"<pad>", 3}}, {});
  EXPECT_EQ(v.find("<pad>"), 2);
  EXPECT_EQ(v.find("<unk>"), kUnknown);
}

TEST(Vocabulary, ManySymbolsAreFoundAgain) {
  std::vector<std::pair<std::string, std::int64_t>> counted;
  for (int i = 0; i < 20000; ++i) counted.emplace_back("w" + std::to_string(i), 20000 - i);
  Vocabulary v = Vocabulary::learned(counted, {});
  for (int i = 0; i < 20000; ++i) ASSERT_EQ(v.find("w" + std::to_string(i)), i + 2);
  EXPECT_EQ(v.find("w20000"), kUnknown);
}

TEST(Vocabulary, ComesBackFromItsState) {
  Vocabulary v = Vocabulary::learned(kCounted, {1, 0, true});
  Vocabulary back = Vocabulary::restored(parse_json(to_json(v.state()), ""));
  EXPECT_EQ(symbols_of(back), symbols_of(v));
  EXPECT_EQ(back.count(4), 9);
  EXPECT_EQ(back.reserved(), 4);
}

TEST(Vocabulary, DamagedStatesAreRefused) {
  const char* const damaged[] = {
      R"({})",
      R"([])",
      R"({"bounds": 1, "symbols": [], "counts": []})",
      R"({"bounds": false, "symbols": "a", "counts": [1]})",
      R"({"bounds": false, "symbols": ["a"], "counts": []})",
      R"({"bounds": false, "symbols": ["a"], "counts": [0]})",
      R"({"bounds": false, "symbols": ["a"], "counts": [1.5]})",
      R"({"bounds": false, "symbols": [""], "counts": [1]})",
      R"({"bounds": false, "symbols": [7], "counts": [1]})",
      R"({"bounds": false, "symbols": ["a", "b"], "counts": [1, 2]})",
      R"({"bounds": false, "symbols": ["b", "a"], "counts": [1, 1]})",
      R"({"bounds": false, "symbols": ["a", "a"], "counts": [2, 1]})",
  };
  for (const char* text : damaged)
    EXPECT_THAT(error_of(ErrorKind::data, [&] { Vocabulary::restored(parse_json(text, "")); }), HasSubstr("damaged"))
        << text;
}

}  // namespace
}  // namespace gradus
