#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradus {

// Shortest decimal text that reads back as the same number, always with a point or an exponent ("1.0", "1e+20");
// "inf", "-inf" or "nan" where it is not finite.
std::string real_text(double x);

// Bytes of the UTF-8 character at the start of `text` (RFC 3629: no overlong forms, no surrogates), 0 where there is
// none.
std::size_t utf8_length(std::string_view text);

// Whether a text is UTF-8.
bool is_utf8(std::string_view text);

// `text` in double quotes, with control characters, quotes and backslashes escaped in the way TOML and JSON share;
// bytes that are not UTF-8 become U+FFFD. The result is valid UTF-8.
std::string quoted(std::string_view text);

// Appends `text` to `out` as `quoted` writes it.
void append_quoted(std::string& out, std::string_view text);

// What a message shows of a text from outside: cut after `longest` bytes, control characters escaped, valid UTF-8.
std::string printable(std::string_view text, std::size_t longest = 200);

// The same in quotes, for a word such as a key or a choice.
std::string shown(std::string_view word, std::size_t longest = 60);

// "a, b, c".
std::string comma_list(const std::vector<std::string>& words);

}  // namespace gradus
