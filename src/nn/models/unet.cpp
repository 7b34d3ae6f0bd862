#include "gradus/nn/blueprint.h"

namespace gradus {
namespace {

struct UNetParams {
  std::int64_t levels = 4;
  std::int64_t channels = 16;
  void fields(Fields& f) {
    f("levels", levels, from_to(1, 10), "sizes it works at, each half of the one before");
    f("channels", channels, at_least(1), "of the first level; each further one has twice as many");
  }
};

// Down by pooling and up by transposed convolutions; each level up also reads what the level of its size had on the way
// down. Sizes are divisible by 2^(levels - 1). Every pixel gets scores.
template <int axes>
struct UNet final : Blueprint {
  using Params = UNetParams;
  explicit UNet(Params p) : params(p) {}
  Value layers() const override {
    LayerList list;
    for (std::int64_t level = 0; level < params.levels; ++level) {
      if (level > 0) list.add("max_pool" + kAxes);
      add_convolutions(list, level, "down" + std::to_string(level + 1));
    }
    for (std::int64_t level = params.levels - 1; level-- > 0;) {
      std::string number = std::to_string(level + 1);
      list.add("conv_transpose" + kAxes,
               {{"name", "up" + number}, {"channels", width(level)}, {"kernel", 2}, {"stride", 2}});
      list.add("concatenate",
               {{"name", "join" + number}, {"from", Value(Value::Array{"up" + number, "down" + number})}});
      add_convolutions(list, level, "out" + number);
    }
    return list.add("conv" + kAxes, {{"name", "scores"}, {"kernel", 1}}).value();
  }

 private:
  const std::string kAxes = std::to_string(axes) + "d";
  std::int64_t width(std::int64_t level) const { return params.channels << level; }
  // Two convolutions of a level; `name` is that of the result.
  void add_convolutions(LayerList& list, std::int64_t level, const std::string& name) const {
    for (bool last : {false, true}) {
      list.add("conv" + kAxes, {{"channels", width(level)},
                                {"kernel", 3},
                                {"padding", "same"},
                                {"bias", false},
                                {"initializer", "he_normal"}});
      list.add("batch_norm").add("relu", last ? Value::Table{{"name", name}} : Value::Table{});
    }
  }
  Params params;
};

}  // namespace

void register_unet(Catalog<Blueprint>& catalog) {
  const char* source = "Ronneberger, Fischer, Brox, U-Net, MICCAI 2015";
  catalog.add<UNet<2>>("unet", "Scores for every pixel from what is seen at several sizes.", source);
  catalog.add<UNet<3>>("unet3d", "The same for the voxels of volumes.", source);
}

}  // namespace gradus
