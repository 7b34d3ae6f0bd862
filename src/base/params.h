#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/base/value.h"

namespace gradus {

// Interval a numeric parameter must lie in; `text` is how errors and documentation write it: "[0, 1)", "> 0", ">= 1".
struct Bound {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
  bool holds(double x) const;  // false for NaN
  std::string text() const;    // "" when unbounded
};

inline Bound any() { return {}; }
inline Bound at_least(double low) { return {low}; }
inline Bound above(double low) { return {low, std::numeric_limits<double>::infinity(), true}; }
inline Bound between(double low, double high) { return {low, high}; }                // [low, high]
inline Bound from_to(double low, double high) { return {low, high, false, true}; }   // [low, high)
inline Bound inside(double low, double high) { return {low, high, true, true}; }     // (low, high)
inline Bound above_to(double low, double high) { return {low, high, true, false}; }  // (low, high]

class Fields;

// A parameter struct states each of its fields once:
//   struct AdamParams {
//     double lr = 0.001;
//     void fields(Fields& f) { f("lr", lr, above(0), "step size"); }
//   };
// and that statement gives parsing, validation, defaults, help, documentation, the saved form and negative tests.
template <class P>
concept ParamStruct = requires(P p, Fields& f) {
  p.fields(f);
};

// Visits the fields of a parameter struct. Implementations: read from a Value, write to a Value, describe.
class Fields {
 public:
  virtual ~Fields() = default;

  // `choices`, when not empty, lists the allowed strings.
  virtual void real(std::string_view name, double& value, const Bound& bound, std::string_view help) = 0;
  virtual void integer(std::string_view name, std::int64_t& value, const Bound& bound, std::string_view help) = 0;
  virtual void boolean(std::string_view name, bool& value, std::string_view help) = 0;
  virtual void string(std::string_view name, std::string& value, const std::vector<std::string>& choices,
                      std::string_view help) = 0;
  // A list of strings; a single string is read as a list of one.
  virtual void strings(std::string_view name, std::vector<std::string>& value, std::string_view help) = 0;
  virtual void integers(std::string_view name, std::vector<std::int64_t>& value, const Bound& bound,
                        std::string_view help) = 0;
  // Present or absent, with no default; `help` says what absence means.
  virtual void optional_real(std::string_view name, std::optional<double>& value, const Bound& bound,
                             std::string_view help) = 0;
  virtual void optional_integer(std::string_view name, std::optional<std::int64_t>& value, const Bound& bound,
                                std::string_view help) = 0;
  virtual void optional_string(std::string_view name, std::optional<std::string>& value, std::string_view help) = 0;
  // Any value, interpreted by its owner (a list of layers, an optimizer table, "all" or a number); `form` says what
  // is accepted, for help and errors.
  virtual void any_value(std::string_view name, Value& value, std::string_view form, std::string_view help) = 0;
  // A nested table of its own fields.
  virtual void begin_group(std::string_view name, std::string_view help) = 0;
  virtual void end_group() = 0;

  void operator()(std::string_view n, double& v, const Bound& b, std::string_view help) { real(n, v, b, help); }
  void operator()(std::string_view n, std::int64_t& v, const Bound& b, std::string_view help) {
    integer(n, v, b, help);
  }
  void operator()(std::string_view n, bool& v, std::string_view help) { boolean(n, v, help); }
  void operator()(std::string_view n, std::string& v, std::string_view help) { string(n, v, {}, help); }
  void operator()(std::string_view n, std::string& v, const std::vector<std::string>& choices, std::string_view help) {
    string(n, v, choices, help);
  }
  void operator()(std::string_view n, std::vector<std::string>& v, std::string_view help) { strings(n, v, help); }
  void operator()(std::string_view n, std::vector<std::int64_t>& v, const Bound& b, std::string_view help) {
    integers(n, v, b, help);
  }
  void operator()(std::string_view n, std::optional<double>& v, const Bound& b, std::string_view help) {
    optional_real(n, v, b, help);
  }
  void operator()(std::string_view n, std::optional<std::int64_t>& v, const Bound& b, std::string_view help) {
    optional_integer(n, v, b, help);
  }
  void operator()(std::string_view n, std::optional<std::string>& v, std::string_view help) {
    optional_string(n, v, help);
  }
  void operator()(std::string_view n, Value& v, std::string_view form, std::string_view help) {
    any_value(n, v, form, help);
  }
  template <ParamStruct P>
  void operator()(std::string_view n, P& group, std::string_view help) {
    begin_group(n, help);
    group.fields(*this);
    end_group();
  }
};

// The parameters of what has none.
struct NoParams {
  void fields(Fields&) {}
};

// A parameter struct seen without its type.
class AnyParams {
 public:
  template <ParamStruct P>
  requires(!std::same_as<P, AnyParams>) AnyParams(P& p)
      : object_(&p), visit_([](void* o, Fields& f) { static_cast<P*>(o)->fields(f); }) {
    if constexpr (requires { P::kShorthand; }) shorthand_ = P::kShorthand;
  }
  void fields(Fields& f) const { visit_(object_, f); }
  // The field that a value which is no table stands for, as in missing = "median"; P says it as kShorthand. "": none.
  std::string_view shorthand() const { return shorthand_; }

 private:
  void* object_;
  void (*visit_)(void*, Fields&);
  std::string_view shorthand_;
};

// Reads a table into params. Unknown keys are an error naming the nearest valid one; wrong types, broken bounds and
// choices are errors naming the key as "place.key", its location, what is allowed and what was given. Keys in
// `ignored` (such as "type") are skipped. A value that is no table sets the shorthand field, and errors about that one
// name `place` alone. Throws Error{config}.
void read_params(AnyParams params, const Value& table, const std::string& place,
                 const std::vector<std::string>& ignored = {});

// Checks the bounds and choices of params set in code. Throws Error{value}.
void check_params(AnyParams params, const std::string& place);

// All fields with their present values, as a table that read_params accepts; absent optionals are left out.
Value write_params(AnyParams params);

// One documented field; nested groups appear with dotted names.
struct FieldInfo {
  std::string name;
  std::string type;     // "real", "integer", "boolean", "string", "list of integers" ..., or a form
  Value default_value;  // null for an absent optional
  Bound bound;          // numeric fields
  std::vector<std::string> choices;
  std::string help;
};
std::vector<FieldInfo> describe_params(AnyParams params);

// The candidate that `word` was likely meant to be, "" when none is likely. The first that applies:
// - the same letters and digits in another case or with other signs between them ("Batch-Size")
// - what gradus calls what others call `word` ("lr" for "learning_rate", "linear" for "dense")
// - edit distance 1 (a transposition counts one, case nothing)
// - the first that begins with `word` ("batch_size" for "batch")
// - the least edit distance, at most a third of the word's length, or 2 if that is more, and not every letter
// - the first that `word` begins with
// Of dotted words that begin alike ("validation.acc") only the last parts are compared.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace gradus
