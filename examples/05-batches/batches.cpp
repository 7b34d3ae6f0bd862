// Epochs, batches and iterations: the course's case, and full-batch, mini-batch and stochastic descent side by side.
#include <gradus/gradus.h>

#include <algorithm>
#include <cstdio>

using namespace gradus;

namespace {

constexpr int kDraws = 1;  // the random stream of the examples
constexpr int kEpochs = 12, kSteps = 100;

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
  Plot by_epoch("The same number of epochs"), by_step("The same number of iterations"), path("Path of the two weights");
  by_epoch.x_axis("epoch").whole_x().y_axis("mean squared error", AxisScale::log).x_range(0, kEpochs);
  by_step.x_axis("iteration").whole_x().y_axis("mean squared error", AxisScale::log).x_range(0, kSteps);
  path.x_axis("weight 1").y_axis("weight 2");
  std::printf("%-8s %20s   error after %d epochs %8s %d iterations\n", "batch", "iterations an epoch", kEpochs, "",
              kSteps);
  for (const Value& batch : {Value("all"), Value(32), Value(1)}) {
    network.build({2}, /*seed=*/1);
    std::vector<Parameter> parameters = parameters_of(network);
    params.batch_size = batch;
    params.epochs = batch.is_string() ? std::max(kEpochs, kSteps) : kEpochs;  // a full batch is one step an epoch
    std::vector<double> epochs, errors, steps, every, w0, w1;
    auto record_step = [&] {
      if (steps.size() > kSteps) return;
      std::vector<float> w = parameters[0].value.to_vector<float>();
      w0.push_back(w[0]);
      w1.push_back(w[1]);
      steps.push_back(static_cast<double>(steps.size()));
      every.push_back(evaluate_network(network, *mse, data));
    };
    record_step();
    epochs.push_back(0);
    errors.push_back(every[0]);
    TrainCallbacks callbacks;
    callbacks.progress = [&](const Progress&) { record_step(); };
    callbacks.epoch_end = [&](const EpochRecord& record) {
      epochs.push_back(static_cast<double>(record.epoch));
      errors.push_back(evaluate_network(network, *mse, data));
    };
    TrainResult result = Trainer(network, *mse, params, 1).fit(data, callbacks);
    std::string name = batch.is_string() ? "all 400" : batch.as_integer() == 1 ? "1" : "32";
    std::printf("%-8s %20lld %21.4f %22.4f\n", name.c_str(), static_cast<long long>(result.steps / params.epochs),
                errors[kEpochs], every[kSteps]);
    by_epoch.line(name, epochs, errors);
    by_step.line(name, steps, every);
    if (name == "32") by_step.dashed();  // the line of the full batch lies under it
    path.path(name, w0, w1);
  }
  write_file("batches.svg", svg_file({by_epoch, by_step, path}));
}
