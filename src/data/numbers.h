#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gradus {

// Reads `text` as one decimal number, all of it: [+-] digits with `point` between them, an optional exponent, "inf" or
// "nan" in any case. False, with `out` untouched, when it is anything else (also for surrounding spaces).
bool parse_number(std::string_view text, double& out, char point = '.');

// Shortest text that parse_number reads back as the same number, without a needless point: "5", "0.1", "1e+20".
std::string number_text(double x);

// `text` in quotes for an error message: escaped as by `quoted`, cut to about 60 characters.
std::string short_quoted(std::string_view text);

// "1 row", "2 rows": a count with its noun.
std::string count_text(std::uint64_t n, std::string_view noun, std::string_view plural = "");

}  // namespace gradus
