#include "gradus/nn/initializer.h"

#include "gradus/base/error.h"

namespace gradus {

void register_initializers(Catalog<Initializer>& catalog);

const Catalog<Initializer>& initializers() {
  static const Catalog<Initializer> catalog = [] {
    Catalog<Initializer> c("initializer");
    register_initializers(c);
    return c;
  }();
  return catalog;
}

namespace {

bool rectifies(Activation::Kind k) {
  switch (k) {
    case Activation::Kind::relu:
    case Activation::Kind::leaky_relu:
    case Activation::Kind::elu:
    case Activation::Kind::gelu:
    case Activation::Kind::gelu_tanh:
    case Activation::Kind::silu:
    case Activation::Kind::softplus:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::unique_ptr<Initializer> make_initializer(const Value& config, const Activation& next, const std::string& place) {
  if (config.is_null())
    return initializers().make(rectifies(next.kind) ? "he_uniform" : "glorot_uniform", Value::table(), place);
  return initializers().make(config, place);
}

}  // namespace gradus
