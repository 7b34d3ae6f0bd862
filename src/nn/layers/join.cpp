#include "gradus/nn/module.h"

namespace gradus {
namespace {

// A layer of several inputs.
class Join : public Module {
 public:
  bool takes_several() const override { return true; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override { return output_shape_of({&input, 1}); }
  Cost cost(const Shape& input) const override { return cost_of({&input, 1}); }
  Cost cost_of(std::span<const Shape> inputs) const override { return {0, 0, output_shape_of(inputs).size()}; }
  Tensor forward(const Tensor& x, const Context& context) override { return forward_of({&x, 1}, context); }
};

class Add final : public Join {
 public:
  using Params = NoParams;
  explicit Add(Params) {}
  std::string type() const override { return "add"; }
  Shape output_shape_of(std::span<const Shape> inputs) const override {
    for (const Shape& s : inputs)
      if (s != inputs[0])
        throw Error(ErrorKind::shape, {"add", "inputs of one shape", inputs[0].text() + " and " + s.text(), ""});
    return inputs[0];
  }
  Tensor forward_of(std::span<const Tensor> inputs, const Context&) override {
    Tensor sum = inputs[0];
    for (std::size_t i = 1; i < inputs.size(); ++i) sum = sum + inputs[i];
    return sum;
  }
};

class Concatenate final : public Join {
 public:
  using Params = NoParams;
  explicit Concatenate(Params) {}
  std::string type() const override { return "concatenate"; }
  Shape output_shape_of(std::span<const Shape> inputs) const override {
    Shape out = inputs[0];
    int last = out.rank() - 1;
    for (const Shape& s : inputs)
      if (last < 0 || s.rank() != out.rank() || s.with(last, 0) != out.with(last, 0))
        throw Error(ErrorKind::shape,
                    {"concatenate", "inputs equal but for the last axis", inputs[0].text() + " and " + s.text(),
                     "where a size was halved and doubled again, it must be even each time"});
    out[last] = 0;
    for (const Shape& s : inputs) out[last] += s[last];
    return out;
  }
  Tensor forward_of(std::span<const Tensor> inputs, const Context&) override {
    return concatenate(std::vector<Tensor>(inputs.begin(), inputs.end()), -1);
  }
};

}  // namespace

void register_join(Catalog<Module>& catalog) {
  catalog.add<Add>("add", "The sum of its inputs, all of one shape.");
  catalog.add<Concatenate>("concatenate", "Its inputs side by side along the last axis.");
}

}  // namespace gradus
