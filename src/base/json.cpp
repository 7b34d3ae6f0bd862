#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxValues = 2'000'000;

// Of members with equal keys keeps the last.
void drop_repeated_keys(Value::Table& table) {
  std::vector<std::size_t> order(table.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return std::tie(table[a].first, a) < std::tie(table[b].first, b); });
  std::vector<bool> dropped(table.size());
  bool any = false;
  for (std::size_t i = 1; i < order.size(); ++i)
    if (table[order[i - 1]].first == table[order[i]].first) any = dropped[order[i - 1]] = true;
  if (!any) return;
  Value::Table kept;
  for (std::size_t i = 0; i < table.size(); ++i)
    if (!dropped[i]) kept.push_back(std::move(table[i]));
  table = std::move(kept);
}

// Builds a Value from the parser's events, which come without recursion.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}
  Value take() { return std::move(root_); }

  bool null() override { return add(Value()); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override {
    return v <= INT64_MAX ? add(static_cast<std::int64_t>(v)) : add(static_cast<double>(v));
  }
  bool number_float(number_float_t v, const string_t&) override { return add(v); }
  bool string(string_t& v) override { return add(std::move(v)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Value::table()); }
  bool start_array(std::size_t) override { return open(Value::array()); }
  bool key(string_t& v) override {
    keys_.back() = std::move(v);
    return true;
  }
  bool end_object() override {
    drop_repeated_keys(open_.back().as_table());
    return close();
  }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& e) override {
    std::string_view before = text_.substr(0, position > 0 ? position - 1 : 0);
    auto line = std::count(before.begin(), before.end(), '\n') + 1;
    auto column = before.size() - (before.rfind('\n') + 1) + 1;
    throw Error(ErrorKind::data, Location{name_, static_cast<int>(line), static_cast<int>(column)}.text(), reason(e));
  }

 private:
  // What the library says without its "[name] parse error at line 1, column 2: ".
  static std::string reason(const std::exception& e) {
    std::string_view text = e.what();
    text.remove_prefix(std::min(text.find("] ") + 2, text.size()));
    if (text.starts_with("parse error")) text.remove_prefix(std::min(text.find(": ") + 2, text.size()));
    return "not JSON: " + printable(text);
  }

  bool open(Value container) {
    if (open_.size() >= kMaxDepth)
      throw Error(ErrorKind::data, name_, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    open_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }

  bool close() {
    Value done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return add(std::move(done));
  }

  bool add(Value v) {
    if (++count_ > kMaxValues)
      throw Error(ErrorKind::data, name_, "more than " + std::to_string(kMaxValues) + " JSON values");
    if (open_.empty())
      root_ = std::move(v);
    else if (open_.back().is_array())
      open_.back().as_array().push_back(std::move(v));
    else
      open_.back().as_table().emplace_back(std::move(keys_.back()), std::move(v));
    return true;
  }

  std::string_view text_;
  std::string name_;
  Value root_;
  std::vector<Value> open_;        // the containers that have begun and not ended
  std::vector<std::string> keys_;  // and of each, the key whose value comes next
  std::size_t count_ = 0;
};

class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}
  std::string take() { return std::move(out_); }

  void write(const Value& value, int depth = 0) {
    switch (value.type()) {
      case Value::Type::null:
        out_ += "null";
        break;
      case Value::Type::boolean:
        out_ += value.as_bool() ? "true" : "false";
        break;
      case Value::Type::integer:
        out_ += std::to_string(value.as_integer());
        break;
      case Value::Type::real:
        out_ += std::isfinite(value.as_real()) ? real_text(value.as_real()) : "null";
        break;
      case Value::Type::string:
        append_quoted(out_, value.as_string());
        break;
      case Value::Type::array:
        write_array(value.as_array(), depth);
        break;
      case Value::Type::table:
        write_table(value.as_table(), depth);
        break;
    }
  }

 private:
  // Lists of plain values stay on one line.
  void write_array(const Value::Array& array, int depth) {
    bool one_line = std::none_of(array.begin(), array.end(), [](auto& v) { return v.is_array() || v.is_table(); });
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += one_line && indent_ >= 0 ? ", " : ",";
      if (!one_line) new_line(depth + 1);
      write(array[i], depth + 1);
    }
    if (!one_line) new_line(depth);
    out_ += ']';
  }

  void write_table(const Value::Table& table, int depth) {
    out_ += '{';
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (i > 0) out_ += ',';
      new_line(depth + 1);
      append_quoted(out_, table[i].first);
      out_ += indent_ < 0 ? ":" : ": ";
      write(table[i].second, depth + 1);
    }
    if (!table.empty()) new_line(depth);
    out_ += '}';
  }

  void new_line(int depth) {
    if (indent_ >= 0) out_ += "\n" + std::string(static_cast<std::size_t>(indent_ * depth), ' ');
  }

  int indent_;
  std::string out_;
};

}  // namespace

Value parse_json(std::string_view text, const std::string& name, std::size_t max_bytes) {
  if (text.size() > max_bytes)
    throw Error(ErrorKind::data,
                {name, "at most " + std::to_string(max_bytes) + " bytes of JSON", std::to_string(text.size()), ""});
  Builder builder(text, name);
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

std::string to_json(const Value& value, int indent) {
  Writer writer(indent);
  writer.write(value);
  return writer.take();
}

}  // namespace gradus
