#include "gradus/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace gradus {
namespace {

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      (out += '\\') += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

// Appends `text` as valid UTF-8 without control characters and, where `escape_quotes`, fit to stand in quotes.
void append_clean(std::string& out, std::string_view text, bool escape_quotes) {
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    char c = text[0];
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    if (length == 0)
      out += "\uFFFD";
    else if (control || (escape_quotes && (c == '"' || c == '\\')))
      append_escape(out, c);
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

// At most `longest` bytes from the beginning of `text`, ending between characters.
std::string_view beginning(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0u) == 0x80u) --longest;
  return text.substr(0, longest);
}

}  // namespace

std::size_t utf8_length(std::string_view s) {
  auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  auto continues = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  unsigned lead = byte(0), second = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead < 0xF0) {
    bool shortest = lead != 0xE0 || second >= 0xA0, surrogate = lead == 0xED && second >= 0xA0;
    return continues(1) && continues(2) && shortest && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead < 0xF5) {
    bool in_range = (lead != 0xF0 || second >= 0x90) && (lead != 0xF4 || second < 0x90);
    return continues(1) && continues(2) && continues(3) && in_range ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string real_text(double x) {
  if (std::isnan(x)) return "nan";
  std::string text = fmt::format("{}", x);
  if (std::isfinite(x) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_clean(out, text, true);
  out += '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string printable(std::string_view text, std::size_t longest) {
  std::string out;
  append_clean(out, beginning(text, longest), false);
  if (text.size() > longest) out += "...";
  return out;
}

std::string shown(std::string_view word, std::size_t longest) {
  return quoted(beginning(word, longest)) + (word.size() > longest ? "..." : "");
}

std::string comma_list(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

}  // namespace gradus
