#include <algorithm>

#include "gradus/data/text/tokenizer.h"
#include "gradus/data/text/utf8.h"
#include "gradus/data/text/words.h"

namespace gradus {
namespace {

constexpr std::size_t kLongestWord = 256;  // bytes; longer ones are codes and noise, and stay unknown

// Whether a word stands without a space behind it, or before it, in running text.
constexpr std::string_view kOpening[] = {"(", "[", "{", "\u201C", "\u2018", "\u00AB", "\u00BF", "\u00A1", "$", "#"};
constexpr std::string_view kClosing[] = {".", ",", ";",      ":",      "!",      "?",      ")",
                                         "]", "}", "\u201D", "\u2019", "\u00BB", "\u2026", "%"};

bool is_among(std::string_view word, std::span<const std::string_view> signs) {
  return std::ranges::find(signs, word) != signs.end();
}

// Words and signs.
class WordTokenizer final : public Tokenizer {
 public:
  struct Params {
    TokenizerParams shared;
    std::int64_t max_words = 20'000, min_count = 2;
    bool lower = true;
    void fields(Fields& f) {
      f("max_words", max_words, between(1, 200'000), "words in the vocabulary, the most frequent ones");
      f("min_count", min_count, at_least(1), "rarer words are unknown");
      f("lower", lower, "whether capitals become small letters");
      shared.shared_fields(f);
    }
  };
  explicit WordTokenizer(Params p) : Tokenizer(p.shared), p_(p) {}

  std::int64_t size() const override { return vocabulary_.size(); }
  std::string token(std::int32_t number) const override { return std::string(vocabulary_.symbol(number)); }
  Value state() const override { return vocabulary_.state(); }
  void restore(const Value& state) override { vocabulary_ = restored_vocabulary(state, p_.shared.bounds); }

 private:
  void learn_from(const EachText& texts) override {
    TextIndex words;
    std::vector<std::int64_t> counts;
    std::string small;
    texts([&](std::string_view text) {
      each_word(written(text, small), [&](std::string_view word) {
        if (word.size() > kLongestWord) return true;
        auto number = static_cast<std::size_t>(words.add(word));
        if (number == counts.size()) counts.push_back(0);
        ++counts[number];
        return true;
      });
    });
    vocabulary_ = counted_vocabulary(words, counts, {p_.min_count, p_.max_words, p_.shared.bounds});
  }

  void append_tokens(std::string_view text, std::size_t most, std::vector<std::int32_t>& out) const override {
    thread_local std::string small;
    std::size_t end = most < SIZE_MAX - out.size() ? out.size() + most : SIZE_MAX;
    each_word(written(text, small), [&](std::string_view word) {
      out.push_back(vocabulary_.find(word));
      return out.size() < end;
    });
  }

  std::string text_of(std::span<const std::int32_t> tokens) const override {
    std::string text;
    bool opens = true;
    for (std::int32_t number : tokens) {
      std::string_view word = number == kUnknown ? "\uFFFD" : vocabulary_.symbol(number);
      if (!opens && !is_among(word, kClosing)) text += ' ';
      text += word;
      opens = is_among(word, kOpening);
    }
    return text;
  }

  // The text as words are taken from it; `small` holds it where that is another one.
  std::string_view written(std::string_view text, std::string& small) const {
    if (!p_.lower) return text;
    fold_case(text, small);
    return small;
  }

  Params p_;
  Vocabulary vocabulary_;
};

}  // namespace

void register_word(Catalog<Tokenizer>& catalog) {
  catalog.add<WordTokenizer>("word", "Words, and every sign apart; numbers and words with an apostrophe stay whole.");
}

}  // namespace gradus
