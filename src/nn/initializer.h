#pragma once

#include <memory>

#include "gradus/base/catalog.h"
#include "gradus/base/random.h"
#include "gradus/tensor/ops.h"

namespace gradus {

// How initial weights are drawn. For w [in, out] fan_in = in and fan_out = out; kernels [.., in, out] multiply both by
// the size of the window.
class Initializer {
 public:
  virtual ~Initializer() = default;
  virtual Tensor make(const Shape& shape, std::int64_t fan_in, std::int64_t fan_out, const RandomKey& key,
                      Dtype dtype) const = 0;
};

// Initialisers by name.
const Catalog<Initializer>& initializers();

// The initialiser a config names (a string or a table with "type"); null or an empty value means the one that fits the
// activation that follows, also behind layers that keep the values (dropout, flatten): He before the ReLU family,
// Glorot otherwise.
std::unique_ptr<Initializer> make_initializer(const Value& config, const Activation& next, const std::string& place);

}  // namespace gradus
