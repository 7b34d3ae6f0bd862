#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/table.h"

namespace gradus {
namespace {

// The vector's elements, kept alive by the pointer.
template <class T>
std::shared_ptr<const T> share(std::vector<T> cells) {
  auto owner = std::make_shared<const std::vector<T>>(std::move(cells));
  return {owner, owner->data()};
}

template <class T>
std::shared_ptr<const T> pick(std::span<const T> cells, const RowIndices& rows, const std::string& name) {
  std::vector<T> out;
  out.reserve(rows.size());
  for (std::uint32_t row : rows) {
    if (row >= cells.size())
      throw Error(ErrorKind::value,
                  {"column " + quoted(name), fmt::format("a row below {}", cells.size()), fmt::format("{}", row), ""});
    out.push_back(cells[row]);
  }
  return share(std::move(out));
}

}  // namespace

std::string_view kind_name(ColumnKind kind) { return kind == ColumnKind::numeric ? "numeric" : "categorical"; }

std::vector<std::int32_t> standard_level_order(const std::vector<std::string>& levels) {
  std::vector<double> values(levels.size());
  bool numbers = true;
  for (std::size_t i = 0; i < levels.size() && numbers; ++i)
    numbers = parse_number(levels[i], values[i]) && !std::isnan(values[i]);
  std::vector<std::int32_t> order(levels.size());
  std::iota(order.begin(), order.end(), 0);
  auto before = [&](std::int32_t a, std::int32_t b) {
    if (numbers && values[a] != values[b]) return values[a] < values[b];
    return levels[a] < levels[b];
  };
  if (!std::is_sorted(order.begin(), order.end(), before)) std::sort(order.begin(), order.end(), before);
  return order;
}

Column Column::numeric(std::string name, std::vector<double> values) {
  std::size_t size = values.size();
  return numeric(std::move(name), share(std::move(values)), size);
}

Column Column::numeric(std::string name, std::shared_ptr<const double> values, std::size_t size) {
  Column column(std::move(name), ColumnKind::numeric);
  column.numbers_ = std::move(values);
  column.size_ = size;
  return column;
}

Column Column::indicator(std::string name, std::vector<double> values) {
  Column column = numeric(std::move(name), std::move(values));
  column.indicator_ = true;
  return column;
}

Column Column::categorical(std::string name, std::vector<std::int32_t> codes, std::vector<std::string> levels) {
  std::vector<std::int32_t> order = standard_level_order(levels);
  std::vector<std::int32_t> new_code(levels.size());
  std::vector<std::string> sorted;
  sorted.reserve(levels.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    new_code[order[i]] = static_cast<std::int32_t>(i);
    sorted.push_back(std::move(levels[order[i]]));
    if (i > 0 && sorted[i] == sorted[i - 1])
      throw Error(ErrorKind::value, "column " + quoted(name), "level " + short_quoted(sorted[i]) + " is given twice");
  }
  for (std::int32_t& code : codes) {
    if (code < -1 || code >= static_cast<std::int32_t>(new_code.size()))
      throw Error(ErrorKind::value,
                  {"column " + quoted(name), fmt::format("codes from -1 to {}", static_cast<int>(new_code.size()) - 1),
                   fmt::format("{}", code), ""});
    if (code >= 0) code = new_code[code];
  }
  Column column(std::move(name), ColumnKind::categorical);
  column.size_ = codes.size();
  column.codes_ = share(std::move(codes));
  column.levels_ = std::make_shared<const std::vector<std::string>>(std::move(sorted));
  return column;
}

Column Column::texts(std::string name, const std::vector<std::string>& values) {
  std::map<std::string_view, std::int32_t> known;
  std::vector<std::int32_t> codes;
  std::vector<std::string> levels;
  codes.reserve(values.size());
  for (const std::string& text : values) {
    if (text.empty()) {
      codes.push_back(-1);
      continue;
    }
    auto [it, is_new] = known.emplace(text, static_cast<std::int32_t>(levels.size()));
    if (is_new) levels.push_back(text);
    codes.push_back(it->second);
  }
  return categorical(std::move(name), std::move(codes), std::move(levels));
}

void Column::wrong_kind(ColumnKind wanted) const {
  throw Error(ErrorKind::data, {"column " + quoted(name_), fmt::format("a {} column", kind_name(wanted)),
                                fmt::format("a {} one", kind_name(kind_)), ""});
}

std::span<const double> Column::numbers() const {
  if (!is_numeric()) wrong_kind(ColumnKind::numeric);
  return {numbers_.get(), size_};
}

std::span<const std::int32_t> Column::codes() const {
  if (is_numeric()) wrong_kind(ColumnKind::categorical);
  return {codes_.get(), size_};
}

const std::vector<std::string>& Column::levels() const {
  if (is_numeric()) wrong_kind(ColumnKind::categorical);
  return *levels_;
}

bool Column::is_missing(std::size_t row) const {
  if (row >= size_)
    throw Error(ErrorKind::value,
                {"column " + quoted(name_), fmt::format("a row below {}", size_), fmt::format("{}", row), ""});
  return is_numeric() ? std::isnan(numbers_.get()[row]) : codes_.get()[row] < 0;
}

std::size_t Column::missing_count() const {
  if (is_numeric())
    return static_cast<std::size_t>(std::ranges::count_if(numbers(), [](double x) { return std::isnan(x); }));
  return static_cast<std::size_t>(std::ranges::count(codes(), -1));
}

std::string Column::text(std::size_t row) const {
  if (is_missing(row)) return "";
  return is_numeric() ? number_text(numbers()[row]) : levels()[codes()[row]];
}

Column Column::select(const RowIndices& rows) const {
  Column out = *this;
  out.size_ = rows.size();
  if (is_numeric())
    out.numbers_ = pick(numbers(), rows, name_);
  else
    out.codes_ = pick(codes(), rows, name_);
  return out;
}

Column Column::slice(std::size_t begin, std::size_t end) const {
  if (begin > end || end > size_)
    throw Error(ErrorKind::value, {"column " + quoted(name_), fmt::format("rows within [0, {})", size_),
                                   fmt::format("[{}, {})", begin, end), ""});
  Column out = *this;
  out.size_ = end - begin;
  if (is_numeric())
    out.numbers_ = {numbers_, numbers_.get() + begin};
  else
    out.codes_ = {codes_, codes_.get() + begin};
  return out;
}

Column Column::as_categorical() const {
  if (!is_numeric()) return *this;
  std::map<double, std::int32_t> known;
  std::vector<std::int32_t> codes;
  std::vector<std::string> levels;
  codes.reserve(size_);
  for (double x : numbers()) {
    if (std::isnan(x)) {
      codes.push_back(-1);
      continue;
    }
    auto [it, is_new] = known.emplace(x == 0 ? 0.0 : x, static_cast<std::int32_t>(levels.size()));
    if (is_new) levels.push_back(number_text(it->first));
    codes.push_back(it->second);
  }
  return categorical(name_, std::move(codes), std::move(levels));
}

}  // namespace gradus
