#include <algorithm>

#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct FlattenParams {
  void fields(Fields&) {}
};

class Flatten final : public Module {
 public:
  using Params = FlattenParams;
  explicit Flatten(Params) {}
  std::string type() const override { return "flatten"; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override { return {input.size()}; }
  Cost cost(const Shape&) const override { return {}; }
  bool keeps_values() const override { return true; }
  Tensor forward(const Tensor& x, const Context&) override {
    return reshape(x, {x.dim(0), x.shape().product(1, x.rank())});
  }
};

struct ReshapeParams {
  std::vector<std::int64_t> shape;
  void fields(Fields& f) { f("shape", shape, at_least(-1), "shape of one example; one size may be -1: what is left"); }
};

class Reshape final : public Module {
 public:
  using Params = ReshapeParams;
  explicit Reshape(Params p) : params_(std::move(p)) {
    if (std::ranges::count(params_.shape, kRest) > 1)
      throw Error(ErrorKind::config, {"reshape.shape", "at most one size of -1", Shape(params_.shape).text(), ""});
  }
  std::string type() const override { return "reshape"; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override {
    Shape to(params_.shape);
    check_size(to);
    std::int64_t known = 1;
    int rest = -1;
    for (int i = 0; i < to.rank(); ++i) {
      if (to[i] == kRest)
        rest = i;
      else
        known *= to[i];
    }
    if (rest >= 0 && known > 0 && input.size() % known == 0) to[rest] = input.size() / known;
    if (to.size() != input.size() || (rest >= 0 && to[rest] == kRest))
      throw Error(ErrorKind::shape, {"reshape", "a shape of " + std::to_string(input.size()) + " elements",
                                     Shape(params_.shape).text(), "examples are " + input.text()});
    return to;
  }
  Cost cost(const Shape&) const override { return {}; }
  bool keeps_values() const override { return true; }
  Tensor forward(const Tensor& x, const Context&) override {
    Shape example(x.shape().begin() + 1, x.rank() - 1);
    return reshape(x, output_shape(example).inserted(0, x.dim(0)));
  }

 private:
  Params params_;
};

}  // namespace

void register_reshape(Catalog<Module>& catalog) {
  catalog.add<Flatten>("flatten", "Each example as one row of features.");
  catalog.add<Reshape>("reshape", "Each example under another shape.");
}

}  // namespace gradus
