#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gradus/base/error.h"

namespace gradus {

// The letters that the steps of a sequence are written in, and what each becomes as a learner's input [size]: one-hot,
// or for a code that stands for several letters the same share of each.
class Alphabet {
 public:
  static constexpr std::size_t kMost = 64;  // letters

  // "dna" is A, C, G, T in upper or lower case, U for T, and the codes of IUPAC for several of them (N is any: 1/4
  // each). Any other text is itself the list of letters, each as it is written. Throws Error{config} at `place` for
  // fewer than two letters, more than kMost, repeated ones, and signs that are not printable ASCII.
  explicit Alphabet(const std::string& name, const std::string& place = "alphabet");

  const std::string& name() const { return name_; }  // an alphabet of the same name is the same one
  const std::string& letters() const { return letters_; }
  std::size_t size() const { return letters_.size(); }
  bool has(char letter) const { return members_[static_cast<unsigned char>(letter)] != 0; }
  // Writes size() numbers to `out`, zeros for a letter that it does not have.
  void encode(char letter, float* out) const;
  // What the letters are, for messages: "A, C, G, T, U or one of the codes RYSWKMBDHVN".
  std::string description() const;

 private:
  void add(char letter, std::uint64_t members) { members_[static_cast<unsigned char>(letter)] = members; }
  void add_dna();

  std::string name_, letters_;
  std::array<std::uint64_t, 256> members_{};  // the letters that each byte stands for, bit by bit
};

}  // namespace gradus
