#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

std::string without_reserved(const Tokenizer& t, const std::vector<std::int32_t>& tokens) {
  std::string text;
  for (std::int32_t number : tokens) text += number == kUnknown ? "\uFFFD" : t.token(number);
  return text;
}

// Learned from the first half and asked for all of it.
void round_trip(const char* type, std::string_view text) {
  std::unique_ptr<Tokenizer> t = tokenizers().make(type, "fuzz");
  t->learn([&](const auto& visit) { visit(first_code_points(text, count_code_points(text) / 2)); });
  std::vector<std::int32_t> tokens = t->encode(text);
  for (std::int32_t number : tokens)
    if (number < kUnknown || number >= t->size()) std::abort();
  std::string back = t->decode(tokens);
  if (!is_utf8(back)) std::abort();
  if (type == std::string("bpe") && back != text) std::abort();
  if (type == std::string("char") && back != without_reserved(*t, tokens)) std::abort();
}

}  // namespace
}  // namespace gradus

// Any bytes are UTF-8, which all tokenizers take and byte pairs give back, or an Error; repaired they are UTF-8.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = gradus::as_text(data, size);
  bool refused = false;
  try {
    gradus::check_utf8(text, "fuzz");
  } catch (const gradus::Error&) {
    refused = true;
  }
  std::string repaired = gradus::repaired_utf8(text);
  if (refused == gradus::is_utf8(text) || !gradus::is_utf8(repaired) || (!refused && repaired != text)) std::abort();
  for (const char* type : {"char", "word", "bpe"}) gradus::round_trip(type, repaired);
  return 0;
}
