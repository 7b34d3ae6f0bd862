#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/readers/csv.h"

namespace gradus {

// The line "sep=;" that spreadsheets write first, and the delimiter it names; no line where its length is 0.
struct CsvSeparatorLine {
  std::size_t length = 0;  // with its line break
  char delimiter = '\0';
};
CsvSeparatorLine csv_separator_line(std::string_view first_lines);

// What may end a field before the delimiter is known.
std::string csv_separators(const CsvOptions& options);

// The delimiter that `options` name, or the one of , ; tab | that fits the first lines of a file best: every record
// has the same number of fields, then most of them are numbers, then the order above. Throws Error{config} for a
// delimiter that is not one character, or that is a quote, a line break, a digit or the decimal mark.
char csv_delimiter(const CsvOptions& options, std::string_view first_lines, const std::string& path);

// Whether the first record is a header: as `options` say, or when some column has a text above numbers only; where no
// column tells, when no number is in it and its values do not come up again below.
bool csv_has_header(const CsvOptions& options, std::string_view first_lines, char delimiter);

}  // namespace gradus
