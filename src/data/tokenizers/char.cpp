#include <array>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

constexpr std::size_t kAscii = 128;

// Code points.
class CharTokenizer final : public Tokenizer {
 public:
  struct Params {
    TokenizerParams shared;
    std::int64_t min_count = 1;
    bool lower = false;
    void fields(Fields& f) {
      f("min_count", min_count, at_least(1), "rarer characters are unknown");
      f("lower", lower, "whether capitals become small letters");
      shared.shared_fields(f);
    }
  };
  explicit CharTokenizer(Params p) : Tokenizer(p.shared), p_(p) { number_ascii(); }

  std::int64_t size() const override { return vocabulary_.size(); }
  std::string token(std::int32_t number) const override { return std::string(vocabulary_.symbol(number)); }
  Value state() const override { return vocabulary_.state(); }
  void restore(const Value& state) override {
    Vocabulary vocabulary = restored_vocabulary(state, p_.shared.bounds);
    for (std::int32_t i = vocabulary.reserved(); i < vocabulary.size(); ++i)
      if (count_code_points(vocabulary.symbol(i)) != 1)
        throw Error(ErrorKind::data, "the model's vocabulary",
                    "damaged: " + quoted(vocabulary.symbol(i)) + " is not one character", "train the model again");
    vocabulary_ = std::move(vocabulary);
    number_ascii();
  }

 private:
  void learn_from(const EachText& texts) override {
    std::vector<std::int64_t> counts(kAscii);  // as long as the largest code point wants
    texts([&](std::string_view text) {
      each_code_point(text, [&](char32_t c, std::string_view) {
        std::size_t own = p_.lower ? folded(c) : c;
        if (own >= counts.size()) counts.resize(own + 1);
        ++counts[own];
      });
    });
    std::vector<std::pair<std::string, std::int64_t>> counted;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (counts[c] == 0) continue;
      counted.emplace_back("", counts[c]);
      append_utf8(counted.back().first, static_cast<char32_t>(c));
    }
    vocabulary_ = Vocabulary::learned(std::move(counted), {p_.min_count, 0, p_.shared.bounds});
    number_ascii();
  }

  void append_tokens(std::string_view text, std::size_t most, std::vector<std::int32_t>& out) const override {
    std::string small;
    for (; !text.empty() && most > 0; --most) {
      CodePoint c = first_code_point(text);
      char32_t value = p_.lower ? folded(c.value) : c.value;
      if (value < kAscii) {
        out.push_back(ascii_[value]);
      } else {
        small.clear();
        append_utf8(small, value);
        out.push_back(vocabulary_.find(small));
      }
      text.remove_prefix(c.bytes);
    }
  }

  std::string text_of(std::span<const std::int32_t> tokens) const override {
    std::string text;
    for (std::int32_t number : tokens) text += number == kUnknown ? "\uFFFD" : vocabulary_.symbol(number);
    return text;
  }

  void number_ascii() {
    for (std::size_t c = 0; c < kAscii; ++c) {
      char byte = static_cast<char>(c);
      ascii_[c] = vocabulary_.find({&byte, 1});
    }
  }

  Params p_;
  Vocabulary vocabulary_;
  std::array<std::int32_t, kAscii> ascii_{};
};

}  // namespace

void register_char(Catalog<Tokenizer>& catalog) {
  catalog.add<CharTokenizer>("char", "Characters: Unicode's code points.");
}

}  // namespace gradus
