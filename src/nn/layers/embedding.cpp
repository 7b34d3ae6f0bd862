#include <cmath>

#include "gradus/nn/initializer.h"
#include "gradus/nn/module.h"

namespace gradus {
namespace {

struct EmbeddingParams {
  std::int64_t size = 64;
  std::optional<std::int64_t> symbols;
  Value initializer;
  void fields(Fields& f) {
    f("size", size, at_least(1), "numbers that stand for each symbol");
    f("symbols", symbols, at_least(1), "how many different symbols there are; left out: as many as the data have");
    f("initializer", initializer, "a name or a table", "initial numbers; left out: normal with variance 1 / size");
  }
};

// y [.., size] = the row of the weight [symbols, size] that each symbol [..] numbers.
class Embedding final : public Module {
 public:
  using Params = EmbeddingParams;
  Embedding(Params p, const std::string& place) : params_(std::move(p)) {
    make_initializer(params_.initializer, {}, place + ".initializer");
  }
  std::string type() const override { return "embedding"; }
  Takes takes() const override { return Takes::either; }
  Shape output_shape(const Shape& input) const override { return input.inserted(input.rank(), params_.size); }
  Cost cost(const Shape& input) const override { return {symbols() * params_.size, 0, output_shape(input).size()}; }
  void build(const Shape&, const BuildContext& context) override {
    std::unique_ptr<Initializer> initializer =
        params_.initializer.is_null()
            ? initializers().make("normal",
                                  Value(Value::Table{{"deviation", 1 / std::sqrt(static_cast<double>(params_.size))}}),
                                  "embedding")
            : make_initializer(params_.initializer, {}, "embedding.initializer");
    weight_.value =
        initializer->make({symbols(), params_.size}, symbols(), params_.size, context.key.in("weight"), context.dtype);
    weight_.value.set_requires_grad();
  }
  bool decide_symbols(std::int64_t count) override {
    if (!params_.symbols) params_.symbols = count;
    return true;
  }
  Tensor forward(const Tensor& x, const Context&) override { return embedding(x, weight_.value); }
  void visit(const std::string& prefix, const Visitor& v) override {
    if (v.parameter) v.parameter(prefix + "weight", weight_);
  }

 private:
  std::int64_t symbols() const {
    if (!params_.symbols)
      throw Error(ErrorKind::config, "embedding.symbols", "missing",
                  "the data are no symbols (text has a tokenizer), so it must say how many there are");
    return *params_.symbols;
  }

  Params params_;
  Parameter weight_;
};

}  // namespace

void register_embedding(Catalog<Module>& catalog) {
  catalog.add<Embedding>("embedding", "A learned row of numbers for each symbol: letters, words.",
                         "Bengio et al., A neural probabilistic language model, JMLR 2003");
}

}  // namespace gradus
