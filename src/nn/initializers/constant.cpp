#include "gradus/nn/initializer.h"

namespace gradus {
namespace {

class Zeros final : public Initializer {
 public:
  struct Params {
    void fields(Fields&) {}
  };
  explicit Zeros(Params) {}
  Tensor make(const Shape& shape, std::int64_t, std::int64_t, const RandomKey&, Dtype dtype) const override {
    return Tensor::zeros(shape, dtype);
  }
};

class Constant final : public Initializer {
 public:
  struct Params {
    double value = 0;
    void fields(Fields& f) { f("value", value, any(), "every weight starts at this"); }
  };
  explicit Constant(Params p) : params_(p) {}
  Tensor make(const Shape& shape, std::int64_t, std::int64_t, const RandomKey&, Dtype dtype) const override {
    return Tensor::full(shape, params_.value, dtype);
  }

 private:
  Params params_;
};

}  // namespace

void register_constant(Catalog<Initializer>& catalog) {
  catalog.add<Zeros>("zeros", "All 0; for biases: equal weights would never come apart.");
  catalog.add<Constant>("constant", "All the same value.");
}

}  // namespace gradus
