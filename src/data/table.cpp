#include "gradus/data/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "gradus/base/error.h"
#include "gradus/base/params.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

Column stack_numbers(const Column& above, const Column& below) {
  std::vector<double> all(above.numbers().begin(), above.numbers().end());
  all.insert(all.end(), below.numbers().begin(), below.numbers().end());
  return Column::numeric(above.name(), std::move(all));
}

Column stack_categories(const Column& above, const Column& below) {
  std::vector<std::string> levels = above.levels();
  std::map<std::string_view, std::int32_t> known;
  for (std::size_t i = 0; i < above.levels().size(); ++i)
    known.emplace(above.levels()[i], static_cast<std::int32_t>(i));
  std::vector<std::int32_t> code_of;
  for (const std::string& level : below.levels()) {
    auto [it, is_new] = known.emplace(level, static_cast<std::int32_t>(levels.size()));
    if (is_new) levels.push_back(level);
    code_of.push_back(it->second);
  }
  std::vector<std::int32_t> codes(above.codes().begin(), above.codes().end());
  for (std::int32_t code : below.codes()) codes.push_back(code < 0 ? -1 : code_of[code]);
  return Column::categorical(above.name(), std::move(codes), std::move(levels));
}

bool empty(const Column& column) { return column.missing_count() == column.size(); }

Column stack(const Column& above, const Column& below, const std::string& place) {
  if (above.is_numeric() && below.is_numeric()) return stack_numbers(above, below);
  if (!above.is_numeric() || empty(above)) return stack_categories(above.as_categorical(), below.as_categorical());
  if (empty(below))
    return stack_numbers(
        above, Column::numeric("", std::vector<double>(below.size(), std::numeric_limits<double>::quiet_NaN())));
  std::size_t row = 0;
  while (below.is_missing(row)) ++row;
  throw Error(ErrorKind::data,
              {place + ": column " + quoted(above.name()), "numbers, as in the rows above",
               short_quoted(below.text(row)), "correct the file, or give the column's type as \"categorical\""});
}

}  // namespace

std::vector<std::string> Table::names() const {
  std::vector<std::string> all;
  all.reserve(columns_.size());
  for (const Column& column : columns_) all.push_back(column.name());
  return all;
}

std::size_t Table::index_of(std::string_view name) const {
  auto it = index_.find(std::string(name));
  if (it != index_.end()) return it->second;
  std::string close = nearest(name, names());
  std::string all;
  for (std::size_t i = 0; i < std::min<std::size_t>(columns(), 10); ++i)
    all += (i == 0 ? "" : ", ") + quoted(columns_[i].name());
  if (columns() > 10) all += ", ...";
  throw Error(ErrorKind::data, name_, "there is no column " + quoted(name),
              close.empty() ? "the columns are " + all : "did you mean " + quoted(close) + "?");
}

const Column* Table::find(std::string_view name) const {
  auto it = index_.find(std::string(name));
  return it == index_.end() ? nullptr : &columns_[it->second];
}

void Table::add(Column column) {
  if (column.size() > kMaxRows)
    throw Error(ErrorKind::data, name_, fmt::format("a table holds at most {} rows", kMaxRows));
  if (!columns_.empty() && column.size() != rows_)
    throw Error(ErrorKind::data,
                {name_.empty() ? "column " + quoted(column.name()) : name_ + ": column " + quoted(column.name()),
                 count_text(rows_, "row"), fmt::format("{}", column.size()), ""});
  if (!index_.emplace(column.name(), columns_.size()).second)
    throw Error(ErrorKind::data, name_, "there are two columns named " + quoted(column.name()), "rename one of them");
  rows_ = column.size();
  columns_.push_back(std::move(column));
}

void Table::replace(std::size_t index, Column column) {
  const Column& old = columns_.at(index);
  if (column.size() != rows_)
    throw Error(ErrorKind::value,
                {"column " + quoted(column.name()), count_text(rows_, "row"), fmt::format("{}", column.size()), ""});
  if (column.name() != old.name()) {
    if (!index_.emplace(column.name(), index).second)
      throw Error(ErrorKind::data, name_, "there are two columns named " + quoted(column.name()), "rename one of them");
    index_.erase(old.name());
  }
  columns_[index] = std::move(column);
}

Table Table::without_columns() const {
  Table out(name_);
  out.notes_ = notes_;
  return out;
}

Table Table::select_rows(const RowIndices& rows) const {
  Table out = without_columns();
  for (const Column& column : columns_) out.add(column.select(rows));
  return out;
}

Table Table::slice_rows(std::size_t begin, std::size_t end) const {
  Table out = without_columns();
  for (const Column& column : columns_) out.add(column.slice(begin, end));
  return out;
}

Table Table::select_columns(const std::vector<std::string>& names) const {
  Table out = without_columns();
  for (const std::string& name : names) out.add(columns_[index_of(name)]);
  return out;
}

Table Table::drop_columns(const std::vector<std::string>& names) const {
  std::unordered_set<std::size_t> dropped;
  for (const std::string& name : names) dropped.insert(index_of(name));
  Table out = without_columns();
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (!dropped.count(i)) out.add(columns_[i]);
  return out;
}

void Table::append(const Table& other) {
  Table out = without_columns();
  for (const Column& column : columns_) out.add(stack(column, other.column(column.name()), other.name_));
  out.notes_.insert(out.notes_.end(), other.notes_.begin(), other.notes_.end());
  *this = std::move(out);
}

}  // namespace gradus
