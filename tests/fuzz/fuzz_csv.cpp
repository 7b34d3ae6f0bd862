#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/data/readers/csv.h"
#include "memory_file.h"

// Any bytes are a table, whose columns are of one length and whose cells are all there, or an Error.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const gradus::MemoryFile file(gradus::as_text(data, size));
  gradus::CsvOptions options;
  options.max_bytes = 1 << 22;
  try {
    const gradus::Table table = gradus::read_csv(file.path(), options);
    for (std::size_t c = 0; c < table.columns(); ++c) {
      const gradus::Column& column = table.column(c);
      if (column.size() != table.rows()) std::abort();
      for (std::size_t row = 0; row < table.rows(); ++row)
        if (column.text(row).empty() != column.is_missing(row)) std::abort();
    }
    gradus::CsvRows records(file.path(), options);
    std::vector<std::string> fields;
    while (records.next(fields)) {
      if (fields.empty()) std::abort();
    }
  } catch (const gradus::Error&) {
    return 0;  // refused, as it should be
  }
  return 0;
}
