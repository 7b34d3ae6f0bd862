#include "gradus/data/volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"

namespace gradus {
namespace {

// Where a place of the new grid lies between two of the old one.
struct Neighbours {
  std::int64_t low, high;
  float share;  // of `high`
};

std::vector<Neighbours> neighbours(std::int64_t from, double from_spacing, std::int64_t to, double to_spacing,
                                   Interpolation interpolation) {
  std::vector<Neighbours> all;
  double step = to_spacing / from_spacing, last = static_cast<double>(from - 1);
  for (std::int64_t i = 0; i < to; ++i) {
    double x = (static_cast<double>(i) - static_cast<double>(to - 1) / 2) * step + last / 2;
    x = std::clamp(interpolation == Interpolation::nearest ? std::floor(x + 0.5) : x, 0.0, last);
    auto low = static_cast<std::int64_t>(x);
    all.push_back({low, std::min(low + 1, from - 1), static_cast<float>(x - static_cast<double>(low))});
  }
  return all;
}

float between(float a, float b, float share) { return share == 0 ? a : a + (b - a) * share; }

}  // namespace

std::size_t places(const Extent3& size) {
  std::int64_t n = 1;
  for (std::int64_t s : size)
    if (s < 1 || __builtin_mul_overflow(n, s, &n) || n > (std::int64_t{1} << 40))
      throw Error(ErrorKind::value, {"volume", "sizes of at least 1 that fit into memory",
                                     fmt::format("{} x {} x {}", size[0], size[1], size[2]), ""});
  return static_cast<std::size_t>(n);
}

Extent3 resampled_size(const Extent3& size, const Spacing3& spacing, const Spacing3& wanted) {
  Extent3 out;
  for (std::size_t a = 0; a < 3; ++a) {
    double n = std::floor(static_cast<double>(size[a]) * spacing[a] / wanted[a] + 0.5);
    out[a] = static_cast<std::int64_t>(std::clamp(n, 1.0, 1e12));
  }
  return out;
}

Volume resampled(const Volume& volume, const Extent3& size, const Spacing3& spacing, Interpolation interpolation) {
  Volume out{size, spacing, std::vector<float>(places(size))};
  std::array<std::vector<Neighbours>, 3> axes;
  for (std::size_t a = 0; a < 3; ++a)
    axes[a] = neighbours(volume.size[a], volume.spacing[a], size[a], spacing[a], interpolation);
  parallel_for(static_cast<std::size_t>(size[0]), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t z = begin; z < end; ++z)
      for (std::size_t y = 0; y < axes[1].size(); ++y) {
        const Neighbours &pz = axes[0][z], &py = axes[1][y];
        float* to = out.values.data() + (z * axes[1].size() + y) * axes[2].size();
        auto along_x = [&](std::int64_t at_z, std::int64_t at_y, const Neighbours& px) {
          const float* row = volume.values.data() + volume.at(at_z, at_y, 0);
          return between(row[px.low], row[px.high], px.share);
        };
        for (const Neighbours& px : axes[2]) {
          float low = between(along_x(pz.low, py.low, px), along_x(pz.low, py.high, px), py.share);
          *to++ = pz.share == 0
                      ? low
                      : between(low, between(along_x(pz.high, py.low, px), along_x(pz.high, py.high, px), py.share),
                                pz.share);
        }
      }
  });
  return out;
}

Volume cropped(const Volume& volume, const Extent3& wanted, float fill) {
  Volume out{wanted, volume.spacing, std::vector<float>(places(wanted), fill)};
  Extent3 first;
  for (std::size_t a = 0; a < 3; ++a) first[a] = (volume.size[a] - wanted[a]) / 2;
  std::int64_t x0 = std::max<std::int64_t>(0, -first[2]), x1 = std::min(wanted[2], volume.size[2] - first[2]);
  for (std::int64_t z = 0; z < wanted[0]; ++z)
    for (std::int64_t y = 0; y < wanted[1]; ++y) {
      std::int64_t from_z = z + first[0], from_y = y + first[1];
      if (from_z < 0 || from_z >= volume.size[0] || from_y < 0 || from_y >= volume.size[1]) continue;
      const float* from = volume.values.data() + volume.at(from_z, from_y, x0 + first[2]);
      std::copy(from, from + (x1 - x0), out.values.data() + out.at(z, y, x0));
    }
  return out;
}

}  // namespace gradus
