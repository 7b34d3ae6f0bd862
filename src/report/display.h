#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gradus {

// Valid UTF-8 without control characters (newlines and tabs stay): each bad byte becomes U+FFFD. For text of unknown
// origin (column names, labels, paths) before it is shown anywhere.
std::string clean_text(std::string_view text);

// clean_text, with & < > " ' as entities: safe between HTML or SVG tags and inside quoted attributes.
std::string escape_html(std::string_view text);

// With a capital first letter, where it is one of a to z.
std::string capitalized(std::string text);

// Number of characters (code points) of valid UTF-8.
std::size_t text_length(std::string_view text);

// At most `most` characters; what is cut off is replaced by an ellipsis, which counts as one.
std::string shorten(std::string_view text, std::size_t most);

// Four significant digits for people: "0.9667", "1,234", "1.2·10⁻⁵", "not a number", "infinite".
std::string format_number(double value);

// Four significant digits, trailing zeros kept, so that figures can be compared at a glance: "0.9230", "41.90"; whole
// numbers of a thousand and more, and what format_number says in words or powers, are as there.
std::string format_figure(double value);

// "1,234,567"
std::string format_count(std::int64_t count);

// Parts of one as percent: 0.123 -> "12.3 %".
std::string format_share(double share);

// "512 B", "1.5 kB", "24 MB"; 1 kB is 1,000 bytes.
std::string format_bytes(std::int64_t bytes);

// "0.8 s", "12 s", "3 min 5 s", "2 h 10 min"
std::string format_duration(double seconds);

// mantissa·10^exponent with raised digits; a mantissa of 1 is left out: "10⁻³", "2.5·10⁶".
std::string power_of_ten(std::string_view mantissa, int exponent);

}  // namespace gradus
