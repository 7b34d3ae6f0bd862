#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "gradus/tensor/shape.h"

namespace gradus {

// How far the surfaces of two masks are apart.
struct SurfaceDistances {
  double maximum = 0;       // the Hausdorff distance
  double percentile95 = 0;  // of the distances from either surface to the other, the larger of both
};

// Distances between the surfaces of two masks (0: not in it) of `size`, of 1 to 3 axes, whose places lie `spacing`
// apart (none: 1 along each axis); none when one is empty. A place is on the surface when one beside it along an axis
// is outside; percentiles are interpolated. Throws Error{shape} for arrays that do not fit together. Exact, by the
// distance transform of Felzenszwalb and Huttenlocher, Distance transforms of sampled functions, Theory of Computing 8,
// 2012.
std::optional<SurfaceDistances> surface_distances(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                                                  const Shape& size, std::span<const double> spacing = {});

}  // namespace gradus
