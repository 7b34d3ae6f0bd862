#pragma once

#include <functional>
#include <string>

#include "gradus/data/text/tokenizer.h"
#include "gradus/nn/network.h"

namespace gradus {

// How a text is gone on with.
struct GenerateOptions {
  std::string prompt;
  std::int64_t length = 200;  // symbols to add
  double temperature = 1;     // scores are divided by it: below 1 the probable becomes more so; 0 takes the best alone
  std::int64_t top_k = 0;     // only so many of the most probable symbols are drawn from; 0: all
  std::uint64_t seed = 0;
};

// Goes on with a text, one symbol at a time, each drawn by the probabilities that a network trained on next symbols
// gives it. Hands out the text as it is made, the prompt first, and ends early where the text's end is drawn or `take`
// returns false. Nothing is drawn that stands for no text (padding, unknown). Throws Error{value} for a prompt with
// symbols that the training text had not, and for options out of their range.
void generate(Network& network, const Tokenizer& tokenizer, const GenerateOptions& options,
              const std::function<bool(const std::string&)>& take);

}  // namespace gradus
