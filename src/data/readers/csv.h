#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gradus/base/params.h"
#include "gradus/data/table.h"

namespace gradus {

// How a CSV file is written; every default detects or accepts what files in the wild have.
struct CsvOptions {
  std::string delimiter = "auto";
  Value header = "auto";
  std::string decimal = "auto";
  std::vector<std::string> missing_values = {"NA", "NaN", "null", "?", ""};
  Value types = Value::table();
  std::int64_t max_field = std::int64_t{1} << 20;
  std::int64_t max_columns = 100'000;
  std::int64_t max_bytes = std::int64_t{1} << 34;

  // Kinds that a trained model expects of the columns it names, as `types`, except that absent columns are fine.
  std::vector<std::pair<std::string, ColumnKind>> expected_kinds;

  void fields(Fields& f);
};

// Reads a CSV or TSV file, plain or gzipped (RFC 4180 and its common violations), into a table in one pass; the file
// is read a second time only where a column that began with numbers turns out to hold text as well.
//
// A column is numeric when all its values that are not missing are numbers, over the whole file, else categorical; so
// a column of dates is categorical. A column without any value is numeric. Surrounding spaces belong to no field, also
// in quotes where numbers and missing values are recognised. Header names that are empty or taken are changed, rows
// whose only excess is a delimiter at the end are accepted, lines without text are skipped; the table's notes say so.
// With ';' between fields, decimal commas are read as points; a file that mixes both is an error that asks for
// `decimal`. Memory: 8 bytes a number and 4 a category.
//
// Throws Error{data} with the line for ragged rows, unterminated quotes, NUL bytes, fields that contradict `types`;
// Error{config} for options that make no sense; Error{file} for a file that cannot be read.
Table read_csv(const std::string& path, const CsvOptions& options = {});

// The records of a CSV file one by one, as text, header included; lines without text are skipped.
class CsvRows {
 public:
  explicit CsvRows(const std::string& path, const CsvOptions& options = {});
  ~CsvRows();
  CsvRows(CsvRows&&) noexcept;

  // Reads the next record into `fields`; false at the end of the file.
  bool next(std::vector<std::string>& fields);
  // The line on which the last record began.
  std::uint64_t line() const;
  char delimiter() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradus
