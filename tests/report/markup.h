#pragma once

#include <string>
#include <vector>

namespace gradus {

// What is wrong with the nesting of tags, the quoting of attributes, a repeated id or a stray character in HTML or
// SVG text, or "" when it is well-formed.
std::string markup_fault(const std::string& text);

// The values of every attribute of that name, unescaped entities left as they are.
std::vector<std::string> attribute_values(const std::string& text, const std::string& name);

// How often `part` occurs.
int count_of(const std::string& text, const std::string& part);

}  // namespace gradus
