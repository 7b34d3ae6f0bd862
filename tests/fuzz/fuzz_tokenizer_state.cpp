#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/text/tokenizer.h"

// Any JSON is what a tokenizer learned, which then encodes and decodes all its tokens, or an Error.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gradus::Value state;
  try {
    state = gradus::parse_json(gradus::as_text(data, size), "fuzz");
  } catch (const gradus::Error&) {
    return 0;
  }
  for (const char* type : {"char", "word", "bpe"}) {
    std::unique_ptr<gradus::Tokenizer> t = gradus::tokenizers().make(type, "fuzz");
    try {
      t->restore(state);
    } catch (const gradus::Error&) {
      continue;
    }
    std::vector<std::int32_t> all(static_cast<std::size_t>(t->size()));
    std::iota(all.begin(), all.end(), 0);
    std::string text = t->decode(all);
    if (!gradus::is_utf8(text)) std::abort();
    for (std::int32_t number : t->encode(text))
      if (number < 0 || number >= t->size()) std::abort();
  }
  return 0;
}
