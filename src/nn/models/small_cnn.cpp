#include "gradus/nn/blueprint.h"

namespace gradus {
namespace {

struct SmallCnnParams {
  std::int64_t channels = 32, units = 128;
  double dropout = 0;
  void fields(Fields& f) {
    f("channels", channels, at_least(1), "filters of the first convolution; the second has twice as many");
    f("units", units, at_least(1), "width of the layer before the last");
    f("dropout", dropout, from_to(0, 1), "rate before the last layer");
  }
};

// Two convolutions, each with ReLU and pooling, and two linear layers.
struct SmallCnn final : Blueprint {
  using Params = SmallCnnParams;
  explicit SmallCnn(Params p) : params(p) {}
  Value layers() const override {
    LayerList list;
    for (std::int64_t channels : {params.channels, 2 * params.channels})
      list.add("conv2d", {{"channels", channels}, {"padding", "same"}}).add("relu").add("max_pool2d");
    list.add("flatten").add("linear", {{"units", params.units}}).add("relu");
    if (params.dropout > 0) list.add("dropout", {{"rate", params.dropout}});
    return list.add("linear").value();
  }
  Params params;
};

}  // namespace

void register_small_cnn(Catalog<Blueprint>& catalog) {
  catalog.add<SmallCnn>("small_cnn", "Two convolutions of 3 x 3 with pooling, then two linear layers.");
}

}  // namespace gradus
