#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gradus/data/text/unicode_tables.h"

namespace gradus {

// One character of a text: its code point and the bytes that it takes.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

// The first code point of a text that is UTF-8 and not empty.
inline CodePoint first_code_point(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto rest = [&](std::size_t i) { return static_cast<char32_t>(byte(i) & 0x3Fu); };
  char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {(lead & 0x1Fu) << 6 | rest(1), 2};
  if (lead < 0xF0) return {(lead & 0x0Fu) << 12 | rest(1) << 6 | rest(2), 3};
  return {(lead & 0x07u) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3), 4};
}

// Calls visit(code point, its bytes as text) for each of a text that is UTF-8.
template <class Visit>
void each_code_point(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    CodePoint c = first_code_point(text);
    visit(c.value, text.substr(0, c.bytes));
    text.remove_prefix(c.bytes);
  }
}

// Appends a code point; Error{value} for surrogates and numbers above U+10FFFF, which UTF-8 has no bytes for.
void append_utf8(std::string& out, char32_t code_point);

// Throws Error{data} unless the text is UTF-8: the place "`name`:line:column", columns counted in characters, the
// byte's number from 0, and what is wrong with it.
void check_utf8(std::string_view text, const std::string& name);

// The text with U+FFFD for every byte that belongs to no character.
std::string repaired_utf8(std::string_view text);

// Without the byte-order mark that UTF-8 text may begin with.
std::string_view without_mark(std::string_view text);

// For text that is UTF-8.
std::size_t count_code_points(std::string_view text);
// The first `n` code points.
std::string_view first_code_points(std::string_view text, std::size_t n);

// Simple case folding (Unicode's CaseFolding.txt, statuses C and S): capitals of every script become small, a final
// sigma a sigma and a long s an s; one code point becomes one, so a sharp s stays.
char32_t folded(char32_t code_point);
// Writes the folded text to `out`, whose memory is used again. The text must be UTF-8.
void fold_case(std::string_view text, std::string& out);

CharacterKind character_kind(char32_t code_point);

}  // namespace gradus
