#include "gradus/nn/blueprint.h"

namespace gradus {
namespace {

// The layers of LeNet-5 with today's output (scores), average pooling and full connections; images of 28 x 28.
struct LeNet5 final : Blueprint {
  using Params = NoParams;
  explicit LeNet5(Params) {}
  Value layers() const override {
    LayerList list;
    list.add("conv2d", {{"channels", 6}, {"kernel", 5}, {"padding", 2}}).add("tanh").add("average_pool2d");
    list.add("conv2d", {{"channels", 16}, {"kernel", 5}}).add("tanh").add("average_pool2d").add("flatten");
    list.add("linear", {{"units", 120}}).add("tanh").add("linear", {{"units", 84}}).add("tanh").add("linear");
    return list.value();
  }
};

}  // namespace

void register_lenet(Catalog<Blueprint>& catalog) {
  catalog.add<LeNet5>("lenet5", "The first convolutional network in wide use, for digits of 28 x 28 pixels.",
                      "LeCun, Bottou, Bengio, Haffner, Gradient-based learning, Proc. IEEE 1998");
}

}  // namespace gradus
