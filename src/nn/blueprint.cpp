#include "gradus/nn/blueprint.h"

namespace gradus {

void register_models(Catalog<Blueprint>& catalog);

const Catalog<Blueprint>& blueprints() {
  static const Catalog<Blueprint> catalog = [] {
    Catalog<Blueprint> c("model");
    register_models(c);
    return c;
  }();
  return catalog;
}

LayerList& LayerList::add(const std::string& type, const Value::Table& keys) {
  Value layer = Value::table();
  layer.set("type", type);
  for (const auto& [name, value] : keys) layer.set(name, value);
  list_.push_back(std::move(layer));
  return *this;
}

LayerList& LayerList::conv_norm(std::int64_t channels, std::int64_t kernel, std::int64_t stride, std::int64_t groups) {
  add("conv2d", {{"channels", channels},
                 {"kernel", kernel},
                 {"stride", stride},
                 {"padding", (kernel - 1) / 2},
                 {"groups", groups},
                 {"bias", false},
                 {"initializer", "he_normal"}});
  return add("batch_norm");
}

}  // namespace gradus
