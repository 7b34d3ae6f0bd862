#include "gradus/data/readers/csv_cursor.h"

#include <fmt/format.h>

#include "gradus/base/error.h"
#include "gradus/data/readers/csv_dialect.h"

namespace gradus {

CsvCursor::CsvCursor(const std::string& path, const CsvOptions& options)
    : path_(path),
      max_field_(static_cast<std::size_t>(options.max_field)),
      max_columns_(static_cast<std::size_t>(options.max_columns)),
      source_(path, static_cast<std::uint64_t>(options.max_bytes), max_field_, csv_separators(options)),
      first_window_(source_.next(0)),
      scanner_(csv_delimiter(options, first_window_, path), max_field_),
      begin_(first_window_.data()),
      p_(begin_),
      end_(begin_ + first_window_.size()) {
  std::size_t separator_line = csv_separator_line(first_window_).length;
  if (separator_line == 0) return;
  p_ += separator_line;
  first_window_.remove_prefix(separator_line);
  ++scanner_.line;
}

bool CsvCursor::find_record() {
  std::uint64_t blank = 0;
  for (;;) {
    while (p_ != end_ && scanner_.skip_blank_line(p_, end_)) ++blank;
    if (p_ != end_) break;
    if (begin_ == end_) return false;
    refill();
  }
  blank_lines_ += blank;
  return true;
}

bool CsvCursor::next(std::vector<std::string>& fields) {
  return next([&](CsvScanner& scanner, const char*& p, const char* end) {
    std::size_t count = 0;
    FieldEnd at;
    do {
      std::string_view text;
      at = scanner.next(p, end, text);
      if (at != FieldEnd::delimiter && at != FieldEnd::record) return at;
      if (count == max_columns_) return FieldEnd::too_many;
      if (count == fields.size()) fields.emplace_back();
      fields[count++].assign(text);
    } while (at == FieldEnd::delimiter);
    fields.resize(count);
    return at;
  });
}

void CsvCursor::refill() {
  std::string_view window = source_.next(used());
  begin_ = p_ = window.data();
  end_ = begin_ + window.size();
}

std::string CsvCursor::place(std::uint64_t line) const { return fmt::format("{}:{}", path_, line); }

void CsvCursor::fail(FieldEnd at, std::uint64_t line) const {
  bool in_quotes = scanner_.quote_line >= line;
  switch (at) {
    case FieldEnd::incomplete:
      throw Error(ErrorKind::data, place(scanner_.quote_line), "a quote opens a field here and is never closed",
                  "close it, or double the quotes that belong to the text");
    case FieldEnd::too_long:
      throw Error(ErrorKind::data, place(in_quotes ? scanner_.quote_line : line),
                  fmt::format("a field is longer than {} bytes", max_field_),
                  in_quotes ? "is the quote that opens it closed?" : "is this a text file?");
    case FieldEnd::too_many:
      throw Error(ErrorKind::data, place(line), fmt::format("there are more than {} fields", max_columns_),
                  "raise max_columns if they are meant");
    default:
      throw Error(ErrorKind::data, place(scanner_.line), "there is a NUL byte", "is this a text file in UTF-8?");
  }
}

}  // namespace gradus
