#pragma once

#include <cstdint>
#include <span>

namespace gradus {

// What a character is to the division of text into words: white space; a part of a word (letters, marks, numbers,
// underscores and the like); a word by itself, as in scripts written without spaces (Han, Hiragana, Katakana); any
// other sign.
enum class CharacterKind : std::uint8_t { space, word, character, sign };

// The kind of the code points from `first` on, up to the next range.
struct KindRange {
  char32_t first;
  CharacterKind kind;
};

// Every `step`-th code point from `first` to `last` folds to itself plus `delta`.
struct FoldRange {
  char32_t first, last;
  std::int32_t step, delta;
};

// Ascending. The kinds begin at 0; code points that Unicode leaves free have that of the range before.
std::span<const KindRange> kind_ranges();
std::span<const FoldRange> fold_ranges();

}  // namespace gradus
