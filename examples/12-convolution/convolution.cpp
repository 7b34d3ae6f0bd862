// A convolution by hand: a 3 x 3 filter over a 5 x 5 image, then pooling, shared weights, and what shifting does.
#include <gradus/gradus.h>

#include <cstdio>

using namespace gradus;

namespace {

const std::vector<float> kImage = {1, 1, 1, 0, 0,  //
                                   0, 1, 1, 1, 0,  //
                                   0, 0, 1, 1, 1,  //
                                   0, 0, 1, 1, 0,  //
                                   0, 1, 1, 0, 0};
const std::vector<float> kFilter = {1, 0, 1,  //
                                    0, 1, 0,  //
                                    1, 0, 1};

// The filter's numbers times those of the image under it, added up: a dot product.
float dot_product(std::size_t row, std::size_t column) {
  float sum = 0;
  std::printf("  at row %zu, column %zu:", row, column);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) {
      float pixel = kImage[(row + r) * 5 + column + c], weight = kFilter[r * 3 + c];
      sum += pixel * weight;
      std::printf(" %s%.0f*%.0f", r + c > 0 ? "+ " : "", pixel, weight);
    }
  std::printf(" = %.0f\n", sum);
  return sum;
}

void print(const char* what, const Tensor& image) {
  std::printf("%s:\n", what);
  std::vector<float> values = image.to_vector<float>();
  std::int64_t width = image.dim(2);
  for (std::size_t i = 0; i < values.size(); ++i)
    std::printf("%5.1f%s", values[i], (static_cast<std::int64_t>(i) + 1) % width == 0 ? "\n" : " ");
}

bool same(const Tensor& a, const Tensor& b) { return a.to_vector<float>() == b.to_vector<float>(); }

}  // namespace

int main() {
  Tensor image = Tensor::from(kImage, {1, 5, 5, 1}), filter = Tensor::from(kFilter, {3, 3, 1, 1});
  print("the image", image);
  std::printf("the filter at each of nine places:\n");
  std::vector<float> by_hand;
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t column = 0; column < 3; ++column) by_hand.push_back(dot_product(row, column));
  Tensor result = conv(image, filter, {});
  print("conv(image, filter)", result);
  bool right = result.to_vector<float>() == by_hand;

  print("with one zero around the image, a result as large as the image",
        conv(image, filter, {}, {{1, 1}, {1, 1}, {1, 1}, {1, 1}}));
  print("in steps of two (stride)", conv(image, filter, {}, {{2, 2}}));
  print("the largest of each 2 x 2 (max pooling, stride 1)", max_pool(result, {2, 2}, {}));
  print("their mean (average pooling)", average_pool(result, {2, 2}, {}));

  // The image moved one pixel to the right: so does the result, where both see the same pixels.
  Tensor moved = concatenate({Tensor::zeros({1, 5, 1, 1}), slice(image, 2, 0, 4)}, 2);
  right = right && same(slice(conv(moved, filter, {}), 2, 1, 3), slice(result, 2, 0, 2));
  print("the image moved to the right", moved);
  print("its result: moved too", conv(moved, filter, {}));

  // A filter has 9 weights and a bias, wherever it looks; connecting all pixels to as many results takes 234.
  std::int64_t filters = nn::layer("conv2d", Value(Value::Table{{"channels", 1}}))->cost({5, 5, 1}).parameters,
               all = nn::linear(9)->cost({25}).parameters;
  std::printf("parameters: %lld for the filter, %lld for a linear layer of as many results\n",
              static_cast<long long>(filters), static_cast<long long>(all));

  std::printf("\nLeNet-5, layer by layer:\n");
  auto lenet = make_network(blueprints().make("lenet5", "model")->layers(), 10, "layers");
  for (const Network::LayerRow& row : lenet->table({28, 28, 1}))
    std::printf("  %-16s %-14s %6lld parameters\n", row.type.c_str(), row.output.text().c_str(),
                static_cast<long long>(row.cost.parameters));
  return right ? 0 : 1;
}
