#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gradus/data/dataset.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/nn/network.h"

namespace gradus {

// How a decoder's answer is looked for.
struct TranslateOptions {
  std::int64_t beam = 1;  // answers that are followed at once, the most probable ones; 1: the best symbol each time
  std::int64_t max_length = 0;  // symbols of an answer, which then must end; 0: twice as many as it is made of, and 10
  double length_penalty = 0.6;  // of whole answers the largest log p / ((5 + length) / 6)^penalty wins (Wu et al. 2016)
};

// What a network that ends with a decoder makes of each example, as symbols without the marks at both ends. The decoder
// begins with kBegin and ends with kEnd; padding and unknown are never chosen. Throws Error{value} for options out of
// their range, Error{state} for a network without a decoder.
std::vector<std::vector<std::int32_t>> translate(Network& network, const Batch& batch, const TranslateOptions& options);

// The same for all examples in order, as texts: calls take(what was made, what the data say it is).
void translate(Network& network, const Tokenizer& target, const Dataset& data, const TranslateOptions& options,
               const std::function<void(const std::string& made, const std::string& truth)>& take);

// The BLEU of these texts, by words as Tokenizers divide them (see text/words.h), as they are written.
double translation_bleu(Network& network, const Tokenizer& target, const Dataset& data,
                        const TranslateOptions& options);

// What a decoder looks at while it makes `batch.target` of one example: of its last attention layer the weights
// [steps, time], the mean of its heads; undefined where it has none.
Tensor attention_map(Network& network, const Batch& batch);

}  // namespace gradus
