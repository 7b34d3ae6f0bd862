#include "gradus/nn/network.h"
#include "gradus/tensor/profile.h"

namespace gradus {
namespace {

constexpr std::int64_t kMostLayers = 10000;

std::int64_t layers_in(const Network& network) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < network.size(); ++i) {
    ++count;
    for (const Network* inner : network.layer(i).branches()) count += layers_in(*inner);
  }
  return count;
}

struct RepeatParams {
  std::int64_t times = 2;
  Value layers;
  void fields(Fields& f) {
    f("times", times, at_least(1), "how many of the block follow one another, each with weights of its own");
    f("layers", layers, "a list of layers", "the block; \"input\" in it is what the block is given");
  }
};

// The same block of layers several times in a row.
class Repeat final : public Module {
 public:
  using Params = RepeatParams;
  Repeat(const Params& p, const std::string& place) {
    blocks_.push_back(make_network(p.layers, 0, place + ".layers"));
    if (p.times > kMostLayers / layers_in(*blocks_[0]))
      throw Error(ErrorKind::config,
                  {place + ".times", "at most " + std::to_string(kMostLayers) + " layers in all",
                   std::to_string(p.times) + " times " + std::to_string(layers_in(*blocks_[0])), ""});
    while (static_cast<std::int64_t>(blocks_.size()) < p.times)
      blocks_.push_back(make_network(p.layers, 0, place + ".layers"));
  }
  std::string type() const override { return "repeat"; }
  Shape output_shape(const Shape& input) const override {
    return over_blocks(input, [](const Network&, const Shape&) {});
  }
  Cost cost(const Shape& input) const override {
    Cost total;
    over_blocks(input, [&](const Network& block, const Shape& in) {
      Cost c = block.cost(in);
      total.parameters += c.parameters;
      total.multiply_adds += c.multiply_adds;
      total.activations += c.activations;
    });
    return total;
  }
  bool uses_batch_statistics() const override { return blocks_[0]->uses_batch_statistics(); }
  bool shares_weights() const override { return blocks_[0]->shares_weights(); }
  std::int64_t least_rows() const override { return blocks_[0]->least_rows(); }
  bool decide_memory(std::int64_t features) override {
    bool looks = false;
    for (auto& block : blocks_) looks |= block->decide_memory(features);
    return looks;
  }
  std::vector<const Network*> branches() const override {
    std::vector<const Network*> all;
    for (const auto& block : blocks_) all.push_back(block.get());
    return all;
  }
  void build(const Shape& input, const BuildContext& context) override {
    output_shape(input);
    Shape in = input;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      BuildContext own = context;
      own.key = context.key.in(number(i));
      blocks_[i]->build(in, own);
      in = blocks_[i]->output_shape(in);
    }
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    Tensor y = x;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      Profile::Part part(number(i));
      y = blocks_[i]->forward(y, context.within(number(i) + "."));
    }
    return y;
  }
  void thaw() override {
    for (auto& block : blocks_) block->thaw();
  }
  void visit(const std::string& prefix, const Visitor& v) override {
    for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i]->visit(prefix + number(i) + ".", v);
  }

 private:
  // Calls f(block, shape of its input) for each, and returns the shape of the last one's result.
  template <class F>
  Shape over_blocks(const Shape& input, F f) const {
    Shape in = input;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      try {
        f(*blocks_[i], in);
        in = blocks_[i]->output_shape(in);
      } catch (const Error& e) {
        throw e.at("block " + number(i));
      }
    }
    return in;
  }
  static std::string number(std::size_t i) { return std::to_string(i + 1); }

  std::vector<std::unique_ptr<Network>> blocks_;
};

}  // namespace

void register_repeat(Catalog<Module>& catalog) {
  catalog.add<Repeat>("repeat", "A block of layers several times in a row, each time with weights of its own.");
}

}  // namespace gradus
