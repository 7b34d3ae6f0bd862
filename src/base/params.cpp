#include "gradus/base/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

std::string join(std::string_view outer, std::string_view name) {
  if (outer.empty()) return std::string(name);
  return fmt::format("{}.{}", outer, name);
}

std::string element(const std::string& place, std::size_t i) { return fmt::format("{}[{}]", place, i); }

// Where an Error about the value of a field comes from: its kind, the field's full name and its location.
struct Origin {
  ErrorKind kind;
  std::string name;
  std::string location;
};

[[noreturn]] void refuse(const Origin& origin, std::string_view allowed, std::string_view given,
                         const std::string& fix = "") {
  throw Error(origin.kind, origin.location, fmt::format("{} must be {}, got {}", origin.name, allowed, given), fix);
}

template <class Number>
void check_bound(Number x, const Bound& bound, const Origin& origin) {
  if (bound.holds(static_cast<double>(x))) return;
  std::string allowed = bound.text();
  if (allowed.empty()) allowed = "a number";
  if (allowed.front() == '[' || allowed.front() == '(') allowed = "in " + allowed;
  refuse(origin, allowed, fmt::format("{}", x));
}

void check_choice(const std::string& value, const std::vector<std::string>& choices, const Origin& origin) {
  if (choices.empty() || std::count(choices.begin(), choices.end(), value) > 0) return;
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + quoted(choice);
  std::string close = nearest(value, choices);
  refuse(origin, choices.size() == 1 ? all : "one of " + all, shown(value),
         close.empty() ? "" : "did you mean " + quoted(close) + "?");
}

// A key that is often written beside the table it belongs into; counts where that table is among the known keys.
struct Misplaced {
  std::string_view key, table, fix;
};

constexpr Misplaced kMisplaced[] = {
    {"lr", "optimizer", "write optimizer = { type = \"adam\", lr = 0.001 }"},
    {"learning_rate", "optimizer", "write optimizer = { type = \"adam\", lr = 0.001 }"},
    {"momentum", "optimizer", "write optimizer = { type = \"sgd\", momentum = 0.9 }"},
    {"weight_decay", "optimizer", "write optimizer = { type = \"adamw\", weight_decay = 0.01 }"},
};

// Sets the fields that a table names.
class Reader : public Fields {
 public:
  Reader(const Value& given, const std::string& place, const std::vector<std::string>& ignored,
         std::string_view shorthand) {
    const Value* table = &given;
    if (!shorthand.empty() && !given.is_null() && !given.is_table()) {
      spelled_out_.set(shorthand, given);
      table = &spelled_out_;
    }
    if (!table->is_null()) table->as_table(place);
    open_.push_back({table, place, ignored});
    if (table == &spelled_out_) open_.back().shorthand = shorthand;
  }
  void finish() const { refuse_unknown_keys(); }

  void real(std::string_view name, double& value, const Bound& bound, std::string_view) override {
    if (const Value* v = take(name)) value = read_real(*v, place_of(name), bound);
  }
  void integer(std::string_view name, std::int64_t& value, const Bound& bound, std::string_view) override {
    if (const Value* v = take(name)) value = read_integer(*v, place_of(name), bound);
  }
  void boolean(std::string_view name, bool& value, std::string_view) override {
    if (const Value* v = take(name)) value = v->as_bool(place_of(name));
  }
  void string(std::string_view name, std::string& value, const std::vector<std::string>& choices,
              std::string_view) override {
    const Value* v = take(name);
    if (!v) return;
    std::string place = place_of(name);
    std::string text = v->as_string(place);
    check_choice(text, choices, {ErrorKind::config, place, v->location().text()});
    value = text;
  }
  void strings(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    const Value* v = take(name);
    if (!v) return;
    value.clear();
    if (v->is_string()) return value.push_back(v->as_string());
    std::string place = place_of(name);
    if (!v->is_array())
      throw Error(ErrorKind::config, {v->place(place), "a string or a list of strings", describe(*v), ""});
    for (const Value& item : v->as_array(place)) value.push_back(item.as_string(element(place, value.size())));
  }
  void integers(std::string_view name, std::vector<std::int64_t>& value, const Bound& bound,
                std::string_view) override {
    const Value* v = take(name);
    if (!v) return;
    value.clear();
    std::string place = place_of(name);
    for (const Value& item : v->as_array(place))
      value.push_back(read_integer(item, element(place, value.size()), bound));
  }
  void optional_real(std::string_view name, std::optional<double>& value, const Bound& bound,
                     std::string_view) override {
    if (const Value* v = take(name)) value = read_real(*v, place_of(name), bound);
  }
  void optional_integer(std::string_view name, std::optional<std::int64_t>& value, const Bound& bound,
                        std::string_view) override {
    if (const Value* v = take(name)) value = read_integer(*v, place_of(name), bound);
  }
  void optional_string(std::string_view name, std::optional<std::string>& value, std::string_view) override {
    if (const Value* v = take(name)) value = v->as_string(place_of(name));
  }
  void any_value(std::string_view name, Value& value, std::string_view, std::string_view) override {
    if (const Value* v = take(name)) value = *v;
  }
  void begin_group(std::string_view name, std::string_view) override {
    static const Value absent;
    const Value* v = take(name);
    std::string place = place_of(name);
    if (v) v->as_table(place);
    open_.push_back({v ? v : &absent, place, {}});
  }
  void end_group() override {
    refuse_unknown_keys();
    open_.pop_back();
  }

 private:
  struct Level {
    const Value* table;
    std::string place;
    std::vector<std::string> ignored;
    std::vector<std::string> known = {};
    std::string_view shorthand = {};  // the field that the value given in place of a table stands for
  };

  static double read_real(const Value& v, const std::string& place, const Bound& bound) {
    double x = v.as_real(place);
    check_bound(x, bound, {ErrorKind::config, place, v.location().text()});
    return x;
  }
  static std::int64_t read_integer(const Value& v, const std::string& place, const Bound& bound) {
    std::int64_t x = v.as_integer(place);
    check_bound(x, bound, {ErrorKind::config, place, v.location().text()});
    return x;
  }

  std::string place_of(std::string_view name) const {
    return name == open_.back().shorthand ? open_.back().place : join(open_.back().place, name);
  }

  // The value given for a field, null pointer when there is none; notes that the field exists.
  const Value* take(std::string_view name) {
    Level& level = open_.back();
    level.known.emplace_back(name);
    const Value* v = level.table->find(name);
    return v && !v->is_null() ? v : nullptr;
  }

  void refuse_unknown_keys() const {
    const Level& level = open_.back();
    if (level.table->is_null()) return;
    for (const auto& [key, value] : level.table->as_table()) {
      auto is_key = [&key = key](const std::string& name) { return name == key; };
      if (std::any_of(level.known.begin(), level.known.end(), is_key)) continue;
      if (std::any_of(level.ignored.begin(), level.ignored.end(), is_key)) continue;
      refuse_unknown(key, value, level);
    }
  }

  [[noreturn]] static void refuse_unknown(const std::string& key, const Value& value, const Level& level) {
    std::string word = shown(key);
    bool plain = word.size() == key.size() + 2;
    std::string place = value.place(join(level.place, plain ? key : word));
    std::string message = "unknown key " + word;
    const Value* type = level.table->find("type");
    if (type && type->is_string() && key != "type") message += " of " + printable(type->as_string(), 60);
    for (const Misplaced& m : kMisplaced)
      if (m.key == key && std::ranges::count(level.known, m.table) > 0)
        throw Error(ErrorKind::config, place, message + ": it belongs to the " + std::string(m.table),
                    std::string(m.fix));
    std::string close = nearest(key, level.known);
    if (!close.empty()) throw Error(ErrorKind::config, place, message, "did you mean " + quoted(close) + "?");
    if (level.known.empty()) throw Error(ErrorKind::config, place, message, "it takes no keys");
    throw Error(ErrorKind::config, place, message, fmt::format("known keys: {}", fmt::join(level.known, ", ")));
  }

  std::vector<Level> open_;
  Value spelled_out_ = Value::table();
};

// Visits fields by their dotted names, for visitors that do not keep the nesting.
class FlatFields : public Fields {
 public:
  void begin_group(std::string_view name, std::string_view) override { groups_.push_back(full(name)); }
  void end_group() override { groups_.pop_back(); }

 protected:
  explicit FlatFields(const std::string& place) : groups_{place} {}
  std::string full(std::string_view name) const { return join(groups_.back(), name); }

 private:
  std::vector<std::string> groups_;
};

class Checker : public FlatFields {
 public:
  explicit Checker(const std::string& place) : FlatFields(place) {}

  void real(std::string_view name, double& value, const Bound& bound, std::string_view) override {
    check_bound(value, bound, origin(full(name)));
  }
  void integer(std::string_view name, std::int64_t& value, const Bound& bound, std::string_view) override {
    check_bound(value, bound, origin(full(name)));
  }
  void string(std::string_view name, std::string& value, const std::vector<std::string>& choices,
              std::string_view) override {
    check_choice(value, choices, origin(full(name)));
  }
  void integers(std::string_view name, std::vector<std::int64_t>& value, const Bound& bound,
                std::string_view) override {
    for (std::size_t i = 0; i < value.size(); ++i) check_bound(value[i], bound, origin(element(full(name), i)));
  }
  void optional_real(std::string_view name, std::optional<double>& value, const Bound& bound,
                     std::string_view) override {
    if (value) check_bound(*value, bound, origin(full(name)));
  }
  void optional_integer(std::string_view name, std::optional<std::int64_t>& value, const Bound& bound,
                        std::string_view) override {
    if (value) check_bound(*value, bound, origin(full(name)));
  }
  void boolean(std::string_view, bool&, std::string_view) override {}
  void strings(std::string_view, std::vector<std::string>&, std::string_view) override {}
  void optional_string(std::string_view, std::optional<std::string>&, std::string_view) override {}
  void any_value(std::string_view, Value&, std::string_view, std::string_view) override {}

 private:
  static Origin origin(std::string name) { return {ErrorKind::value, std::move(name), ""}; }
};

template <class T>
Value list_of(const std::vector<T>& items) {
  return Value(Value::Array(items.begin(), items.end()));
}

class Writer : public Fields {
 public:
  explicit Writer(Value& table) : open_{&table} {}

  void real(std::string_view name, double& v, const Bound&, std::string_view) override { put(name, v); }
  void integer(std::string_view name, std::int64_t& v, const Bound&, std::string_view) override { put(name, v); }
  void boolean(std::string_view name, bool& v, std::string_view) override { put(name, v); }
  void string(std::string_view name, std::string& v, const std::vector<std::string>&, std::string_view) override {
    put(name, v);
  }
  void strings(std::string_view name, std::vector<std::string>& v, std::string_view) override { put(name, list_of(v)); }
  void integers(std::string_view name, std::vector<std::int64_t>& v, const Bound&, std::string_view) override {
    put(name, list_of(v));
  }
  void optional_real(std::string_view name, std::optional<double>& v, const Bound&, std::string_view) override {
    if (v) put(name, *v);
  }
  void optional_integer(std::string_view name, std::optional<std::int64_t>& v, const Bound&,
                        std::string_view) override {
    if (v) put(name, *v);
  }
  void optional_string(std::string_view name, std::optional<std::string>& v, std::string_view) override {
    if (v) put(name, *v);
  }
  void any_value(std::string_view name, Value& v, std::string_view, std::string_view) override {
    if (!v.is_null()) put(name, v);
  }
  void begin_group(std::string_view name, std::string_view) override {
    open_.push_back(&open_.back()->set(name, Value::table()));
  }
  void end_group() override { open_.pop_back(); }

 private:
  void put(std::string_view name, Value v) { open_.back()->set(name, std::move(v)); }

  std::vector<Value*> open_;  // a table gets no new member while one of its groups is open, so pointers stay valid
};

class Describer : public FlatFields {
 public:
  Describer() : FlatFields("") {}
  std::vector<FieldInfo> take() { return std::move(infos_); }

  void real(std::string_view name, double& v, const Bound& b, std::string_view help) override {
    add(name, "real", v, help, b);
  }
  void integer(std::string_view name, std::int64_t& v, const Bound& b, std::string_view help) override {
    add(name, "integer", v, help, b);
  }
  void boolean(std::string_view name, bool& v, std::string_view help) override { add(name, "boolean", v, help); }
  void string(std::string_view name, std::string& v, const std::vector<std::string>& choices,
              std::string_view help) override {
    add(name, "string", v, help, {}, choices);
  }
  void strings(std::string_view name, std::vector<std::string>& v, std::string_view help) override {
    add(name, "string or list of strings", list_of(v), help);
  }
  void integers(std::string_view name, std::vector<std::int64_t>& v, const Bound& b, std::string_view help) override {
    add(name, "list of integers", list_of(v), help, b);
  }
  void optional_real(std::string_view name, std::optional<double>& v, const Bound& b, std::string_view help) override {
    add(name, "real", v ? Value(*v) : Value(), help, b);
  }
  void optional_integer(std::string_view name, std::optional<std::int64_t>& v, const Bound& b,
                        std::string_view help) override {
    add(name, "integer", v ? Value(*v) : Value(), help, b);
  }
  void optional_string(std::string_view name, std::optional<std::string>& v, std::string_view help) override {
    add(name, "string", v ? Value(*v) : Value(), help);
  }
  void any_value(std::string_view name, Value& v, std::string_view form, std::string_view help) override {
    add(name, std::string(form), v, help);
  }

 private:
  void add(std::string_view name, std::string type, Value default_value, std::string_view help, Bound bound = {},
           std::vector<std::string> choices = {}) {
    infos_.push_back(
        {full(name), std::move(type), std::move(default_value), bound, std::move(choices), std::string(help)});
  }

  std::vector<FieldInfo> infos_;
};

}  // namespace

bool Bound::holds(double x) const { return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high); }

std::string Bound::text() const {
  bool below = std::isfinite(low), above = std::isfinite(high);
  if (below && above) return fmt::format("{}{}, {}{}", low_open ? '(' : '[', low, high, high_open ? ')' : ']');
  if (below) return fmt::format("{} {}", low_open ? ">" : ">=", low);
  if (above) return fmt::format("{} {}", high_open ? "<" : "<=", high);
  return "";
}

void read_params(AnyParams params, const Value& table, const std::string& place,
                 const std::vector<std::string>& ignored) {
  Reader reader(table, place, ignored, params.shorthand());
  params.fields(reader);
  reader.finish();
}

void check_params(AnyParams params, const std::string& place) {
  Checker checker(place);
  params.fields(checker);
}

Value write_params(AnyParams params) {
  Value table = Value::table();
  Writer writer(table);
  params.fields(writer);
  return table;
}

std::vector<FieldInfo> describe_params(AnyParams params) {
  Describer describer;
  params.fields(describer);
  return describer.take();
}

}  // namespace gradus
