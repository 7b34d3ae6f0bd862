#include "gradus/data/text/tokenizer.h"

#include <gmock/gmock.h>

#include "../base/expect_error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/base/random.h"
#include "gradus/base/text.h"
#include "gradus/data/text/byte_pairs.h"
#include "gradus/data/text/utf8.h"
#include "gradus/data/text/words.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::vector<std::string>;
using Tokens = std::vector<std::int32_t>;

std::unique_ptr<Tokenizer> made(const std::string& spec) { return tokenizers().make(parse_toml_value(spec), "t"); }

std::unique_ptr<Tokenizer> learned(const std::string& spec, const Texts& texts) {
  std::unique_ptr<Tokenizer> t = made(spec);
  t->learn([&](const auto& visit) {
    for (const std::string& text : texts) visit(text);
  });
  return t;
}

std::unique_ptr<Tokenizer> copy_of(const std::string& spec, const Tokenizer& t) {
  return restored_tokenizer(parse_json(to_json(tokenizer_state(parse_toml_value(spec), t)), ""));
}

Texts tokens_of(const Tokenizer& t, std::string_view text) {
  Texts out;
  for (std::int32_t number : t.encode(text)) out.push_back(t.token(number));
  return out;
}

Value oracle() { return parse_json(read_file(TEST_DATA "/oracles/text.json"), "text.json"); }

Texts strings(const Value& list) {
  Texts out;
  for (const Value& v : list.as_array()) out.push_back(v.as_string());
  return out;
}

Tokens numbers(const Value& list) {
  Tokens out;
  for (const Value& v : list.as_array()) out.push_back(static_cast<std::int32_t>(v.as_integer()));
  return out;
}

Texts words_of(std::string_view text) {
  Texts out;
  each_word(text, [&](std::string_view word) {
    out.emplace_back(word);
    return true;
  });
  return out;
}

// From Python: see tests/oracles/text.py.
TEST(WordTokenizer, WordsAreThoseOfTheNaiveAlgorithm) {
  Value o = oracle();
  Texts texts = strings(o.at("texts"));
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(words_of(texts[i]), strings(o.at("words").as_array()[i])) << texts[i];
  auto t = learned("{ type = \"word\", min_count = 1 }", texts);
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(tokens_of(*t, texts[i]), strings(o.at("words_lower").as_array()[i])) << texts[i];
  const Value::Array& vocabulary = o.at("vocabulary").as_array();
  ASSERT_EQ(t->size(), static_cast<std::int64_t>(vocabulary.size()) + 2);
  for (std::size_t i = 0; i < vocabulary.size(); ++i)
    EXPECT_EQ(t->token(static_cast<std::int32_t>(i) + 2), vocabulary[i].as_array()[0].as_string());
}

TEST(WordTokenizer, RareAndNewWordsAreUnknown) {
  auto t = learned("word", {"The cat, the dog.", "the end. cat?"});  // min_count = 2: the 3, cat 2, "." 2
  EXPECT_EQ(t->size(), 5);
  EXPECT_EQ(t->encode("THE Cat dog ."), (Tokens{2, 4, kUnknown, 3}));
  auto two = learned("{ type = \"word\", max_words = 2, min_count = 1, lower = false }", {"The the b b b"});
  EXPECT_THAT(tokens_of(*two, "the The b"), ElementsAre("<unk>", "The", "b"));  // T before t among equals
}

TEST(WordTokenizer, WordsThatAreNoneStayUnknown) {
  std::string longest(256, 'w'), longer(257, 'w');
  auto t = learned("{ type = \"word\", min_count = 1 }", {longest + " " + longer});
  EXPECT_EQ(t->encode(longest + " " + longer), (Tokens{2, kUnknown}));
}

TEST(WordTokenizer, TextIsPutTogetherAsItIsWritten) {
  std::string text = "well, it's (almost) 1,000.5 \u201Cgood\u201D words: yes! e - mail";
  auto t = learned("{ type = \"word\", min_count = 1 }", {text});
  EXPECT_EQ(t->decode(t->encode(text)), text);
  EXPECT_EQ(t->decode(Tokens{kPadding, 2, kUnknown, kPadding}), std::string(t->token(2)) + " \uFFFD");
}

TEST(CharTokenizer, CharactersHaveNumbersByFrequency) {
  auto t = learned("char", {"ab\u00E9", "\u00E9b\u00E9", "\n"});
  EXPECT_THAT(tokens_of(*t, "b\na\u00E9z\u4E2D"), ElementsAre("b", "\n", "a", "\u00E9", "<unk>", "<unk>"));
  EXPECT_EQ(t->encode("\u00E9b\na"), (Tokens{2, 3, 4, 5}));
  EXPECT_EQ(t->decode(t->encode("b\u00E9?")), "b\u00E9\uFFFD");
  auto lower = learned("{ type = \"char\", lower = true, min_count = 2 }", {"\u00C9\u00E9Q"});
  EXPECT_EQ(lower->encode("\u00C9\u00E9q"), (Tokens{2, 2, kUnknown}));
}

TEST(BpeTokenizer, RulesAndTokensAreThoseOfTheNaiveAlgorithm) {
  Value o = oracle();
  Texts more = strings(o.at("texts"));
  for (const Value& c : o.at("bpe").as_array()) {
    Texts texts = strings(c.at("texts"));
    std::int64_t size = c.at("size").as_integer() + 2;
    auto t = learned("{ type = \"bpe\", vocabulary = " + std::to_string(size) + " }", texts);
    Tokens want;
    for (const Value& rule : c.at("rules").as_array())
      for (std::int32_t symbol : numbers(rule)) want.push_back(symbol);
    EXPECT_EQ(numbers(t->state().at("rules")), want);
    texts.insert(texts.end(), more.begin(), more.end());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Tokens tokens = numbers(c.at("tokens").as_array()[i]);
      for (std::int32_t& symbol : tokens) symbol += 2;
      EXPECT_EQ(t->encode(texts[i]), tokens) << quoted(texts[i]);
      EXPECT_EQ(t->decode(tokens), texts[i]);
    }
  }
}

// What is learned from is divided in the same way afterwards: Sennrich et al. 2016, figure 1, with a space before
// words.
TEST(BpeTokenizer, TheMostFrequentPairBecomesASymbol) {
  auto t =
      learned("{ type = \"bpe\", vocabulary = 260 }", {"low low low low low lower lower newest newest newest newest "
                                                       "newest newest widest widest widest"});
  EXPECT_EQ(t->token(258), "es") << "9 times, as s and t: the pair of smaller symbols";
  EXPECT_EQ(t->token(259), "est");
  EXPECT_EQ(t->size(), 260);
}

TEST(BpeTokenizer, EveryTextComesBack) {
  auto t = learned("{ type = \"bpe\", vocabulary = 300 }", strings(oracle().at("texts")));
  const RandomKey key{7};
  for (std::uint64_t round = 0; round < 200; ++round) {
    std::string text;
    for (std::uint64_t i = 0; i < round; ++i) {
      auto c = static_cast<char32_t>(uniform_below(key, 1000 * round + i, round % 2 == 0 ? 0x110000 : 0x80));
      append_utf8(text, c >= 0xD800 && c < 0xE000 ? U' ' : c);
    }
    Tokens tokens = t->encode(text);
    ASSERT_EQ(t->decode(tokens), text);
    ASSERT_EQ(std::ranges::count(tokens, kUnknown), 0);
  }
  EXPECT_EQ(t->decode(Tokens{2 + 'a', 2 + 0xC3, kUnknown, kPadding}), "a\uFFFD\uFFFD");
}

TEST(BpeTokenizer, LongTextsWithoutSpacesAreNoTrouble) {
  std::string text;
  for (std::uint64_t i = 0; i < 200'000; ++i) text += "ACGT"[random_words({3}, i)[0] % 4];
  auto t = learned("{ type = \"bpe\", vocabulary = 400 }", {text});
  EXPECT_EQ(t->size(), 400);
  EXPECT_EQ(t->decode(t->encode(text)), text);
  auto runs = learned("{ type = \"bpe\", vocabulary = 600 }", {std::string(100'000, 'a')});
  std::size_t longest = 0;
  for (std::int32_t i = 2; i < runs->size(); ++i) longest = std::max(longest, runs->token(i).size());
  EXPECT_EQ(longest, kLongestSymbol);
}

TEST(BpeTokenizer, StopsWhereNothingOccursTwice) {
  EXPECT_EQ(learned("bpe", {"abc"})->size(), 2 + 256);
  EXPECT_EQ(learned("bpe", {"ab ab"})->size(), 2 + 256 + 1) << "ab and space-ab: the pair ab alone occurs twice";
}

TEST(Tokenizer, AllComeBackFromTheirStates) {
  Texts texts = strings(oracle().at("texts"));
  for (const char* spec :
       {"\"char\"", "\"word\"", "{ type = \"bpe\", vocabulary = 350, bounds = true }",
        "{ type = \"word\", bounds = true, max_length = 5, lower = false }", "{ type = \"char\", max_length = 3 }"}) {
    auto t = learned(spec, texts);
    auto back = copy_of(spec, *t);
    EXPECT_EQ(back->size(), t->size()) << spec;
    for (const std::string& text : texts) EXPECT_EQ(back->encode(text), t->encode(text)) << spec;
    Texts turned(texts.rbegin(), texts.rend());
    EXPECT_EQ(learned(spec, turned)->state(), t->state()) << spec << ": whatever the order of the texts";
    t->learn([&](const auto& visit) { visit("aa"); });
    EXPECT_EQ(t->state(), learned(spec, {"aa"})->state()) << spec << ": what was learned before is forgotten";
  }
}

TEST(Tokenizer, TextsAreMarkedAndCut) {
  for (const char* type : {"char", "word", "bpe"}) {
    std::string spec = std::string("type = \"") + type + "\"" + (type[0] == 'w' ? ", min_count = 1" : "");
    auto whole = learned("{ " + spec + ", bounds = true }", {"a b c"});
    Tokens tokens = whole->encode("a b c");
    EXPECT_EQ(tokens.front(), kBegin);
    EXPECT_EQ(tokens.back(), kEnd);
    EXPECT_EQ(whole->decode(tokens), "a b c");
    EXPECT_EQ(whole->token(kEnd), "<eos>");
    EXPECT_EQ(whole->encode(""), (Tokens{kBegin, kEnd}));

    auto cut = learned("{ " + spec + ", bounds = true, max_length = 2 }", {"a b c"});
    Tokens out = {99};
    Tokenizer::Encoded done = cut->append("a b c", out);
    EXPECT_TRUE(done.cut);
    EXPECT_EQ(done.tokens, 2u);
    EXPECT_EQ(out, (Tokens{99, tokens[0], tokens[1], tokens[2]})) << "no end follows";
    out.clear();
    done = cut->append("a", out);
    EXPECT_FALSE(done.cut);
    EXPECT_EQ(out, (Tokens{kBegin, tokens[1], kEnd}));
  }
}

TEST(Tokenizer, ATextOfJustMaxLengthIsNotCut) {
  auto t = learned("{ type = \"char\", max_length = 3 }", {"abc"});
  Tokens out;
  EXPECT_FALSE(t->append("abc", out).cut);
  EXPECT_TRUE(t->append("abca", out).cut);
  EXPECT_EQ(out.size(), 6u);
}

TEST(Tokenizer, ManyTextsAreEncodedAlikeOnAnyNumberOfThreads) {
  Texts texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(i % 7 == 0 ? "" : "text " + std::to_string(i % 50) + " end");
  for (const char* spec : {"char", "{ type = \"word\", max_length = 2, bounds = true }", "bpe"}) {
    auto t = learned(spec, texts);
    int before = threads();
    set_threads(1);
    EncodedTexts one = encode_all(*t, texts);
    set_threads(4);
    EncodedTexts four = encode_all(*t, texts);
    set_threads(before);
    EXPECT_EQ(one.tokens, four.tokens);
    EXPECT_EQ(one.lengths, four.lengths);
    EXPECT_EQ(one.empty, four.empty);
    EXPECT_EQ(one.cut, four.cut);
    EXPECT_EQ(one.empty.size(), 143u) << "every seventh, the first included";
    EXPECT_EQ(one.empty[1], 7u);
    std::size_t at = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Tokens want = t->encode(texts[i]);
      if (texts[i].empty()) want = want.empty() ? Tokens{kUnknown} : Tokens{kBegin, kUnknown, kEnd};
      Tokens own(one.tokens.begin() + at, one.tokens.begin() + at + one.lengths[i]);
      ASSERT_EQ(own, want) << i;
      at += want.size();
    }
    EXPECT_EQ(one.cut.size(), std::string(spec).find("max") == std::string::npos ? 0u : 857u);
  }
}

TEST(Tokenizer, TextThatIsNotUtf8IsRefused) {
  for (const std::string& type : tokenizers().names()) {
    auto t = learned(type, {"abc"});
    EXPECT_THAT(error_of(ErrorKind::data, [&] { t->encode("ab\xFF"); }), HasSubstr("text:1:3"));
    EXPECT_THAT(error_of(ErrorKind::data, [&] { learned(type, {"\xC3"}); }), HasSubstr("UTF-8"));
    for (std::int32_t number : {-1, static_cast<std::int32_t>(t->size())}) {
      EXPECT_THAT(error_of(ErrorKind::value, [&] { t->decode(Tokens{number}); }), HasSubstr("a number from 0 to"));
      EXPECT_THAT(error_of(ErrorKind::value, [&] { t->token(number); }), HasSubstr("a number from 0 to"));
    }
  }
}

TEST(Tokenizer, MistakesInConfigsAreNamed) {
  auto mistake = [](const std::string& spec) { return error_of(ErrorKind::config, [&] { made(spec); }); };
  EXPECT_THAT(mistake("words"), HasSubstr("did you mean \"word\"?"));
  EXPECT_THAT(mistake("{ type = \"word\", max_word = 3 }"), HasSubstr("max_words"));
  EXPECT_THAT(mistake("{ type = \"word\", max_words = 0 }"), AllOf(HasSubstr("t.max_words"), HasSubstr("200000")));
  EXPECT_THAT(mistake("{ type = \"bpe\", vocabulary = 259 }"), AllOf(HasSubstr("t.vocabulary"), HasSubstr("260")));
  EXPECT_THAT(mistake("{ type = \"char\", max_length = -1 }"), HasSubstr("t.max_length"));
}

TEST(Tokenizer, DamagedStatesAreRefused) {
  auto refused = [](const std::string& type, const std::string& learned) {
    return error_of(ErrorKind::data, [&] { made(type)->restore(parse_json(learned, "")); });
  };
  EXPECT_THAT(refused("word", "{}"), HasSubstr("damaged"));
  EXPECT_THAT(refused("word", R"({"bounds": true, "symbols": [], "counts": []})"), HasSubstr("marks"));
  EXPECT_THAT(refused("char", R"({"bounds": false, "symbols": ["ab"], "counts": [1]})"),
              HasSubstr("\"ab\" is not one character"));
  std::string doubling;  // each rule makes twice what the one before made
  for (int i = 0; i < 12; ++i) doubling += ", " + std::to_string(255 + i) + ", " + std::to_string(255 + i);
  for (const std::string rules : {"{}", "{\"rules\": 1}", "{\"rules\": [97]}", "{\"rules\": [97, 1.5]}",
                                  "{\"rules\": [97, \"b\"]}", "{\"rules\": [97, 256]}", "{\"rules\": [-1, 97]}",
                                  "{\"rules\": [97, 4294967296]}", "{\"rules\": [97, 98, 97, 98]}"})
    EXPECT_THAT(refused("bpe", rules), HasSubstr("damaged")) << rules;
  EXPECT_THAT(refused("bpe", "{\"rules\": [" + doubling.substr(2) + "]}"), HasSubstr("rule 8"))
      << "rules 0 to 7 make 2 to 256 bytes";
}

}  // namespace
}  // namespace gradus
