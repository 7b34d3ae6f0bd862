#include "gradus/report/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace gradus {
namespace {

// Length of the valid UTF-8 sequence at the start of `s`, or 0 (overlong forms, surrogates and values past U+10FFFF
// are invalid).
std::size_t sequence_length(std::string_view s) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || s.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  unsigned second = byte(1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
      (lead == 0xF4 && second > 0x8F))
    return 0;
  return n;
}

bool is_control(std::string_view sequence) {
  unsigned char lead = sequence[0];
  if (sequence.size() == 1) return (lead < 0x20 && lead != '\n' && lead != '\t') || lead == 0x7F;
  return lead == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t n = sequence_length(text.substr(i));
    if (n == 0) {
      out += "\uFFFD";
      ++i;
      continue;
    }
    std::string_view sequence = text.substr(i, n);
    if (!is_control(sequence)) out += sequence;
    i += n;
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : clean_text(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::size_t text_length(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::string shorten(std::string_view text, std::size_t most) {
  if (text_length(text) <= most) return std::string(text);
  std::size_t characters = 0, bytes = 0;
  while (bytes < text.size()) {
    bool starts = (text[bytes] & 0xC0) != 0x80;
    if (starts && ++characters == most) break;
    ++bytes;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string power_of_ten(std::string_view mantissa, int exponent) {
  static constexpr std::array<const char*, 10> kRaised = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = mantissa == "1" ? "10" : mantissa == "-1" ? "-10" : std::string(mantissa) + "·10";
  if (exponent < 0) out += "⁻";
  for (char digit : std::to_string(std::abs(exponent))) out += kRaised[digit - '0'];
  return out;
}

std::string format_count(std::int64_t count) {
  std::string digits = std::to_string(count), out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    out += digits[i];
    std::size_t rest = digits.size() - 1 - i;
    if (digits[i] != '-' && rest > 0 && rest % 3 == 0) out += ',';
  }
  return out;
}

std::string format_number(double value) {
  if (std::isnan(value)) return "not a number";
  if (std::isinf(value)) return value > 0 ? "infinite" : "-infinite";
  double size = std::abs(value);
  if (value == std::floor(value) && size < 1e7) return format_count(static_cast<std::int64_t>(value));
  if (size >= 1e-4 && size < 1e7) {
    if (size >= 1000) return format_count(std::llround(value));
    return fmt::format("{:.4g}", value);
  }
  std::string text = fmt::format("{:.2e}", value);
  std::size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  mantissa.erase(mantissa.find_last_not_of('0') + 1);
  if (mantissa.back() == '.') mantissa.pop_back();
  return power_of_ten(mantissa, std::stoi(text.substr(e + 1)));
}

std::string format_figure(double value) {
  double size = std::abs(value);
  return size >= 1e-4 && size < 999.95 ? fmt::format("{:#.4g}", value) : format_number(value);
}

std::string format_share(double share) {
  if (!std::isfinite(share)) return format_number(share);
  double percent = 100 * share;
  return fmt::format("{:.{}f} %", percent, std::abs(percent) >= 99.95 || percent == 0 ? 0 : 1);
}

std::string format_bytes(std::int64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1000 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", amount, unit > 0 && amount < 10 ? 1 : 0, kUnits[unit]);
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return format_number(seconds);
  if (seconds < 0.0005) return "under 1 ms";
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", 1000 * seconds);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  auto whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace gradus
