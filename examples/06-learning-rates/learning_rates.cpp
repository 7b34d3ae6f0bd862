// The learning rate of each optimizer swept over eight powers of ten, on the diabetes data.
#include <gradus/gradus.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

using namespace gradus;

namespace {

constexpr int kEpochs = 20, kSeeds = 3;
constexpr double kDiverged = std::numeric_limits<double>::infinity();

LoadedData patients() {
  Value config = parse_toml(R"(
    data = { source = "diabetes.csv", target = "progression" }
    [prepare]
    split = { method = "random", train = 0.7, validation = 0.15, test = 0.15 }
    scale = "standardize"
    scale_target = "standardize")",
                            "");
  return make_source({config.at("data"), config.at("prepare")})->load(EXAMPLE_DATA, /*seed=*/1);
}

// The training loss after kEpochs, or kDiverged.
double train(const LoadedData& data, const Loss& loss, const Value& optimizer, std::uint64_t seed) {
  Network network = nn::network(nn::linear(16), nn::tanh(), nn::linear(1));
  network.build(data.train->input_shape(), seed);
  TrainParams params;
  params.epochs = kEpochs;
  params.batch_size = 16;
  params.optimizer = optimizer;
  try {
    Trainer(network, loss, params, seed).fit(*data.train, {});
    return evaluate_network(network, loss, *data.train);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numeric) throw;
    return kDiverged;
  }
}

// The mean over several initial weights, so that no rate is best by luck.
double mean_loss(const LoadedData& data, const Loss& loss, Value optimizer, double rate) {
  optimizer.set("lr", rate);
  double sum = 0;
  for (int seed = 1; seed <= kSeeds; ++seed) sum += train(data, loss, optimizer, seed);
  return sum / kSeeds;
}

struct Case {
  std::string name;
  Value settings;
};

// The first of `rates` whose loss `fits`, or NaN.
template <class Test>
double first_rate(const std::vector<double>& rates, const std::vector<double>& losses, std::size_t from, Test fits) {
  for (std::size_t i = from; i < rates.size(); ++i)
    if (fits(losses[i])) return rates[i];
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

int main() {
  LoadedData data = patients();
  auto loss = make_loss("mse", "loss");
  std::vector<double> rates;
  for (int i = -10; i <= 6; ++i) rates.push_back(std::pow(10.0, i / 2.0));
  const std::vector<Case> cases = {
      {"Gradient descent", Value::Table{{"type", "sgd"}}},
      {"Momentum 0.9", Value::Table{{"type", "sgd"}, {"momentum", 0.9}}},
      {"Nesterov 0.9", Value::Table{{"type", "sgd"}, {"momentum", 0.9}, {"nesterov", true}}},
      {"Adagrad", Value::Table{{"type", "adagrad"}}},
      {"Adadelta", Value::Table{{"type", "adadelta"}}},
      {"RMSprop", Value::Table{{"type", "rmsprop"}}},
      {"Adam", Value::Table{{"type", "adam"}}},
      {"AdamW", Value::Table{{"type", "adamw"}}}};

  std::printf("training loss after %d epochs, mean of %d initial weights; guessing the mean costs 1\n", kEpochs,
              kSeeds);
  std::printf("%-18s %17s %10s %8s %20s\n", "", "begins to learn at", "best rate", "loss", "worse than 1 from");
  std::vector<Plot> pictures;
  for (const Case& c : cases) {
    std::vector<double> losses;
    for (double rate : rates) losses.push_back(mean_loss(data, *loss, c.settings, rate));
    std::size_t best = std::min_element(losses.begin(), losses.end()) - losses.begin();
    std::printf("%-18s %18.1g %10.1g %8.2f %20.1g\n", c.name.c_str(),
                first_rate(rates, losses, 0, [](double l) { return l < 0.9; }), rates[best], losses[best],
                first_rate(rates, losses, best, [](double l) { return l > 1; }));
    pictures.push_back(Plot(c.name)
                           .x_axis("learning rate", AxisScale::log)
                           .y_axis("training loss", AxisScale::log)
                           .x_range(5e-6, 2000)
                           .y_range(0.25, 30)
                           .line("trained", rates, losses)
                           .points("", rates, losses)
                           .color(0)
                           .line("guessing the mean", {rates.front(), rates.back()}, {1, 1})
                           .color(5)
                           .dashed()
                           .mark_x(rates[best], "best"));
  }
  write_file("learning_rates.svg", svg_file(pictures));
}
