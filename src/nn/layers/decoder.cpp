#include "gradus/nn/network.h"

namespace gradus {
namespace {

struct DecoderParams {
  Value layers;
  void fields(Fields& f) {
    f("layers", layers, "a list of layers",
      "what reads the target so far, as a language model does, and looks at what the layers before have made");
  }
};

// What a network makes of the symbols shown [n, steps] beside the sequences [n, time, features] that its layers look
// at: [n, steps, ..]. Shapes and costs are told for targets as long as these sequences.
class Decoder final : public Module {
 public:
  using Params = DecoderParams;
  Decoder(const Params& p, const std::string& place) : network_(make_network(p.layers, 0, place + ".layers")) {}

  std::string type() const override { return "decoder"; }
  Takes takes() const override { return Takes::either; }
  bool shares_weights() const override { return true; }
  std::int64_t least_rows() const override { return network_->least_rows(); }
  bool uses_batch_statistics() const override { return network_->uses_batch_statistics(); }
  std::vector<const Network*> branches() const override { return {network_.get()}; }
  Network* decoder() override { return network_.get(); }

  Shape output_shape(const Shape& input) const override { return looking_at(input).output_shape({input[0]}); }
  Cost cost(const Shape& input) const override { return looking_at(input).cost({input[0]}); }
  void build(const Shape& input, const BuildContext& context) override { looking_at(input).build({input[0]}, context); }
  // What is told the width of the scores also learns how many symbols there are: the same.
  bool decide_width(std::int64_t width) override {
    network_->decide_symbols(width);
    return network_->decide_width(width);
  }

  Tensor forward(const Tensor& x, const Context& context) override {
    if (!context.shown.defined())
      throw Error(ErrorKind::state, "decoder", "is shown no symbols to read",
                  "set Context::shown; data of format \"parallel\" have such symbols");
    Context own = context;
    own.memory = x;
    own.memory_lengths = context.lengths;
    own.lengths = context.shown_lengths;
    own.shown = own.shown_lengths = {};
    return network_->forward(context.shown, own);
  }
  void thaw() override { network_->thaw(); }
  void visit(const std::string& prefix, const Visitor& v) override { network_->visit(prefix, v); }

 private:
  Network& looking_at(const Shape& input) const {
    if (input.rank() != 2 || input.size() < 1)
      throw Error(ErrorKind::shape,
                  {"decoder", "an input [batch, time, features]", "examples of shape " + input.text(),
                   input.rank() == 1 ? "leave out output = \"last\" before it, and embed symbols" : ""});
    network_->decide_memory(input[1]);
    return *network_;
  }

  std::unique_ptr<Network> network_;
};

}  // namespace

void register_decoder(Catalog<Module>& catalog) {
  catalog.add<Decoder>("decoder", "A network that makes a sequence of its own of the one it is given: translation.",
                       "Sutskever, Vinyals, Le, Sequence to sequence learning with neural networks, NeurIPS 2014");
}

}  // namespace gradus
