#include "markup.h"

#include <cctype>
#include <set>

namespace gradus {
namespace {

const std::set<std::string> kVoid = {"meta", "img", "br", "link", "hr", "input"};

class Checker {
 public:
  explicit Checker(const std::string& text) : text_(text) {}

  std::string fault() {
    while (at_ < text_.size() && fault_.empty()) {
      if (text_[at_] == '<')
        tag();
      else
        character();
    }
    if (fault_.empty() && !open_.empty()) fail("<" + open_.back() + "> is never closed");
    return fault_;
  }

 private:
  void fail(const std::string& what) { fault_ = what + " near: " + text_.substr(at_ > 40 ? at_ - 40 : 0, 120); }

  void character() {
    if (text_[at_] == '>') return fail("a bare >");
    if (text_[at_] == '&') {
      std::size_t end = text_.find(';', at_);
      if (end == std::string::npos || end - at_ > 8) return fail("a bare &");
    }
    ++at_;
  }

  void tag() {
    if (text_.compare(at_, 2, "<!") == 0) {
      at_ = text_.find('>', at_) + 1;
      return;
    }
    bool closing = text_.compare(at_, 2, "</") == 0;
    std::size_t start = at_ + (closing ? 2 : 1), end = start;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])))) ++end;
    std::string name = text_.substr(start, end - start);
    if (name.empty()) return fail("a bare <");
    at_ = end;
    bool self_closing = false;
    attributes(self_closing);
    if (!fault_.empty()) return;
    if (closing) {
      if (open_.empty() || open_.back() != name) return fail("</" + name + "> closes nothing");
      open_.pop_back();
    } else if (!self_closing && !kVoid.count(name)) {
      open_.push_back(name);
      if (name == "style" || name == "script") at_ = text_.find("</" + name, at_);
    }
  }

  void attributes(bool& self_closing) {
    while (at_ < text_.size() && text_[at_] != '>') {
      if (text_[at_] == '/' || text_[at_] == ' ') {
        self_closing = text_[at_++] == '/';
        continue;
      }
      std::size_t start = at_;
      while (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-' || text_[at_] == ':') ++at_;
      if (at_ == start) return fail("a stray character in a tag");
      std::string name = text_.substr(start, at_ - start);
      if (text_[at_] != '=') continue;
      if (text_[at_ + 1] != '"') return fail("an attribute without quotes");
      std::size_t end = text_.find('"', at_ + 2);
      if (end == std::string::npos) return fail("an open attribute");
      std::string value = text_.substr(at_ + 2, end - at_ - 2);
      if (value.find('<') != std::string::npos) return fail("a < inside an attribute");
      if (name == "id" && !ids_.insert(value).second) return fail("id " + value + " twice");
      at_ = end + 1;
    }
    ++at_;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::set<std::string> ids_;
  std::string fault_;
};

}  // namespace

std::string markup_fault(const std::string& text) { return Checker(text).fault(); }

std::vector<std::string> attribute_values(const std::string& text, const std::string& name) {
  std::vector<std::string> values;
  std::string start = " " + name + "=\"";
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
    std::size_t from = at + start.size();
    values.push_back(text.substr(from, text.find('"', from) - from));
  }
  return values;
}

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

}  // namespace gradus
