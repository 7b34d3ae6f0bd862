#include "gradus/nn/loss.h"

#include "gradus/base/error.h"

namespace gradus {

void register_losses(Catalog<Loss>& catalog);

const Catalog<Loss>& losses() {
  static const Catalog<Loss> catalog = [] {
    Catalog<Loss> c("loss");
    register_losses(c);
    return c;
  }();
  return catalog;
}

Tensor target_for(const Loss& loss, const Tensor& target) {
  if (loss.target_kind() != TargetKind::values || target.dtype() != Dtype::i32) return target;
  return expand_dims(target.to(Dtype::f32), -1);
}

std::unique_ptr<Loss> make_loss(const Value& config, const std::string& place) { return losses().make(config, place); }

}  // namespace gradus
