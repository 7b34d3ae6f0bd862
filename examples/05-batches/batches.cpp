// Epochs, batches and iterations: the course's case, and full-batch, mini-batch and stochastic descent side by side.
#include <gradus/gradus.h>

#include <cstdio>

using namespace gradus;

namespace {

constexpr int kDraws = 1;  // the random stream of the examples

// y = 2 x0 - 3 x1 + 1 with noise.
ArrayDataset noisy_line(std::int64_t n) {
  Tensor x = Tensor::normal({n, 2}, 0, 1, {1, kDraws, 0}), noise = Tensor::normal({n}, 0, 0.5, {1, kDraws, 1});
  std::vector<float> v = x.to_vector<float>(), e = noise.to_vector<float>(), y;
  for (std::int64_t i = 0; i < n; ++i) y.push_back(2 * v[2 * i] - 3 * v[2 * i + 1] + 1 + e[i]);
  return ArrayDataset({x}, Tensor::from(y, {n, 1}));
}

}  // namespace

int main() {
  auto mse = make_loss("mse", "loss");
  TrainParams params;
  params.optimizer = Value(Value::Table{{"type", "sgd"}, {"lr", 0.02}});

  ArrayDataset large = noisy_line(34000);
  Network network = nn::network(nn::linear(1));
  network.build({2}, /*seed=*/1);
  params.epochs = 1;
  params.batch_size = 500;
  TrainResult epoch = Trainer(network, *mse, params, 1).fit(large, {});
  std::printf("%lld examples in batches of 500: %lld iterations make one epoch\n\n",
              static_cast<long long>(large.size()), static_cast<long long>(epoch.steps));

  ArrayDataset data = noisy_line(400);
  params.epochs = 12;
  Plot by_epoch("The same work: passes over the data"), by_step("The same number of steps"),
      path("Path of the two weights");
  by_epoch.x_axis("epoch").whole_x().y_axis("mean squared error", AxisScale::log);
  by_step.x_axis("iteration").whole_x().y_axis("mean squared error", AxisScale::log).x_range(0, 60);
  path.x_axis("weight 1").y_axis("weight 2");
  std::printf("%-12s %10s %12s %14s\n", "batch", "iterations", "final error", "weights");
  for (const Value& batch : {Value("all"), Value(32), Value(1)}) {
    network.build({2}, /*seed=*/1);
    std::vector<Parameter> parameters = parameters_of(network);
    params.batch_size = batch;
    std::vector<double> epochs = {0}, steps = {0}, w0, w1, errors = {evaluate_network(network, *mse, data)},
                        every = errors;
    TrainCallbacks callbacks;
    callbacks.progress = [&](const Progress&) {
      std::vector<float> w = parameters[0].value.to_vector<float>();
      w0.push_back(w[0]);
      w1.push_back(w[1]);
      if (steps.size() > 60) return;
      steps.push_back(static_cast<double>(steps.size()));
      every.push_back(evaluate_network(network, *mse, data));
    };
    callbacks.epoch_end = [&](const EpochRecord& record) {
      epochs.push_back(static_cast<double>(record.epoch));
      errors.push_back(evaluate_network(network, *mse, data));
    };
    TrainResult result = Trainer(network, *mse, params, 1).fit(data, callbacks);
    std::string name = batch.is_string() ? "all 400" : batch.as_integer() == 1 ? "1" : "32";
    std::printf("%-12s %10lld %12.4f %7.2f %6.2f\n", name.c_str(), static_cast<long long>(result.steps), errors.back(),
                w0.back(), w1.back());
    by_epoch.line(name, epochs, errors);
    by_step.line(name, steps, every);
    w0.resize(std::min<std::size_t>(w0.size(), 160));
    w1.resize(w0.size());
    path.path(name, w0, w1);
  }
  write_file("batches.svg", svg_file({by_epoch, by_step, path}, 3));
}
