#include "gradus/nn/blueprint.h"

namespace gradus {
namespace {

// Two 3 x 3 convolutions beside the identity, or beside a 1 x 1 convolution where the shape changes.
void add_block(LayerList& list, std::int64_t channels, std::int64_t stride, bool same_shape) {
  LayerList branch, shortcut;
  branch.conv_norm(channels, 3, stride).add("relu").conv_norm(channels, 3);
  Value::Table keys = {{"layers", branch.value()}};
  if (!same_shape) keys.emplace_back("shortcut", shortcut.conv_norm(channels, 1, stride).value());
  list.add("residual", keys).add("relu");
}

void add_stages(LayerList& list, std::initializer_list<std::int64_t> widths, int blocks) {
  bool first = true;
  for (std::int64_t channels : widths) {
    for (int block = 0; block < blocks; ++block)
      add_block(list, channels, block == 0 && !first ? 2 : 1, block > 0 || first);
    first = false;
  }
  list.add("global_average_pool").add("linear");
}

// For images of 32 x 32: depth 6 blocks + 2.
template <int depth>
struct SmallResNet final : Blueprint {
  using Params = NoParams;
  explicit SmallResNet(Params) {}
  Value layers() const override {
    LayerList list;
    list.conv_norm(16, 3).add("relu");
    add_stages(list, {16, 32, 64}, (depth - 2) / 6);
    return list.value();
  }
};

// For images of 224 x 224.
struct ResNet18 final : Blueprint {
  using Params = NoParams;
  explicit ResNet18(Params) {}
  Value layers() const override {
    LayerList list;
    list.conv_norm(64, 7, 2).add("relu").add("max_pool2d", {{"size", 3}, {"stride", 2}, {"padding", 1}});
    add_stages(list, {64, 128, 256, 512}, 2);
    return list.value();
  }
};

}  // namespace

void register_resnet(Catalog<Blueprint>& catalog) {
  const char* source = "He, Zhang, Ren, Sun, Deep residual learning, CVPR 2016";
  catalog.add<SmallResNet<20>>("resnet20", "Residual network of 20 layers for small images (CIFAR).", source);
  catalog.add<SmallResNet<32>>("resnet32", "The same with 32 layers.", source);
  catalog.add<SmallResNet<56>>("resnet56", "The same with 56 layers.", source);
  catalog.add<ResNet18>("resnet18", "Residual network of 18 layers for large images (ImageNet).", source);
}

}  // namespace gradus
