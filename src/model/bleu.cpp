#include "gradus/model/bleu.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace gradus {
namespace {

using Runs = std::map<std::vector<std::string>, std::int64_t>;

Runs runs_of(std::span<const std::string> words, std::size_t length) {
  Runs runs;
  for (std::size_t i = 0; i + length <= words.size(); ++i)
    ++runs[std::vector<std::string>(words.begin() + static_cast<std::ptrdiff_t>(i),
                                    words.begin() + static_cast<std::ptrdiff_t>(i + length))];
  return runs;
}

}  // namespace

void Bleu::add(std::span<const std::string> words, std::span<const std::string> truth) {
  words_ += static_cast<std::int64_t>(words.size());
  truth_words_ += static_cast<std::int64_t>(truth.size());
  for (std::size_t n = 1; n <= kLongest; ++n) {
    const Runs of_truth = runs_of(truth, n);
    for (const auto& [run, count] : runs_of(words, n)) {
      all_[n - 1] += count;
      const auto found = of_truth.find(run);
      if (found != of_truth.end()) shared_[n - 1] += std::min(count, found->second);
    }
  }
}

double Bleu::score() const {
  double log_precision = 0;
  for (std::size_t i = 0; i < kLongest; ++i) {
    if (shared_[i] == 0) return 0;
    log_precision += std::log(static_cast<double>(shared_[i]) / static_cast<double>(all_[i]));
  }
  const double brevity = 1 - static_cast<double>(truth_words_) / static_cast<double>(words_);
  return 100 * std::exp(std::min(0.0, brevity) + log_precision / kLongest);
}

}  // namespace gradus
