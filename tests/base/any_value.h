#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck/gtest.h>

#include "gradus/base/value.h"

namespace gradus {

// Text of arbitrary printable, control and multi-byte characters, valid UTF-8.
inline rc::Gen<std::string> any_text() {
  static const std::vector<std::string> pieces = {
      "a",  "Z",    "_", "-",    ".",          " ",      "\"",  "'", "\\",     "\n",
      "\t", "\r",   "#", "=",    "[",          "]",      "{",   "}", ",",      "0",
      "7",  "\x01", "é", "\x7f", "\U0001F9E0", "\"\"\"", "'''", "ß", "\u2028", std::string(1, '\0')};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)), [](const auto& parts) {
    std::string text;
    for (const std::string& part : parts) text += part;
    return text;
  });
}

inline rc::Gen<double> any_real(bool finite_only) {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [finite_only](std::uint64_t bits) {
    double x;
    static_assert(sizeof x == sizeof bits);
    std::memcpy(&x, &bits, sizeof x);
    return finite_only && !std::isfinite(x) ? 0.5 : x;
  });
}

constexpr double kNestedScale = 0.2;  // of the size at each level, or values would grow with the power of their depth

// Values nested at most `depth` deep, without nulls and, where `finite_only`, without what JSON cannot write.
inline rc::Gen<Value> any_value(int depth, bool finite_only);

inline rc::Gen<Value> any_table(int depth, bool finite_only) {
  auto members = rc::gen::scale(kNestedScale, rc::gen::container<std::vector<std::pair<std::string, Value>>>(
                                                  rc::gen::pair(any_text(), any_value(depth - 1, finite_only))));
  return rc::gen::map(members, [](const auto& list) {
    Value table = Value::table();
    for (const auto& [key, value] : list) table.set(key, value);
    return table;
  });
}

inline rc::Gen<Value> any_value(int depth, bool finite_only) {
  auto scalar =
      rc::gen::oneOf(rc::gen::map(any_text(), [](std::string s) { return Value(std::move(s)); }),
                     rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t i) { return Value(i); }),
                     rc::gen::map(any_real(finite_only), [](double x) { return Value(x); }),
                     rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); }));
  if (depth <= 0) return scalar;
  auto items = rc::gen::scale(kNestedScale, rc::gen::container<Value::Array>(any_value(depth - 1, finite_only)));
  auto array = rc::gen::map(items, [](Value::Array list) { return Value(std::move(list)); });
  return rc::gen::weightedOneOf<Value>({{3, scalar}, {1, array}, {1, any_table(depth, finite_only)}});
}

inline void showValue(const Value& value, std::ostream& out) { out << to_json(value); }

}  // namespace gradus
