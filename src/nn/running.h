#pragma once

#include "gradus/tensor/tensor.h"

namespace gradus {

// running += share (scale batch - running), in place: buffers of a model are shared by handle. No queued work reads
// them.
void follow(Tensor& running, const Tensor& batch, double share, double scale);

}  // namespace gradus
