#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradus {

// Numbers the distinct texts of a collection 0, 1, ... in order of appearance. Look-up costs a hash and mostly one
// comparison; the texts lie one after the other in one piece of memory.
class TextIndex {
 public:
  // The number of a text, which is taken in if it is new. At most 2^31 - 1 texts.
  std::int32_t add(std::string_view text);
  // Its number, -1 where it was not taken in.
  std::int32_t find(std::string_view text) const;
  std::size_t size() const { return ends_.size(); }
  // Valid until the next text is taken in.
  std::string_view text(std::int32_t number) const;
  std::vector<std::string> texts() const;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t number = -1;
  };
  // The slot that holds the text, or the free one where it belongs.
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  void grow();

  std::vector<Slot> slots_;  // a power of two, at most half of them used
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace gradus
