#pragma once

#include <string>
#include <vector>

#include "gradus/data/readers/csv.h"
#include "gradus/data/readers/csv_scan.h"
#include "gradus/data/readers/text_source.h"

namespace gradus {

// Walks over the records of a CSV file: windows, blank lines, line numbers and the errors they need.
class CsvCursor {
 public:
  CsvCursor(const std::string& path, const CsvOptions& options);

  // Calls `parse(scanner, p, end)` with `p` at the next record; it returns the end of its last field. It is called
  // again for the same record when more text had to be fetched. False at the end of the file.
  template <class Parse>
  bool next(Parse&& parse) {
    while (find_record()) {
      const char* begin = p_;
      std::uint64_t line = scanner_.line, stray_quotes = scanner_.stray_quotes;
      FieldEnd at = parse(scanner_, p_, end_);
      if (at == FieldEnd::record) {
        line_ = line;
        return true;
      }
      if (at != FieldEnd::incomplete || source_.at_end()) fail(at, line);
      p_ = begin;
      scanner_.line = line;
      scanner_.stray_quotes = stray_quotes;
      refill();
    }
    return false;
  }

  // The next record's fields as text.
  bool next(std::vector<std::string>& fields);

  std::string_view first_window() const { return first_window_; }  // valid until the first call of next
  const CsvScanner& scanner() const { return scanner_; }
  const std::string& path() const { return path_; }
  std::uint64_t line() const { return line_; }                // where the last record began
  std::uint64_t blank_lines() const { return blank_lines_; }  // before the last record
  // Bytes of the file after the last record; 0 where unknown.
  std::size_t remaining() const { return source_.remaining() - std::min(source_.remaining(), used()); }
  std::string place(std::uint64_t line) const;

 private:
  // Moves to the next line with text.
  bool find_record();
  void refill();
  std::size_t used() const { return static_cast<std::size_t>(p_ - begin_); }
  [[noreturn]] void fail(FieldEnd at, std::uint64_t line) const;

  std::string path_;
  std::size_t max_field_;
  std::size_t max_columns_;
  TextSource source_;
  std::string_view first_window_;
  CsvScanner scanner_;
  const char* begin_;
  const char* p_;
  const char* end_;
  std::uint64_t line_ = 0;
  std::uint64_t blank_lines_ = 0;
};

}  // namespace gradus
