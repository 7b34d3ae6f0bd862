#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gradus {

// Rows of a table or examples of a dataset, by index.
using RowIndices = std::vector<std::uint32_t>;

// A table holds at most this many rows, so that RowIndices can name each of them.
inline constexpr std::size_t kMaxRows = std::numeric_limits<std::uint32_t>::max();

enum class ColumnKind { numeric, categorical };
std::string_view kind_name(ColumnKind kind);

// One named column of a table; immutable, so that copies and slices share its cells. Numeric: a double per row, NaN
// where missing (double, not float, because columns also hold identifiers, times and targets, which 24 bits of mantissa
// would merge). Categorical: a code per row into `levels`, -1 where missing.
// Levels are unique and always in standard order, whatever the order of the rows: by value when each is a number,
// else by their bytes; so class numbers do not depend on how a file is sorted.
class Column {
 public:
  static Column numeric(std::string name, std::vector<double> values);
  static Column numeric(std::string name, std::shared_ptr<const double> values, std::size_t size);
  // `levels` in any order: codes are renumbered to the standard one. Levels that no row uses are kept.
  // Throws Error{value} for a code outside [-1, levels) or a repeated level.
  static Column categorical(std::string name, std::vector<std::int32_t> codes, std::vector<std::string> levels);
  // One text per row; empty texts are missing values.
  static Column texts(std::string name, const std::vector<std::string>& values);
  // A numeric column of zeros and ones that tells whether a categorical column had one level; scaling leaves it alone.
  static Column indicator(std::string name, std::vector<double> values);

  const std::string& name() const { return name_; }
  ColumnKind kind() const { return kind_; }
  bool is_numeric() const { return kind_ == ColumnKind::numeric; }
  bool is_indicator() const { return indicator_; }
  std::size_t size() const { return size_; }

  // Throw Error{data} that names the column when it is of the other kind.
  std::span<const double> numbers() const;
  std::span<const std::int32_t> codes() const;
  const std::vector<std::string>& levels() const;

  bool is_missing(std::size_t row) const;
  std::size_t missing_count() const;
  // The cell as text: the level, or the number in its shortest form; "" where missing.
  std::string text(std::size_t row) const;

  // The cells at `rows`, in that order, repeats allowed; levels are kept. Throws Error{value} for a row out of range.
  Column select(const RowIndices& rows) const;
  // Cells [begin, end), shared with this column.
  Column slice(std::size_t begin, std::size_t end) const;
  // The same cells as categories: a numeric column's numbers become their shortest texts.
  Column as_categorical() const;

 private:
  Column(std::string name, ColumnKind kind) : name_(std::move(name)), kind_(kind) {}
  [[noreturn]] void wrong_kind(ColumnKind wanted) const;

  std::string name_;
  ColumnKind kind_;
  bool indicator_ = false;
  std::size_t size_ = 0;
  std::shared_ptr<const double> numbers_;
  std::shared_ptr<const std::int32_t> codes_;
  std::shared_ptr<const std::vector<std::string>> levels_;
};

// Puts level texts in the standard order of Column; order[i] is the old index of the new level i.
std::vector<std::int32_t> standard_level_order(const std::vector<std::string>& levels);

// Named columns of equal length, in order. Copies share the cells, so selecting or replacing some columns costs nothing
// for the others.
class Table {
 public:
  // `name` says where the data came from (a file's path), for errors.
  explicit Table(std::string name = "") : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_.size(); }
  std::vector<std::string> names() const;

  const Column& column(std::size_t index) const { return columns_.at(index); }
  // Throws Error{data} that names the nearest column when there is none of this name.
  const Column& column(std::string_view name) const { return columns_[index_of(name)]; }
  std::size_t index_of(std::string_view name) const;
  const Column* find(std::string_view name) const;  // null when absent

  // Appends a column. Throws Error{data} when its name is taken, its length differs or exceeds kMaxRows.
  void add(Column column);
  // Puts a column of the same length in the place of the one at `index`.
  void replace(std::size_t index, Column column);

  Table select_rows(const RowIndices& rows) const;
  Table slice_rows(std::size_t begin, std::size_t end) const;
  // In the given order; an unknown or repeated name is Error{data}.
  Table select_columns(const std::vector<std::string>& names) const;
  Table drop_columns(const std::vector<std::string>& names) const;
  // Adds the other table's rows below, columns matched by name; columns that only the other has are ignored. Throws
  // Error{data} for a column that it lacks or that is numeric in one and categorical in the other (a column without
  // any value goes with both).
  void append(const Table& other);

  // What a reader found and repaired, one sentence each.
  const std::vector<std::string>& notes() const { return notes_; }
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

 private:
  Table without_columns() const;  // the same name and notes

  std::string name_;
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::string> notes_;
};

}  // namespace gradus
