// Decoding: greedy and by beam search against searches of another kind, what limits it, and a model that learns to
// reverse letters, with the same bits on any number of threads and when resumed.
#include "gradus/train/translate.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "../base/expect_error.h"
#include "../base/with_threads.h"
#include "gradus/data/sequence_dataset.h"
#include "gradus/train/trainer.h"

namespace gradus {
namespace {

using ::testing::HasSubstr;
using Symbols = std::vector<std::int32_t>;

constexpr std::int32_t kFirst = kEnd + 1;  // of the letters

Tensor ints(const Symbols& v, const Shape& shape) { return Tensor::from(v, shape); }

std::unique_ptr<Network> translator(std::int64_t symbols, const std::string& score, int units, std::uint64_t seed) {
  const std::string size = std::to_string(units), twice = std::to_string(2 * units);
  auto network = make_network(
      parse_toml_value("[ { type = \"embedding\", size = " + size + " }, { type = \"gru\", units = " + size +
                       ", bidirectional = true }, { type = \"decoder\", layers = [ { type = \"embedding\", size = " +
                       size + " }, { type = \"gru\", units = " + twice +
                       ", initial_state = \"encoder\" }, { type = \"attention\", score = \"" + score +
                       "\" }, { type = \"linear\" } ] } ]"),
      symbols, "layers");
  network->decide_symbols(symbols);
  network->build({4}, seed);
  return network;
}

// A network that prefers some symbols clearly: its weights are larger than new ones are.
std::unique_ptr<Network> decided(std::int64_t symbols, const std::string& score, std::uint64_t seed) {
  auto network = translator(symbols, score, 5, seed);
  auto state = state_of(*network);
  for (auto& [name, t] : state) t = t * 2.5;
  load_state(*network, state);
  return network;
}

Batch batch_of(const std::vector<Symbols>& rows) {
  std::size_t time = 0;
  Symbols all, lengths;
  for (const Symbols& row : rows) time = std::max(time, row.size());
  for (const Symbols& row : rows) {
    lengths.push_back(static_cast<std::int32_t>(row.size()));
    all.insert(all.end(), row.begin(), row.end());
    all.insert(all.end(), time - row.size(), kPadding);
  }
  Batch batch;
  const auto n = static_cast<std::int64_t>(rows.size());
  batch.inputs = ints(all, {n, static_cast<std::int64_t>(time)});
  batch.lengths = ints(lengths, {n});
  return batch;
}

const std::vector<Symbols> kRows = {{4, 5, 6}, {6, 6}, {5}, {4, 4, 5, 6, 5}};

// log p of each symbol after `made`, from one forward pass over all of it.
std::vector<double> log_probabilities(Network& network, const Symbols& given, Symbols made) {
  NoGrad no_grad;
  made.insert(made.begin(), kBegin);
  Context context;
  context.shown = ints(made, {1, static_cast<std::int64_t>(made.size())});
  Tensor scores = network.forward(batch_of({given}).inputs, context);
  const std::int64_t symbols = scores.dim(2);
  std::vector<float> all = scores.to_vector<float>();
  std::vector<double> last(all.end() - symbols, all.end());
  double sum = 0;
  for (double s : last) sum += std::exp(s);
  for (double& s : last) s -= std::log(sum);
  return last;
}

struct Found {
  Symbols symbols;
  double score = -std::numeric_limits<double>::infinity();
};

// Tries every answer of at most so many letters that begins with `made`.
void try_all(Network& network, const Symbols& given, const Symbols& made, double log_p, const TranslateOptions& o,
             Found& best) {
  std::vector<double> next = log_probabilities(network, given, made);
  const double length = static_cast<double>(made.size()) + 1;
  const double score = (log_p + next[kEnd]) / std::pow((5 + length) / 6, o.length_penalty);
  if (score > best.score) best = {made, score};
  if (static_cast<std::int64_t>(made.size()) == o.max_length) return;
  for (std::size_t s = kFirst; s < next.size(); ++s) {
    Symbols longer = made;
    longer.push_back(static_cast<std::int32_t>(s));
    try_all(network, given, longer, log_p + next[s], o, best);
  }
}

Symbols greedy(Network& network, const Symbols& given, std::size_t most) {
  Symbols made;
  while (made.size() < most) {
    std::vector<double> next = log_probabilities(network, given, made);
    const auto best = static_cast<std::int32_t>(std::max_element(next.begin() + kEnd, next.end()) - next.begin());
    if (best == kEnd) break;
    made.push_back(best);
  }
  return made;
}

TEST(Translate, ABeamOfOneTakesTheBestSymbolEachTime) {
  int ended = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    auto network = decided(9, seed % 2 ? "dot" : "additive", seed);
    std::vector<Symbols> made = translate(*network, batch_of(kRows), {});
    ASSERT_EQ(made.size(), kRows.size());
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      const std::size_t most = 2 * kRows[i].size() + 10;
      EXPECT_EQ(made[i], greedy(*network, kRows[i], most)) << "seed " << seed << ", row " << i;
      ended += made[i].size() < most;
    }
  }
  EXPECT_GT(ended, 0);
  EXPECT_LT(ended, 24);
}

TEST(Translate, AWideBeamFindsTheBestAnswerOfAll) {
  int differ = 0;
  std::size_t lengths[3] = {};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    auto network = decided(kFirst + 3, seed % 2 ? "dot" : "additive", seed);
    int p = 0;
    for (double penalty : {0.0, 0.6, 3.0}) {
      const TranslateOptions options{200, 4, penalty};  // 121 answers have at most 4 letters of 3
      std::vector<Symbols> made = translate(*network, batch_of(kRows), options);
      for (std::size_t i = 0; i < kRows.size(); ++i) {
        Found best;
        try_all(*network, kRows[i], {}, 0, options, best);
        EXPECT_EQ(made[i], best.symbols) << "seed " << seed << ", row " << i << ", penalty " << penalty;
        differ += made[i] != greedy(*network, kRows[i], 4);
        lengths[p] += made[i].size();
      }
      ++p;
    }
  }
  EXPECT_GT(differ, 0) << "the best symbol each time should not always be best in the end";
  EXPECT_LT(lengths[0], lengths[1]);
  EXPECT_LT(lengths[1], lengths[2]);
}

TEST(Translate, LinesInABatchGetWhatEachGetsAlone) {
  for (std::int64_t beam : {1, 2, 3, 7}) {
    auto network = decided(8, "additive", 3);
    std::vector<Symbols> together = translate(*network, batch_of(kRows), {beam});
    for (std::size_t i = 0; i < kRows.size(); ++i)
      EXPECT_EQ(together[i], translate(*network, batch_of({kRows[i]}), {beam})[0]) << beam;
  }
}

TEST(Translate, AnAnswerThatIsAsLongAsAllowedEnds) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed)
    for (std::int64_t beam : {1, 4}) {
      auto network = decided(9, "dot", seed);
      for (std::int64_t most : {1, 2, 3})
        for (const Symbols& made : translate(*network, batch_of(kRows), {beam, most}))
          EXPECT_LE(made.size(), static_cast<std::size_t>(most));
    }
  // One that never ends by itself.
  auto network = decided(9, "dot", 1);
  auto state = state_of(*network);
  for (auto& [name, t] : state)
    if (name.ends_with("linear1.bias")) t = ints({0, 0, 0, -100, 0, 0, 0, 0, 0}, {9}).to(Dtype::f32);
  load_state(*network, state);
  std::vector<Symbols> made = translate(*network, batch_of(kRows), {});
  for (std::size_t i = 0; i < kRows.size(); ++i) EXPECT_EQ(made[i].size(), 2 * kRows[i].size() + 10);
}

TEST(Translate, MistakesAreTold) {
  auto network = translator(9, "dot", 3, 1);
  auto refused = [&](const TranslateOptions& options) {
    return error_of(ErrorKind::value, [&] { translate(*network, batch_of(kRows), options); });
  };
  EXPECT_THAT(refused({0}), HasSubstr("beam: expected a number from 1 to 1000, got 0"));
  EXPECT_THAT(refused({1001}), HasSubstr("got 1001"));
  EXPECT_THAT(refused({1, -1}), HasSubstr("max_length"));
  EXPECT_THAT(refused({1, 0, -0.1}), HasSubstr("length_penalty"));
  EXPECT_THAT(refused({1, 0, std::nan("")}), HasSubstr("length_penalty"));
  Network plain = nn::network(nn::linear(2));
  plain.build({3}, 1);
  EXPECT_THAT(error_of(ErrorKind::state, [&] { translate(plain, batch_of(kRows), {}); }), HasSubstr("no decoder"));
}

// Lines of 2 to 6 letters of 8, and the same from the end to the beginning.
std::shared_ptr<const Dataset> reversals(std::uint64_t lines, std::uint32_t stream) {
  const RandomKey key{7, stream, 0};
  Symbols given, answers, lengths, answer_lengths;
  for (std::uint64_t i = 0; i < lines; ++i) {
    Symbols line(2 + uniform_below(key, 8 * i, 5));
    for (std::size_t k = 0; k < line.size(); ++k)
      line[k] = kFirst + static_cast<std::int32_t>(uniform_below(key, 8 * i + k + 1, 8));
    given.insert(given.end(), line.begin(), line.end());
    lengths.push_back(static_cast<std::int32_t>(line.size()));
    answers.push_back(kBegin);
    answers.insert(answers.end(), line.rbegin(), line.rend());
    answers.push_back(kEnd);
    answer_lengths.push_back(lengths.back() + 2);
  }
  auto stored = [](const Symbols& steps, const Symbols& each) {
    return SequenceStore(ints(steps, {static_cast<std::int64_t>(steps.size())}), each);
  };
  return std::make_shared<const PairDataset>(stored(given, lengths), stored(answers, answer_lengths));
}

// The share of lines that come out reversed, letter for letter.
double share_reversed(Network& network, const Dataset& data, const TranslateOptions& options) {
  std::int64_t right = 0;
  for (std::uint32_t i = 0; i < data.size(); ++i) {
    Batch batch = data.fetch({&i, 1});
    Symbols line = batch.inputs.to_vector<std::int32_t>();
    right += translate(network, batch, options)[0] == Symbols(line.rbegin(), line.rend());
  }
  return static_cast<double>(right) / static_cast<double>(data.size());
}

TrainParams reversing(std::int64_t epochs) {
  TrainParams params;
  params.epochs = epochs;
  params.batch_size = 64;
  params.optimizer = parse_toml_value("{ type = \"adam\", lr = 0.01 }");
  params.schedule = "cosine";
  params.clip_norm = 1;
  return params;
}

TEST(Translate, AModelLearnsToReverseLetters) {
  auto data = reversals(3000, 1), test = reversals(400, 2);
  for (const char* score : {"dot", "additive"}) {
    auto network = translator(kFirst + 8, score, 16, 1);
    auto loss = make_loss("cross_entropy", "loss");
    Trainer(*network, *loss, reversing(8), 1).fit(*data, {});
    for (std::int64_t beam : {1, 3}) EXPECT_GT(share_reversed(*network, *test, {beam}), 0.99) << score << " " << beam;
    for (std::uint32_t i = 0; i < 20; ++i) {
      Batch batch = test->fetch({&i, 1});
      Tensor map = attention_map(*network, batch);
      ASSERT_EQ(map.shape(), Shape({batch.target.dim(1), batch.inputs.dim(1)}));
      for (double row : sum(map, {1}).to(Dtype::f64).to_vector<double>()) EXPECT_NEAR(row, 1, 1e-5);
    }
  }
}

struct Saved {
  Value metadata;
  std::vector<std::pair<std::string, Tensor>> tensors;
};

// Every number of a network trained for two epochs of 5 steps, from the beginning or from a checkpoint, stopped by
// `stop_at` steps where that is not 0.
std::vector<float> trained(const Dataset& data, const Saved* from, std::vector<Saved>* saved, int stop_at) {
  auto network = translator(kFirst + 8, "additive", 8, 1);
  auto loss = make_loss("cross_entropy", "loss");
  TrainParams params = reversing(2);
  params.checkpoint_steps = 1;
  Trainer trainer(*network, *loss, params, 1);
  if (from != nullptr) trainer.resume(from->metadata, from->tensors);
  std::atomic<bool> stop = false;
  int steps = 0;
  TrainCallbacks callbacks;
  callbacks.stop = &stop;
  callbacks.progress = [&](const Progress&) { stop = ++steps == stop_at; };
  if (saved != nullptr)
    callbacks.save = [&](const Value& m, const std::vector<std::pair<std::string, Tensor>>& tensors) {
      Saved s{m, {}};
      for (const auto& [name, t] : tensors) s.tensors.emplace_back(name, t.copy());
      saved->push_back(std::move(s));
    };
  trainer.fit(data, callbacks);
  std::vector<float> all;
  for (const auto& [name, t] : state_of(*network))
    for (float v : t.to_vector<float>()) all.push_back(v);
  return all;
}

TEST(Translate, TrainingHasTheSameBitsOnAnyNumberOfThreads) {
  auto data = reversals(300, 1);
  std::vector<std::vector<float>> states;
  for (int threads : {1, 2, 3}) {
    WithThreads with(threads);
    states.push_back(trained(*data, nullptr, nullptr, 0));
  }
  EXPECT_EQ(states[0], states[1]);
  EXPECT_EQ(states[0], states[2]);
}

TEST(Translate, TrainingThatIsStoppedInsideAnEpochGoesOnWithTheSameBits) {
  auto data = reversals(300, 1);
  const std::vector<float> whole = trained(*data, nullptr, nullptr, 0);
  for (int stop_at : {2, 7}) {
    std::vector<Saved> saved;
    EXPECT_NE(trained(*data, nullptr, &saved, stop_at), whole);
    ASSERT_FALSE(saved.empty());
    EXPECT_EQ(trained(*data, &saved.back(), nullptr, 0), whole) << stop_at;
  }
}

}  // namespace
}  // namespace gradus
