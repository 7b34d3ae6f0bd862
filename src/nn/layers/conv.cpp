#include "gradus/nn/weights.h"
#include "gradus/nn/window_params.h"

namespace gradus {
namespace {

struct ConvParams : WeightsParams {
  std::optional<std::int64_t> channels;
  Value kernel = 3, stride = 1, padding = "valid", dilation = 1;
  std::int64_t groups = 1;
  void fields(Fields& f) {
    f("channels", channels, at_least(1), "filters; a last layer takes the target's width when left out");
    f("kernel", kernel, "a number or a list", "size of the window, for all axes or for each");
    f("stride", stride, "a number or a list", "step of the window");
    f("padding", padding, "\"same\", \"valid\", a number or a list",
      "zeros around the input; same: as many as keep its size (divided by the stride), valid: none");
    f("dilation", dilation, "a number or a list", "distance between the window's taps");
    f("groups", groups, at_least(1), "runs of channels convolved apart; as many as input channels: depthwise");
    WeightsParams::fields(f);
  }
};

constexpr const char* kConvNames[] = {"conv1d",           "conv2d",           "conv3d",
                                      "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"};

// y = x * w + b: x [size.., in], w [kernel.., in / groups, channels]; transposed, w [kernel.., channels / groups, in].
template <int axes, bool transposed>
class Conv final : public Module {
 public:
  using Params = ConvParams;
  static constexpr const char* kName = kConvNames[(transposed ? 3 : 0) + axes - 1];

  Conv(Params p, const std::string& place)
      : params_(std::move(p)),
        window_(kName, place, axes, params_.kernel, params_.stride, params_.padding, params_.dilation),
        weights_(params_, place) {
    if (transposed) window_.transposed_slide();  // refuses padding that it cannot have
  }

  std::string type() const override { return kName; }
  Takes takes() const override { return Takes::bf16; }
  Shape output_shape(const Shape& input) const override {
    Shape out = transposed ? window_.transposed_result(input, channels()) : window_.result(input, channels());
    std::int64_t in = input[axes];
    if (in % params_.groups != 0 || channels() % params_.groups != 0)
      throw Error(
          ErrorKind::config,
          {std::string(kName) + ".groups", "a divisor of the input's channels and of the result's",
           std::to_string(params_.groups) + " for " + std::to_string(in) + " and " + std::to_string(channels()), ""});
    if (static_cast<double>(in) * static_cast<double>(channels()) * static_cast<double>(window_.taps()) > 0x1p50)
      throw Error(ErrorKind::config, {std::string(kName) + ".channels", "at most 2^50 weights",
                                      Shape{window_.taps(), in, channels()}.text(), ""});
    return out;
  }
  Cost cost(const Shape& input) const override {
    Shape out = output_shape(input);
    std::int64_t weights = weight_shape(input).size(), positions = (transposed ? input : out).product(0, axes);
    return {weights_.count(weights, channels()), positions * weights, out.size()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    output_shape(input);
    std::int64_t in = window_.taps() * (input[axes] / params_.groups),
                 out = window_.taps() * (channels() / params_.groups);
    weights_.build(kName, weight_shape(input), channels(), in, out, context);
  }
  bool decide_width(std::int64_t width) override {
    if (!params_.channels) params_.channels = width;
    return true;
  }
  bool shares_weights() const override { return true; }
  Tensor forward(const Tensor& x, const Context& context) override {
    Activation f = context.watch ? Activation{} : activation_;
    if (!transposed && context.predicts()) {
      if (context.freezing) frozen_ = {pack_conv(x, weights_.weight(), weights_.bias(), slide(x)), f};
      if (frozen_.packed.fits(x)) return conv(x, frozen_.packed, f);
    }
    return transposed ? conv_transpose(x, weights_.weight(), weights_.bias(), slide(x), f)
                      : conv(x, weights_.weight(), weights_.bias(), slide(x), f);
  }
  // The transpose's weights end with its input's channels.
  bool folds_channel_map() const override { return !transposed; }
  Tensor forward_folded(const Tensor& x, const Module& after, const Context& context) override {
    if (!context.freezing && frozen_.packed.fits(x)) return conv(x, frozen_.packed, frozen_.then);
    ChannelMap map = after.channel_map();
    auto [w, b] = weights_.folded(map);
    if (!context.freezing) return conv(x, w, b, slide(x), map.then);
    frozen_ = {pack_conv(x, w, b, slide(x)), map.then};
    return conv(x, frozen_.packed, map.then);
  }
  void thaw() override { frozen_ = {}; }
  void visit(const std::string& prefix, const Visitor& v) override { weights_.visit(prefix, v); }
  bool absorb(const Activation& a) override {
    activation_ = a;
    return true;
  }

 private:
  Slide slide(const Tensor& x) const {
    Slide s = transposed ? window_.transposed_slide() : window_.slide(x.shape().without(0));
    s.groups = params_.groups;
    return s;
  }
  std::int64_t channels() const {
    if (!params_.channels)
      throw Error(ErrorKind::config, std::string(kName) + ".channels", "missing",
                  "only a last layer that keeps its shape up to the end takes its width from the target");
    return *params_.channels;
  }
  Shape weight_shape(const Shape& input) const {
    std::int64_t first = transposed ? channels() : input[axes], last = transposed ? input[axes] : channels();
    Shape w{first / params_.groups, last};
    for (int a = axes; a-- > 0;) w = w.inserted(0, window_.kernel()[a]);
    return w;
  }

  // For prediction: weights with what follows them, and the activation after that.
  struct Frozen {
    PackedConv packed;
    Activation then;
  };

  Params params_;
  WindowParams window_;
  Weights weights_;
  Activation activation_;
  Frozen frozen_;
};

}  // namespace

void register_conv(Catalog<Module>& catalog) {
  catalog.add<Conv<1, false>>("conv1d", "Filters that slide along sequences [length, channels].");
  catalog.add<Conv<2, false>>("conv2d", "Filters that slide over images [height, width, channels].",
                              "LeCun, Bottou, Bengio, Haffner, Gradient-based learning, Proc. IEEE 1998");
  catalog.add<Conv<3, false>>("conv3d", "Filters that slide through volumes [depth, height, width, channels].");
  const char* source = "Zeiler, Krishnan, Taylor, Fergus, Deconvolutional networks, CVPR 2010";
  catalog.add<Conv<1, true>>("conv_transpose1d", "The transpose of conv1d: makes sequences longer.", source);
  catalog.add<Conv<2, true>>("conv_transpose2d", "The transpose of conv2d: makes images larger.", source);
  catalog.add<Conv<3, true>>("conv_transpose3d", "The transpose of conv3d: makes volumes larger.", source);
}

}  // namespace gradus
