#include "gradus/explain/attribution.h"

#include <optional>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/train/inference.h"

namespace gradus {
namespace {

// The gradient of the scores with respect to the network's result [n, .., classes].
Tensor score_gradient(const Tensor& result, std::span<const std::int32_t> classes) {
  std::int64_t n = result.dim(0), known = result.dim(-1), places = result.size() / (n * known);
  std::vector<double> values(static_cast<std::size_t>(result.size()));
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t c = classes[static_cast<std::size_t>(i)];
    if (c < 0 || c >= std::max<std::int64_t>(known, 2))
      throw Error(ErrorKind::value, {"class", "a number below " + std::to_string(std::max<std::int64_t>(known, 2)),
                                     std::to_string(c), ""});
    double sign = known == 1 && c == 0 ? -1 : 1;
    for (std::int64_t p = 0; p < places; ++p) values[(i * places + p) * known + (known == 1 ? 0 : c)] = sign;
  }
  return Tensor::from(values, result.shape()).to(result.dtype());
}

void check_inputs(const Tensor& inputs, std::span<const std::int32_t> classes) {
  if (inputs.rank() < 3 || inputs.dim(0) != static_cast<std::int64_t>(classes.size()))
    throw Error(ErrorKind::shape, {"inputs", "[n, size.., channels] and n classes",
                                   inputs.shape().text() + " and " + std::to_string(classes.size()), ""});
}

std::vector<int> place_axes(const Tensor& x) {
  std::vector<int> axes;
  for (int a = 1; a < x.rank() - 1; ++a) axes.push_back(a);
  return axes;
}

// Explanations are in f32 also where a network predicts in bf16: its weights are f32, and gradients of a layer's values
// are as exact as those of weights.
class FullPrecision {
 public:
  explicit FullPrecision(Network& network) : network_(network), before_(network.computes_in()) {
    network_.compute_in(Dtype::f32);
  }
  ~FullPrecision() { network_.compute_in(before_); }
  FullPrecision(const FullPrecision&) = delete;
  FullPrecision& operator=(const FullPrecision&) = delete;

 private:
  Network& network_;
  Dtype before_;
};

bool has_places(const Shape& s) { return s.rank() >= 2 && s.size() > s[s.rank() - 1]; }

}  // namespace

Tensor saliency(Network& network, const Tensor& inputs, std::span<const std::int32_t> classes) {
  check_inputs(inputs, classes);
  ComputeScope scope;
  FullPrecision f32(network);
  Tensor x = inputs.copy().set_requires_grad();
  Tensor result = network.forward(x, Context{});
  Tensor gradient = backward(result, score_gradient(result, classes))[x];
  NoGrad no_grad;
  return gradient.defined() ? max(abs(gradient), {-1}) : Tensor::zeros(x.shape().without(x.rank() - 1), x.dtype());
}

Tensor grad_cam(Network& network, const Tensor& inputs, std::span<const std::int32_t> classes,
                const std::string& layer) {
  check_inputs(inputs, classes);
  ComputeScope scope;
  FullPrecision f32(network);
  Tensor a;  // what the layer computes: with nothing recorded before it, it is a leaf of what follows
  std::optional<NoGrad> before(std::in_place);
  Context context;
  context.watch = [&](const std::string& name, const Tensor& value) {
    if (name != layer || a.defined()) return;
    before.reset();
    a = value;
    a.set_requires_grad();
  };
  Tensor result = network.forward(inputs, context);
  if (!a.defined())
    throw Error(ErrorKind::config, {"layer", "the name of one of the network's layers", "\"" + layer + "\"",
                                    "gradus show model lists them"});
  if (a.rank() < 3)
    throw Error(ErrorKind::shape, {layer, "a result with places, [n, places.., channels]", a.shape().text(), ""});
  Tensor gradient = backward(result, score_gradient(result, classes))[a];
  NoGrad no_grad;
  a.set_requires_grad(false);
  if (!gradient.defined()) return Tensor::zeros(a.shape().without(a.rank() - 1), a.dtype());
  return relu(sum(mean(gradient, place_axes(a), true) * a, {-1}));
}

namespace {

// The loss of what follows the last step of each sequence; undefined where the result does not tell it.
Tensor last_loss(const Loss& loss, const Tensor& result, const Batch& batch) {
  if (result.rank() == 2) return loss(result, target_for(loss, batch.target), {});
  if (result.rank() != 3 || batch.lengths.defined() || batch.target.rank() < 2) return {};
  const std::int64_t last = result.dim(1) - 1;
  return loss(squeeze(slice(result, 1, last, last + 1), 1),
              target_for(loss, squeeze(slice(batch.target, 1, last, last + 1), 1)), {});
}

}  // namespace

std::vector<double> gradient_by_distance(Network& network, const Loss& loss, const Batch& batch) {
  ComputeScope scope;
  FullPrecision f32(network);
  const bool symbols = batch.inputs.dtype() == Dtype::i32;
  const std::int64_t n = batch.inputs.dim(0), time = batch.inputs.dim(1);
  Tensor read, inputs = batch.inputs;
  if (!symbols) read = inputs = batch.inputs.copy().set_requires_grad();
  Context context = context_of(batch, 1);
  std::optional<NoGrad> before;
  if (symbols) {
    before.emplace();
    context.watch = [&](const std::string&, const Tensor& value) {
      if (read.defined()) return;
      before.reset();
      read = value;
      read.set_requires_grad();
    };
  }
  Tensor value = last_loss(loss, network.forward(inputs, context), batch);
  before.reset();
  if (!value.defined() || !value.requires_grad() || read.rank() != 3) return {};
  Tensor gradient = backward(value)[read];
  read.set_requires_grad(false);
  if (!gradient.defined()) return {};
  NoGrad no_grad;
  std::vector<float> norms = sqrt(sum(square(gradient), {2})).to_vector<float>();
  std::vector<double> mean(static_cast<std::size_t>(time)), count(mean.size());
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t length = batch.lengths.defined() ? batch.lengths.data<std::int32_t>()[i] : time;
    for (std::int64_t t = 0; t < length; ++t) {
      const auto distance = static_cast<std::size_t>(length - 1 - t);
      mean[distance] += static_cast<double>(norms[static_cast<std::size_t>(i * time + t)]) * static_cast<double>(n);
      ++count[distance];
    }
  }
  for (std::size_t d = 0; d < mean.size(); ++d) mean[d] /= count[d];
  return mean;
}

std::string last_convolution(const Network& network, const Shape& input) {
  std::vector<Network::LayerRow> rows = network.table(input);
  std::size_t at = rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (network.layer(i).shares_weights() && has_places(rows[i].output)) at = i;
  if (at == rows.size()) return "";
  for (std::size_t next = at + 1; next < rows.size(); ++next) {
    const std::vector<int>& from = network.inputs(next);
    if (from != std::vector<int>{static_cast<int>(at)} || network.readers(static_cast<int>(at)) != 1 ||
        rows[next].output != rows[at].output)
      break;
    at = next;
  }
  return rows[at].name;
}

std::vector<LayerOutput> layer_outputs(Network& network, const Tensor& inputs) {
  ComputeScope scope;
  FullPrecision f32(network);
  NoGrad no_grad;
  std::vector<LayerOutput> all;
  Context context;
  context.watch = [&](const std::string& name, const Tensor& value) { all.push_back({name, value}); };
  network.forward(inputs, context);
  return all;
}

}  // namespace gradus
