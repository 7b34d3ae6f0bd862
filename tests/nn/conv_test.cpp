// Convolutional layers and ready models.
#include <map>

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/nn/blueprint.h"
#include "gradus/nn/network.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Network network_of(const Value& list, std::int64_t outputs, const Shape& input, Dtype dtype = Dtype::f32) {
  std::unique_ptr<Network> n = make_network(list, outputs, "model.layers");
  n->build(input, 1, dtype);
  return std::move(*n);
}

std::unique_ptr<Network> unbuilt(const std::string& model, std::int64_t outputs) {
  return make_network(blueprints().make(Value(model), "model.type")->layers(), outputs, "model.layers");
}

// Parameters of published networks: He and others 2016, table 6 (0.27, 0.46 and 0.85 million) with 1 x 1 projections
// and batch norm counted; torchvision's resnet18 has 11,689,512 for 1,000 classes; LeNet-5 with full connections has
// 61,706.
TEST(Models, HaveThePublishedParameters) {
  struct {
    const char* model;
    Shape input;
    std::int64_t classes, parameters;
  } cases[] = {
      {"resnet20", {32, 32, 3}, 10, 272474}, {"resnet32", {32, 32, 3}, 10, 466906},
      {"resnet56", {32, 32, 3}, 10, 855770}, {"resnet18", {224, 224, 3}, 1000, 11689512},
      {"lenet5", {28, 28, 1}, 10, 61706},    {"small_cnn", {28, 28, 1}, 10, 421642},
  };
  for (const auto& c : cases) {
    auto n = unbuilt(c.model, c.classes);
    EXPECT_EQ(n->cost(c.input).parameters, c.parameters) << c.model;
    EXPECT_EQ(n->output_shape(c.input), Shape{c.classes}) << c.model;
  }
}

// 0.244 GFLOP an image and step: twice the multiply-adds, times three passes, less the first layer's gradient of
// images.
TEST(Models, ResNet20NeedsTheArithmeticOfTheLiterature) {
  auto n = unbuilt("resnet20", 10);
  double forward = static_cast<double>(n->cost({32, 32, 3}).multiply_adds), stem = 32 * 32 * 9 * 3 * 16;
  EXPECT_NEAR(2 * (3 * forward - stem), 0.244e9, 0.003e9);
}

// Every model runs forward and backward, and its gradient reaches every parameter.
TEST(Models, Train) {
  for (const std::string& model : blueprints().names()) {
    Shape input = model == "unet3d" ? Shape{8, 8, 8, 1} : model == "lenet5" ? Shape{28, 28, 1} : Shape{32, 32, 3};
    Network n = network_of(blueprints().make(Value(model), "model.type")->layers(), 3, input);
    Context context;
    context.training = true;
    Tensor x = shard(Tensor::normal(input.inserted(0, 4), 0, 1, RandomKey{1}), 2);
    Tensor y = n.forward(x, context);
    bool dense = model.starts_with("unet");
    EXPECT_EQ(y.shape(), (dense ? input.with(input.rank() - 1, 3) : Shape{3}).inserted(0, 4)) << model;
    Gradients g = backward(sum(square(y)));
    for (const Parameter& p : parameters_of(n)) {
      ASSERT_TRUE(g[p.value].defined()) << model << " " << p.name;
      double most = 0;
      for (double v : values_of(g[p.value])) most = std::max(most, std::abs(v));
      EXPECT_GT(most, 0) << model << " " << p.name;
    }
  }
}

// max(relu(x)) = relu(max(x)), with the gradient too: the network whose ReLU moved behind the pooling against its ops.
TEST(ConvNetwork, ReluIsTakenAfterPooling) {
  Network n = network_of(parse_toml_value(R"([ { type = "conv2d", channels = 3 }, "relu", "max_pool2d" ])"), 0,
                         {6, 6, 2}, Dtype::f64);
  Tensor x = Tensor::uniform({5, 6, 6, 2}, -1, 1, RandomKey{2}, Dtype::f64);
  x.set_requires_grad();
  std::vector<Parameter> p = parameters_of(n);
  auto gradients = [&](const Tensor& y) {
    Gradients g = backward(sum(y * Tensor::uniform(y.shape(), 0.5, 1.5, RandomKey{3}, Dtype::f64)));
    std::vector<double> all = values_of(y);
    for (const Tensor& leaf : {x, p[0].value, p[1].value})
      for (double v : values_of(g[leaf])) all.push_back(v);
    return all;
  };
  std::vector<double> plain = gradients(max_pool(relu(conv(x, p[0].value, p[1].value)), {2, 2}, {{2, 2, 1}}));
  expect_close(gradients(n.forward(x, Context{})), plain, 1e-12, "moved");
  Context watching;
  std::vector<std::string> seen;
  watching.watch = [&](const std::string& name, const Tensor&) { seen.push_back(name); };
  expect_close(gradients(n.forward(x, watching)), plain, 1e-12, "watched");
  EXPECT_EQ(seen, (std::vector<std::string>{"conv2d1", "relu1", "max_pool2d1"}));
}

// A convolution counts at any depth, for how a batch is cut.
TEST(ConvNetwork, BranchesShareWeightsToo) {
  auto shares = [](const char* list) { return make_network(parse_toml_value(list), 0, "layers")->shares_weights(); };
  EXPECT_TRUE(shares(R"([ { type = "residual", layers = [ { type = "conv2d", channels = 1, padding = "same" } ] } ])"));
  EXPECT_TRUE(
      shares(R"([ { type = "residual", layers = [ "relu" ], shortcut = [ { type = "conv2d", channels = 1 } ] } ])"));
  EXPECT_FALSE(shares(R"([ { type = "residual", layers = [ { type = "linear", units = 4 } ] } ])"));
}

TEST(ConvNetwork, BuildsAgain) {
  Network n;
  n.add(nn::layer("conv2d", parse_toml("channels = 2", ""))).add(nn::relu()).add(nn::layer("max_pool2d"));
  n.build({6, 6, 1}, 1);
  Tensor x = Tensor::uniform({2, 6, 6, 1}, -1, 1, RandomKey{2});
  std::vector<double> once = values_of(n(x));
  n.build({6, 6, 1}, 1);
  EXPECT_EQ(values_of(n(x)), once);
}

// "same" keeps the size, and with a stride divides it, rounded up; its transpose multiplies it.
TEST(ConvLayers, SamePadding) {
  for (std::int64_t size : {5, 6, 7})
    for (std::int64_t kernel : {1, 2, 3, 4, 5})
      for (std::int64_t stride : {1, 2, 3}) {
        Value keys(Value::Table{{"channels", 1}, {"kernel", kernel}, {"stride", stride}, {"padding", "same"}});
        EXPECT_EQ(nn::layer("conv1d", keys)->output_shape({size, 1}), (Shape{(size + stride - 1) / stride, 1}));
        if (kernel >= stride) {
          EXPECT_EQ(nn::layer("conv_transpose1d", keys)->output_shape({size, 1}), (Shape{size * stride, 1}));
        }
      }
}

TEST(ConvLayers, MistakesAreNamed) {
  auto config = [](const char* type, const char* keys) {
    return error_of(ErrorKind::config, [&] { layers().make(type, parse_toml(keys, ""), "model.layers[0]"); });
  };
  EXPECT_THAT(config("conv2d", "channels = 2\nkernel = [3, 3, 3]"),
              AllOf(HasSubstr("model.layers[0].kernel"), HasSubstr("2")));
  EXPECT_THAT(config("conv2d", "channels = 2\nkernel = 0"), HasSubstr(">= 1"));
  EXPECT_THAT(config("conv2d", "channels = 2\npadding = \"sam\""), HasSubstr("\"same\", \"valid\" or a number"));
  EXPECT_THAT(config("conv2d", "channels = 2\nstride = [1, -1]"), HasSubstr("model.layers[0].stride"));
  EXPECT_THAT(config("max_pool2d", "size = 0"), HasSubstr("model.layers[0].size"));
  auto shape = [](const char* type, const char* keys, const Shape& input) {
    auto layer = layers().make(type, parse_toml(keys, ""), "layer");
    return error_of(ErrorKind::shape, [&] { layer->output_shape(input); });
  };
  EXPECT_THAT(shape("conv2d", "channels = 2", {28, 28}),
              AllOf(HasSubstr("[height, width, channels]"), HasSubstr("[28, 28]"), HasSubstr("reshape")));
  EXPECT_THAT(shape("conv2d", "channels = 2", {2, 8, 1}), AllOf(HasSubstr("window"), HasSubstr("padding")));
  EXPECT_THAT(shape("max_pool2d", "size = 3", {2, 2, 1}), HasSubstr("max_pool2d"));
  EXPECT_THAT(config("upsample2d", "factor = 2\nsize = [4, 4]"),
              AllOf(HasSubstr("model.layers[0]"), HasSubstr("factor or a size")));
  EXPECT_THAT(config("upsample2d", "factor = [2, 2, 2]"), HasSubstr("model.layers[0].factor"));
  EXPECT_THAT(config("upsample2d", "method = \"cubic\""), AllOf(HasSubstr("method"), HasSubstr("bilinear")));
  EXPECT_THAT(config("adaptive_max_pool1d", "size = 0"), HasSubstr("model.layers[0].size"));
  EXPECT_THAT(shape("upsample2d", "size = [4, 8]", {6, 6, 1}),
              AllOf(HasSubstr("upsample2d"), HasSubstr("4 for [6, 6, 1]")));
  EXPECT_THAT(shape("upsample1d", "", {6}), AllOf(HasSubstr("[length, channels]"), HasSubstr("[6]")));
  EXPECT_THAT(shape("adaptive_average_pool2d", "size = 2", {6, 2}), HasSubstr("[height, width, channels]"));
  EXPECT_THAT(shape("spatial_dropout", "", {5}), AllOf(HasSubstr("spatial_dropout"), HasSubstr("dropout for rows")));
  EXPECT_THAT(shape("instance_norm", "", {1, 1, 5}), AllOf(HasSubstr("two positions"), HasSubstr("[1, 1, 5]")));
  auto normed = layers().make("group_norm", parse_toml("groups = 3", ""), "layer");
  EXPECT_THAT(error_of(ErrorKind::config,
                       [&] {
                         normed->output_shape({5, 5, 4});
                       }),
              AllOf(HasSubstr("group_norm.groups"), HasSubstr("3 for 4")));
  EXPECT_THAT(error_of(ErrorKind::config, [&] { normed->output_shape({3}); }), HasSubstr("fewer groups"));
  auto grouped = layers().make("conv2d", parse_toml("channels = 4\ngroups = 3", ""), "layer");
  EXPECT_THAT(error_of(ErrorKind::config, [&] { grouped->output_shape({5, 5, 4}); }), HasSubstr("conv2d.groups"));
  EXPECT_THAT(error_of(ErrorKind::config, [&] { blueprints().make(Value("resnet21"), "model.type"); }),
              HasSubstr("resnet20"));
}

}  // namespace
}  // namespace gradus
