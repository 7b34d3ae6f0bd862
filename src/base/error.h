#pragma once

#include <stdexcept>
#include <string>

namespace gradus {

// What kind of mistake an Error reports; `config` and `usage` end the command with exit code 2, the others with 1.
enum class ErrorKind { config, usage, data, shape, value, file, numeric, state };

// The one exception gradus throws for a user's mistake; it carries the facts and formats them as
// "place: expected EXPECTED, got GIVEN; FIX" (empty parts are left out).
class Error : public std::runtime_error {
 public:
  struct Facts {
    std::string place;     // where: "conv1", "adam.beta1", "data/iris.csv:12:3"
    std::string expected;  // "input [batch, 3, h, w]"
    std::string given;     // "[32, 28, 28]"
    std::string fix;       // "add a channel axis"
  };

  Error(ErrorKind kind, Facts facts);

  // A message that does not fit "expected ..., got ...": "place: message; fix".
  Error(ErrorKind kind, std::string place, const std::string& message, std::string fix = "");

  ErrorKind kind() const { return kind_; }
  const Facts& facts() const { return facts_; }

  // 2 for config and usage errors, 1 for all others.
  int exit_code() const;

  // The same error told of a more precise place ("layer 3 (linear)" before the place it already has).
  Error at(const std::string& outer_place) const;
  // The same error with another way to mend it.
  Error with_fix(std::string fix) const;

 private:
  ErrorKind kind_;
  Facts facts_;
  std::string message_;
};

}  // namespace gradus
