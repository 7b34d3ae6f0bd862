// Pooling by hand: windows of a small input, what moving it changes, where the gradient goes, and networks with and
// without pooling on digits.
#include <gradus/gradus.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/digits.h"

using namespace gradus;

namespace {

const std::vector<float> kInput = {1, 3, 2, 1,  //
                                   4, 2, 0, 1,  //
                                   0, 1, 5, 2,  //
                                   2, 1, 3, 8};

void print(const char* what, const Tensor& image) {
  std::printf("%s:\n", what);
  std::vector<float> values = image.to_vector<float>();
  std::int64_t width = image.dim(2);
  for (std::size_t i = 0; i < values.size(); ++i)
    std::printf("%6.2f%s", values[i], (static_cast<std::int64_t>(i) + 1) % width == 0 ? "\n" : " ");
}

// The four numbers of each 2 x 2 window, reduced in three ways.
struct Pooled {
  std::vector<float> largest, mean, smallest;
};

Pooled pool_by_hand() {
  Pooled out;
  for (std::size_t row = 0; row < 4; row += 2)
    for (std::size_t column = 0; column < 4; column += 2) {
      auto at = [&](std::size_t r, std::size_t c) { return kInput[(row + r) * 4 + column + c]; };
      float a = at(0, 0), b = at(0, 1), c = at(1, 0), d = at(1, 1);
      out.largest.push_back(std::max({a, b, c, d}));
      out.mean.push_back((a + b + c + d) / 4);
      out.smallest.push_back(std::min({a, b, c, d}));
      std::printf("  %.0f %.0f %.0f %.0f: largest %.0f, mean (%.0f + %.0f + %.0f + %.0f) / 4 = %.2f, smallest %.0f\n",
                  a, b, c, d, out.largest.back(), a, b, c, d, out.mean.back(), out.smallest.back());
    }
  return out;
}

bool same(const Tensor& a, const std::vector<float>& b) { return a.to_vector<float>() == b; }

// Images [n, height, width, 1] one pixel to the right, zeros on the left.
Tensor moved(const Tensor& images) {
  Tensor zeros = Tensor::zeros({images.dim(0), images.dim(1), 1, 1});
  return concatenate({zeros, slice(images, 2, 0, images.dim(2) - 1)}, 2);
}

// How far apart two arrays are, beside the size of the first: the sum of |a - b| over that of |a|.
double change(const Tensor& a, const Tensor& b) { return sum(abs(a - b)).item() / sum(abs(a)).item(); }

// What moving images changes, before and behind pooling.
void print_changes(const char* what, const Tensor& images) {
  Tensor there = moved(images);
  std::printf("%-28s %9.2f", what, change(images, there));
  for (std::int64_t size : {2, 4}) {
    Slide steps{{size, size}};
    std::printf(" %9.2f %9.2f", change(max_pool(images, {size, size}, steps), max_pool(there, {size, size}, steps)),
                change(average_pool(images, {size, size}, steps), average_pool(there, {size, size}, steps)));
  }
  std::printf("\n");
}

struct Case {
  const char *name, *layers;
};

// Two convolutions, and between and behind them what differs.
const Case kCases[] = {
    {"no pooling", R"([ { type = "conv2d", channels = 16, padding = "same" }, "relu",
       { type = "conv2d", channels = 32, padding = "same" }, "relu", "flatten", "linear" ])"},
    {"max pooling", R"([ { type = "conv2d", channels = 16, padding = "same" }, "relu", "max_pool2d",
       { type = "conv2d", channels = 32, padding = "same" }, "relu", "max_pool2d", "flatten", "linear" ])"},
    {"average pooling", R"([ { type = "conv2d", channels = 16, padding = "same" }, "relu", "average_pool2d",
       { type = "conv2d", channels = 32, padding = "same" }, "relu", "average_pool2d", "flatten", "linear" ])"},
    {"max, then global average", R"([ { type = "conv2d", channels = 16, padding = "same" }, "relu", "max_pool2d",
       { type = "conv2d", channels = 32, padding = "same" }, "relu", "global_average_pool", "linear" ])"},
};

// From rows of 64 pixels between 0 and 16.
Tensor as_images(const Tensor& rows) { return reshape(rows, {rows.dim(0), 8, 8, 1}) / 16.0; }

double share_right(Network& network, const Tensor& images, const Tensor& target) {
  std::vector<std::int32_t> said = argmax(network(images)).to_vector<std::int32_t>(),
                            truth = target.to_vector<std::int32_t>();
  int right = 0;
  for (std::size_t i = 0; i < said.size(); ++i) right += said[i] == truth[i];
  return static_cast<double>(right) / static_cast<double>(said.size());
}

// Trains each case from three initial weights and prints means: of the test digits, and of the same moved by a pixel.
void compare_networks(const ArrayDataset& train, const Tensor& images, const Tensor& target) {
  auto loss = make_loss("cross_entropy", "loss");
  TrainParams params;
  params.epochs = 40;
  params.batch_size = 32;
  params.optimizer = Value(Value::Table{{"type", "adam"}, {"lr", 0.005}});
  std::printf("%-26s %10s %14s %8s %13s\n", "", "parameters", "multiply-adds", "right", "right, moved");
  for (const Case& c : kCases) {
    double right = 0, right_moved = 0;
    Cost cost;
    for (std::uint64_t seed : {1, 2, 3}) {
      std::unique_ptr<Network> made = make_network(parse_toml_value(c.layers), 10, "layers");
      Network& network = *made;
      network.build({8, 8, 1}, seed);
      Trainer(network, *loss, params, seed).fit(train, {});
      right += share_right(network, images, target) / 3;
      right_moved += share_right(network, moved(images), target) / 3;
      cost = network.cost({8, 8, 1});
    }
    std::printf("%-26s %10lld %14lld %6.1f %% %11.1f %%\n", c.name, static_cast<long long>(cost.parameters),
                static_cast<long long>(cost.multiply_adds), 100 * right, 100 * right_moved);
  }
}

}  // namespace

int main() {
  Tensor input = Tensor::from(kInput, {1, 4, 4, 1});
  Slide by_two{{2, 2}};
  print("the input", input);
  std::printf("its four windows of 2 x 2:\n");
  Pooled by_hand = pool_by_hand();
  Tensor largest = max_pool(input, {2, 2}, by_two), mean_of = average_pool(input, {2, 2}, by_two),
         smallest = min_pool(input, {2, 2}, by_two);
  print("max pooling", largest);
  print("average pooling", mean_of);
  print("min pooling", smallest);
  bool right = same(largest, by_hand.largest) && same(mean_of, by_hand.mean) && same(smallest, by_hand.smallest);
  right = right && same(-1.0 * max_pool(-1.0 * input, {2, 2}, by_two), by_hand.smallest);

  print("\nmax pooling, size 2 in steps of one", max_pool(input, {2, 2}, {}));
  print("size 3 in steps of two: the second window of a row would end beyond the input",
        max_pool(input, {3, 3}, by_two));
  Slide padded{{2, 2}, {1, 1, 1}, {0, 0}, {1, 1}};
  print("the same with padding: windows at the edge have fewer numbers", max_pool(input, {3, 3}, padded));
  print("their means, of the numbers there are", average_pool(input, {3, 3}, padded));
  print("and with the padding counted as zeros", average_pool(input, {3, 3}, padded, true));

  // Where the gradient of the sum of all results goes.
  Tensor x = Tensor::from(kInput, {1, 4, 4, 1}).set_requires_grad();
  print("\nthe gradient through max pooling", backward(sum(max_pool(x, {2, 2}, by_two)))[x]);
  print("through average pooling", backward(sum(average_pool(x, {2, 2}, by_two)))[x]);
  print("through max pooling in steps of one", backward(sum(max_pool(x, {2, 2}, {})))[x]);

  // Moving what is seen by one pixel.
  LoadedData data = load_digits("none");
  Batch train = whole_batch(*data.train), test = whole_batch(*data.test);
  Tensor digits = as_images(test.inputs);
  Tensor line = concatenate({Tensor::zeros({1, 8, 2, 1}), Tensor::ones({1, 8, 1, 1}), Tensor::zeros({1, 8, 5, 1})}, 2);
  std::printf("\nmoved to the right by one pixel: the sum of |differences| beside that of the values\n");
  std::printf("%-28s %9s %9s %9s %9s %9s\n", "", "pixels", "max 2x2", "mean 2x2", "max 4x4", "mean 4x4");
  print_changes("an upright line, column 2", line);
  print_changes("the same, column 3", moved(line));
  print_changes("539 digits", digits);

  // Where the network says one number for each channel, what comes behind needs weights for channels alone.
  std::printf("\nfrom 7 x 7 x 64 to ten scores: flatten and linear %lld parameters, global average and linear %lld\n",
              static_cast<long long>(nn::linear(10)->cost({7 * 7 * 64}).parameters),
              static_cast<long long>(nn::linear(10)->cost({64}).parameters));

  std::printf("\ndigits of 8 x 8 pixels, means over three initial weights\n");
  compare_networks(ArrayDataset({as_images(train.inputs)}, train.target), digits, test.target);
  return right ? 0 : 1;
}
