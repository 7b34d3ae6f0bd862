#include "gradus/data/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

constexpr char32_t kLast = 0x10FFFF;

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
}

bool continues(std::string_view text, std::size_t i) { return (byte_at(text, i) & 0xC0u) == 0x80u; }

// Bytes at the start that are ASCII, eight at a time.
std::size_t ascii_words(std::string_view text) {
  constexpr std::uint64_t kHigh = 0x8080808080808080u;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & kHigh) != 0) break;
  }
  return i;
}

// Where the first byte lies that begins no character, or the text's size.
std::size_t first_fault(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    at += ascii_words(text.substr(at));
    if (at == text.size()) break;
    std::size_t length = utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

// What is wrong with a text that begins with no character.
std::string_view fault(std::string_view text) {
  unsigned lead = byte_at(text, 0), second = byte_at(text, 1);
  if (lead < 0xC0) return "which goes on with a character that nothing begins";
  if (lead == 0xFE || lead == 0xFF) return "which UTF-8 never has: UTF-16, perhaps";
  if (lead < 0xC2) return "which begins a character that has a shorter form";
  if (lead > 0xF4) return "which begins a number above U+10FFFF";
  std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i)
    if (!continues(text, i))
      return text.size() <= i ? "which begins a character that the end cuts short"
                              : "which begins a character that does not go on: Latin-1, perhaps";
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90))
    return "which begins a character that has a shorter form";
  return lead == 0xED ? "which begins half of a UTF-16 pair" : "which begins a number above U+10FFFF";
}

}  // namespace

void append_utf8(std::string& out, char32_t c) {
  if (c > kLast || (c >= 0xD800 && c < 0xE000))
    throw Error(ErrorKind::value, {"code point", "at most U+10FFFF and no surrogate",
                                   fmt::format("U+{:04X}", static_cast<unsigned>(c)), ""});
  auto rest = [&](int shift) { return static_cast<char>(0x80u | (c >> shift & 0x3Fu)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0u | c >> 6);
    out += rest(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0u | c >> 12);
    (out += rest(6)) += rest(0);
  } else {
    out += static_cast<char>(0xF0u | c >> 18);
    ((out += rest(12)) += rest(6)) += rest(0);
  }
}

void check_utf8(std::string_view text, const std::string& name) {
  std::size_t at = first_fault(text);
  if (at == text.size()) return;
  std::string_view before = text.substr(0, at);
  auto line = std::ranges::count(before, '\n') + 1;
  std::size_t column = count_code_points(before.substr(before.rfind('\n') + 1)) + 1;
  throw Error(ErrorKind::data, {fmt::format("{}:{}:{}", name, line, column), "UTF-8 text",
                                fmt::format("0x{:02X} at byte {}, {}", byte_at(text, at), at, fault(text.substr(at))),
                                "save the text as UTF-8"});
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t good = first_fault(text);
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) break;
    out += "\uFFFD";
    text.remove_prefix(1);
  }
  return out;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

std::size_t count_code_points(std::string_view text) {
  auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; };
  return static_cast<std::size_t>(std::ranges::count_if(text, begins));
}

std::string_view first_code_points(std::string_view text, std::size_t n) {
  std::size_t end = 0;
  for (; n > 0 && end < text.size(); --n) end += first_code_point(text.substr(end)).bytes;
  return text.substr(0, end);
}

char32_t folded(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
  std::span<const FoldRange> ranges = fold_ranges();
  auto it = std::ranges::upper_bound(ranges, c, {}, &FoldRange::first);
  if (it == ranges.begin()) return c;
  --it;
  bool folds = c <= it->last && (c - it->first) % static_cast<char32_t>(it->step) == 0;
  return folds ? static_cast<char32_t>(static_cast<std::int32_t>(c) + it->delta) : c;
}

void fold_case(std::string_view text, std::string& out) {
  out.resize(text.size());
  std::size_t ascii = 0;
  for (; ascii < text.size() && static_cast<unsigned char>(text[ascii]) < 0x80; ++ascii) {
    char c = text[ascii];
    out[ascii] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  out.resize(ascii);
  each_code_point(text.substr(ascii), [&](char32_t c, std::string_view) { append_utf8(out, folded(c)); });
}

CharacterKind character_kind(char32_t c) {
  std::span<const KindRange> ranges = kind_ranges();
  return (std::ranges::upper_bound(ranges, c, {}, &KindRange::first) - 1)->kind;
}

}  // namespace gradus
