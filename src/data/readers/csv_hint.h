#pragma once

#include <string>

#include "gradus/data/table.h"

namespace gradus {

// A sentence about a categorical column that looks like numbers or dates written in a way that is not read as such,
// with what to do: more than ten levels, in more than half of its rows another. "" for any other column.
std::string csv_hint(const Column& column);

}  // namespace gradus
