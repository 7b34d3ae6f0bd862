#include "gradus/nn/module.h"
#include "gradus/nn/window_params.h"

namespace gradus {
namespace {

struct PoolParams {
  Value size = 2;
  Value stride;
  Value padding = "valid";
  void fields(Fields& f) {
    f("size", size, "a number or a list", "size of the window, for all axes or for each");
    f("stride", stride, "a number or a list", "step of the window; left out: its size");
    f("padding", padding, "\"same\", \"valid\", a number or a list",
      "how far the window reaches beyond the input; same: so that the result has size / stride, rounded up");
  }
};

struct AveragePoolParams : PoolParams {
  bool count_padding = false;
  void fields(Fields& f) {
    PoolParams::fields(f);
    f("count_padding", count_padding, "divide by the window's size also where it reaches beyond the input");
  }
};

enum class PoolKind { max, min, average };

constexpr const char* kPoolNames[] = {"max_pool1d", "max_pool2d",     "max_pool3d",     "min_pool1d",    "min_pool2d",
                                      "min_pool3d", "average_pool1d", "average_pool2d", "average_pool3d"};
constexpr const char* kGlobalNames[] = {"global_max_pool", "global_min_pool", "global_average_pool"};

// Each channel of each window reduced to one value.
template <PoolKind kind, int axes>
class PoolLayer final : public Module {
 public:
  using Params = std::conditional_t<kind == PoolKind::average, AveragePoolParams, PoolParams>;
  static constexpr const char* kName = kPoolNames[static_cast<int>(kind) * 3 + axes - 1];

  PoolLayer(Params p, const std::string& place)
      : params_(std::move(p)),
        window_(kName, place, axes, params_.size, params_.stride.is_null() ? params_.size : params_.stride,
                params_.padding, 1, "size") {}
  std::string type() const override { return kName; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override {
    Slide s = window_.slide(input);
    for (int a = 0; a < axes; ++a)
      if (std::max(s.before[a], s.after[a]) >= window_.kernel()[a])
        throw Error(ErrorKind::config, {std::string(kName) + ".padding", "less than the window",
                                        std::to_string(std::max(s.before[a], s.after[a])), ""});
    return window_.result(input, input[axes]);
  }
  Cost cost(const Shape& input) const override {
    Shape out = output_shape(input);
    return {0, out.size() * window_.taps(), out.size()};
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    Slide s = window_.slide(x.shape().without(0));
    if constexpr (kind == PoolKind::average) return average_pool(x, window_.kernel(), s, params_.count_padding);
    Tensor y = kind == PoolKind::max ? max_pool(x, window_.kernel(), s) : min_pool(x, window_.kernel(), s);
    return relu_after_ && !context.watch ? relu(y) : y;
  }
  // ReLU never falls, so the largest of its values is its value of the largest: it is taken of fewer numbers.
  bool absorb_before(const Activation& f) override {
    relu_after_ = kind != PoolKind::average && f.kind == Activation::Kind::relu;
    return relu_after_;
  }

 private:
  Params params_;
  WindowParams window_;
  bool relu_after_ = false;
};

// All positions of each channel reduced to one value.
template <PoolKind kind>
class GlobalPool final : public Module {
 public:
  using Params = NoParams;
  static constexpr const char* kName = kGlobalNames[static_cast<int>(kind)];
  explicit GlobalPool(Params) {}
  std::string type() const override { return kName; }
  Shape output_shape(const Shape& input) const override {
    if (input.rank() < 2) throw Error(ErrorKind::shape, {kName, "examples [size.., channels]", input.text(), ""});
    return {input[input.rank() - 1]};
  }
  Cost cost(const Shape& input) const override { return {0, input.size(), output_shape(input).size()}; }
  Tensor forward(const Tensor& x, const Context&) override {
    std::vector<int> sizes;
    for (int axis = 1; axis < x.rank() - 1; ++axis) sizes.push_back(axis);
    if (kind == PoolKind::average) return mean(x, sizes);
    return kind == PoolKind::max ? max(x, sizes) : min(x, sizes);
  }
};

template <PoolKind kind>
void add_pools(Catalog<Module>& catalog, const std::string& what) {
  catalog.add<PoolLayer<kind, 1>>(PoolLayer<kind, 1>::kName, what + " of each channel in windows of a sequence.");
  catalog.add<PoolLayer<kind, 2>>(PoolLayer<kind, 2>::kName, what + " of each channel in windows of an image.");
  catalog.add<PoolLayer<kind, 3>>(PoolLayer<kind, 3>::kName, what + " of each channel in windows of a volume.");
  catalog.add<GlobalPool<kind>>(GlobalPool<kind>::kName, what + " of each channel over all positions.");
}

}  // namespace

void register_pool(Catalog<Module>& catalog) {
  add_pools<PoolKind::max>(catalog, "The largest value");
  add_pools<PoolKind::min>(catalog, "The smallest value");
  add_pools<PoolKind::average>(catalog, "The mean");
}

}  // namespace gradus
