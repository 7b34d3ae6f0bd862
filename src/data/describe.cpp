#include "gradus/data/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

constexpr std::size_t kFewValues = 20;   // as many distinct numbers are counted, and levels listed
constexpr std::size_t kFewestRows = 10;  // with fewer, patterns are chance

// The cells as numbers: codes for categories, NaN where missing.
std::vector<double> cells_of(const Column& column) {
  if (column.is_numeric()) return {column.numbers().begin(), column.numbers().end()};
  std::vector<double> cells(column.size());
  std::ranges::transform(column.codes(), cells.begin(), [](std::int32_t code) { return code < 0 ? NAN : code; });
  return cells;
}

struct Numbers {
  std::size_t count = 0, infinite = 0, distinct = 0;  // distinct: kFewValues + 1 stands for more
  double min = NAN, mean = NAN, median = NAN, max = NAN, std = NAN;
};

Numbers summarise(const Column& column) {
  Numbers out;
  std::vector<double> values, distinct;
  for (double x : column.numbers()) {
    if (std::isinf(x)) ++out.infinite;
    if (!std::isfinite(x)) continue;
    values.push_back(x);
    if (distinct.size() <= kFewValues && std::find(distinct.begin(), distinct.end(), x) == distinct.end())
      distinct.push_back(x);
  }
  out.count = values.size();
  out.distinct = distinct.size();
  if (values.empty()) return out;
  auto n = static_cast<double>(values.size());
  auto [min, max] = std::minmax_element(values.begin(), values.end());
  out.min = *min;
  out.max = *max;
  out.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (double x : values) squares += (x - out.mean) * (x - out.mean);
  out.std = std::sqrt(squares / n);
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  out.median = *middle;
  if (values.size() % 2 == 0) out.median = (*std::max_element(values.begin(), middle) + *middle) / 2;
  return out;
}

std::vector<std::size_t> level_counts(const Column& column) {
  std::vector<std::size_t> counts(column.levels().size());
  for (std::int32_t code : column.codes())
    if (code >= 0) ++counts[static_cast<std::size_t>(code)];
  return counts;
}

Value describe_numbers(const Column& column) {
  Numbers numbers = summarise(column);
  Value out = Value::table();
  if (numbers.distinct <= kFewValues) out.set("distinct", static_cast<std::int64_t>(numbers.distinct));
  if (numbers.count == 0) return out;
  for (auto [name, x] : {std::pair{"min", numbers.min},
                         {"mean", numbers.mean},
                         {"median", numbers.median},
                         {"max", numbers.max},
                         {"std", numbers.std}})
    out.set(name, x);
  return out;
}

Value describe_levels(const Column& column) {
  std::vector<std::size_t> counts = level_counts(column);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  Value levels = Value::array();
  for (std::size_t i = 0; i < std::min(order.size(), kFewValues); ++i) {
    Value level = Value::table();
    level.set("level", column.levels()[order[i]]);
    level.set("count", static_cast<std::int64_t>(counts[order[i]]));
    levels.push_back(std::move(level));
  }
  Value out = Value::table();
  out.set("distinct", static_cast<std::int64_t>(order.size()));
  out.set("levels", std::move(levels));
  return out;
}

std::uint64_t mix(std::uint64_t x) {  // SplitMix64 (Steele, Lea and Flood 2014)
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Rows that repeat an earlier one, told by 64-bit hashes.
std::size_t count_duplicate_rows(const Table& table) {
  if (table.columns() == 0) return 0;
  std::vector<std::uint64_t> hashes(table.rows());
  for (std::size_t c = 0; c < table.columns(); ++c) {
    std::vector<double> cells = cells_of(table.column(c));
    for (std::size_t row = 0; row < cells.size(); ++row) {
      double cell = std::isnan(cells[row]) ? NAN : cells[row] + 0.0;  // one NaN, one zero
      hashes[row] = mix(hashes[row] + 0x9E3779B97F4A7C15u + std::bit_cast<std::uint64_t>(cell));
    }
  }
  std::sort(hashes.begin(), hashes.end());
  return hashes.size() - static_cast<std::size_t>(std::unique(hashes.begin(), hashes.end()) - hashes.begin());
}

bool numbers_rows(const Column& column) {
  std::span<const double> cells = column.numbers();
  if (cells.size() < kFewestRows) return false;
  for (std::size_t row = 1; row < cells.size(); ++row)
    if (cells[row] != cells[row - 1] + 1) return false;
  return true;
}

// What is odd about a column by itself, or "".
std::string oddity(const Column& column) {
  std::size_t missing = column.missing_count(), present = column.size() - missing;
  if (present == 0) return "it has no value";
  bool is_numeric = column.is_numeric();
  std::size_t distinct = 0, infinite = 0;
  if (is_numeric) {
    Numbers numbers = summarise(column);
    distinct = numbers.distinct;
    infinite = numbers.infinite;
  } else {
    std::vector<std::size_t> counts = level_counts(column);
    distinct = counts.size() - static_cast<std::size_t>(std::count(counts.begin(), counts.end(), 0u));
  }
  if (infinite > 0) return count_text(infinite, "value is", "values are") + " infinite";
  if (distinct == 1 && present > 1) return "it is constant";
  if (is_numeric && numbers_rows(column)) return "it numbers the rows";
  if (!is_numeric && distinct == present && present >= kFewestRows) return "each row has its own value: an identifier?";
  if (2 * missing > column.size())
    return fmt::format("{:.0f} % of it is missing",
                       100.0 * static_cast<double>(missing) / static_cast<double>(column.size()));
  return "";
}

bool same_cells(const Column& a, const Column& b) {
  if (a.kind() != b.kind()) return false;
  if (!a.is_numeric()) return std::ranges::equal(a.codes(), b.codes()) && a.levels() == b.levels();
  return std::ranges::equal(a.numbers(), b.numbers(),
                            [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

void warn_of_equal_columns(const Table& table, Value& warnings) {
  std::multimap<std::uint64_t, std::size_t> seen;
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    std::vector<double> cells = cells_of(column);
    bool is_constant = std::adjacent_find(cells.begin(), cells.end(), std::not_equal_to<>()) == cells.end();
    if (is_constant || column.missing_count() == column.size()) continue;
    std::uint64_t hash = 0;
    for (double cell : cells) hash = mix(hash + std::bit_cast<std::uint64_t>(std::isnan(cell) ? NAN : cell + 0.0));
    auto [first, last] = seen.equal_range(hash);
    auto twin =
        std::find_if(first, last, [&](const auto& item) { return same_cells(column, table.column(item.second)); });
    if (twin != last)
      warnings.push_back(quoted(column.name()) + ": it equals " + quoted(table.column(twin->second).name()));
    else
      seen.emplace(hash, c);
  }
}

double correlation(std::span<const double> x, std::span<const double> y) {
  double n = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) continue;
    ++n;
    double dx = x[i] - mean_x, dy = y[i] - mean_y;
    mean_x += dx / n;
    mean_y += dy / n;
    xx += dx * (x[i] - mean_x);
    yy += dy * (y[i] - mean_y);
    xy += dx * (y[i] - mean_y);
  }
  return n < static_cast<double>(kFewestRows) || xx == 0 || yy == 0 ? 0 : xy / std::sqrt(xx * yy);
}

// Whether each of a few values of the column goes with one value of the target only.
bool determines(const Column& column, const Column& target) {
  std::vector<double> cells = cells_of(column), wanted = cells_of(target);
  std::map<double, double> target_of;
  std::size_t rows = 0;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    if (std::isnan(cells[row]) || std::isnan(wanted[row])) continue;
    ++rows;
    auto [it, is_new] = target_of.emplace(cells[row], wanted[row]);
    if (!is_new && it->second != wanted[row]) return false;
  }
  return target_of.size() > 1 && rows >= kFewestRows * target_of.size();
}

void warn_of_leaks(const Table& table, const std::string& target_name, Value& warnings) {
  constexpr double kTooGood = 0.9999;
  const Column& target = table.column(target_name);
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    if (column.name() == target_name) continue;
    bool follows = column.is_numeric() && target.is_numeric() &&
                   std::fabs(correlation(column.numbers(), target.numbers())) > kTooGood;
    if (follows || determines(column, target))
      warnings.push_back(quoted(column.name()) + ": it gives the target " + quoted(target_name) +
                         " away: would it be known at prediction?");
  }
}

Value describe_column(const Column& column) {
  Value out = Value::table();
  out.set("name", column.name());
  out.set("kind", std::string(kind_name(column.kind())));
  out.set("missing", static_cast<std::int64_t>(column.missing_count()));
  Value rest = column.is_numeric() ? describe_numbers(column) : describe_levels(column);
  for (auto& [key, value] : rest.as_table()) out.set(key, std::move(value));
  return out;
}

}  // namespace

Value describe(const Table& table, const std::string& target) {
  Value columns = Value::array(), warnings = Value::array(), notes = Value::array();
  for (std::size_t c = 0; c < table.columns(); ++c) {
    columns.push_back(describe_column(table.column(c)));
    std::string odd = table.rows() > 0 ? oddity(table.column(c)) : "";
    if (!odd.empty()) warnings.push_back(quoted(table.column(c).name()) + ": " + odd);
  }
  warn_of_equal_columns(table, warnings);
  if (!target.empty()) warn_of_leaks(table, target, warnings);
  for (const std::string& note : table.notes()) notes.push_back(note);

  Value out = Value::table();
  out.set("name", table.name());
  out.set("rows", static_cast<std::int64_t>(table.rows()));
  out.set("columns", static_cast<std::int64_t>(table.columns()));
  out.set("duplicate_rows", static_cast<std::int64_t>(count_duplicate_rows(table)));
  out.set("column", std::move(columns));
  out.set("notes", std::move(notes));
  out.set("warnings", std::move(warnings));
  return out;
}

}  // namespace gradus
