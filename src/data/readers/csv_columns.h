#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/table.h"
#include "gradus/data/text_index.h"

namespace gradus {

// Memory for the cells of many columns, in one piece that the kernel may back with large pages: where a file is wide,
// the first touch of every small page can cost more than reading the file.
class CellStore {
 public:
  explicit CellStore(std::size_t cells);
  double* data() const { return cells_.get(); }
  const std::shared_ptr<double[]>& owner() const { return cells_; }

 private:
  std::shared_ptr<double[]> cells_;
};

// Numbers that grow, at first in their part of a store.
class GrowingNumbers {
 public:
  void reserve(const CellStore& store, std::size_t offset, std::size_t capacity);
  void append(const double* cells, std::size_t n);
  void clear() { *this = GrowingNumbers(); }
  std::span<const double> cells() const { return {data_, size_}; }
  Column take(std::string name) { return Column::numeric(std::move(name), {owner_, data_}, size_); }

 private:
  std::shared_ptr<double[]> owner_;
  double* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// One column while its file is being read. Cells come as doubles, in blocks of rows: a number, the code of a category,
// or NaN for a missing value.
class CsvColumn {
 public:
  // Numeric while all values are numbers, or there is none.
  bool is_numeric() const { return is_numeric_; }
  // Whether this pass over the file stores the column.
  bool is_stored() const { return is_stored_; }

  void give_type(ColumnKind kind);
  bool type_is_given() const { return type_is_given_; }

  // A text came up at `line`: the column becomes categorical, and if it has numbers already (or `block_has_numbers`:
  // the rows not yet appended have), it must be read again, since their text is not known any more.
  void turn_categorical(std::string_view text, std::uint64_t line, bool block_has_numbers);
  bool must_reread() const { return must_reread_; }
  void start_reread() { is_stored_ = must_reread_; }
  // The text that came up among numbers, and its line.
  const std::string& odd_text() const { return odd_text_; }
  std::uint64_t odd_line() const { return odd_line_; }

  std::int32_t code(std::string_view text) { return levels_.add(text); }
  std::size_t level_count() const { return levels_.size(); }

  // Remembers the lines on which decimal marks were first seen; 0 for none.
  void saw_mark(char mark, std::uint64_t line);
  std::uint64_t comma_line() const { return comma_line_; }
  std::uint64_t point_line() const { return point_line_; }

  void reserve(const CellStore& store, std::size_t offset, std::size_t rows) { numbers_.reserve(store, offset, rows); }
  // Appends cells, if stored.
  void append(const double* cells, std::size_t rows);
  Column take(std::string name);

 private:
  bool is_numeric_ = true;
  bool is_stored_ = true;
  bool type_is_given_ = false;
  bool must_reread_ = false;
  GrowingNumbers numbers_;
  std::vector<std::int32_t> codes_;
  TextIndex levels_;
  std::string odd_text_;
  std::uint64_t odd_line_ = 0;
  std::uint64_t comma_line_ = 0;
  std::uint64_t point_line_ = 0;
};

}  // namespace gradus
