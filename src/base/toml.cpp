// toml++ asserts on some malformed texts; without its assertions it reports them as parse errors.
#ifndef NDEBUG
#define NDEBUG
#endif
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

constexpr std::size_t kMaxBytes = 64 << 10;
constexpr std::size_t kMaxDepth = 64;

[[noreturn]] void refuse(const Location& where, const std::string& message, const std::string& fix = "") {
  throw Error(ErrorKind::config, where.text(), message, fix);
}

[[noreturn]] void refuse_depth(const Location& where) {
  refuse(where, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
}

// Bounds the brackets open at once and the parts of a dotted key before toml++ sees the text, because it follows both
// by recursion, without a limit of its own for keys.
class DepthGuard {
 public:
  DepthGuard(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  void check() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '"' || c == '\'')
        skip_string(c);
      else if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == '.')
        grow(key_parts_);
      else
        bracket_or_separator(c);
    }
  }

 private:
  void bracket_or_separator(char c) {
    if (c == '[' || c == '{') grow(brackets_);
    if ((c == ']' || c == '}') && brackets_ > 0) --brackets_;
    if (std::string_view("[]{},=\n").find(c) != std::string_view::npos) key_parts_ = 0;
  }

  void grow(std::size_t& depth) const {
    if (++depth >= kMaxDepth) refuse_depth(location());
  }

  // Moves to the last character of the string that begins here, or to the text's end.
  void skip_string(char quote) {
    const std::string triple(3, quote);
    bool multi_line = text_.substr(at_, 3) == triple;
    std::size_t i = at_ + (multi_line ? 3 : 1);
    for (; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote == '"')
        ++i;
      else if (multi_line ? text_.substr(i, 3) == triple : text_[i] == quote || text_[i] == '\n')
        break;
    }
    if (multi_line) {
      i += 2;  // and up to two quotes of the content may stand before the closing three
      for (int extra = 0; extra < 2 && i + 1 < text_.size() && text_[i + 1] == quote; ++extra) ++i;
    }
    at_ = std::min(i, text_.size());
  }

  Location location() const {
    std::string_view before = text_.substr(0, at_);
    auto line = std::count(before.begin(), before.end(), '\n') + 1;
    return {name_, static_cast<int>(line), static_cast<int>(at_ - (before.rfind('\n') + 1) + 1)};
  }

  std::string_view text_;
  std::string name_;
  std::size_t at_ = 0;
  std::size_t brackets_ = 0;
  std::size_t key_parts_ = 0;
};

// Turns toml++ nodes into Values.
class Converter {
 public:
  explicit Converter(std::string name) : name_(std::move(name)) {}

  Value table(const toml::table& source, std::size_t depth = 1) const {
    struct Member {
      const toml::key* key;
      const toml::node* node;
      auto order() const { return std::pair(key->source().begin.line, key->source().begin.column); }
    };
    std::vector<Member> members;  // toml++ sorts by key, we keep the order of the text
    for (const auto& [key, node] : source) members.push_back({&key, &node});
    std::stable_sort(members.begin(), members.end(), [](auto& a, auto& b) { return a.order() < b.order(); });
    Value::Table result;
    for (const Member& member : members)
      result.emplace_back(member.key->str(), node(*member.node, member.key->source(), depth));
    return Value(std::move(result));
  }

 private:
  Value node(const toml::node& source, const toml::source_region& region, std::size_t depth) const {
    Location where = location(region.begin);
    if (depth >= kMaxDepth && (source.is_table() || source.is_array())) refuse_depth(where);
    Value value = source.is_table()   ? table(*source.as_table(), depth + 1)
                  : source.is_array() ? array(*source.as_array(), depth + 1)
                                      : scalar(source);
    value.set_location(std::move(where));
    return value;
  }

  Value array(const toml::array& source, std::size_t depth) const {
    Value::Array result;
    for (const toml::node& item : source) result.push_back(node(item, item.source(), depth));
    return Value(std::move(result));
  }

  static Value scalar(const toml::node& source) {
    if (auto v = source.as_string()) return Value(v->get());
    if (auto v = source.as_integer()) return Value(v->get());
    if (auto v = source.as_floating_point()) return Value(v->get());
    if (auto v = source.as_boolean()) return Value(v->get());
    std::ostringstream text;
    if (auto v = source.as_date()) text << v->get();
    if (auto v = source.as_time()) text << v->get();
    if (auto v = source.as_date_time()) text << v->get();
    return Value(text.str());
  }

  Location location(const toml::source_position& p) const {
    if (name_.empty()) return {};
    return {name_, static_cast<int>(p.line), static_cast<int>(p.column)};
  }

  std::string name_;
};

// What toml++ says of a mistake, and the line where it found it, up to the place and from there on.
struct Finding {
  std::string_view said, before, after;

  bool says(std::string_view part) const { return said.find(part) != std::string_view::npos; }
  bool follows(char c) const {
    std::size_t last = before.find_last_not_of(" \t");
    return last != std::string_view::npos && before[last] == c;
  }
};

struct Explanation {
  bool (*fits)(const Finding&);
  const char* what;
  const char* fix;
};

// The first that fits is told.
constexpr Explanation kExplanations[] = {
    {[](const Finding& f) {
       constexpr std::string_view kCurly[] = {"\u201C", "\u201D", "\u201E", "\u2018", "\u2019"};
       return std::ranges::any_of(kCurly, [&](std::string_view quote) { return f.after.starts_with(quote); });
     },
     "curly quotes are no quotes here", "use straight ones, \" or '"},
    {[](const Finding& f) { return f.says("escape sequence") || f.says("unicode scalar"); },
     "a backslash in double quotes begins an escape such as \\n", "write paths with / or in single quotes"},
    {[](const Finding& f) { return f.says("string: ") && f.after.empty(); }, "a text is not closed",
     "end it with the quote that it begins with"},
    {[](const Finding& f) { return f.says("inline table") && f.after.empty(); }, "a { is not closed on its line",
     "keep { } on one line"},
    {[](const Finding& f) { return f.after.starts_with('=') && f.follows('='); },
     "there is more than one =", "write key = value"},
    {[](const Finding& f) { return f.says("expected '='"); }, "the = between a key and its value is missing",
     "write key = value"},
    {[](const Finding& f) { return f.says("expected value"); }, "the key has no value", "write it behind the ="},
    {[](const Finding& f) {
       bool digit_follows = f.after.size() > 1 && f.after[1] >= '0' && f.after[1] <= '9';
       return f.says("expected a comment") && f.after.starts_with(',') && digit_follows;
     },
     "a comma is no decimal point", "write 1.5, not 1,5"},
    {[](const Finding& f) { return f.says("expected a comment"); }, "something follows a value on its line",
     "write one key = value a line, texts in quotes"},
    {[](const Finding& f) { return f.says("expected decimal digit") && (f.after.starts_with('.') || f.follows('.')); },
     "a decimal point needs digits on both sides", "write 0.5 or 5.0"},
    {[](const Finding& f) { return f.says("array: encountered end-of-file"); }, "a [ is not closed",
     "end the list with ]"},
    {[](const Finding& f) { return f.says("array: expected comma"); }, "a comma is missing in a list",
     "put one between its elements"},
    {[](const Finding& f) { return f.says("table header: expected ']'"); }, "a [ is not closed",
     "end the section's name with ]"},
};

// The unquoted word that stands as the value at the finding, "" where there is none.
std::string word_at(const Finding& f) {
  if (!f.says("parsing value") && !f.says("parsing floating-point") && !f.says("parsing boolean")) return "";
  std::string_view begin = f.before.substr(f.before.find_last_of("=,[{ \t") + 1);
  std::string word = std::string(begin) + std::string(f.after.substr(0, f.after.find_first_of(",]}#")));
  word.resize(word.find_last_not_of(" \t\r") + 1);
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  bool is_path = word.starts_with('/') || word.starts_with("./") || word.starts_with("../") || word.starts_with('~');
  return !word.empty() && (is_letter(word[0]) || is_path) ? word : "";
}

// The boolean that a word in another spelling means, "" where it means none.
std::string boolean_meant(std::string word) {
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (word == "true" || word == "yes" || word == "on") return "true";
  return word == "false" || word == "no" || word == "off" ? "false" : "";
}

// Tells a mistake that toml++ found in the words of who wrote it.
[[noreturn]] void refuse(const Location& where, const Finding& finding) {
  if (std::string word = word_at(finding); !word.empty()) {
    std::string meant = boolean_meant(word);
    if (!meant.empty()) refuse(where, shown(word) + " is neither true nor false", "write " + meant);
    refuse(where, "a text needs quotes", "write " + shown(word));
  }
  auto known = std::ranges::find_if(kExplanations, [&](const Explanation& e) { return e.fits(finding); });
  if (known != std::end(kExplanations)) refuse(where, known->what, known->fix);
  refuse(where, printable(finding.said));
}

// The finding at a line and column of the text, both from 1; columns count characters.
Finding finding_at(std::string_view text, const toml::source_position& p, std::string_view said) {
  for (auto line = p.line; line > 1; --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  std::size_t at = 0;
  for (auto column = p.column; column > 1 && at < text.size(); --column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u) ++at;
  }
  return {said, text.substr(0, at), text.substr(at)};
}

}  // namespace

Value parse_toml(std::string_view text, const std::string& name) {
  if (text.size() > kMaxBytes)
    throw Error(ErrorKind::config,
                {name, "at most 64 KB of configuration", std::to_string(text.size()) + " bytes", ""});
  DepthGuard(text, name).check();
  try {
    Value result = Converter(name).table(toml::parse(text, name));
    if (!name.empty()) result.set_location({name, 1, 1});
    return result;
  } catch (const toml::parse_error& e) {
    toml::source_position p = e.source().begin;
    refuse({name, static_cast<int>(p.line), static_cast<int>(p.column)}, finding_at(text, p, e.description()));
  }
}

Value read_toml(const std::string& path) {
  try {
    return parse_toml(read_file(path, kMaxBytes), path);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::data) refuse({path}, "larger than 64 KB, the most a configuration may have");
    if (e.kind() == ErrorKind::config && !path.ends_with(".toml"))
      throw Error(ErrorKind::config,
                  {path, "a configuration, in TOML", "text that is none (" + std::string(e.what()) + ")",
                   "the data's files are named in a configuration's [data]"});
    throw;
  }
}

Value parse_toml_value(std::string_view text) {
  const std::string key = "value = ";
  std::size_t start = text.find_first_not_of(" \t");
  auto broken = [&](const std::string& why) {
    return Error(ErrorKind::config, {"", "a TOML value (" + why + ")", shown(text),
                                     "write a number, true, a word, \"a text\", [a, list] or { a = \"table\" }"});
  };
  if (start == std::string_view::npos) throw broken("nothing stands there");
  try {
    Value::Table table = parse_toml(key + std::string(text), "").as_table();
    if (table.size() == 1) return table[0].second;
  } catch (const Error& e) {
    if (std::string_view("[{\"'").find(text[start]) != std::string_view::npos)
      throw broken(e.what() + e.facts().place.size() + 2);
  }

  if (text.find('\n') != std::string_view::npos) throw broken("it has several lines");
  return Value(text);
}

}  // namespace gradus
