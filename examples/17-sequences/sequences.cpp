// Why a feed-forward network is no reader of sequences: which weights the same words meet in another order, and four
// networks that are asked on which day it rained, in sentences as long as those they were trained on and longer.
#include <gradus/gradus.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <set>

using namespace gradus;

namespace {

// ---- the order of words: three words one-hot, a first layer of four units
using Words = std::vector<std::int32_t>;

Tensor one_hot(const Words& words) {
  Tensor x = Tensor::zeros({1, 3, 3});
  for (std::size_t t = 0; t < 3; ++t) x.mutable_data<float>()[3 * t + static_cast<std::size_t>(words[t])] = 1;
  return x;
}

// The rows of the first weights that a gradient reaches: where the network learns from the sentence.
std::set<std::size_t> rows_learned(Network& network, const Words& words) {
  Gradients gradients = backward(sum(network.forward(one_hot(words), Context{})));
  Tensor of_weight = gradients[parameters_of(network)[0].value];
  std::vector<float> size = sum(abs(of_weight), {1}).to_vector<float>();
  std::set<std::size_t> rows;
  for (std::size_t i = 0; i < size.size(); ++i)
    if (size[i] > 0) rows.insert(i);
  return rows;
}

void print_rows(const char* what, Network network) {
  network.build({3, 3}, /*seed=*/1);
  std::set<std::size_t> first = rows_learned(network, {0, 1, 2}), second = rows_learned(network, {2, 0, 1});
  std::printf("%s, %lld rows of first weights\n", what, static_cast<long long>(parameters_of(network)[0].value.dim(0)));
  for (const auto& [text, rows] : {std::pair{"it rained tuesday", first}, {"tuesday it rained", second}}) {
    std::printf("  %s: rows", text);
    for (std::size_t row : rows) std::printf(" %zu", row);
    std::printf("\n");
  }
  std::printf("  in both: %td\n",
              std::count_if(first.begin(), first.end(), [&](std::size_t r) { return second.contains(r); }));
}

// ---- on which day did it rain?
constexpr std::int32_t kAnd = 1, kIt = 2, kOn = 3, kRained = 4, kOtherVerbs = 5, kDays = 9, kSymbols = 16;
const char* const kText[kSymbols] = {"",         "and",    "it",       "on",     "rained",  "snowed",
                                     "froze",    "hailed", "thawed",   "monday", "tuesday", "wednesday",
                                     "thursday", "friday", "saturday", "sunday"};
constexpr std::int64_t kMost = 3, kLongest = 5 * kMost - 1;  // clauses and words of a training sentence

struct Sentence {
  Words words;
  std::int32_t day = 0;  // on which it rained
};

// Clauses "it VERB on DAY" or "on DAY it VERB"; in one of them it rained.
Sentence make_sentence(std::mt19937& random, std::int64_t clauses) {
  Sentence s;
  const auto rain = static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(clauses));
  for (std::int64_t c = 0; c < clauses; ++c) {
    const auto day = static_cast<std::int32_t>(random() % 7), other = static_cast<std::int32_t>(random() % 4);
    const std::int32_t verb = c == rain ? kRained : kOtherVerbs + other;
    if (c == rain) s.day = day;
    if (c > 0) s.words.push_back(kAnd);
    const Words clause = random() % 2 == 0 ? Words{kIt, verb, kOn, kDays + day} : Words{kOn, kDays + day, kIt, verb};
    s.words.insert(s.words.end(), clause.begin(), clause.end());
  }
  return s;
}

// What a network is shown: whole sentences, or their last `places` words, and empty places behind shorter ones.
SequenceDataset shown(const std::vector<Sentence>& sentences, std::size_t places) {
  std::vector<std::int32_t> words, lengths, days;
  for (const Sentence& s : sentences) {
    const std::size_t taken = places == 0 ? s.words.size() : std::min(places, s.words.size());
    words.insert(words.end(), s.words.end() - static_cast<std::ptrdiff_t>(taken), s.words.end());
    if (places > taken) words.insert(words.end(), places - taken, 0);
    lengths.push_back(static_cast<std::int32_t>(std::max(places, taken)));
    days.push_back(s.day);
  }
  const auto total = static_cast<std::int64_t>(words.size()), n = static_cast<std::int64_t>(days.size());
  return {Tensor::from(words, {total}), lengths, SequenceDataset::Target::sequence, Tensor::from(days, {n})};
}

struct Case {
  const char* name;
  std::size_t places;  // 0: sentences as they are
  const char* layers;
};

const Case kCases[] = {
    {"mean of all words", 0, R"([ { type = "embedding", size = 16, symbols = 16 }, { type = "sequence_pool" },
       { type = "linear", units = 64 }, "relu", "linear" ])"},
    {"the last 4 words", 4, R"([ { type = "embedding", size = 16, symbols = 16 }, "flatten",
       { type = "linear", units = 64 }, "relu", "linear" ])"},
    {"14 places for words", kLongest, R"([ { type = "embedding", size = 16, symbols = 16 }, "flatten",
       { type = "linear", units = 64 }, "relu", "linear" ])"},
    {"recurrent", 0, R"([ { type = "embedding", size = 16, symbols = 16 },
       { type = "rnn", units = 64, output = "last" }, "linear" ])"},
};

std::string text(const Words& words) {
  std::string t;
  for (std::int32_t w : words) t += (t.empty() ? "" : " ") + std::string(kText[w]);
  return t;
}

void compare_networks() {
  std::mt19937 random(1);
  std::vector<Sentence> train;
  std::set<Words> known;
  for (int i = 0; i < 600; ++i) {
    train.push_back(make_sentence(random, 1 + i % kMost));
    known.insert(train.back().words);
  }
  std::vector<std::vector<Sentence>> tests;  // by clauses, none trained on but the 14 that have one clause
  for (std::int64_t clauses : {1, 2, 3, 4, 6, 8, 12}) {
    tests.emplace_back();
    while (tests.back().size() < 500) {
      Sentence s = make_sentence(random, clauses);
      if (clauses == 1 || !known.contains(s.words)) tests.back().push_back(s);
    }
  }
  std::printf("\n600 sentences of 1 to 3 clauses, such as\n  %s: %s\n\n", text(train[2].words).c_str(),
              kText[kDays + train[2].day]);

  auto loss = make_loss("cross_entropy", "loss");
  const TaskSpec task{Task::multiclass, std::vector<std::string>(kText + kDays, kText + kSymbols), {"word"}};
  TrainParams params;
  params.epochs = 40;
  params.batch_size = 32;
  params.clip_norm = 1;
  params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", 0.005}});
  std::printf("%-20s %10s %9s   new sentences, right in %%, by clauses\n%-20s %10s %9s", "", "", "", "network",
              "parameters", "trained");
  Plot plot("On which day did it rain?");
  plot.x_axis("clauses").whole_x().y_axis("right, new sentences").y_range(0, 1);
  const std::vector<double> clauses = {1, 2, 3, 4, 6, 8, 12};
  for (double c : clauses) std::printf(" %5.0f", c);
  std::printf("\n");
  for (const Case& c : kCases) {
    auto network = make_network(parse_toml_value(c.layers), 7, "layers");
    SequenceDataset data = shown(train, c.places);
    network->build(data.input_shape(), /*seed=*/1);
    Trainer(*network, *loss, params, /*seed=*/1).fit(data, {});
    auto right = [&](const SequenceDataset& d) {
      return evaluate(*network, *loss, task, d).metrics().at("accuracy").as_real();
    };
    std::printf("%-20s %10lld %9.1f", c.name, static_cast<long long>(network->cost(data.input_shape()).parameters),
                100 * right(data));
    std::vector<double> by_clauses;
    for (const std::vector<Sentence>& test : tests) {
      by_clauses.push_back(right(shown(test, c.places)));
      std::printf(" %5.1f", 100 * by_clauses.back());
    }
    std::printf("\n");
    plot.line(c.name, clauses, by_clauses);
  }
  plot.mark_x(kMost, "longest trained on");
  write_file("sequences.svg", svg_file({plot.size(560, 360)}, 1));
}

}  // namespace

int main() {
  print_rows("feed-forward", nn::network(nn::flatten(), nn::linear(4)));
  print_rows("recurrent", nn::network(nn::layer("rnn", Value(Value::Table{{"units", 4}, {"output", "last"}}))));

  // A layer has as many weights as the inputs it was built for, so it refuses any other number.
  Network network = nn::network(nn::flatten(), nn::linear(4));
  network.build({3, 3}, /*seed=*/1);
  try {
    network(Tensor::zeros({1, 4, 3}));
  } catch (const Error& error) {
    std::printf("\nfour words into a network for three:\n  %s\n", error.what());
  }
  compare_networks();
}
