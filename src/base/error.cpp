#include "gradus/base/error.h"

namespace gradus {
namespace {

std::string format(const Error::Facts& f, const std::string& message) {
  std::string text = f.place;
  if (!text.empty()) text += ": ";
  if (!message.empty()) {
    text += message;
  } else {
    text += "expected " + f.expected;
    if (!f.given.empty()) text += ", got " + f.given;
  }
  if (!f.fix.empty()) text += "; " + f.fix;
  return text;
}

}  // namespace

Error::Error(ErrorKind kind, Facts facts)
    : std::runtime_error(format(facts, "")), kind_(kind), facts_(std::move(facts)) {}

Error::Error(ErrorKind kind, std::string place, const std::string& message, std::string fix)
    : std::runtime_error(format({place, "", "", fix}, message)),
      kind_(kind),
      facts_{std::move(place), "", "", std::move(fix)},
      message_(message) {}

int Error::exit_code() const { return kind_ == ErrorKind::config || kind_ == ErrorKind::usage ? 2 : 1; }

Error Error::at(const std::string& outer_place) const {
  Facts facts = facts_;
  facts.place = facts.place.empty() ? outer_place : outer_place + ": " + facts.place;
  if (message_.empty()) return Error(kind_, facts);
  return Error(kind_, facts.place, message_, facts.fix);
}

Error Error::with_fix(std::string fix) const {
  if (message_.empty()) return Error(kind_, {facts_.place, facts_.expected, facts_.given, std::move(fix)});
  return Error(kind_, facts_.place, message_, std::move(fix));
}

}  // namespace gradus
