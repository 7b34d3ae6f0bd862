#include "gradus/data/readers/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "gradus/base/error.h"
#include "gradus/base/memory.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/readers/csv_cells.h"
#include "gradus/data/readers/csv_columns.h"
#include "gradus/data/readers/csv_cursor.h"
#include "gradus/data/readers/csv_dialect.h"
#include "gradus/data/readers/csv_hint.h"

namespace gradus {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

class CsvTable {
 public:
  CsvTable(CsvCursor& first_look, const CsvOptions& options);
  Table read();

 private:
  void read_names(CsvCursor& cursor);
  void fix_names();
  void give_types();
  void give_type(const std::string& name, ColumnKind kind);
  void read_rows(CsvCursor& cursor);
  FieldEnd read_row(CsvScanner& scanner, const char*& p, const char* end, double* row);
  FieldEnd read_excess(CsvScanner& scanner, const char*& p, const char* end);
  double cell(std::size_t column, std::string_view text);
  void turn_categorical(std::size_t column, std::string_view text);
  [[noreturn]] static void refuse_encoding(const std::string& place, std::string_view text);
  void reserve(std::size_t bytes_read, std::size_t bytes_left);
  void append_block();
  void check_decimal_marks() const;
  void add_notes(const CsvCursor& cursor);
  Table build();
  std::string column_place(std::size_t column) const {
    return fmt::format("{}:{}, column {}", table_.name(), line_, quoted(names_[column]));
  }

  const CsvOptions& options_;
  Table table_;
  char delimiter_;
  CsvCells cells_;
  bool has_header_;
  std::uint64_t names_line_ = 1;
  bool last_name_is_made_up_ = false;
  std::vector<std::string> renamed_;  // what became of names that were empty or taken
  std::vector<std::string> names_;
  std::vector<CsvColumn> columns_;
  // What the innermost loop asks of a column: the decimal mark of its undecorated numbers (a digit, which never follows
  // digits, while that is open), 0 when it is not a numeric column that is stored.
  std::vector<char> marks_;

  // Rows wait here until there are enough to be appended: column c's cells begin at c * stride_.
  std::vector<double> block_;
  std::size_t stride_ = 0;
  std::size_t block_rows_ = 0;
  std::size_t rows_in_block_ = 0;
  std::size_t rows_ = 0;

  // Of the row being read.
  std::uint64_t line_ = 0;
  std::size_t fields_ = 0;
  bool excess_is_empty_ = false;

  std::uint64_t rows_with_excess_ = 0;
};

CsvTable::CsvTable(CsvCursor& first_look, const CsvOptions& options)
    : options_(options),
      table_(first_look.path()),
      delimiter_(first_look.scanner().delimiter()),
      cells_(options, delimiter_),
      has_header_(csv_has_header(options, first_look.first_window(), delimiter_)) {
  read_names(first_look);
  columns_.resize(names_.size());
  give_types();
}

Table CsvTable::read() {
  CsvCursor cursor(table_.name(), options_);
  read_rows(cursor);
  check_decimal_marks();
  add_notes(cursor);
  auto must_reread = [](const CsvColumn& column) { return column.must_reread(); };
  if (std::any_of(columns_.begin(), columns_.end(), must_reread)) {
    const std::size_t rows = rows_;
    for (CsvColumn& column : columns_) column.start_reread();
    CsvCursor again(table_.name(), options_);
    read_rows(again);
    if (rows_ != rows)
      throw Error(ErrorKind::file, table_.name(), "the file changed while it was read", "read it once it is written");
  }
  return build();
}

void CsvTable::read_names(CsvCursor& cursor) {
  if (!cursor.next(names_)) throw Error(ErrorKind::data, table_.name(), "the file has no text in it");
  names_line_ = cursor.line();
  std::vector<std::string> below;
  bool shorter = has_header_ && names_.back().empty() && cursor.next(below) && below.size() + 1 == names_.size();
  if (shorter) names_.pop_back();
  if (!has_header_) {
    names_.assign(names_.size(), "");
    table_.add_note("there is no header line: the columns are named column_1, column_2, ...");
  }
  for (const std::string& name : names_)
    if (!is_utf8(name)) refuse_encoding(cursor.place(names_line_), name);
  last_name_is_made_up_ = names_.back().empty();
  fix_names();
}

void CsvTable::fix_names() {
  std::unordered_set<std::string> given(names_.begin(), names_.end()), taken;
  for (std::size_t c = 0; c < names_.size(); ++c) {
    std::string& name = names_[c];
    bool is_fine = !name.empty() && taken.insert(name).second;
    if (is_fine) continue;
    std::string old = name, stem = old.empty() ? fmt::format("column_{}", c + 1) : old + "_2";
    name = stem;
    for (int i = 3; given.count(name) || !taken.insert(name).second; ++i)
      name = old.empty() ? fmt::format("{}_{}", stem, i - 1) : fmt::format("{}_{}", old, i);
    renamed_.push_back(old.empty() ? fmt::format("column {} is now {}", c + 1, quoted(name))
                                   : fmt::format("the second {} is now {}", quoted(old), quoted(name)));
  }
}

void CsvTable::give_type(const std::string& name, ColumnKind kind) {
  auto it = std::find(names_.begin(), names_.end(), name);
  if (it != names_.end()) columns_[static_cast<std::size_t>(it - names_.begin())].give_type(kind);
}

void CsvTable::give_types() {
  for (const auto& [name, kind] : options_.expected_kinds) give_type(name, kind);
  if (options_.types.is_null()) return;
  for (const auto& [name, type] : options_.types.as_table("data.types")) {
    std::string place = "data.types." + name;
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
      std::string close = nearest(name, names_);
      throw Error(ErrorKind::config, {type.place(place), "a column of " + table_.name(), quoted(name),
                                      close.empty() ? "" : "did you mean " + quoted(close) + "?"});
    }
    const std::string& text = type.as_string(place);
    if (text != "numeric" && text != "categorical")
      throw Error(ErrorKind::config, {type.place(place), "\"numeric\" or \"categorical\"", quoted(text), ""});
    give_type(name, text == "numeric" ? ColumnKind::numeric : ColumnKind::categorical);
  }
}

void CsvTable::read_rows(CsvCursor& cursor) {
  constexpr std::size_t kBlockCells = 32768;  // 256 KB: stays in the second-level cache
  std::vector<std::string> header;
  if (has_header_) cursor.next(header);
  std::size_t width = columns_.size();
  block_rows_ = std::clamp<std::size_t>(kBlockCells / width, 8, 4096);
  stride_ = block_rows_ + 8;  // no power of two, for which the columns would share the cache's sets
  block_.resize(stride_ * width);
  rows_ = 0;
  marks_.resize(width);
  for (std::size_t c = 0; c < width; ++c)
    marks_[c] = columns_[c].is_numeric() && columns_[c].is_stored() ? cells_.mark().value_or('0') : '\0';

  std::size_t all_bytes = cursor.remaining();
  auto parse = [&](CsvScanner& scanner, const char*& p, const char* end) {
    return read_row(scanner, p, end, block_.data() + rows_in_block_);
  };
  while (cursor.next(parse)) {
    if (fields_ != width) {
      if (fields_ != width + 1 || !excess_is_empty_)
        throw Error(ErrorKind::data, {cursor.place(cursor.line()),
                                      fmt::format("{}, as in line {}", count_text(width, "field"), names_line_),
                                      fmt::format("{}", fields_),
                                      fmt::format("fields are separated by {}; quote those that contain it",
                                                  quoted(std::string(1, delimiter_)))});
      ++rows_with_excess_;
    }
    if (++rows_in_block_ < block_rows_) continue;
    if (rows_ == 0) reserve(all_bytes - cursor.remaining(), cursor.remaining());
    append_block();
  }
  append_block();
}

// The row's cells go to row[0], row[stride_], ... Most fields of most files are undecorated numbers, which need no look
// at their text.
FieldEnd CsvTable::read_row(CsvScanner& scanner, const char*& p, const char* end, double* row) {
  const std::size_t width = columns_.size();
  const std::size_t stride = stride_;
  const char delimiter = delimiter_;
  line_ = scanner.line;
  for (std::size_t c = 0; c < width; ++c) {
    if (marks_[c] != '\0') {
      double value;
      const char* stop = plain_number(p, marks_[c], value);
      bool is_last = c + 1 == width;
      if (stop != nullptr && (is_last ? *stop == '\n' || *stop == '\r' : *stop == delimiter)) {
        row[c * stride] = cells_.is_missing(value) ? kMissing : value;
        if (!is_last) {
          p = stop + 1;
          continue;
        }
        fields_ = width;
        scanner.end_record(p, stop, end);
        return FieldEnd::record;
      }
    }
    std::string_view text;
    FieldEnd at = scanner.next(p, end, text);
    if (at != FieldEnd::delimiter && at != FieldEnd::record) return at;
    row[c * stride] = cell(c, text);
    if (at == FieldEnd::record) {
      fields_ = c + 1;
      return at;
    }
  }
  return read_excess(scanner, p, end);
}

// Counts the fields beyond the last column.
FieldEnd CsvTable::read_excess(CsvScanner& scanner, const char*& p, const char* end) {
  fields_ = columns_.size();
  excess_is_empty_ = true;
  FieldEnd at;
  do {
    std::string_view text;
    at = scanner.next(p, end, text);
    excess_is_empty_ &= text.empty();
    ++fields_;
  } while (at == FieldEnd::delimiter);
  return at;
}

double CsvTable::cell(std::size_t c, std::string_view text) {
  CsvColumn& column = columns_[c];
  if (!column.is_stored() || cells_.is_missing(text)) return kMissing;
  if (column.is_numeric()) {
    double value;
    char mark;
    if (cells_.number(text, value, mark)) {
      if (mark != '\0') {
        column.saw_mark(mark, line_);
        marks_[c] = mark;
      }
      return cells_.is_missing(value) ? kMissing : value;
    }
    turn_categorical(c, text);
    if (!column.is_stored()) return kMissing;
  }
  std::size_t known = column.level_count();
  std::int32_t code = column.code(text);
  if (column.level_count() > known && !is_utf8(text)) refuse_encoding(column_place(c), text);
  return code;
}

void CsvTable::refuse_encoding(const std::string& place, std::string_view text) {
  throw Error(ErrorKind::data,
              {place, "UTF-8 text", "another encoding in " + short_quoted(text), "save the file as UTF-8"});
}

void CsvTable::turn_categorical(std::size_t c, std::string_view text) {
  CsvColumn& column = columns_[c];
  if (column.type_is_given())
    throw Error(ErrorKind::data, {column_place(c), "a number", short_quoted(text),
                                  "correct it, or list it in missing_values if it stands for a missing value"});
  bool block_has_numbers = false;
  for (std::size_t r = 0; r < rows_in_block_; ++r) block_has_numbers |= !std::isnan(block_[c * stride_ + r]);
  column.turn_categorical(text, line_, block_has_numbers);
  marks_[c] = '\0';
}

// Makes room for as many rows as the first block's size lets expect.
void CsvTable::reserve(std::size_t bytes_read, std::size_t bytes_left) {
  if (bytes_read == 0) return;
  double blocks_left = static_cast<double>(bytes_left) / static_cast<double>(bytes_read);
  auto rows = static_cast<std::size_t>(static_cast<double>(rows_in_block_) * (1 + 1.02 * blocks_left)) + 16;
  std::size_t numeric = 0;
  for (const CsvColumn& column : columns_) numeric += column.is_numeric() && column.is_stored();
  require_memory(static_cast<double>(numeric * rows * sizeof(double)), ErrorKind::data, table_.name(),
                 fmt::format("about {} rows of {} numeric columns", rows, numeric),
                 "train on a sample of the rows, or write fewer columns to the file");
  CellStore store(numeric * rows);
  std::size_t offset = 0;
  for (CsvColumn& column : columns_) {
    if (!column.is_numeric() || !column.is_stored()) continue;
    column.reserve(store, offset, rows);
    offset += rows;
  }
}

void CsvTable::append_block() {
  rows_ += rows_in_block_;
  if (rows_ > kMaxRows)
    throw Error(ErrorKind::data, table_.name(), fmt::format("a table holds at most {} rows", kMaxRows));
  for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c].append(block_.data() + c * stride_, rows_in_block_);
  rows_in_block_ = 0;
}

// A file in which "1.000" and "2,5" are both numbers has one of them wrong.
void CsvTable::check_decimal_marks() const {
  std::size_t with_comma = columns_.size(), with_point = columns_.size();
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (!columns_[c].is_numeric()) continue;
    if (columns_[c].comma_line() > 0) with_comma = std::min(with_comma, c);
    if (columns_[c].point_line() > 0) with_point = std::min(with_point, c);
  }
  if (with_comma == columns_.size() || with_point == columns_.size()) return;
  throw Error(ErrorKind::data, {table_.name(), "one decimal mark",
                                fmt::format("commas (column {}, line {}) and points (column {}, line {})",
                                            quoted(names_[with_comma]), columns_[with_comma].comma_line(),
                                            quoted(names_[with_point]), columns_[with_point].point_line()),
                                "set decimal to \",\" or \".\""});
}

void CsvTable::add_notes(const CsvCursor& cursor) {
  if (options_.delimiter == "auto" && delimiter_ != ',' && columns_.size() > 1)
    table_.add_note("fields are separated by " + quoted(std::string(1, delimiter_)));
  auto has_comma = [](const CsvColumn& column) { return column.is_numeric() && column.comma_line() > 0; };
  if (options_.decimal == "auto" && std::any_of(columns_.begin(), columns_.end(), has_comma))
    table_.add_note("decimal commas were read as decimal points");
  if (rows_with_excess_ > 0)
    table_.add_note("a delimiter at the end of " + count_text(rows_with_excess_, "row") + " was ignored");
  if (cursor.blank_lines() > 0)
    table_.add_note(count_text(cursor.blank_lines(), "empty line was", "empty lines were") + " skipped");
  if (cursor.scanner().stray_quotes > 0)
    table_.add_note(fmt::format("text behind a closing quote was kept in {} (line {}{})",
                                count_text(cursor.scanner().stray_quotes, "field"), cursor.scanner().stray_line,
                                cursor.scanner().stray_quotes > 1 ? " the first" : ""));
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].must_reread())
      table_.add_note(
          fmt::format("column {} has numbers but also {} (line {}), so it is categorical; list that text in "
                      "missing_values if it stands for none",
                      quoted(names_[c]), short_quoted(columns_[c].odd_text()), columns_[c].odd_line()));
}

Table CsvTable::build() {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    Column column = columns_[c].take(names_[c]);
    bool is_trailing = c + 1 == columns_.size() && c > 0 && last_name_is_made_up_ && rows_ > 0 && column.is_numeric() &&
                       column.missing_count() == rows_;
    if (is_trailing) {
      table_.add_note("the last column has neither a name nor a value: it was dropped");
      renamed_.pop_back();
      continue;
    }
    std::string hint = columns_[c].type_is_given() || columns_[c].must_reread() ? "" : csv_hint(column);
    if (!hint.empty()) table_.add_note(hint);
    table_.add(std::move(column));
  }
  if (has_header_ && !renamed_.empty())
    table_.add_note(count_text(renamed_.size(), "column name was", "column names were") +
                    " empty or taken: " + renamed_.front());
  return std::move(table_);
}

}  // namespace

void CsvOptions::fields(Fields& f) {
  f("delimiter", delimiter, "between fields: \"auto\" (one of , ; tab |), \"tab\" or a character");
  f("header", header, "\"auto\", true or false", "whether the first line names the columns");
  f("decimal", decimal, {"auto", ".", ","}, "decimal mark; \"auto\" takes a comma too where ';' is the delimiter");
  f("missing_values", missing_values, "what stands for a missing value, in any case");
  f("types", types, "a table column = \"numeric\" | \"categorical\"", "kinds of columns that are not to be inferred");
  f("max_field", max_field, between(1, 1 << 28), "longest field in bytes");
  f("max_columns", max_columns, between(1, 1 << 24), "most columns");
  f("max_bytes", max_bytes, at_least(1), "most bytes of text, after unpacking");
}

Table read_csv(const std::string& path, const CsvOptions& options) {
  CsvOptions checked = options;
  check_params(checked, "csv");
  CsvCursor first_look(path, checked);
  return CsvTable(first_look, checked).read();
}

struct CsvRows::State {
  CsvCursor cursor;
};

CsvRows::CsvRows(const std::string& path, const CsvOptions& options) : state_(new State{CsvCursor(path, options)}) {}
CsvRows::~CsvRows() = default;
CsvRows::CsvRows(CsvRows&&) noexcept = default;

bool CsvRows::next(std::vector<std::string>& fields) { return state_->cursor.next(fields); }
std::uint64_t CsvRows::line() const { return state_->cursor.line(); }
char CsvRows::delimiter() const { return state_->cursor.scanner().delimiter(); }

}  // namespace gradus
