#include "gradus/data/numbers.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include "gradus/base/text.h"

namespace gradus {

bool parse_number(std::string_view text, double& out, char point) {
  const char* first = text.data();
  const char* last = first + text.size();
  if (first != last && *first == '+') {
    ++first;
    if (first != last && (*first == '-' || *first == '+')) return false;
  }
  double value = 0;
  auto [end, ec] =
      fast_float::from_chars_advanced(first, last, value, fast_float::parse_options(fast_float::general, point));
  if (ec != std::errc() || end != last || first == last) return false;
  out = value;
  return true;
}

std::string number_text(double x) { return fmt::format("{}", x); }

std::string short_quoted(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return quoted(text);
  std::size_t cut = kLongest;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0u) == 0x80u) --cut;
  return quoted(text.substr(0, cut)) + "...";
}

std::string count_text(std::uint64_t n, std::string_view noun, std::string_view plural) {
  if (n == 1) return fmt::format("1 {}", noun);
  return plural.empty() ? fmt::format("{} {}s", n, noun) : fmt::format("{} {}", n, plural);
}

}  // namespace gradus
