#include "gradus/train/translate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/data/text/words.h"
#include "gradus/model/bleu.h"
#include "gradus/train/inference.h"

namespace gradus {
namespace {

void check(const TranslateOptions& o) {
  auto refuse = [](const char* what, const char* expected, const std::string& given) {
    throw Error(ErrorKind::value, {what, expected, given, ""});
  };
  if (o.beam < 1 || o.beam > 1000) refuse("beam", "a number from 1 to 1000", std::to_string(o.beam));
  if (o.max_length < 0) refuse("max_length", "a number >= 0", std::to_string(o.max_length));
  if (!(o.length_penalty >= 0) || !std::isfinite(o.length_penalty))
    refuse("length_penalty", "a number >= 0", std::to_string(o.length_penalty));
}

// An answer so far.
struct Answer {
  std::vector<std::int32_t> symbols;
  double log_p = 0;
  std::int32_t row = 0;  // of the decoder's states
};

// One way to go on with an answer.
struct Continuation {
  double log_p;
  std::size_t answer;
  std::int32_t symbol;
};

// The search for one example's answer.
class Search {
 public:
  Search(const TranslateOptions& o, std::int32_t row, std::int64_t most) : options_(o), most_(most) {
    answers_.push_back({{}, 0, row});
  }

  bool is_done() const { return answers_.empty(); }
  const std::vector<Answer>& answers() const { return answers_; }
  const std::vector<std::int32_t>& best() const { return best_; }

  // Goes on by one symbol each; `scores` [rows, symbols] has a row for each answer that any search follows.
  void go_on(const float* scores, std::int64_t symbols) {
    std::vector<Continuation> ways;
    for (std::size_t a = 0; a < answers_.size(); ++a) {
      const std::size_t before = ways.size();
      add_ways(a, scores + answers_[a].row * symbols, symbols, ways);
      keep_best(ways, before, options_.beam);
    }
    keep_best(ways, 0, options_.beam);
    std::vector<Answer> next;
    for (const Continuation& way : ways) {
      const Answer& from = answers_[way.answer];
      if (way.symbol == kEnd) {
        finish(from.symbols, way.log_p);
        continue;
      }
      next.push_back({from.symbols, way.log_p, from.row});
      next.back().symbols.push_back(way.symbol);
    }
    answers_ = std::move(next);
    // None of those that go on, the most probable of which is the first, can become better than one that has ended.
    if (!answers_.empty() && normalised(answers_[0].log_p, most_ + 1) <= best_score_) answers_.clear();
  }
  void number_rows(std::int32_t& next) {
    for (Answer& a : answers_) a.row = next++;
  }

 private:
  static constexpr double kNone = -std::numeric_limits<double>::infinity();

  double normalised(double log_p, std::int64_t length) const {
    return log_p / std::pow((5 + static_cast<double>(length)) / 6, options_.length_penalty);
  }
  void finish(const std::vector<std::int32_t>& symbols, double log_p) {
    const double score = normalised(log_p, static_cast<std::int64_t>(symbols.size()) + 1);
    if (score <= best_score_) return;
    best_score_ = score;
    best_ = symbols;
  }

  void add_ways(std::size_t answer, const float* scores, std::int64_t symbols, std::vector<Continuation>& ways) const {
    const float highest = *std::max_element(scores, scores + symbols);
    double sum = 0;
    for (std::int64_t s = 0; s < symbols; ++s) sum += std::exp(static_cast<double>(scores[s] - highest));
    const double log_sum = std::log(sum) + static_cast<double>(highest);
    const bool must_end = static_cast<std::int64_t>(answers_[answer].symbols.size()) >= most_;
    for (std::int64_t s = kEnd; s < (must_end ? kEnd + 1 : symbols); ++s)
      ways.push_back(
          {answers_[answer].log_p + static_cast<double>(scores[s]) - log_sum, answer, static_cast<std::int32_t>(s)});
  }
  // Of the ways from `first` on the most probable ones, those of equal probability in their order.
  static void keep_best(std::vector<Continuation>& ways, std::size_t first, std::int64_t count) {
    const auto begin = ways.begin() + static_cast<std::ptrdiff_t>(first);
    const auto kept = std::min<std::ptrdiff_t>(count, ways.end() - begin);
    std::partial_sort(begin, begin + kept, ways.end(), [](const Continuation& a, const Continuation& b) {
      if (a.log_p != b.log_p) return a.log_p > b.log_p;
      return a.answer != b.answer ? a.answer < b.answer : a.symbol < b.symbol;
    });
    ways.erase(begin + kept, ways.end());
  }

  const TranslateOptions& options_;
  std::int64_t most_;
  std::vector<Answer> answers_;
  std::vector<std::int32_t> best_;
  double best_score_ = kNone;
};

// Runs a decoder symbol by symbol beside sequences that were encoded once.
class Decoding {
 public:
  Decoding(Network& network, const Batch& batch) : decoder_(*network.decoder()) {
    Context encoding = context_of(batch, 1);
    context_.memory = gather_shards(network.encode(batch.inputs, encoding));
    context_.memory_lengths = batch.lengths;
    context_.states = &states_;
  }

  // The scores of what comes after each of `symbols`, [n, all symbols].
  Tensor scores_after(const std::vector<std::int32_t>& symbols) {
    const auto n = static_cast<std::int64_t>(symbols.size());
    Tensor y = gather_shards(decoder_.forward(Tensor::from(symbols, {n, 1}), context_));
    return reshape(y, {n, y.dim(2)});
  }
  // Goes on with these sequences alone.
  void select(const std::vector<std::int32_t>& rows) {
    if (rows.size() == static_cast<std::size_t>(context_.memory.dim(0)) &&
        std::ranges::is_sorted(rows, std::less_equal<>()))
      return;  // all, as they are
    states_.select(rows);
    Tensor index = Tensor::from(rows, {static_cast<std::int64_t>(rows.size())});
    context_.memory = take(context_.memory, index);
    if (context_.memory_lengths.defined()) context_.memory_lengths = take_lengths(rows);
  }

 private:
  Tensor take_lengths(const std::vector<std::int32_t>& rows) const {
    return gather_rows(context_.memory_lengths, std::vector<std::uint32_t>(rows.begin(), rows.end()));
  }

  Network& decoder_;
  CarriedStates states_;
  Context context_;
};

std::int64_t most_symbols(const TranslateOptions& o, const Batch& batch, std::int64_t row) {
  if (o.max_length > 0) return o.max_length;
  const std::int64_t length = batch.lengths.defined() ? batch.lengths.data<std::int32_t>()[row] : batch.inputs.dim(1);
  return 2 * length + 10;
}

// A target's symbols without the mark at its end.
std::vector<std::int32_t> truth_of(const Batch& batch, std::int64_t row) {
  const std::int32_t* first = batch.target.data<std::int32_t>() + row * batch.target.dim(1);
  std::vector<std::int32_t> symbols(first, first + batch.shown_lengths.data<std::int32_t>()[row]);
  if (!symbols.empty() && symbols.back() == kEnd) symbols.pop_back();
  return symbols;
}

}  // namespace

std::vector<std::vector<std::int32_t>> translate(Network& network, const Batch& batch,
                                                 const TranslateOptions& options) {
  check(options);
  if (network.decoder() == nullptr)
    throw Error(ErrorKind::state, "translate", "the network's last layer is no decoder",
                "end it with { type = \"decoder\", ... }");
  ComputeScope scope;
  NoGrad no_grad;
  Decoding decoding(network, batch);
  std::vector<Search> searches;
  for (std::int64_t i = 0; i < batch.size(); ++i)
    searches.emplace_back(options, static_cast<std::int32_t>(i), most_symbols(options, batch, i));
  std::vector<std::int32_t> last(static_cast<std::size_t>(batch.size()), kBegin), rows;
  while (!last.empty()) {
    Tensor scores = decoding.scores_after(last);
    last.clear();
    rows.clear();
    std::int32_t next = 0;
    for (Search& s : searches) {
      if (s.is_done()) continue;
      s.go_on(scores.data<float>(), scores.dim(1));
      for (const Answer& a : s.answers()) {
        rows.push_back(a.row);
        last.push_back(a.symbols.back());
      }
      s.number_rows(next);
    }
    if (!rows.empty()) decoding.select(rows);
  }
  std::vector<std::vector<std::int32_t>> all;
  for (const Search& s : searches) all.push_back(s.best());
  return all;
}

void translate(Network& network, const Tokenizer& target, const Dataset& data, const TranslateOptions& options,
               const std::function<void(const std::string&, const std::string&)>& take) {
  const std::int64_t at_once = std::max<std::int64_t>(1, 64 / options.beam);
  each_batch(data, at_once, [&](const Batch& batch) {
    std::vector<std::vector<std::int32_t>> made = translate(network, batch, options);
    for (std::size_t i = 0; i < made.size(); ++i)
      take(target.decode(made[i]), target.decode(truth_of(batch, static_cast<std::int64_t>(i))));
  });
}

double translation_bleu(Network& network, const Tokenizer& target, const Dataset& data,
                        const TranslateOptions& options) {
  auto words_of = [](const std::string& text) {
    std::vector<std::string> words;
    each_word(text, [&](std::string_view word) {
      words.emplace_back(word);
      return true;
    });
    return words;
  };
  Bleu bleu;
  translate(network, target, data, options,
            [&](const std::string& made, const std::string& truth) { bleu.add(words_of(made), words_of(truth)); });
  return bleu.score();
}

Tensor attention_map(Network& network, const Batch& batch) {
  ComputeScope scope;
  NoGrad no_grad;
  Context context = context_of(batch, 1);
  Tensor weights;
  context.looked = [&](const Tensor& w) { weights = w; };
  network.forward(batch.inputs, context);
  if (!weights.defined()) return weights;
  flush();
  return squeeze(mean(gather_shards(weights), {1}), 0);
}

}  // namespace gradus
