// The learning rate of each optimizer swept over six powers of ten, on the wines.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>
#include <limits>

using namespace gradus;

namespace {

constexpr int kEpochs = 20;
constexpr double kDiverged = std::numeric_limits<double>::quiet_NaN();

LoadedData wines() {
  Value config = parse_toml(R"(
    data = { source = "wine.csv", target = "cultivar" }
    prepare = { split = { method = "stratified", train = 0.7, validation = 0.15, test = 0.15 }, scale = "standardize" })",
                            "");
  return make_source({config.at("data"), config.at("prepare")})->load(EXAMPLE_DATA, /*seed=*/1);
}

// The training loss after kEpochs, or kDiverged.
double train(const LoadedData& data, const Loss& loss, Value optimizer, double rate) {
  optimizer.set("lr", rate);
  Network network = nn::network(nn::linear(16), nn::tanh(), nn::linear(3));
  network.build(data.train->input_shape(), /*seed=*/1);
  TrainParams params;
  params.epochs = kEpochs;
  params.batch_size = 16;
  params.optimizer = optimizer;
  try {
    Trainer(network, loss, params, 1).fit(*data.train, {});
    return evaluate_network(network, loss, *data.train);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numeric) throw;
    return kDiverged;
  }
}

struct Case {
  std::string name;
  Value settings;
};

}  // namespace

int main() {
  LoadedData data = wines();
  auto loss = make_loss("cross_entropy", "loss");
  std::vector<double> rates;
  for (int i = -10; i <= 3; ++i) rates.push_back(std::pow(10.0, i / 2.0));
  const std::vector<Case> cases = {
      {"Gradient descent", Value::Table{{"type", "sgd"}}},
      {"Momentum 0.9", Value::Table{{"type", "sgd"}, {"momentum", 0.9}}},
      {"Nesterov 0.9", Value::Table{{"type", "sgd"}, {"momentum", 0.9}, {"nesterov", true}}},
      {"Adagrad", Value::Table{{"type", "adagrad"}}},
      {"Adadelta", Value::Table{{"type", "adadelta"}}},
      {"RMSprop", Value::Table{{"type", "rmsprop"}}},
      {"Adam", Value::Table{{"type", "adam"}}},
      {"AdamW", Value::Table{{"type", "adamw"}}}};

  std::printf("training loss after %d epochs; guessing costs ln 3 = %.3f\n%-18s", kEpochs, std::log(3.0), "rate");
  for (std::size_t i = 0; i < rates.size(); i += 2) std::printf(" %8.0e", rates[i]);
  std::printf("  best\n");
  std::vector<Plot> pictures;
  for (const Case& c : cases) {
    std::vector<double> losses;
    std::size_t best = 0;
    for (double rate : rates) {
      losses.push_back(train(data, *loss, c.settings, rate));
      if (!(losses.back() >= losses[best])) best = losses.size() - 1;
    }
    std::printf("%-18s", c.name.c_str());
    for (std::size_t i = 0; i < rates.size(); i += 2) std::printf(" %8.4f", losses[i]);
    std::printf("  %.1g\n", rates[best]);
    pictures.push_back(Plot(c.name)
                           .x_axis("learning rate", AxisScale::log)
                           .y_axis("training loss", AxisScale::log)
                           .x_range(5e-6, 60)
                           .y_range(1e-6, 100)
                           .line("", rates, losses)
                           .points("", rates, losses)
                           .color(0)
                           .mark_x(rates[best], "best"));
  }
  write_file("learning_rates.svg", svg_file(pictures));
}
