// Times training steps, whole epochs and predictions of the networks that bench/compare sets beside PyTorch.
// Usage: bench_steps WORKLOAD THREADS [SECONDS [f32 | bf16]]
// Prints microseconds, the median over rounds, and the megabytes of memory taken at most.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>

#include "gradus/gradus.h"

namespace {

using namespace gradus;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

struct Workload {
  const char* name;
  std::vector<std::int64_t> widths;  // of a multi-layer perceptron; empty: the ready model below
  std::int64_t batch;
  const char* optimizer;
  bool epoch;  // a pass over 60,000 examples, shuffled, instead of one step
  const char* model = "";
  Shape image = {};
  bool predicts = false;
};

// Networks over symbols: an embedding of 64, a recurrent layer, scores. A step of training on sequences of `time`
// symbols, each with the next as its target or, of `classes`, the whole with one, their lengths then from a quarter of
// `time` to all of it; or one symbol after the other, each with the state of the one before.
struct Sequences {
  const char* name;
  const char* cell;
  std::int64_t units, batch, time, symbols, classes = 0;
  bool bidirectional = false, generates = false;
};

const Sequences kSequences[] = {
    {"lstm128", "lstm", 128, 32, 64, 65},
    {"lstm512", "lstm", 512, 64, 64, 65},
    {"gru128", "gru", 128, 32, 64, 65},
    {"gru512", "gru", 512, 64, 64, 65},
    {"rnn512", "rnn", 512, 64, 64, 65},
    {"sentiment", "lstm", 64, 64, 200, 20000, 2, true},
    {"generate", "lstm", 512, 1, 1, 65, 0, false, true},
};

const Workload kWorkloads[] = {
    {"tiny", {4, 3, 1}, 1, "sgd", false},
    {"mlp1", {784, 128, 10}, 1, "sgd", false},
    {"mlp32", {784, 128, 10}, 32, "adam", false},
    {"mlp128", {784, 128, 10}, 128, "adam", false},
    {"mlp1024", {784, 128, 10}, 1024, "adam", false},
    {"cnn32", {}, 32, "adam", false, "small_cnn", {28, 28, 1}},
    {"cnn128", {}, 128, "adam", false, "small_cnn", {28, 28, 1}},
    {"resnet128", {}, 128, "momentum", false, "resnet20", {32, 32, 3}},
    {"unet8", {}, 8, "adam", false, "unet", {128, 128, 1}},
    {"predict1", {}, 1, "sgd", false, "resnet20", {32, 32, 3}, true},
    {"predict128", {}, 128, "sgd", false, "resnet20", {32, 32, 3}, true},
    {"epoch32", {784, 128, 10}, 32, "adam", true},
    {"epoch128", {784, 128, 10}, 128, "adam", true},
    {"epoch1024", {784, 128, 10}, 1024, "adam", true},
};

constexpr std::int64_t kClasses = 10;

Network make_network(const Workload& w) {
  if (w.widths.empty()) {
    std::unique_ptr<Network> n =
        gradus::make_network(blueprints().make(Value(w.model), "model")->layers(), kClasses, "layers");
    n->build(w.image, 1);
    return std::move(*n);
  }
  Network n;
  for (std::size_t i = 1; i < w.widths.size(); ++i) {
    n.add(nn::linear(w.widths[i]));
    if (i + 1 < w.widths.size()) n.add(w.widths[0] > 10 ? nn::relu() : nn::sigmoid());
  }
  n.build({w.widths[0]}, 1);
  return n;
}

Network make_network(const Sequences& w) {
  Network n;
  n.add(nn::layer("embedding", Value(Value::Table{{"size", 64}, {"symbols", w.symbols}})));
  n.add(nn::layer(w.cell, Value(Value::Table{{"units", w.units},
                                             {"bidirectional", w.bidirectional},
                                             {"output", w.classes > 0 ? "last" : "sequence"}})));
  n.add(nn::linear(w.classes > 0 ? w.classes : w.symbols));
  n.build({w.time}, 1);
  return n;
}

Value momentum() { return Value(Value::Table{{"type", "sgd"}, {"momentum", 0.9}}); }

class Step {
 public:
  Step(const Workload& w, Dtype compute)
      : Step(make_network(w), std::string(w.optimizer) == "momentum" ? momentum() : Value(w.optimizer),
             w.widths.size() == 3 && w.widths[2] == 1 ? "mse" : "cross_entropy", compute) {}
  Step(Network network, const Value& optimizer, const char* loss, Dtype compute)
      : network_(std::move(network)),
        parameters_(parameters_of(network_)),
        optimizer_(optimizers().make(optimizer, "optimizer")),
        loss_(make_loss(loss, "loss")) {
    network_.compute_in(compute);
  }

  void operator()(const Tensor& x, const Tensor& y, const Tensor& lengths = {}) {
    ComputeScope scope;
    Context context;
    context.training = true;
    context.lengths = lengths;
    Tensor loss = (*loss_)(network_.forward(shard(x, shards_for(network_, x.shape())), context), y);
    Gradients gradients = backward(loss);
    optimizer_->step(parameters_, gradients, 0.001);
  }
  void freeze(const Shape& example, Dtype dtype = Dtype::f32) { network_.freeze(example, dtype); }
  // One symbol more.
  void go_on(const Tensor& x) {
    NoGrad no_grad;
    Context context;
    context.states = &states_;
    gather_shards(network_.forward(x, context));
  }
  // As gradus predict does.
  void predict(const Tensor& x) {
    ComputeScope scope;
    NoGrad no_grad;
    gather_shards(network_.forward(shard(x, shards_for(network_, x.shape())), Context{}));
  }

 private:
  Network network_;
  std::vector<Parameter> parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Loss> loss_;
  CarriedStates states_;
};

Tensor targets(std::int64_t n, std::int64_t width) {
  if (width == 1) return Tensor::uniform({n, 1}, 0, 1, {2, 0, 0});
  std::vector<std::int32_t> t(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<std::int32_t>(i % static_cast<std::size_t>(width));
  return Tensor::from(t, {n});
}

// Median over rounds of the time of one call, within about `seconds` in all.
template <class F>
double median_time(double seconds, F&& f) {
  auto begin = Clock::now();
  int calls = 0;
  while (since(begin) < seconds / 8 || calls < 3) f(), ++calls;
  int round = std::max(1, calls / 4);
  std::vector<double> times;
  while (since(begin) < seconds || times.size() < 3) {
    auto t = Clock::now();
    for (int i = 0; i < round; ++i) f();
    times.push_back(since(t) / round);
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

double run(const Workload& w, double seconds, Dtype compute) {
  Step step(w, compute);
  std::int64_t n = w.epoch ? 60000 : w.batch;
  Shape shape = w.widths.empty() ? w.image.inserted(0, n) : Shape{n, w.widths[0]};
  Tensor x = Tensor::uniform(shape, 0, 1, {1, 0, 0});
  bool masks = std::string(w.model) == "unet";
  Tensor y = masks              ? argmax(Tensor::uniform(shape.with(3, kClasses), 0, 1, {2, 0, 0}))
             : w.widths.empty() ? targets(n, kClasses)
                                : targets(n, w.widths.back());
  if (w.predicts) step.freeze(w.image);
  if (w.predicts) return median_time(seconds, [&] { step.predict(x); });
  if (!w.epoch) return median_time(seconds, [&] { step(x, y); });
  ArrayDataset data({x, 0, 1}, y);
  std::vector<std::uint32_t> order(static_cast<std::size_t>(n));
  std::uint32_t epoch = 0;
  return median_time(seconds, [&] {
    random_permutation({1, 0, epoch++}, order.data(), static_cast<std::uint32_t>(n));
    for (std::int64_t first = 0; first < n; first += w.batch) {
      std::int64_t count = std::min(w.batch, n - first);
      Batch batch = data.fetch({order.data() + first, static_cast<std::size_t>(count)});
      step(batch.inputs, batch.target);
    }
  });
}

double run(const Sequences& w, double seconds, Dtype compute) {
  Step step(make_network(w), "adam", "cross_entropy", compute);
  auto symbols = [](const Shape& shape, std::int64_t count, std::uint32_t stream) {
    return Tensor::uniform(shape, 0, static_cast<double>(count), {stream, 0, 0}).to(Dtype::i32);
  };
  Tensor x = symbols({w.batch, w.time}, w.symbols, 1);
  if (w.generates) {
    step.freeze({w.time}, Dtype::i32);
    return median_time(seconds, [&] { step.go_on(x); });
  }
  Tensor y = w.classes > 0 ? symbols({w.batch}, w.classes, 2) : symbols({w.batch, w.time}, w.symbols, 2), lengths;
  if (w.classes > 0) {
    std::vector<std::int32_t> all;
    for (std::int64_t i = 0; i < w.batch; ++i)
      all.push_back(static_cast<std::int32_t>(w.time / 4 + (w.time - w.time / 4) * i / (w.batch - 1)));
    lengths = Tensor::from(all, {w.batch});
  }
  return median_time(seconds, [&] { step(x, y, lengths); });
}

long peak_kilobytes() {
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: bench_steps WORKLOAD THREADS [SECONDS [f32 | bf16]]\n"), 2;
  set_threads(std::atoi(argv[2]));
  auto tried = [&](const auto& workloads) {
    for (const auto& w : workloads)
      if (std::string(argv[1]) == w.name) {
        Dtype compute = argc > 4 && argv[4] == std::string("bf16") ? Dtype::bf16 : Dtype::f32;
        long before = peak_kilobytes();
        double time = run(w, argc > 3 ? std::atof(argv[3]) : 2, compute);
        std::printf("%.3f %.1f\n", time * 1e6, static_cast<double>(peak_kilobytes() - before) / 1024);
        return true;
      }
    return false;
  };
  if (tried(kWorkloads) || tried(kSequences)) return 0;
  std::fprintf(stderr, "unknown workload %s\n", argv[1]);
  return 2;
}
