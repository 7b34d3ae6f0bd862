#include "gradus/nn/network.h"
#include "gradus/tensor/profile.h"

namespace gradus {
namespace {

struct ResidualParams {
  Value layers;
  Value shortcut;
  void fields(Fields& f) {
    f("layers", layers, "a list of layers", "the branch; its result must have the input's shape (or the shortcut's)");
    f("shortcut", shortcut, "a list of layers", "what the input goes through before it is added; left out: nothing");
  }
};

// y = x + branch(x), or shortcut(x) + branch(x).
class Residual final : public Module {
 public:
  using Params = ResidualParams;
  Residual(const Params& p, const std::string& place) : branch_(make_network(p.layers, 0, place + ".layers")) {
    if (!p.shortcut.is_null()) shortcut_ = make_network(p.shortcut, 0, place + ".shortcut");
  }
  std::string type() const override { return "residual"; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override {
    Shape main = branch_->output_shape(input), side = shortcut_ ? shortcut_->output_shape(input) : input;
    if (main != side)
      throw Error(ErrorKind::shape, {"residual", "a branch that keeps the shape " + side.text(), main.text(),
                                     "change the branch's last width or give a shortcut"});
    return main;
  }
  bool uses_batch_statistics() const override {
    return branch_->uses_batch_statistics() || (shortcut_ && shortcut_->uses_batch_statistics());
  }
  bool shares_weights() const override {
    return branch_->shares_weights() || (shortcut_ && shortcut_->shares_weights());
  }
  std::int64_t least_rows() const override { return branch_->least_rows(); }
  bool decide_memory(std::int64_t features) override {
    const bool main = branch_->decide_memory(features);
    return (shortcut_ && shortcut_->decide_memory(features)) || main;
  }
  std::vector<const Network*> branches() const override {
    if (shortcut_) return {branch_.get(), shortcut_.get()};
    return {branch_.get()};
  }
  Cost cost(const Shape& input) const override {
    Cost c = branch_->cost(input), s = shortcut_ ? shortcut_->cost(input) : Cost{};
    return {c.parameters + s.parameters, c.multiply_adds + s.multiply_adds,
            c.activations + s.activations + output_shape(input).size()};
  }
  void build(const Shape& input, const BuildContext& context) override {
    output_shape(input);
    BuildContext inner = context;
    inner.key = context.key.in("branch");
    branch_->build(input, inner);
    inner.key = context.key.in("shortcut");
    if (shortcut_) shortcut_->build(input, inner);
  }
  Tensor forward(const Tensor& x, const Context& context) override {
    Tensor side = shortcut_ ? through(*shortcut_, "shortcut", x, context) : x;
    Tensor branch = through(*branch_, "branch", x, context);
    if (side.dtype() != branch.dtype()) {  // in mixed precision: one multiplies last, the other does not
      side = cast(side, Dtype::bf16);
      branch = cast(branch, Dtype::bf16);
    }
    return relu_after_ && !context.watch ? add_relu(side, branch) : side + branch;
  }
  void thaw() override {
    branch_->thaw();
    if (shortcut_) shortcut_->thaw();
  }
  bool absorb(const Activation& f) override { return relu_after_ = f.kind == Activation::Kind::relu; }
  void visit(const std::string& prefix, const Visitor& v) override {
    branch_->visit(prefix + "branch.", v);
    if (shortcut_) shortcut_->visit(prefix + "shortcut.", v);
  }

 private:
  static Tensor through(Network& network, const char* name, const Tensor& x, const Context& context) {
    Profile::Part part(name);
    return network.forward(x, context.within(std::string(name) + "."));
  }

  std::unique_ptr<Network> branch_, shortcut_;
  bool relu_after_ = false;
};

}  // namespace

void register_residual(Catalog<Module>& catalog) {
  catalog.add<Residual>("residual", "A branch added to its input: y = x + branch(x).",
                        "He, Zhang, Ren, Sun, Deep residual learning, CVPR 2016");
}

}  // namespace gradus
