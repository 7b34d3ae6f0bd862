#include "gradus/base/error.h"
#include "gradus/data/text/byte_pairs.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

constexpr std::int64_t kFewest = 4 + kByteSymbols, kMost = 200'000;

Error damaged(const std::string& what) {
  return {ErrorKind::data, "the model's tokenizer", "damaged: " + what, "train the model again"};
}

template <class Visit>
void each_piece(std::string_view text, Visit&& visit) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = end_of_piece(text, at);
    if (!visit(text.substr(at, end - at))) return;
    at = end;
  }
}

// Byte pairs: every text can be told, and decode gives it back.
class BpeTokenizer final : public Tokenizer {
 public:
  struct Params {
    TokenizerParams shared;
    std::int64_t vocabulary = 8000;
    void fields(Fields& f) {
      f("vocabulary", vocabulary, between(static_cast<double>(kFewest), static_cast<double>(kMost)),
        "different tokens, reserved ones and 256 bytes included");
      shared.shared_fields(f);
    }
  };
  explicit BpeTokenizer(Params p) : Tokenizer(p.shared), p_(p) {}

  std::int64_t size() const override { return reserved() + static_cast<std::int64_t>(pairs_.size()); }
  std::string token(std::int32_t number) const override {
    if (number < 0 || number >= size())
      throw Error(ErrorKind::value,
                  {"token", "a number from 0 to " + std::to_string(size() - 1), std::to_string(number), ""});
    return number < reserved() ? std::string(kReservedNames[static_cast<std::size_t>(number)])
                               : pairs_.bytes(number - reserved());
  }

  Value state() const override {
    Value rules = Value::array(), v = Value::table();
    for (const BytePair& rule : pairs_.rules()) {
      rules.push_back(rule.left);
      rules.push_back(rule.right);
    }
    v.set("rules", std::move(rules));
    return v;
  }
  void restore(const Value& state) override {
    std::vector<std::int64_t> numbers;
    try {
      for (const Value& number : state.at("rules").as_array()) numbers.push_back(number.as_integer());
    } catch (const Error& e) {
      throw damaged(e.what());
    }
    if (numbers.size() % 2 != 0) throw damaged("a rule has one symbol");
    if (static_cast<std::int64_t>(numbers.size()) > 2 * kMost) throw damaged("it has too many rules");
    auto symbol = [](std::int64_t number) {
      return number < 0 || number > kMost ? -1 : static_cast<std::int32_t>(number);
    };
    std::vector<BytePair> rules;
    for (std::size_t i = 0; i < numbers.size(); i += 2) rules.push_back({symbol(numbers[i]), symbol(numbers[i + 1])});
    pairs_ = BytePairs(std::move(rules));
  }

 private:
  void learn_from(const EachText& texts) override {
    TextIndex pieces;
    std::vector<std::int64_t> counts;
    texts([&](std::string_view text) {
      each_piece(text, [&](std::string_view piece) {
        auto number = static_cast<std::size_t>(pieces.add(piece));
        if (number == counts.size()) counts.push_back(0);
        ++counts[number];
        return true;
      });
    });
    pairs_ = BytePairs(learned_pairs(pieces, counts, static_cast<std::size_t>(p_.vocabulary - reserved())));
  }

  void append_tokens(std::string_view text, std::size_t most, std::vector<std::int32_t>& out) const override {
    std::size_t end = most < SIZE_MAX - out.size() ? out.size() + most : SIZE_MAX;
    each_piece(text, [&](std::string_view piece) {
      pairs_.append(piece, reserved(), out);
      return out.size() < end;
    });
  }

  std::string text_of(std::span<const std::int32_t> tokens) const override {
    std::string bytes;
    for (std::int32_t number : tokens) bytes += number == kUnknown ? "\uFFFD" : pairs_.bytes(number - reserved());
    return repaired_utf8(bytes);
  }

  Params p_;
  BytePairs pairs_;
};

}  // namespace

void register_bpe(Catalog<Tokenizer>& catalog) {
  catalog.add<BpeTokenizer>(
      "bpe", "Byte pairs: parts of words, learned as the pairs of symbols that stand together most often.",
      "Sennrich, Haddow and Birch, Neural machine translation of rare words with subword units, ACL 2016; "
      "Gage, A new algorithm for data compression, 1994");
}

}  // namespace gradus
