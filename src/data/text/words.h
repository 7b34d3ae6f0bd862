#pragma once

#include <string_view>

namespace gradus {

// The end of the word that begins at `begin` of a text in UTF-8: letters, marks, numbers and underscores; an apostrophe
// (' or U+2019) between two of them; a point or comma between two digits. Signs and the characters of scripts written
// without spaces are words by themselves. At white space `begin` itself.
std::size_t end_of_word(std::string_view text, std::size_t begin);
// The end of the white space that begins at `begin`, or `begin`.
std::size_t end_of_space(std::string_view text, std::size_t begin);

// Calls visit(word) for each word until it returns false.
template <class Visit>
void each_word(std::string_view text, Visit&& visit) {
  std::size_t at = end_of_space(text, 0);
  while (at < text.size()) {
    std::size_t end = end_of_word(text, at);
    if (!visit(text.substr(at, end - at))) return;
    at = end_of_space(text, end);
  }
}

}  // namespace gradus
