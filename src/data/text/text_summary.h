#pragma once

#include <string>
#include <vector>

#include "gradus/data/split.h"
#include "gradus/data/text/text_list.h"
#include "gradus/data/text/tokenizer.h"

namespace gradus {

// Adds to a summary what texts hold:
//   { ..., vocabulary, texts = [ { part, texts, tokens, shortest, median, p95, longest, unknown, cut, empty } ],
//     frequent_tokens = [ { token, count } of the training part ] }
// Lengths are in tokens, quantiles interpolated linearly between the two nearest; `unknown` is the share of tokens that
// the vocabulary does not have.
void add_text_summary(Value& summary, const Tokenizer& tokenizer, const EncodedTexts& encoded, const Split& parts);

// Sentences for the user: texts that were cut, that have no token, and that are in the training part and in another.
std::vector<std::string> text_notes(const TextList& list, const EncodedTexts& encoded, std::int64_t max_length);
std::vector<std::string> duplicate_notes(const TextList& list, const Split& parts);

}  // namespace gradus
