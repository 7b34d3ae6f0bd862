#include "gradus/nn/module.h"
#include "gradus/nn/window_params.h"

namespace gradus {
namespace {

constexpr const char* kNames[] = {"upsample1d", "upsample2d", "upsample3d"};
constexpr const char* kLinear[] = {"linear", "bilinear", "trilinear"};

template <int axes>
struct UpsampleParams {
  Value factor, size;
  std::string method = "nearest";
  void fields(Fields& f) {
    f("factor", factor, "a number or a list", "how many times as large; left out: 2, unless a size is given");
    f("size", size, "a number or a list", "of the result, in place of a factor");
    f("method", method, {"nearest", kLinear[axes - 1]}, "each value repeated, or straight lines between the values");
  }
};

// x [size.., channels] taken to more positions.
template <int axes>
class Upsample final : public Module {
 public:
  using Params = UpsampleParams<axes>;
  static constexpr const char* kName = kNames[axes - 1];

  Upsample(const Params& p, const std::string& place)
      : by_size_(!p.size.is_null()), method_(p.method == "nearest" ? Upsampling::nearest : Upsampling::linear) {
    if (by_size_ && !p.factor.is_null())
      throw Error(ErrorKind::config, {place, "a factor or a size", "both", "leave one out"});
    Value factor = p.factor.is_null() ? Value(2) : p.factor;
    numbers_ =
        by_size_ ? per_axis(p.size, axes, 1, 1, place + ".size") : per_axis(factor, axes, 1, 1, place + ".factor");
  }
  std::string type() const override { return kName; }
  Shape output_shape(const Shape& input) const override {
    check_axes(kName, axes, input);
    Shape out = input;
    for (int a = 0; a < axes; ++a) {
      out[a] = by_size_ ? numbers_[a] : input[a] * numbers_[a];
      if (out[a] < input[a])
        throw Error(ErrorKind::shape, {kName, "a size of at least the input's",
                                       std::to_string(out[a]) + " for " + input.text(), "pooling makes it smaller"});
    }
    return out;
  }
  Cost cost(const Shape& input) const override {
    std::int64_t size = output_shape(input).size();
    return {0, method_ == Upsampling::linear ? size * 2 * axes : 0, size};
  }
  Tensor forward(const Tensor& x, const Context&) override {
    Shape out = output_shape(x.shape().without(0));
    Kernel size = {1, 1, 1};
    for (int a = 0; a < axes; ++a) size[a] = out[a];
    return upsample(x, size, method_);
  }

 private:
  Kernel numbers_;
  bool by_size_;
  Upsampling method_;
};

}  // namespace

void register_upsample(Catalog<Module>& catalog) {
  catalog.add<Upsample<1>>("upsample1d", "A sequence taken to more steps.");
  catalog.add<Upsample<2>>("upsample2d", "An image taken to more pixels.");
  catalog.add<Upsample<3>>("upsample3d", "A volume taken to more voxels.");
}

}  // namespace gradus
