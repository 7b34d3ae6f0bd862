#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace gradus {

// Sizes or positions along the axes z, y, x.
using Extent3 = std::array<std::int64_t, 3>;
// Millimetres along the axes z, y, x.
using Spacing3 = std::array<double, 3>;

// Voxels of one scan, or the labels at its places, [z, y, x]: z grows to the head, y to the front, x to the right of
// the patient ("RAS+").
struct Volume {
  Extent3 size = {0, 0, 0};
  Spacing3 spacing = {1, 1, 1};
  std::vector<float> values;

  std::size_t at(std::int64_t z, std::int64_t y, std::int64_t x) const {
    return static_cast<std::size_t>((z * size[1] + y) * size[2] + x);
  }
};

// z * y * x. Throws Error{value} for sizes below 1 and for products that no memory holds.
std::size_t places(const Extent3& size);

enum class Interpolation { linear, nearest };

// The sizes of the grid with another spacing: round(size * spacing / wanted), at least 1.
Extent3 resampled_size(const Extent3& size, const Spacing3& spacing, const Spacing3& wanted);

// The volume on a grid of the given size and spacing whose middle is the volume's middle; beyond the outermost voxels
// their values go on. Of two labels equally near, the one further to the head, front or right is taken.
Volume resampled(const Volume& volume, const Extent3& size, const Spacing3& spacing, Interpolation interpolation);

// The volume cut, or surrounded with `fill`, to the given size: its voxel (size - wanted) / 2, rounded towards 0, is
// the first along each axis. Cropping to the old size undoes padding.
Volume cropped(const Volume& volume, const Extent3& wanted, float fill);

}  // namespace gradus
