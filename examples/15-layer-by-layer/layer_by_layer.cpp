// One image through a small network, layer by layer: shapes, parameters, arithmetic and receptive fields worked out by
// hand, beside what the library says.
#include <gradus/gradus.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

// What a layer does to an image of size x size pixels, worked out from its config.
struct ByHand {
  std::string layer;
  std::int64_t size = 0, channels = 0;  // of the result
  std::int64_t parameters = 0, multiply_adds = 0;
  std::int64_t field = 0, jump = 0;  // pixels of the image that one result sees, and from one result to the next
};

// Results of a window in steps along one axis, with `padding` zeros at both ends together.
std::int64_t places(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  return (size + padding - kernel) / stride + 1;
}

// Each layer after the one before it. A window of k sees k - 1 jumps more than one of its places does, and steps of s
// make the jump s times as long.
std::vector<ByHand> work_out() {
  std::vector<ByHand> out = {{"the image", 28, 1, 0, 0, 1, 1}};
  auto window = [&](const char* layer, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                    std::int64_t channels) {
    const ByHand before = out.back();
    ByHand now;
    now.layer = layer;
    bool pooling = channels == 0;
    now.size = places(before.size, kernel, stride, padding);
    now.channels = pooling ? before.channels : channels;
    std::int64_t taps = kernel * kernel * (pooling ? 1 : before.channels);  // numbers under the window
    now.parameters = pooling ? 0 : taps * channels + channels;              // a weight for each, and a bias
    now.multiply_adds = now.size * now.size * now.channels * taps;
    now.field = before.field + (kernel - 1) * before.jump;
    now.jump = before.jump * stride;
    out.push_back(now);
  };
  auto relu = [&](const char* layer) {
    out.push_back(out.back());
    out.back().layer = layer;
    out.back().parameters = out.back().multiply_adds = 0;
  };
  window("conv2d1", 5, 1, 0, 8);
  relu("relu1");
  window("max_pool2d1", 2, 2, 0, 0);
  window("conv2d2", 3, 1, 2, 16);
  relu("relu2");
  window("max_pool2d2", 2, 2, 0, 0);
  window("conv2d3", 3, 2, 1, 32);
  relu("relu3");
  window("global_average_pool1", 3, 1, 0, 0);
  out.push_back({"linear1", 1, 10, 32 * 10 + 10, 32 * 10, out.back().field, out.back().jump});
  return out;
}

// How many rows of the image a result in the middle of `layer` depends on. Pooling by means and no ReLU in place of the
// network's own layers: same windows, but a gradient that none of them stops.
std::int64_t rows_seen(const Value& layers, std::size_t layer) {
  Value::Array all;
  for (std::size_t i = 0; i <= layer; ++i) {
    Value changed = layers.as_array()[i];
    std::string type = changed.at("type").as_string();
    if (type == "relu") changed.set("type", "identity");
    if (type == "max_pool2d") changed.set("type", "average_pool2d");
    if (type == "linear") changed.set("units", 10);
    all.push_back(changed);
  }
  std::unique_ptr<Network> network = make_network(Value(all), 10, "layers");
  network->build({28, 28, 1}, /*seed=*/1);
  Tensor x = Tensor::zeros({1, 28, 28, 1}).set_requires_grad();
  Tensor y = network->forward(x, Context{});
  for (int axis = 1; axis < y.rank() - 1; ++axis) y = slice(y, axis, y.dim(axis) / 2, y.dim(axis) / 2 + 1);
  std::vector<float> rows = sum(abs(backward(sum(y))[x]), {0, 2, 3}).to_vector<float>();
  return static_cast<std::int64_t>(std::ranges::count_if(rows, [](float g) { return g > 0; }));
}

// The image in characters, denser ones for brighter pixels.
void print_image(const Pixels& image) {
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      int value = image.values[static_cast<std::size_t>(row * image.width + column)];
      std::printf("%c%c", " .:-=+*#%@"[value * 9 / 255], " .:-=+*#%@"[value * 9 / 255]);
    }
    std::printf("\n");
  }
}

// The first result of the first convolution's first filter in row 12, column 12: 25 products and a bias.
float first_convolution_by_hand(Network& network, const Tensor& image) {
  std::vector<Parameter> parameters = parameters_of(network);
  std::vector<float> weights = parameters[0].value.to_vector<float>(), pixels = image.to_vector<float>();
  float result = parameters[1].value.to_vector<float>()[0];
  for (std::size_t row = 0; row < 5; ++row)
    for (std::size_t column = 0; column < 5; ++column)
      result += pixels[(12 + row) * 28 + 12 + column] * weights[(row * 5 + column) * 8];
  return result;
}

}  // namespace

int main() try {
  Experiment experiment = read_experiment(EXAMPLE_DATA "/../examples/15-layer-by-layer/layer_by_layer.toml");
  Prepared prepared = prepare_experiment(experiment);
  Network& network = *prepared.network;
  network.build(prepared.input, /*seed=*/1);
  Tensor image = prepared.data.test->fetch(std::vector<std::uint32_t>{0}).inputs;
  std::printf("the first test image:\n");
  print_image(pixels_of(*prepared.source->image_format(), image, 0));

  std::vector<Tensor> outputs;
  Context context;
  context.watch = [&](const std::string&, const Tensor& output) { outputs.push_back(output); };
  network.forward(image, context);

  bool right = true;
  std::printf("\n%-21s %-13s %10s %13s %7s %4s %8s %8s\n", "by hand", "result", "parameters", "multiply-adds", "field",
              "jump", "mean", "largest");
  std::vector<ByHand> by_hand = work_out();
  std::vector<Network::LayerRow> table = network.table(prepared.input);
  std::int64_t parameters = 0, multiply_adds = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const ByHand& h = by_hand[i + 1];
    std::int64_t seen = rows_seen(experiment.params.model.layers, i), field = std::min<std::int64_t>(h.field, 28);
    Shape shape = table[i].output.rank() == 1 ? Shape{h.channels} : Shape{h.size, h.size, h.channels};
    right = right && h.layer == table[i].name && shape == table[i].output && h.parameters == table[i].cost.parameters &&
            h.multiply_adds == table[i].cost.multiply_adds && field == seen && outputs[i].shape().without(0) == shape;
    std::printf("%-21s %-13s %10lld %13lld %7lld %4lld %8.3f %8.3f\n", h.layer.c_str(), shape.text().c_str(),
                static_cast<long long>(h.parameters), static_cast<long long>(h.multiply_adds),
                static_cast<long long>(h.field), static_cast<long long>(h.jump), mean(outputs[i]).item(),
                max(outputs[i]).item());
    parameters += h.parameters;
    multiply_adds += h.multiply_adds;
  }
  std::printf("%-35s %10lld %13lld\n", "together", static_cast<long long>(parameters),
              static_cast<long long>(multiply_adds));

  float computed = slice(slice(slice(outputs[0], 1, 12, 13), 2, 12, 13), 3, 0, 1).to_vector<float>()[0];
  float result = first_convolution_by_hand(network, image);
  std::printf("\nrow 12, column 12 of the first filter's map: %.5f by hand, %.5f by conv2d1\n", result, computed);
  right = right && std::abs(result - computed) < 1e-4f;
  std::printf(right ? "all as the library says\n" : "NOT as the library says\n");
  return right ? 0 : 1;
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return error.exit_code();
}
