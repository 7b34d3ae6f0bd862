#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/text_index.h"

namespace gradus {

// Byte-pair encoding (Gage, "A new algorithm for data compression", 1994; for words: Sennrich, Haddow and Birch,
// "Neural machine translation of rare words with subword units", ACL 2016). Symbols 0 to 255 are bytes; symbol 256 + i
// is the two symbols of rule i, one after the other.
struct BytePair {
  std::int32_t left = 0, right = 0;
};

inline constexpr std::int32_t kByteSymbols = 256;
inline constexpr std::size_t kLongestSymbol = 256;  // bytes

// Numbers by pairs of symbols.
class PairTable {
 public:
  // The number of a pair, -1 where it has none.
  std::int32_t find(BytePair pair) const;
  // Gives a pair that has none the number of pairs before it.
  std::int32_t add(BytePair pair);
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t pair = 0;
    std::int32_t number = -1;
  };
  std::size_t slot_of(std::uint64_t pair) const;

  std::vector<Slot> slots_;  // a power of two, at most half of them used
  std::size_t size_ = 0;
};

// Rules learned from pieces of text, each as often as its count says: again and again the pair of neighbouring symbols
// that occurs most often (overlaps count; of equals the one of the smaller left, then right symbol) becomes a symbol,
// from the left to the right, until there are `symbols` or no pair occurs twice. A pair is passed over whose bytes are
// a symbol already or more than kLongestSymbol. Throws Error{data} for pieces of more than 2^31 - 1 bytes.
std::vector<BytePair> learned_pairs(const TextIndex& pieces, const std::vector<std::int64_t>& counts,
                                    std::size_t symbols);

// Divides pieces into symbols by applying all rules in their order, each from the left to the right.
class BytePairs {
 public:
  BytePairs() : BytePairs(std::vector<BytePair>()) {}
  // Throws Error{data} for rules that learned_pairs cannot give: symbols that come later, repeated or too long ones.
  explicit BytePairs(std::vector<BytePair> rules);

  std::size_t size() const { return symbols_.size(); }
  const std::vector<BytePair>& rules() const { return rules_; }
  const std::string& bytes(std::int32_t symbol) const { return symbols_[static_cast<std::size_t>(symbol)]; }
  // Appends the symbols of a piece, each plus `first`.
  void append(std::string_view piece, std::int32_t first, std::vector<std::int32_t>& out) const;

 private:
  void divide(std::string_view piece, std::int32_t first, std::vector<std::int32_t>& out) const;

  std::vector<BytePair> rules_;
  std::vector<std::string> symbols_;
  PairTable rule_of_;
  TextIndex whole_;  // symbols that are not divided when they stand alone
  std::vector<std::int32_t> whole_symbols_;
};

// The end of the piece that begins at `begin` of a text, which no symbol crosses: one space at most and behind it
// letters (with all bytes from 0x80 on), digits, or other signs; else white space, but for a space that belongs to what
// follows.
std::size_t end_of_piece(std::string_view text, std::size_t begin);

}  // namespace gradus
