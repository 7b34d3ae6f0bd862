#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace gradus {

// Reads an undecorated number, [-]digits[point digits], and returns where it ends; null when there is none, or when it
// has more digits than a double's exact integers. The text must go on to a byte that cannot be part of it. Exact: the
// quotient of two exactly represented numbers is correctly rounded (Clinger 1990, "How to read floating point numbers
// accurately").
inline const char* plain_number(const char* p, char point, double& out) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                       1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
  bool negative = *p == '-';
  p += negative;
  const char* first = p;
  std::uint64_t digits = 0;
  auto is_digit = [](char c) { return static_cast<unsigned char>(c - '0') < 10; };
  for (; is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
  std::size_t count = static_cast<std::size_t>(p - first), decimals = 0;
  if (*p == point) {
    const char* after = ++p;
    for (; is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
    decimals = static_cast<std::size_t>(p - after);
    count += decimals;
  }
  if (count == 0 || count > 19 || digits > (std::uint64_t{1} << 53)) return nullptr;
  double value = static_cast<double>(digits);
  if (decimals > 0) value /= kPowers[decimals];
  out = negative ? -value : value;
  return p;
}

// What a field's end was.
enum class FieldEnd {
  delimiter,   // another field of the record follows
  record,      // the record's last field
  incomplete,  // the window ends inside quotes
  too_long,
  too_many,  // fields in the record
  nul,       // a NUL byte, which no text has
};

// The RFC 4180 state machine, one field at a time, over a window that ends with a line break. It also takes what files
// in the wild have: spaces around fields and quotes, CR or LF alone, quotes inside unquoted text (kept), text after a
// closing quote (kept).
class CsvScanner {
 public:
  CsvScanner(char delimiter, std::size_t max_field) : delimiter_(delimiter), max_field_(max_field) {
    for (char c : {delimiter, '\n', '\r', '\0'}) stops_[static_cast<unsigned char>(c)] = true;
  }

  // Reads the field at `p` and moves `p` behind its end. `text` stays valid until the next call.
  FieldEnd next(const char*& p, const char* end, std::string_view& text) {
    const char* begin = skip_spaces(p);
    if (*begin == '"') return quoted(p, begin + 1, end, text);
    const char* stop = begin;
    while (!is_stop(*stop)) ++stop;
    if (static_cast<std::size_t>(stop - begin) > max_field_) return FieldEnd::too_long;
    text = {begin, static_cast<std::size_t>(trimmed_end(begin, stop) - begin)};
    return finish(p, stop, end);
  }

  // Moves over a line without text.
  bool skip_blank_line(const char*& p, const char* end) {
    const char* stop = skip_spaces(p);
    if (*stop != '\n' && *stop != '\r') return false;
    end_record(p, stop, end);
    return true;
  }

  // Moves `p` behind the line break at `at`.
  void end_record(const char*& p, const char* at, const char* end) {
    p = at + 1 + (*at == '\r' && at + 1 < end && at[1] == '\n');
    ++line;
  }

  char delimiter() const { return delimiter_; }

  std::uint64_t line = 1;                          // of `p`, from 1
  std::uint64_t quote_line = 0;                    // where the last quoted field opened
  std::uint64_t stray_quotes = 0, stray_line = 0;  // closing quotes that text follows, and the first's line

 private:
  bool is_stop(char c) const { return stops_[static_cast<unsigned char>(c)]; }
  bool is_space(char c) const { return (c == ' ' || c == '\t') && c != delimiter_; }
  const char* skip_spaces(const char* p) const {
    while (is_space(*p)) ++p;
    return p;
  }
  const char* trimmed_end(const char* begin, const char* end) const {
    while (end > begin && is_space(end[-1])) --end;
    return end;
  }
  FieldEnd finish(const char*& p, const char* stop, const char* end);
  FieldEnd quoted(const char*& p, const char* begin, const char* end, std::string_view& text);

  char delimiter_;
  std::size_t max_field_;
  bool stops_[256] = {};
  std::string unescaped_;
};

inline FieldEnd CsvScanner::finish(const char*& p, const char* stop, const char* end) {
  if (*stop == delimiter_) {
    p = stop + 1;
    return FieldEnd::delimiter;
  }
  if (*stop == '\0') return FieldEnd::nul;
  end_record(p, stop, end);
  return FieldEnd::record;
}

}  // namespace gradus
