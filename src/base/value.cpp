#include "gradus/base/value.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

std::string place_of(const Value& value, std::string_view place) {
  std::string text = value.location().text();
  if (!text.empty() && !place.empty()) text += ": ";
  return text += place;
}

[[noreturn]] void throw_type(const Value& value, std::string_view place, std::string_view expected) {
  throw Error(ErrorKind::config, {place_of(value, place), std::string(expected), describe(value), ""});
}

// True when x is the value of a 64-bit integer.
bool is_integral(double x) { return x >= -0x1p63 && x < 0x1p63 && x == std::trunc(x); }

// One step of a path: a key and the array elements taken from what it names ("layers[2][0]").
struct PathStep {
  std::string_view key;
  std::vector<std::size_t> indices;
};

// Takes the first step off `path`. A key whose brackets hold no number is an ordinary key.
PathStep take_step(std::string_view& path) {
  std::size_t end = std::min(path.find('.'), path.size());
  PathStep step{path.substr(0, end), {}};
  path.remove_prefix(std::min(end + 1, path.size()));
  while (step.key.size() > 2 && step.key.back() == ']') {
    std::size_t open = step.key.rfind('[');
    if (open == std::string_view::npos || open == 0) break;
    std::string_view digits = step.key.substr(open + 1, step.key.size() - open - 2);
    if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string_view::npos) break;
    step.indices.insert(step.indices.begin(), std::stoul(std::string(digits)));
    step.key = step.key.substr(0, open);
  }
  return step;
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
  throw Error(ErrorKind::config, {place_of(*this, ""), "a key " + shown(key), "none", ""});
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
  do {
    PathStep step = take_step(dotted);
    value = value->find(step.key);
    for (std::size_t i : step.indices) {
      if (!value || !value->is_array() || i >= value->as_array().size()) return nullptr;
      value = &value->as_array()[i];
    }
  } while (value && !dotted.empty());
  return value;
}

Value& Value::set_path(std::string_view dotted, Value v) {
  Value* value = this;
  std::string place;
  do {
    PathStep step = take_step(dotted);
    if (!value->is_null()) value->as_table(place);
    if (!place.empty()) place += '.';
    place += step.key;
    Value* next = value->find(step.key);
    value = next ? next : &value->set(step.key, Value());
    for (std::size_t i : step.indices) {
      Array& array = value->as_array(place);
      if (i >= array.size())
        throw Error(ErrorKind::config,
                    {place_of(*value, place), "an index below " + std::to_string(array.size()), std::to_string(i), ""});
      value = &array[i];
      place += "[" + std::to_string(i) + "]";
    }
  } while (!dotted.empty());
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
