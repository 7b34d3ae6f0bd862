#include "output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "gradus/base/error.h"

namespace gradus::cli {

bool interactive() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

void say(const std::string& text) {
  std::string clean;
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') clean += c;
  clean += '\n';
  std::fwrite(clean.data(), 1, clean.size(), stderr);  // a closed terminal must not end a training
}

void print_json(const Value& value) { print(to_json(value)); }

void print(const std::string& text) { print_as_is(text + "\n"); }

namespace {

[[noreturn]] void fail_output() {
  throw Error(ErrorKind::file, "standard output", "cannot write: " + std::generic_category().message(errno));
}

}  // namespace

void print_as_is(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size()) fail_output();
}

void finish_output() {
  if (std::fflush(stdout) != 0) fail_output();
}

namespace {

bool looks_numeric(const std::string& s) {
  return !s.empty() && s.find_first_not_of("0123456789.,-+%e nainf") == std::string::npos;
}

}  // namespace

std::string aligned_table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> width;
  std::vector<bool> right(head.size(), !rows.empty());
  for (const std::string& h : head) width.push_back(h.size());
  for (const auto& row : rows)
    for (std::size_t c = 0; c < head.size(); ++c) {
      width[c] = std::max(width[c], row[c].size());
      right[c] = right[c] && (row[c].empty() || looks_numeric(row[c]));
    }
  auto line = [&](const std::vector<std::string>& cells) {
    std::string s;
    for (std::size_t c = 0; c < cells.size(); ++c)
      s += (c ? "  " : "") +
           (right[c] ? fmt::format("{:>{}}", cells[c], width[c]) : fmt::format("{:<{}}", cells[c], width[c]));
    return s.substr(0, s.find_last_not_of(' ') + 1) + "\n";
  };
  std::string text = line(head);
  for (const auto& row : rows) text += line(row);
  text.pop_back();
  return text;
}

std::string grouped(std::int64_t n) {
  std::string digits = std::to_string(std::llabs(n)), out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return (n < 0 ? "-" : "") + out;
}

std::string duration(double s) {
  if (s < 10) return fmt::format("{:.1f} s", s);
  if (s < 60) return fmt::format("{:.0f} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", static_cast<int>(s) / 60, static_cast<int>(s) % 60);
  return fmt::format("{} h {:02} min", static_cast<int>(s) / 3600, static_cast<int>(s) / 60 % 60);
}

std::string short_number(double x) { return std::isnan(x) ? "nan" : fmt::format("{:.4g}", x); }

}  // namespace gradus::cli
