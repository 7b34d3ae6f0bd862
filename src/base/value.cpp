#include "gradus/base/value.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

[[noreturn]] void throw_type(const Value& value, std::string_view place, std::string_view expected) {
  throw Error(ErrorKind::config, {value.place(place), std::string(expected), describe(value), ""});
}

// True when x is the value of a 64-bit integer.
bool is_integral(double x) { return x >= -0x1p63 && x < 0x1p63 && x == std::trunc(x); }

// The element number that a step of a path stands for, or none.
std::optional<std::size_t> index_in(std::string_view step) {
  if (step.empty() || step.size() > 9 || step.find_first_not_of("0123456789") != std::string_view::npos) return {};
  return std::stoul(std::string(step));
}

// "model.layers[2].units" and "model.layers.2.units" as the steps model, layers, 2, units. Brackets without a number
// belong to the key.
std::vector<std::string_view> path_steps(std::string_view path) {
  std::vector<std::string_view> steps;
  do {
    std::size_t end = std::min(path.find('.'), path.size());
    std::string_view key = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    auto at = static_cast<std::ptrdiff_t>(steps.size());
    for (std::size_t open; key.size() > 2 && key.back() == ']'; key = key.substr(0, open)) {
      open = key.rfind('[');
      if (open == std::string_view::npos || open == 0) break;
      std::string_view inner = key.substr(open + 1, key.size() - open - 2);
      if (!index_in(inner)) break;
      steps.insert(steps.begin() + at, inner);
    }
    steps.insert(steps.begin() + at, key);
  } while (!path.empty());
  return steps;
}

bool equal(const Value::Table& a, const Value& b) {
  if (a.size() != b.as_table().size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const auto& member) {
    const Value* other = b.find(member.first);
    return other != nullptr && *other == member.second;
  });
}

}  // namespace

std::string Location::text() const {
  if (line == 0) return file;
  return file + (file.empty() ? "" : ":") + std::to_string(line) + ":" + std::to_string(column);
}

const Location& Value::location() const {
  static const Location nowhere;
  return location_ ? *location_ : nowhere;
}

void Value::set_location(Location l) { location_ = std::make_shared<const Location>(std::move(l)); }

std::string Value::place(std::string_view what) const {
  std::string text = location().text();
  if (!text.empty() && !what.empty()) text += ": ";
  return text += what;
}

std::string_view type_name(Value::Type type) {
  constexpr std::string_view kNames[] = {"null", "boolean", "integer", "real", "string", "array", "table"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string describe(const Value& value) {
  switch (value.type()) {
    case Value::Type::null:
      return "nothing";
    case Value::Type::boolean:
      return value.as_bool() ? "true" : "false";
    case Value::Type::integer:
      return std::to_string(value.as_integer());
    case Value::Type::real:
      return real_text(value.as_real());
    case Value::Type::string:
      return "a string " + shown(value.as_string());
    case Value::Type::array:
      return "a list of " + std::to_string(value.as_array().size());
    case Value::Type::table:
      return "a table";
  }
  return "";
}

bool Value::as_bool(std::string_view place) const {
  if (const bool* v = std::get_if<bool>(&data_)) return *v;
  throw_type(*this, place, "true or false");
}

std::int64_t Value::as_integer(std::string_view place) const {
  if (const std::int64_t* v = std::get_if<std::int64_t>(&data_)) return *v;
  if (const double* v = std::get_if<double>(&data_); v && is_integral(*v)) return static_cast<std::int64_t>(*v);
  throw_type(*this, place, "an integer");
}

double Value::as_real(std::string_view place) const {
  if (const double* v = std::get_if<double>(&data_)) return *v;
  if (const std::int64_t* v = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*v);
  throw_type(*this, place, "a number");
}

const std::string& Value::as_string(std::string_view place) const {
  if (const std::string* v = std::get_if<std::string>(&data_)) return *v;
  throw_type(*this, place, "a string");
}

const Value::Array& Value::as_array(std::string_view place) const {
  if (const Array* v = std::get_if<Array>(&data_)) return *v;
  throw_type(*this, place, "a list");
}

Value::Array& Value::as_array(std::string_view place) {
  return const_cast<Array&>(std::as_const(*this).as_array(place));
}

const Value::Table& Value::as_table(std::string_view place) const {
  if (const Table* v = std::get_if<Table>(&data_)) return *v;
  throw_type(*this, place, "a table");
}

Value::Table& Value::as_table(std::string_view place) {
  return const_cast<Table&>(std::as_const(*this).as_table(place));
}

const Value* Value::find(std::string_view key) const {
  const Table* table = std::get_if<Table>(&data_);
  if (!table) return nullptr;
  auto it = std::find_if(table->begin(), table->end(), [&](const auto& member) { return member.first == key; });
  return it == table->end() ? nullptr : &it->second;
}

Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

const Value& Value::at(std::string_view key) const {
  if (const Value* v = find(key)) return *v;
  throw Error(ErrorKind::config, {place(""), "a key " + shown(key), "none", ""});
}

Value& Value::set(std::string_view key, Value v) {
  if (is_null()) data_ = Table{};
  if (Value* old = find(key)) return *old = std::move(v);
  return as_table(key).emplace_back(std::string(key), std::move(v)).second;
}

void Value::erase(std::string_view key) {
  std::erase_if(as_table(key), [&](const auto& member) { return member.first == key; });
}

void Value::push_back(Value v) {
  if (is_null()) data_ = Array{};
  as_array().push_back(std::move(v));
}

const Value* Value::find_path(std::string_view dotted) const {
  const Value* value = this;
  for (std::string_view step : path_steps(dotted)) {
    if (value->is_array()) {
      std::optional<std::size_t> i = index_in(step);
      value = i && *i < value->as_array().size() ? &value->as_array()[*i] : nullptr;
    } else {
      value = value->find(step);
    }
    if (!value) break;
  }
  return value;
}

Value& Value::set_path(std::string_view dotted, Value v) {
  Value* value = this;
  std::string at;
  for (std::string_view step : path_steps(dotted)) {
    if (value->is_array()) {
      Array& array = value->as_array();
      std::optional<std::size_t> i = index_in(step);
      if (!i || *i >= array.size())
        throw Error(ErrorKind::config, {value->place(at), "an index below " + std::to_string(array.size()),
                                        i ? std::string(step) : shown(step), "elements count from 0"});
      value = &array[*i];
    } else {
      if (!value->is_null()) value->as_table(at);
      Value* next = value->find(step);
      value = next ? next : &value->set(step, Value());
    }
    at += (at.empty() ? "" : ".") + std::string(step);
  }
  return *value = std::move(v);
}

bool Value::operator==(const Value& other) const {
  if (is_number() && other.is_number() && type() != other.type()) {
    const Value& real = type() == Type::real ? *this : other;
    return is_integral(real.as_real()) && as_integer() == other.as_integer();
  }
  if (type() != other.type()) return false;
  switch (type()) {
    case Type::real:
      return as_real() == other.as_real() || (std::isnan(as_real()) && std::isnan(other.as_real()));
    case Type::array:
      return as_array() == other.as_array();
    case Type::table:
      return equal(as_table(), other);
    default:
      return data_ == other.data_;
  }
}

}  // namespace gradus
