#include "gradus/train/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

void check(const GenerateOptions& o) {
  auto refuse = [](const char* what, const char* expected, const std::string& given) {
    throw Error(ErrorKind::value, {what, expected, given, ""});
  };
  if (!(o.temperature >= 0) || !std::isfinite(o.temperature))
    refuse("temperature", "a number >= 0", std::to_string(o.temperature));
  if (o.top_k < 0) refuse("top_k", "a number >= 0", std::to_string(o.top_k));
  if (o.length < 0) refuse("length", "a number >= 0", std::to_string(o.length));
}

// The symbols that the network reads first. An empty prompt begins as a line does.
std::vector<std::int32_t> beginning(const Tokenizer& tokenizer, const std::string& prompt) {
  check_utf8(prompt, "prompt");
  std::vector<std::int32_t> symbols = tokenizer.encode(prompt.empty() ? "\n" : prompt);
  if (tokenizer.bounds() && !symbols.empty() && symbols.back() == kEnd) symbols.pop_back();
  if (prompt.empty() && (symbols.empty() || symbols[0] == kUnknown))
    symbols = {static_cast<std::int32_t>(tokenizer.size() - 1)};
  if (symbols.empty())
    throw Error(ErrorKind::value, {"prompt", "text with a symbol in it", "white space, which the tokenizer passes over",
                                   "leave it out to begin anew"});
  for (std::size_t i = 0; i < symbols.size(); ++i)
    if (symbols[i] == kUnknown)
      throw Error(ErrorKind::value, "prompt",
                  "its symbol " + std::to_string(i + 1) + " (of " + std::to_string(symbols.size()) +
                      ") did not occur in the training text",
                  "use symbols that it had");
  return symbols;
}

// Draws from the scores of all symbols.
class Draw {
 public:
  Draw(const GenerateOptions& o, const Tokenizer& tokenizer)
      : options_(o),
        key_(RandomKey{o.seed, 0, 0}.in("generate")),
        bounds_(tokenizer.bounds()),
        order_(static_cast<std::size_t>(tokenizer.size())) {}

  std::int32_t operator()(const float* scores) {
    std::iota(order_.begin(), order_.end(), 0);
    auto better = [&](std::int32_t a, std::int32_t b) {
      const bool no_a = is_no_text(a), no_b = is_no_text(b);
      if (no_a != no_b) return no_b;
      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    };
    auto candidates = static_cast<std::ptrdiff_t>(order_.size());
    if (options_.temperature == 0) candidates = 1;
    if (options_.top_k > 0) candidates = std::min<std::ptrdiff_t>(candidates, options_.top_k);
    std::partial_sort(order_.begin(), order_.begin() + candidates, order_.end(), better);
    if (candidates == 1) return order_[0];
    chances_.clear();
    for (std::ptrdiff_t i = 0; i < candidates && !is_no_text(order_[static_cast<std::size_t>(i)]); ++i)
      chances_.push_back(std::exp(static_cast<double>(scores[order_[static_cast<std::size_t>(i)]] - scores[order_[0]]) /
                                  options_.temperature));
    double at = uniform01_f64(key_, drawn_++) * std::accumulate(chances_.begin(), chances_.end(), 0.0);
    std::size_t chosen = 0;
    while (chosen + 1 < chances_.size() && (at -= chances_[chosen]) >= 0) ++chosen;
    return order_[chosen];
  }

 private:
  bool is_no_text(std::int32_t symbol) const {
    return symbol == kPadding || symbol == kUnknown || (bounds_ && symbol == kBegin);
  }

  const GenerateOptions& options_;
  RandomKey key_;
  bool bounds_;
  std::vector<std::int32_t> order_;
  std::vector<double> chances_;
  std::uint64_t drawn_ = 0;
};

// Hands out what a text has grown by, in whole characters: one that is not complete yet is decoded as U+FFFD.
class Growing {
 public:
  Growing(const Tokenizer& tokenizer, const std::function<bool(const std::string&)>& take)
      : tokenizer_(tokenizer), take_(take) {}

  bool show(const std::vector<std::int32_t>& symbols, bool last = false) {
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
    std::string text = tokenizer_.decode(symbols);
    if (!last)
      while (text.ends_with(kReplacement)) text.resize(text.size() - kReplacement.size());
    if (text.size() <= shown_) return true;
    std::string more = text.substr(shown_);
    shown_ = text.size();
    return take_(more);
  }

 private:
  const Tokenizer& tokenizer_;
  const std::function<bool(const std::string&)>& take_;
  std::size_t shown_ = 0;
};

}  // namespace

void generate(Network& network, const Tokenizer& tokenizer, const GenerateOptions& options,
              const std::function<bool(const std::string&)>& take) {
  check(options);
  std::vector<std::int32_t> text = beginning(tokenizer, options.prompt), shown = text;
  if (options.prompt.empty()) shown.clear();
  NoGrad no_grad;
  CarriedStates states;
  Context context;
  context.states = &states;
  auto scores_after = [&](const std::vector<std::int32_t>& symbols) {
    Tensor x = Tensor::from(symbols, {1, static_cast<std::int64_t>(symbols.size())});
    Tensor y = gather_shards(network.forward(x, context));
    return slice(y, 1, y.dim(1) - 1, y.dim(1));
  };
  Draw draw(options, tokenizer);
  Growing growing(tokenizer, take);
  if (!growing.show(shown)) return;
  Tensor scores = scores_after(text);
  for (std::int64_t i = 0; i < options.length; ++i) {
    const std::int32_t next = draw(scores.data<float>());
    if (tokenizer.bounds() && next == kEnd) break;
    shown.push_back(next);
    if (!growing.show(shown)) return;
    if (i + 1 < options.length) scores = scores_after({next});
  }
  growing.show(shown, true);
}

}  // namespace gradus
