#include "gradus/nn/module.h"
#include "gradus/nn/window_params.h"

namespace gradus {
namespace {

struct AdaptivePoolParams {
  Value size = 1;
  void fields(Fields& f) { f("size", size, "a number or a list", "of the result, for all axes or for each"); }
};

constexpr const char* kMaxNames[] = {"adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"};
constexpr const char* kAverageNames[] = {"adaptive_average_pool1d", "adaptive_average_pool2d",
                                         "adaptive_average_pool3d"};

// Each channel reduced to `size` values, whatever the input's size.
template <bool average, int axes>
class AdaptivePool final : public Module {
 public:
  using Params = AdaptivePoolParams;
  static constexpr const char* kName = average ? kAverageNames[axes - 1] : kMaxNames[axes - 1];

  AdaptivePool(const Params& p, const std::string& place) : size_(per_axis(p.size, axes, 1, 1, place + ".size")) {}
  std::string type() const override { return kName; }
  Shape output_shape(const Shape& input) const override {
    check_axes(kName, axes, input);
    Shape out = input;
    for (int a = 0; a < axes; ++a) out[a] = size_[a];
    return out;
  }
  Cost cost(const Shape& input) const override { return {0, input.size(), output_shape(input).size()}; }
  Tensor forward(const Tensor& x, const Context&) override {
    output_shape(x.shape().without(0));
    return average ? adaptive_average_pool(x, size_) : adaptive_max_pool(x, size_);
  }

 private:
  Kernel size_;
};

template <bool average, int axes>
void add_pool(Catalog<Module>& catalog, const std::string& of) {
  catalog.add<AdaptivePool<average, axes>>(AdaptivePool<average, axes>::kName,
                                           (average ? "The mean" : "The largest value") +
                                               std::string(" of each channel in windows that divide ") + of +
                                               " into size parts.");
}

}  // namespace

void register_adaptive_pool(Catalog<Module>& catalog) {
  add_pool<true, 1>(catalog, "a sequence");
  add_pool<true, 2>(catalog, "an image");
  add_pool<true, 3>(catalog, "a volume");
  add_pool<false, 1>(catalog, "a sequence");
  add_pool<false, 2>(catalog, "an image");
  add_pool<false, 3>(catalog, "a volume");
}

}  // namespace gradus
