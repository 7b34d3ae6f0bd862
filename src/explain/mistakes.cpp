#include "gradus/explain/mistakes.h"

#include <algorithm>

namespace gradus {

double confidence(const Evaluation& e, std::uint32_t example) {
  std::size_t first = example * e.task.classes.size();
  return static_cast<double>(e.probabilities[first + static_cast<std::size_t>(e.predicted[example])]);
}

std::vector<std::uint32_t> worst_mistakes(const Evaluation& e, std::size_t most) {
  std::vector<std::uint32_t> wrong;
  if (e.probabilities.empty()) return wrong;
  for (std::size_t i = 0; i < e.truth.size(); ++i)
    if (e.truth[i] != e.predicted[i]) wrong.push_back(static_cast<std::uint32_t>(i));
  std::ranges::stable_sort(wrong, std::greater(), [&](std::uint32_t i) { return confidence(e, i); });
  if (wrong.size() > most) wrong.resize(most);
  return wrong;
}

}  // namespace gradus
