#pragma once

#include <string>

#include "gradus/base/value.h"

namespace gradus {

// Applies "key=value", as --set takes it, to a config: a dotted key ("train.epochs", "model.layers.0.units"), a TOML
// value or a plain word. A component that is there by its name alone ("adam") becomes a table of that name when the key
// leads into it. What is set has "--set KEY" for its location, so that errors about it say so. Returns the key. Throws
// Error{usage} for what is no assignment, Error{config} that begins with "--set KEY".
std::string apply_override(Value& config, const std::string& assignment);

}  // namespace gradus
