#include "gradus/data/readers/csv_columns.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <new>

namespace gradus {

CellStore::CellStore(std::size_t cells) {
  constexpr std::align_val_t kLargePage{std::size_t{2} << 20};
  std::size_t bytes = cells * sizeof(double);
  void* memory = ::operator new(bytes, kLargePage);
  cells_ = {static_cast<double*>(memory), [](double* p) { ::operator delete(p, kLargePage); }};
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes, MADV_HUGEPAGE);  // only advice: may fail
#endif
}

void GrowingNumbers::reserve(const CellStore& store, std::size_t offset, std::size_t capacity) {
  owner_ = store.owner();
  data_ = store.data() + offset;
  capacity_ = capacity;
}

void GrowingNumbers::append(const double* cells, std::size_t n) {
  if (size_ + n > capacity_) {
    std::size_t capacity = std::max(size_ + n, capacity_ + capacity_ / 2);
    std::shared_ptr<double[]> larger(new double[capacity]);
    std::copy_n(data_, size_, larger.get());
    owner_ = std::move(larger);
    data_ = owner_.get();
    capacity_ = capacity;
  }
  std::copy_n(cells, n, data_ + size_);
  size_ += n;
}

void CsvColumn::give_type(ColumnKind kind) {
  type_is_given_ = true;
  is_numeric_ = kind == ColumnKind::numeric;
}

void CsvColumn::turn_categorical(std::string_view text, std::uint64_t line, bool block_has_numbers) {
  auto is_number = [](double x) { return !std::isnan(x); };
  is_numeric_ = false;
  must_reread_ = block_has_numbers || std::ranges::any_of(numbers_.cells(), is_number);
  if (must_reread_) {
    odd_text_ = text;
    odd_line_ = line;
    is_stored_ = false;
  } else {
    codes_.assign(numbers_.cells().size(), -1);
  }
  numbers_.clear();
}

void CsvColumn::saw_mark(char mark, std::uint64_t line) {
  std::uint64_t& first = mark == ',' ? comma_line_ : point_line_;
  if (first == 0) first = line;
}

void CsvColumn::append(const double* cells, std::size_t rows) {
  if (!is_stored_) return;
  if (is_numeric_) {
    numbers_.append(cells, rows);
  } else {
    std::size_t old = codes_.size();
    codes_.resize(old + rows);
    for (std::size_t r = 0; r < rows; ++r)
      codes_[old + r] = std::isnan(cells[r]) ? -1 : static_cast<std::int32_t>(cells[r]);
  }
}

Column CsvColumn::take(std::string name) {
  if (is_numeric_) return numbers_.take(std::move(name));
  return Column::categorical(std::move(name), std::move(codes_), levels_.texts());
}

}  // namespace gradus
