// Gates at work: an LSTM of one unit and a GRU of two learn to keep a letter until a mark asks for it. Their gates are
// computed by hand from the weights, and the product of the gates that keep is the gradient that reaches back.
#include <gradus/gradus.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <stdexcept>

using namespace gradus;

namespace {

// A or B is to be kept, a, b and points are noise, and ? asks which it was. A step is three numbers: 1 for A and a, -1
// for B and b; 1 for capitals; 1 for the mark.
constexpr std::size_t kWidth = 3;
std::array<float, kWidth> numbers(char c) {
  return {c == 'A' || c == 'a'   ? 1.0F
          : c == 'B' || c == 'b' ? -1.0F
                                 : 0.0F,
          c == 'A' || c == 'B' ? 1.0F : 0.0F, c == '?' ? 1.0F : 0.0F};
}
const std::string kShown = "A.ba.b?.aB.b?";
constexpr std::int64_t kTexts = 1000, kTime = 40;

Tensor steps_of(const std::vector<std::string>& texts) {
  std::vector<float> x;
  for (const std::string& text : texts)
    for (char c : text)
      for (float number : numbers(c)) x.push_back(number);
  return Tensor::from(x, {static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(texts[0].size()), kWidth});
}

// 1 for A and -1 for B at a mark, 0 elsewhere.
Tensor answers(const std::vector<std::string>& texts) {
  std::vector<float> y;
  for (const std::string& text : texts) {
    float kept = 0;
    for (char c : text) {
      if (c == 'A' || c == 'B') kept = c == 'A' ? 1.0F : -1.0F;
      y.push_back(c == '?' ? kept : 0);
    }
  }
  return Tensor::from(y, {static_cast<std::int64_t>(y.size()), 1});
}

std::string noise(std::mt19937& random, std::size_t steps) {
  std::string text;
  for (std::size_t i = 0; i < steps; ++i) text += "ab."[random() % 3];
  return text;
}

// A letter, up to 8 steps of noise, the mark, up to 8 steps of noise, and again.
std::string training_text(std::mt19937& random) {
  std::string text;
  while (text.size() < kTime) {
    text += "AB"[random() % 2];
    text += noise(random, random() % 9);
    text += "?";
    text += noise(random, random() % 9);
  }
  return text.substr(0, kTime);
}

Network train(const char* type, std::int64_t units, std::uint64_t seed) {
  Network network = nn::network(nn::layer(type, Value(Value::Table{{"units", units}})), nn::linear(1));
  network.build({kTime, kWidth}, seed);
  std::mt19937 random(1);
  std::vector<std::string> texts;
  for (int i = 0; i < kTexts; ++i) texts.push_back(training_text(random));
  SequenceDataset data(reshape(steps_of(texts), {kTexts * kTime, kWidth}), std::vector<std::int32_t>(kTexts, kTime),
                       SequenceDataset::Target::step, answers(texts));
  TrainParams params;
  params.epochs = 60;
  params.clip_norm = 1;
  params.schedule = "cosine";
  params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", 0.03}});
  Trainer(network, *make_loss("mse", "loss"), params, seed).fit(data, {});
  return network;
}

// The share of 500 letters that are told rightly by a mark `distance` steps on.
double right_after(Network& network, std::size_t distance) {
  std::mt19937 random(2);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 500; ++i) texts.push_back("AB"[i % 2] + noise(random, distance - 1) + "?");
  std::vector<float> y = network(steps_of(texts)).to_vector<float>();
  int right = 0;
  for (std::size_t i = 0; i < 500; ++i) right += std::round(y[i * (distance + 1) + distance]) == (i % 2 == 0 ? 1 : -1);
  return right / 500.0;
}

// ---- a cell by hand
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// The weights of the recurrent layer, in blocks of `units` columns, and those of the linear layer behind it.
struct Weights {
  std::vector<float> input, state, bias, out, out_bias;
  std::size_t units;
  Weights(Network& network, std::size_t count) : units(count) {
    std::vector<Parameter> p = parameters_of(network);
    std::size_t i = 0;
    for (std::vector<float>* to : {&input, &state, &bias, &out, &out_bias}) *to = p[i++].value.to_vector<float>();
  }
  // Columns of the weights.
  std::size_t columns() const { return input.size() / kWidth; }
  double from_input(char c, std::size_t column) const {
    double sum = bias[column];
    for (std::size_t k = 0; k < kWidth; ++k) sum += numbers(c)[k] * input[k * columns() + column];
    return sum;
  }
  double from_state(const std::vector<double>& h, std::size_t column) const {
    double sum = 0;
    for (std::size_t k = 0; k < units; ++k) sum += h[k] * state[k * columns() + column];
    return sum;
  }
  double answer(const std::vector<double>& h) const {
    double sum = out_bias[0];
    for (std::size_t k = 0; k < units; ++k) sum += h[k] * out[k];
    return sum;
  }
};

// How far states by hand are from the layer's own.
void print_difference(Network& network, const std::vector<double>& states) {
  Context context;
  std::vector<float> own;
  context.watch = [&](const std::string&, const Tensor& y) {
    if (own.empty()) own = y.to_vector<float>();
  };
  network.forward(steps_of({kShown}), context);
  double difference = 0;
  for (std::size_t i = 0; i < own.size(); ++i) difference = std::max(difference, std::abs(own[i] - states[i]));
  std::printf("largest difference from the layer's own states: %.0e\n", difference);
  if (difference > 1e-5) throw std::runtime_error("the states by hand are not the layer's");
}

Plot plot_over(const char* title, const std::vector<std::pair<const char*, std::vector<double>>>& lines) {
  Plot plot(std::string(title) + " reads " + kShown);
  std::vector<double> steps;
  for (std::size_t t = 1; t <= kShown.size(); ++t) steps.push_back(static_cast<double>(t));
  plot.x_axis("step").whole_x().y_range(-1.05, 1.05);
  for (const auto& [name, values] : lines) plot.line(name, steps, values);
  return plot.size(460, 320);
}

// c' = f c + i g, h' = o tanh(c').
Plot lstm_by_hand(Network& network) {
  Weights w(network, 1);
  double c = 0;
  std::vector<double> h = {0}, states, inputs, forgets, outputs, cells;
  std::printf(
      "\nLSTM of one unit: step, input, forget and output gate, candidate, cell, state, answer\n"
      "         i      f      o       g       c       h   answer\n");
  for (char symbol : kShown) {
    auto a = [&](std::size_t block) { return w.from_input(symbol, block) + w.from_state(h, block); };
    const double i = sigmoid_of(a(0)), f = sigmoid_of(a(1)), g = std::tanh(a(2)), o = sigmoid_of(a(3));
    c = f * c + i * g;
    h[0] = o * std::tanh(c);
    std::printf("  %c  %5.3f  %5.3f  %5.3f  %6.3f  %6.3f  %6.3f   %6.3f\n", symbol, i, f, o, g, c, h[0], w.answer(h));
    states.push_back(h[0]);
    inputs.push_back(i);
    forgets.push_back(f);
    outputs.push_back(o);
    cells.push_back(std::tanh(c));
  }
  print_difference(network, states);
  return plot_over(
      "LSTM",
      {{"input gate", inputs}, {"forget gate", forgets}, {"output gate", outputs}, {"tanh of the cell", cells}});
}

// h' = (1 - z) n + z h, n = tanh(.. + r (h U + b)).
Plot gru_by_hand(Network& network) {
  Weights w(network, 2);
  std::vector<double> h = {0, 0}, states, lines[5];
  std::printf(
      "\nGRU of two units: step, reset gates, update gates, states, answer\n"
      "        r1     r2     z1     z2      h1      h2   answer\n");
  for (char symbol : kShown) {
    double r[2], z[2];
    std::vector<double> next(2);
    for (std::size_t k = 0; k < 2; ++k) {
      r[k] = sigmoid_of(w.from_input(symbol, k) + w.from_state(h, k));
      z[k] = sigmoid_of(w.from_input(symbol, 2 + k) + w.from_state(h, 2 + k));
      const double n = std::tanh(w.from_input(symbol, 4 + k) + r[k] * (w.from_state(h, 4 + k) + w.bias[6 + k]));
      next[k] = (1 - z[k]) * n + z[k] * h[k];
    }
    h = next;
    std::printf("  %c  %5.3f  %5.3f  %5.3f  %5.3f  %6.3f  %6.3f   %6.3f\n", symbol, r[0], r[1], z[0], z[1], h[0], h[1],
                w.answer(h));
    states.insert(states.end(), h.begin(), h.end());
    const double shown[] = {z[0], z[1], h[0], h[1]};
    for (std::size_t k = 0; k < 4; ++k) lines[k].push_back(shown[k]);
  }
  print_difference(network, states);
  return plot_over(
      "GRU", {{"update gate 1", lines[0]}, {"update gate 2", lines[1]}, {"state 1", lines[2]}, {"state 2", lines[3]}});
}

// ---- how much of the gradient is left
// The gradient of the kept state after `distance` steps of noise with respect to the one after the letter: of an
// LSTM's cells, of the states of others. With several units the largest number of the matrix.
double left_after(Network& network, RecurrentCell cell, std::size_t distance) {
  std::vector<Parameter> p = parameters_of(network);
  RecurrentWeights weights{p[0].value, p[1].value, p[2].value};
  std::mt19937 random(3);
  RecurrentStates letter;
  RecurrentOptions options;
  options.cell = cell;
  const bool cells = cell == RecurrentCell::lstm;
  {
    NoGrad fixed;
    RecurrentResult r = recurrent(steps_of({"A"}), weights, {}, options);
    letter.h = r.h;
    if (cells) letter.c = r.c;
  }
  Tensor& from = cells ? letter.c : letter.h;
  from.set_requires_grad();
  RecurrentResult end = recurrent(steps_of({noise(random, distance)}), weights, letter, options);
  double largest = 0;
  for (std::int64_t unit = 0; unit < from.dim(1); ++unit) {
    Tensor one = slice(cells ? end.c : end.h, 1, unit, unit + 1);
    for (float g : backward(sum(one), /*keep_graph=*/true)[from].to_vector<float>())
      largest = std::max<double>(largest, std::abs(g));
  }
  return largest;
}

}  // namespace

int main() {
  Network lstm = train("lstm", 1, /*seed=*/5), gru = train("gru", 2, /*seed=*/3);
  std::vector<Plot> plots = {lstm_by_hand(lstm), gru_by_hand(gru)};
  write_file("gates.svg", svg_file(plots, 2));

  std::printf(
      "\nfive networks of each kind: letters told rightly, and the gradient that is left (median), by distance\n"
      "%-14s %10s",
      "", "parameters");
  for (int d : {5, 20, 50, 100}) std::printf("%18d", d);
  std::printf("\n");
  for (auto [name, type, units, cell] : {std::tuple{"RNN, 4 units", "rnn", 4, RecurrentCell::rnn_tanh},
                                         {"GRU, 2 units", "gru", 2, RecurrentCell::gru},
                                         {"LSTM, 1 unit", "lstm", 1, RecurrentCell::lstm}}) {
    std::vector<Network> networks;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) networks.push_back(train(type, units, seed));
    std::printf("%-14s %10lld", name, static_cast<long long>(networks[0].cost({kTime, kWidth}).parameters));
    for (std::size_t d : {5, 20, 50, 100}) {
      double right = 0;
      std::vector<double> left;
      for (Network& network : networks) {
        right += right_after(network, d) / 5;
        left.push_back(left_after(network, cell, d));
      }
      std::sort(left.begin(), left.end());
      std::printf("  %5.1f %%  %7.1e", 100 * right, left[2]);
    }
    std::printf("\n");
  }
}
