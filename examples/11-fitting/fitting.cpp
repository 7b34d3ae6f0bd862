// A model too small, one too large, and remedies for the same few points: dropout, L1, L2, early stopping.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

double truth(double x) { return std::sin(1.5 * x) + 0.3 * x; }

struct Points {
  std::vector<double> x, y;
  ArrayDataset dataset() const {
    auto n = static_cast<std::int64_t>(x.size());
    return ArrayDataset({Tensor::from(x, {n, 1}).to(Dtype::f32)}, Tensor::from(y, {n, 1}).to(Dtype::f32));
  }
};

Points sample(int n, std::uint32_t part) {
  Points p;
  for (int i = 0; i < n; ++i) {
    p.x.push_back(-3 + 6 * uniform01_f64({4, 1, part}, static_cast<std::uint64_t>(i)));
    p.y.push_back(truth(p.x.back()) + 0.35 * normal01({4, 2, part}, static_cast<std::uint64_t>(i)));
  }
  return p;
}

struct Case {
  std::string name;
  std::int64_t units = 100;
  double dropout = 0, l1 = 0, l2 = 0;
  bool early_stopping = false;
};

Network make(const Case& c) {
  Network network;
  for (int i = 0; i < 2; ++i) {
    network.add(nn::linear(c.units)).add(nn::tanh());
    if (c.dropout > 0) network.add(nn::dropout(c.dropout));
  }
  network.add(nn::linear(1));
  network.build({1}, /*seed=*/1);
  return network;
}

}  // namespace

int main() {
  Points points = sample(18, 0), fresh = sample(200, 1);
  ArrayDataset train = points.dataset(), validation = fresh.dataset();
  auto mse = make_loss("mse", "loss");
  std::vector<Plot> fits, curves;
  std::printf("%-26s %8s %10s %12s\n", "mean squared error", "epochs", "training", "validation");
  for (const Case& c : {Case{"Too small: 1 unit", 1}, Case{"Too large: 100 + 100 units"}, Case{"Dropout 0.2", 100, 0.2},
                        Case{"L1 0.005", 100, 0, 0.005}, Case{"L2 0.005", 100, 0, 0, 0.005},
                        Case{"Early stopping", 100, 0, 0, 0, true}}) {
    Network network = make(c);
    TrainParams params;
    params.epochs = 1500;
    params.batch_size = "all";
    params.l1 = c.l1;
    params.l2 = c.l2;
    params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", 0.01}});
    if (c.early_stopping) params.early_stopping = Value::Table{{"patience", 100}};
    std::vector<double> epochs, training, validating;
    TrainCallbacks callbacks;
    callbacks.validate = [&] { return Measured{{"loss", evaluate_network(network, *mse, validation)}}; };
    callbacks.epoch_end = [&](const EpochRecord& record) {
      if (record.epoch % 10 != 1) return;
      epochs.push_back(static_cast<double>(record.epoch));
      training.push_back(evaluate_network(network, *mse, train));
      validating.push_back(record.validation[0].second);
    };
    TrainResult result = Trainer(network, *mse, params, 1).fit(train, callbacks);
    std::printf("%-26s %8lld %10.4f %12.4f\n", c.name.c_str(), static_cast<long long>(result.epochs),
                evaluate_network(network, *mse, train), evaluate_network(network, *mse, validation));
    auto model = [&](double x) { return static_cast<double>(network(Tensor::full({1, 1}, x)).item()); };
    fits.push_back(
        Plot(c.name).size(320, 250).x_axis("x").y_axis("y").y_range(-3, 3).curve("model", model, -3, 3).color(1));
    fits.back().curve("truth", truth, -3, 3).color(5).dashed().points("training", points.x, points.y).color(0);
    Plot plot(c.name);
    plot.size(320, 250).x_axis("epoch").y_axis("error", AxisScale::log).x_range(0, 1500).y_range(0.001, 3);
    plot.line("training", epochs, training).line("validation", epochs, validating);
    if (result.restored_best) plot.mark_x(static_cast<double>(result.best_epoch), "best");
    curves.push_back(plot);
  }
  write_file("fits.svg", svg_file(fits, 3));
  write_file("learning_curves.svg", svg_file(curves, 3));
}
