#include "gradus/data/readers/csv_scan.h"

namespace gradus {
namespace {

std::uint64_t count_line_breaks(const char* begin, const char* end) {
  std::uint64_t count = 0;
  for (const char* p = begin; p != end; ++p) count += *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'));
  return count;
}

}  // namespace

// `begin` is behind the opening quote.
FieldEnd CsvScanner::quoted(const char*& p, const char* begin, const char* end, std::string_view& text) {
  quote_line = line;
  unescaped_.clear();
  const char* piece = begin;
  const char* close = nullptr;
  while (true) {
    std::size_t length = static_cast<std::size_t>(end - piece);
    std::size_t allowed = max_field_ + 1 - std::min(max_field_, unescaped_.size());
    close = static_cast<const char*>(std::memchr(piece, '"', std::min(length, allowed)));
    if (close == nullptr) return length <= allowed ? FieldEnd::incomplete : FieldEnd::too_long;
    if (close[1] != '"') break;  // the window's line break at least follows a quote
    unescaped_.append(piece, close + 1);
    piece = close + 2;
  }
  if (std::memchr(begin, '\0', static_cast<std::size_t>(close - begin)) != nullptr) return FieldEnd::nul;
  line += count_line_breaks(begin, close);

  const char* stop = skip_spaces(close + 1);
  if (is_stop(*stop) && piece == begin) {
    text = {begin, static_cast<std::size_t>(close - begin)};
    return finish(p, stop, end);
  }
  unescaped_.append(piece, close);
  if (!is_stop(*stop)) {
    if (stray_quotes++ == 0) stray_line = line;
    while (!is_stop(*stop)) ++stop;
    unescaped_.append(close + 1, trimmed_end(close + 1, stop));
  }
  if (unescaped_.size() > max_field_) return FieldEnd::too_long;
  text = unescaped_;
  return finish(p, stop, end);
}

}  // namespace gradus
