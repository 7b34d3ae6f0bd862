#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace gradus {

// How many runs of words translations share with the true ones, over a whole collection:
// 100 exp(min(0, 1 - truth words / words)) (p1 p2 p3 p4)^(1/4), where p_n is the share of the translations' runs of n
// words that their truths have too, each as often as there at most (Papineni et al., BLEU, ACL 2002). 0 where a p_n is.
class Bleu {
 public:
  void add(std::span<const std::string> words, std::span<const std::string> truth);
  double score() const;

 private:
  static constexpr std::size_t kLongest = 4;
  std::array<std::int64_t, kLongest> shared_{}, all_{};  // runs of 1 to 4 words
  std::int64_t words_ = 0, truth_words_ = 0;
};

}  // namespace gradus
