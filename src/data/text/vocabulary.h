#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/data/text_index.h"

namespace gradus {

// The numbers that stand for no text of their own and come before all symbols.
inline constexpr std::int32_t kPadding = 0, kUnknown = 1, kBegin = 2, kEnd = 3;
inline constexpr std::array<std::string_view, 4> kReservedNames = {"<pad>", "<unk>", "<bos>", "<eos>"};

// How many numbers are reserved: padding and unknown, and where texts are marked at both ends also these marks.
constexpr std::int32_t reserved_count(bool bounds) { return bounds ? 4 : 2; }

// Symbols (characters, words) by number, with how often each occurred in the texts they were learned from. A symbol
// that is spelt like a reserved name is a symbol of its own.
class Vocabulary {
 public:
  struct Limits {
    std::int64_t min_count = 1;  // rarer symbols are left out
    std::int64_t max_size = 0;   // symbols beside the reserved ones, the most frequent; 0: no limit
    bool bounds = false;         // whether kBegin and kEnd are reserved
  };
  // Reserved numbers alone.
  Vocabulary() = default;
  // From each symbol's count, in any order; numbered by falling count, of equals the one whose bytes come first.
  static Vocabulary learned(std::vector<std::pair<std::string, std::int64_t>> counted, const Limits& limits);

  // The numbers, reserved ones included.
  std::int64_t size() const { return reserved_ + static_cast<std::int64_t>(index_.size()); }
  std::int32_t reserved() const { return reserved_; }
  // kUnknown where there is no such symbol.
  std::int32_t find(std::string_view symbol) const {
    std::int32_t number = index_.find(symbol);
    return number < 0 ? kUnknown : number + reserved_;
  }
  // A number's symbol or reserved name, and its count (0 for reserved ones). Throw Error{value} for a number out of
  // range.
  std::string_view symbol(std::int32_t number) const;
  std::int64_t count(std::int32_t number) const;

  // For the model file. restored throws Error{data} for a state that is damaged.
  Value state() const;
  static Vocabulary restored(const Value& state);

 private:
  void add(std::string_view symbol, std::int64_t count);
  void check(std::int32_t number) const;

  std::int32_t reserved_ = reserved_count(false);
  TextIndex index_;
  std::vector<std::int64_t> counts_;
};

}  // namespace gradus
