#pragma once

#include <string>
#include <vector>

#include "gradus/base/value.h"

namespace gradus::cli {

// Whether standard error is a terminal that understands cursor control.
bool interactive();

// A line on standard error, with control characters of untrusted text taken out.
void say(const std::string& text);
// One JSON document on standard output.
void print_json(const Value& value);
// Text on standard output, with and without the end of its line.
void print(const std::string& text);
void print_as_is(const std::string& text);
// Sends out what was printed: to be called before success is reported. Throws Error{file} when it cannot be
// written (a full disk, a reader that has gone).
void finish_output();

// Rows as aligned columns; numbers to the right.
std::string aligned_table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);

// 1234567 as "1,234,567"; seconds as "3.2 s", "4 min 10 s"; a number with 4 significant digits.
std::string grouped(std::int64_t n);
std::string duration(double seconds);
std::string short_number(double x);

}  // namespace gradus::cli
