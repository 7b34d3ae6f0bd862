#pragma once

#include <string>

#include "gradus/base/value.h"
#include "gradus/data/table.h"

namespace gradus {

// What a table holds, for people and programs:
//   { name, rows, columns, duplicate_rows,
//     column = [ { name, kind, missing, distinct?, min, mean, median, max, std } of numbers,
//                { name, kind, missing, distinct, levels = [ { level, count } the most frequent ones ] } ],
//     notes = [ what the reader repaired ], warnings = [ ... ] }
// `distinct` is left out for numbers that have more than 20 values; std is over n. Warnings name columns that are
// constant, have no value, are mostly missing, number or name the rows, hold infinite numbers, or equal another one;
// with a `target` also those that alone give it away.
Value describe(const Table& table, const std::string& target = "");

// The same as aligned text, free of control characters.
std::string describe_text(const Value& description);

}  // namespace gradus
