#pragma once

#include <memory>
#include <string>

#include "gradus/base/catalog.h"

namespace gradus {

// A published network, as the list of layers that a config would write.
class Blueprint {
 public:
  virtual ~Blueprint() = default;
  // Layer tables for make_network; the last layer is left to take the target's width.
  virtual Value layers() const = 0;
};

// Ready models by name.
const Catalog<Blueprint>& blueprints();

// For blueprints: lists of layers put together.
class LayerList {
 public:
  // Adds a layer of that type and keys.
  LayerList& add(const std::string& type, const Value::Table& keys = {});
  // Adds a convolution without a bias, then batch norm, with He's weights since a ReLU follows: "same" size divided by
  // the stride, with (kernel - 1) / 2 zeros on each side.
  LayerList& conv_norm(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1, std::int64_t groups = 1);
  // The list as a config has it.
  const Value& value() const { return list_; }

 private:
  Value list_ = Value::array();
};

}  // namespace gradus
