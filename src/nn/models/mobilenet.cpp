#include "gradus/nn/blueprint.h"

namespace gradus {
namespace {

struct MobileNetParams {
  std::int64_t channels = 32;
  std::int64_t stages = 3;
  std::int64_t blocks = 2;
  void fields(Fields& f) {
    f("channels", channels, at_least(1), "of the first stage; each further one has twice as many at half the size");
    f("stages", stages, at_least(1), "stages");
    f("blocks", blocks, at_least(1), "depthwise blocks of each stage");
  }
};

// Blocks of a 3 x 3 convolution of each channel by itself, then a 1 x 1 convolution across channels.
struct MobileNet final : Blueprint {
  using Params = MobileNetParams;
  explicit MobileNet(Params p) : params(p) {}
  Value layers() const override {
    LayerList list;
    std::int64_t before = params.channels, channels = before;
    list.conv_norm(channels, 3).add("relu");
    for (std::int64_t stage = 0; stage < params.stages; ++stage, channels *= 2)
      for (std::int64_t block = 0; block < params.blocks; ++block) {
        list.conv_norm(before, 3, stage > 0 && block == 0 ? 2 : 1, before).add("relu");
        list.conv_norm(channels, 1).add("relu");
        before = channels;
      }
    return list.add("global_average_pool").add("linear").value();
  }
  Params params;
};

}  // namespace

void register_mobilenet(Catalog<Blueprint>& catalog) {
  catalog.add<MobileNet>("mobilenet", "Depthwise separable convolutions, for small and fast networks.",
                         "Howard et al., MobileNets, 2017");
}

}  // namespace gradus
