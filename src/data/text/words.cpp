#include "gradus/data/text/words.h"

#include <array>

#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

constexpr std::string_view kApostrophe = "\u2019";

struct Seen {
  CharacterKind kind;
  std::size_t bytes;
};

Seen seen(std::string_view text, std::size_t at) {
  static const std::array<CharacterKind, 128> ascii = [] {
    std::array<CharacterKind, 128> kinds{};
    for (char32_t c = 0; c < kinds.size(); ++c) kinds[c] = character_kind(c);
    return kinds;
  }();
  auto byte = static_cast<unsigned char>(text[at]);
  if (byte < ascii.size()) return {ascii[byte], 1};
  CodePoint c = first_code_point(text.substr(at));
  return {character_kind(c.value), c.bytes};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bytes of the sign at `at`, behind a character of a word, where it belongs to the word; else 0.
std::size_t joining_sign(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at);
  std::size_t bytes = rest[0] == '\'' ? 1 : rest.starts_with(kApostrophe) ? kApostrophe.size() : 0;
  if (bytes > 0 && bytes < rest.size()) return seen(rest, bytes).kind == CharacterKind::word ? bytes : 0;
  bool joins_digits = (rest[0] == '.' || rest[0] == ',') && is_digit(text[at - 1]) && rest.size() > 1;
  return joins_digits && is_digit(rest[1]) ? 1 : 0;
}

}  // namespace

std::size_t end_of_word(std::string_view text, std::size_t begin) {
  Seen first = seen(text, begin);
  if (first.kind == CharacterKind::space) return begin;
  std::size_t end = begin + first.bytes;
  if (first.kind != CharacterKind::word) return end;
  while (end < text.size()) {
    Seen next = seen(text, end);
    std::size_t bytes = next.kind == CharacterKind::word ? next.bytes : joining_sign(text, end);
    if (bytes == 0) break;
    end += bytes;
  }
  return end;
}

std::size_t end_of_space(std::string_view text, std::size_t begin) {
  while (begin < text.size()) {
    Seen next = seen(text, begin);
    if (next.kind != CharacterKind::space) break;
    begin += next.bytes;
  }
  return begin;
}

}  // namespace gradus
