#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gradus {

// Where a value was written; a table's member is placed at its key.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  std::string text() const;  // "file:line:column", "file" without a line, or "" for values made in code
};

// One node of a configuration or of metadata: what TOML and JSON have in common, with its place in the source.
class Value {
 public:
  enum class Type { null, boolean, integer, real, string, array, table };
  using Array = std::vector<Value>;
  using Table = std::vector<std::pair<std::string, Value>>;  // in written order; keys are unique

  Value() = default;
  template <std::integral T>
  Value(T v) {
    if constexpr (std::same_as<T, bool>)
      data_ = v;
    else
      data_ = static_cast<std::int64_t>(v);
  }
  Value(double v) : data_(v) {}
  Value(std::string v) : data_(std::move(v)) {}
  Value(std::string_view v) : data_(std::string(v)) {}
  Value(const char* v) : data_(std::string(v)) {}
  Value(Array v) : data_(std::move(v)) {}
  Value(Table v) : data_(std::move(v)) {}
  static Value table() { return Value(Table{}); }
  static Value array() { return Value(Array{}); }

  Type type() const { return static_cast<Type>(data_.index()); }
  bool is_null() const { return type() == Type::null; }
  bool is_number() const { return type() == Type::integer || type() == Type::real; }
  bool is_string() const { return type() == Type::string; }
  bool is_array() const { return type() == Type::array; }
  bool is_table() const { return type() == Type::table; }

  // Typed access; when the type differs each throws Error{config} naming the location and `place`:
  // `iris.toml:12:3: train.epochs: expected an integer, got a string "ten"`.
  bool as_bool(std::string_view place = "") const;
  std::int64_t as_integer(std::string_view place = "") const;  // a real with an integral value is accepted
  double as_real(std::string_view place = "") const;           // integers are accepted
  const std::string& as_string(std::string_view place = "") const;
  const Array& as_array(std::string_view place = "") const;
  Array& as_array(std::string_view place = "");
  const Table& as_table(std::string_view place = "") const;
  Table& as_table(std::string_view place = "");

  // Table look-up: null pointer when absent (or not a table).
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // Table look-up; throws Error{config} naming the key when absent.
  const Value& at(std::string_view key) const;
  // Sets (or replaces) a key of a table; a null Value becomes a table first. Returns the stored value, which stays
  // there until this table changes again.
  Value& set(std::string_view key, Value v);
  void erase(std::string_view key);
  void push_back(Value v);

  // Looks up a dotted path such as "train.optimizer.lr", "model.layers[2].units" or "model.layers.2.units" (elements
  // count from 0); null pointer when absent.
  const Value* find_path(std::string_view dotted) const;
  // Sets what the path names and creates missing tables along it; array elements must exist. Error{config} when a
  // step leads through something that is no table or array.
  Value& set_path(std::string_view dotted, Value v);

  const Location& location() const;
  void set_location(Location l);
  // How an error about this value begins: its location, where it has one, and what it is ("iris.toml:12:3: train.lr").
  std::string place(std::string_view what) const;

  // Ignores locations and the order of keys; an integer equals the real of the same value, and NaN equals NaN.
  bool operator==(const Value& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Table> data_;  // in the order of Type
  std::shared_ptr<const Location> location_;                                                  // null: made in code
};

std::string_view type_name(Value::Type type);

// How messages name a value: `a string "ten"`, `2.5`, `true`, `a list of 3`, `a table`. Long strings are cut, control
// characters escaped.
std::string describe(const Value& value);

// TOML text to a table; `name` is the file's name in errors and locations (none are kept when it is empty). At most 64
// KB and 64 levels. Dates and times become strings. Throws Error{config} with file, line, column.
Value parse_toml(std::string_view text, const std::string& name);
Value read_toml(const std::string& path);
// A table as TOML that parse_toml reads back equal: scalars first, then sub-tables as [sections]; arrays of
// tables (layers) are written inline, one element a line. Reals keep all digits (shortest round-trip form). Null
// members are left out; bytes that are not UTF-8 become U+FFFD. Error{value} for a null in an array, or no table.
std::string to_toml(const Value& table);
// One TOML value as written after "key = " (used by --set). Text that is not TOML is a plain word, taken as a string,
// unless it begins like a list, a table or a quoted string, is empty or has several lines: Error{config}.
Value parse_toml_value(std::string_view text);

// JSON text to a value; at most 64 levels, `max_bytes` and 2 million values (of about 60 bytes each). Of
// equal keys the last counts. Throws Error{data} naming `name` and the position.
Value parse_json(std::string_view text, const std::string& name, std::size_t max_bytes = 16u << 20);
// Value to JSON. Non-finite reals become null, bytes that are not UTF-8 U+FFFD. indent < 0 gives one line.
std::string to_json(const Value& value, int indent = 2);

}  // namespace gradus
