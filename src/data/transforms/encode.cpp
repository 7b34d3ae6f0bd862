#include "gradus/data/transforms/encode.h"

#include <fmt/format.h>

#include <limits>
#include <map>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

const char* const kPlace = "prepare.encode";
const std::vector<std::string> kMethods = {"one_hot", "ordinal"};

std::string column_place(const std::string& name) { return fmt::format("{}: column {}", kPlace, quoted(name)); }

// The levels that occur in the rows, in the column's order.
std::vector<std::string> levels_in(const Column& column, const RowIndices& rows) {
  std::vector<char> occurs(column.levels().size());
  for (std::uint32_t row : rows)
    if (column.codes()[row] >= 0) occurs[static_cast<std::size_t>(column.codes()[row])] = true;
  std::vector<std::string> levels;
  for (std::size_t i = 0; i < occurs.size(); ++i)
    if (occurs[i]) levels.push_back(column.levels()[i]);
  return levels;
}

void add_indicators(Table& table, const std::string& name, const std::vector<std::string>& levels,
                    const std::vector<std::int32_t>& position_of, const Column& column) {
  for (std::size_t level = 0; level < levels.size(); ++level) {
    std::vector<double> cells(column.size());
    for (std::size_t row = 0; row < cells.size(); ++row) {
      std::int32_t code = column.codes()[row];
      cells[row] = code >= 0 && position_of[static_cast<std::size_t>(code)] == static_cast<std::int32_t>(level);
    }
    table.add(Column::indicator(name + "=" + levels[level], std::move(cells)));
  }
}

Column positions_column(const Column& column, const std::vector<std::int32_t>& position_of) {
  std::vector<double> cells(column.size());
  for (std::size_t row = 0; row < cells.size(); ++row) {
    std::int32_t code = column.codes()[row];
    cells[row] = code >= 0 ? position_of[static_cast<std::size_t>(code)] : std::numeric_limits<double>::quiet_NaN();
  }
  return Column::numeric(column.name(), std::move(cells));
}

}  // namespace

void EncodeParams::fields(Fields& f) {
  f("default", method, kMethods, "how categories become numbers");
  f("columns", columns, "a table column = method", "exceptions to the default");
  f("unseen", unseen, {"ignore", "error"}, "categories that no training row had: no level (zeros, or -1), or an error");
  f("max_levels", max_levels, at_least(1), "most categories of a column; more are taken for an identifier");
}

Encode::Encode(Params params)
    : params_(std::move(params)), methods_(kPlace, params_.method, params_.columns, kMethods) {}

void Encode::fit(const Table& table, const RowIndices& rows) {
  methods_.check_names(table);
  codes_.clear();
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    if (column.is_numeric()) {
      if (methods_.is_exception(column.name()))
        throw Error(ErrorKind::config, column_place(column.name()), "it is numeric and needs no encoding",
                    "give its type as \"categorical\" if its numbers are names");
      continue;
    }
    Code code{column.name(), methods_.of(column.name()), levels_in(column, rows)};
    if (code.levels.size() > static_cast<std::size_t>(params_.max_levels))
      throw Error(ErrorKind::data, column_place(column.name()),
                  fmt::format("it has {} categories in {}, more than max_levels = {}", code.levels.size(),
                              count_text(rows.size(), "training row"), params_.max_levels),
                  "leave it out of the features if it identifies rows, or raise max_levels");
    codes_.push_back(std::move(code));
  }
}

std::vector<std::int32_t> Encode::positions(const Code& code, const Column& column) const {
  std::map<std::string_view, std::int32_t> known;
  for (std::size_t i = 0; i < code.levels.size(); ++i) known.emplace(code.levels[i], static_cast<std::int32_t>(i));
  std::vector<std::int32_t> position_of;
  for (const std::string& level : column.levels()) {
    auto it = known.find(level);
    position_of.push_back(it == known.end() ? -1 : it->second);
  }
  if (params_.unseen == "ignore") return position_of;
  for (std::size_t row = 0; row < column.size(); ++row) {
    std::int32_t at = column.codes()[row];
    if (at >= 0 && position_of[static_cast<std::size_t>(at)] < 0)
      throw Error(ErrorKind::data, column_place(code.column),
                  fmt::format("{} in row {} is a category that no training row had",
                              short_quoted(column.levels()[static_cast<std::size_t>(at)]), row + 1),
                  "unseen = \"ignore\" accepts such rows");
  }
  return position_of;
}

void Encode::apply(Table& table) const {
  std::map<std::string_view, const Code*> codes;
  for (const Code& code : codes_) {
    table.index_of(code.column);
    codes.emplace(code.column, &code);
  }
  Table encoded(table.name());
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    auto it = codes.find(column.name());
    if (it == codes.end()) {
      encoded.add(column);
      continue;
    }
    const Code& code = *it->second;
    std::vector<std::int32_t> position_of = positions(code, column);
    if (code.method == "ordinal")
      encoded.add(positions_column(column, position_of));
    else
      add_indicators(encoded, code.column, code.levels, position_of, column);
  }
  table = std::move(encoded);
}

Value Encode::state() const {
  Value columns = Value::array();
  for (const Code& code : codes_) {
    Value levels = Value::array();
    for (const std::string& level : code.levels) levels.push_back(level);
    Value one = Value::table();
    one.set("name", code.column);
    one.set("method", code.method);
    one.set("levels", std::move(levels));
    columns.push_back(std::move(one));
  }
  Value state = Value::table();
  state.set("columns", std::move(columns));
  return state;
}

void Encode::restore(const Value& state) {
  std::vector<Code> codes;
  for (const Value& one : state.at("columns").as_array()) {
    Code code{one.at("name").as_string(), one.at("method").as_string(), {}};
    for (const Value& level : one.at("levels").as_array()) code.levels.push_back(level.as_string());
    codes.push_back(std::move(code));
  }
  codes_ = std::move(codes);
}

void register_encode(Catalog<TableTransform>& catalog) {
  catalog.add<Encode>("encode", "turns categories into indicator columns or positions");
}

}  // namespace gradus
