#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/base/catalog.h"
#include "gradus/data/text/vocabulary.h"

namespace gradus {

// Goes through a collection of texts: calls its argument with each.
using EachText = std::function<void(const std::function<void(std::string_view)>&)>;

// What all tokenizers have in common.
struct TokenizerParams {
  std::int64_t max_length = 0;
  bool bounds = false;
  void shared_fields(Fields& f);
};

// Divides texts into tokens and numbers them: kPadding and kUnknown are reserved, and with `bounds` kBegin and kEnd,
// which then stand before and behind every text. Its vocabulary comes from the training texts alone. Each file of
// tokenizers/ holds one. Texts must be UTF-8: Error{data} that tells line, column and byte. Once learned or restored it
// is safe to use from several threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Replaces what was learned before. The same texts give the same tokens, whatever their order.
  void learn(const EachText& texts);

  // What became of a text: how many tokens it has, and whether there were more than max_length allows.
  struct Encoded {
    std::size_t tokens = 0;  // without the marks at both ends
    bool cut = false;
  };
  // Appends the tokens' numbers. Of more than max_length tokens the first are kept, and no kEnd follows them.
  Encoded append(std::string_view text, std::vector<std::int32_t>& out) const;
  std::vector<std::int32_t> encode(std::string_view text) const;
  // A text that has these tokens, as far as they tell it; unknown ones become U+FFFD, the other reserved ones nothing.
  // Throws Error{value} for numbers that are none of it.
  std::string decode(std::span<const std::int32_t> tokens) const;

  // Whether kBegin and kEnd stand around every text.
  bool bounds() const { return shared_.bounds; }
  // How many different numbers there are.
  virtual std::int64_t size() const = 0;
  // A token's text, or the name of a reserved one: bytes, which by themselves need not be UTF-8. Throws Error{value}.
  virtual std::string token(std::int32_t number) const = 0;

  // What was learned, for the model file. restore throws Error{data} for a state that is damaged.
  virtual Value state() const = 0;
  virtual void restore(const Value& state) = 0;

 protected:
  explicit Tokenizer(TokenizerParams params) : shared_(params) {}
  const TokenizerParams& shared() const { return shared_; }
  std::int32_t reserved() const { return reserved_count(shared_.bounds); }

 private:
  // For texts that are UTF-8.
  virtual void learn_from(const EachText& texts) = 0;
  // Appends at least the first `most` tokens of a text that has as many, else all.
  virtual void append_tokens(std::string_view text, std::size_t most, std::vector<std::int32_t>& out) const = 0;
  // The text of tokens that are in range and not reserved, but for kUnknown.
  virtual std::string text_of(std::span<const std::int32_t> tokens) const = 0;

  TokenizerParams shared_;
};

// Tokenizers by name.
const Catalog<Tokenizer>& tokenizers();

// The tokenizer that a config asks for, as a table with all its keys beside what it learned, and back from there.
Value tokenizer_state(const Value& spec, const Tokenizer& tokenizer);
std::unique_ptr<Tokenizer> restored_tokenizer(const Value& state);

// Refuses (Error{data}) what has learned no token, so that all texts are alike to it.
void require_known_tokens(const Tokenizer& tokenizer);
// Refuses a text whose tokens memory has no room for, judged by its first megabyte: Error{data} for `place`.
void require_token_memory(const Tokenizer& tokenizer, std::string_view text, const std::string& place);

// For tokenizers with a vocabulary: one from the counts of an index's texts.
Vocabulary counted_vocabulary(const TextIndex& symbols, const std::vector<std::int64_t>& counts,
                              const Vocabulary::Limits& limits);
// One from a state; Error{data} where it has other marks than the config says.
Vocabulary restored_vocabulary(const Value& state, bool bounds);

// Many texts as tokens, one after the other.
struct EncodedTexts {
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> lengths;  // of each text, at least 1: a text without a token is one kUnknown
  std::vector<std::uint32_t> empty;   // texts that had no token, ascending
  std::vector<std::uint32_t> cut;     // texts that were cut, ascending
};
// Encodes on all threads.
EncodedTexts encode_all(const Tokenizer& tokenizer, std::span<const std::string> texts);

}  // namespace gradus
