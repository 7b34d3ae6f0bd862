#include "gradus/data/text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/memory.h"
#include "gradus/base/parallel.h"
#include "gradus/data/text/utf8.h"

namespace gradus {

void register_tokenizers(Catalog<Tokenizer>& catalog);

const Catalog<Tokenizer>& tokenizers() {
  static const Catalog<Tokenizer> catalog = [] {
    Catalog<Tokenizer> c("tokenizer");
    register_tokenizers(c);
    return c;
  }();
  return catalog;
}

void TokenizerParams::shared_fields(Fields& f) {
  f("max_length", max_length, at_least(0), "tokens of a text that are kept, the first ones; 0: all");
  f("bounds", bounds, "whether <bos> stands before every text and <eos> behind it");
}

void Tokenizer::learn(const EachText& texts) {
  learn_from([&](const std::function<void(std::string_view)>& visit) {
    texts([&](std::string_view text) {
      check_utf8(text, "text");
      visit(text);
    });
  });
}

Tokenizer::Encoded Tokenizer::append(std::string_view text, std::vector<std::int32_t>& out) const {
  check_utf8(text, "text");
  auto most = shared_.max_length > 0 ? static_cast<std::size_t>(shared_.max_length) : SIZE_MAX - 1;
  if (shared_.bounds) out.push_back(kBegin);
  std::size_t begin = out.size();
  append_tokens(text, most + 1, out);
  Encoded done{out.size() - begin, out.size() - begin > most};
  if (done.cut) {
    out.resize(begin + most);
    done.tokens = most;
  } else if (shared_.bounds) {
    out.push_back(kEnd);
  }
  return done;
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> out;
  append(text, out);
  return out;
}

std::string Tokenizer::decode(std::span<const std::int32_t> tokens) const {
  std::vector<std::int32_t> own;
  for (std::int32_t number : tokens) {
    if (number < 0 || number >= size())
      throw Error(ErrorKind::value,
                  {"token", fmt::format("a number from 0 to {}", size() - 1), std::to_string(number), ""});
    if (number == kUnknown || number >= reserved()) own.push_back(number);
  }
  return text_of(own);
}

Value tokenizer_state(const Value& spec, const Tokenizer& tokenizer) {
  Value v = Value::table();
  v.set("tokenizer", tokenizers().written_out(spec));
  v.set("learned", tokenizer.state());
  return v;
}

std::unique_ptr<Tokenizer> restored_tokenizer(const Value& state) {
  std::unique_ptr<Tokenizer> tokenizer = tokenizers().make(state.at("tokenizer"), "tokenizer");
  tokenizer->restore(state.at("learned"));
  return tokenizer;
}

void require_known_tokens(const Tokenizer& tokenizer) {
  if (tokenizer.size() <= reserved_count(tokenizer.bounds()))
    throw Error(ErrorKind::data, "data.tokenizer", "no symbol of the training part occurs often enough to be known",
                "use more text, or min_count = 1");
}

void require_token_memory(const Tokenizer& tokenizer, std::string_view text, const std::string& place) {
  constexpr std::size_t kSample = 1 << 20;
  constexpr double kBytes = 12;  // of each token, while an array of them grows or is copied
  if (text.size() <= kSample) return;
  const std::string_view sample = first_code_points(text.substr(0, kSample), kSample / 4);
  const double tokens = static_cast<double>(tokenizer.encode(sample).size()) / static_cast<double>(sample.size()) *
                        static_cast<double>(text.size());
  require_memory(kBytes * tokens, ErrorKind::data, place, fmt::format("{:.2g} tokens", tokens),
                 "use a part of the text, or a tokenizer with longer tokens");
}

Vocabulary counted_vocabulary(const TextIndex& symbols, const std::vector<std::int64_t>& counts,
                              const Vocabulary::Limits& limits) {
  std::vector<std::pair<std::string, std::int64_t>> counted;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] >= limits.min_count) counted.emplace_back(symbols.text(static_cast<std::int32_t>(i)), counts[i]);
  return Vocabulary::learned(std::move(counted), limits);
}

Vocabulary restored_vocabulary(const Value& state, bool bounds) {
  Vocabulary vocabulary = Vocabulary::restored(state);
  if (vocabulary.reserved() != reserved_count(bounds))
    throw Error(ErrorKind::data, "the model's vocabulary", "damaged: its marks are not the tokenizer's",
                "train the model again");
  return vocabulary;
}

namespace {

EncodedTexts encode_some(const Tokenizer& tokenizer, std::span<const std::string> texts, std::size_t first) {
  EncodedTexts out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::size_t begin = out.tokens.size();
    Tokenizer::Encoded done = tokenizer.append(texts[i], out.tokens);
    auto number = static_cast<std::uint32_t>(first + i);
    if (done.cut) out.cut.push_back(number);
    if (done.tokens == 0) {  // between the marks, where there are any
      auto middle = static_cast<std::ptrdiff_t>(begin + (out.tokens.size() - begin) / 2);
      out.tokens.insert(out.tokens.begin() + middle, kUnknown);
      out.empty.push_back(number);
    }
    out.lengths.push_back(static_cast<std::int32_t>(out.tokens.size() - begin));
  }
  return out;
}

template <class T>
void join(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

EncodedTexts encode_all(const Tokenizer& tokenizer, std::span<const std::string> texts) {
  constexpr std::size_t kTexts = 256;  // in a piece of work
  std::vector<EncodedTexts> pieces((texts.size() + kTexts - 1) / kTexts);
  parallel_for(pieces.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p)
      pieces[p] =
          encode_some(tokenizer, texts.subspan(p * kTexts, std::min(kTexts, texts.size() - p * kTexts)), p * kTexts);
  });
  EncodedTexts all;
  for (EncodedTexts& piece : pieces) {
    join(all.tokens, piece.tokens);
    join(all.lengths, piece.lengths);
    join(all.empty, piece.empty);
    join(all.cut, piece.cut);
    piece = {};
  }
  return all;
}

}  // namespace gradus
