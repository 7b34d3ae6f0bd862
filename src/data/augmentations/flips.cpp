#include <algorithm>

#include "gradus/data/augment.h"

namespace gradus {
namespace {

struct FlipParams {
  double probability = 0.5;
  void fields(Fields& f) { f("probability", probability, between(0, 1), "how often it flips"); }
};

// Mirrors `count` rows of `width` neighbours of `size` elements each.
template <class T>
void mirror(std::span<T> values, std::int64_t count, std::int64_t width, std::int64_t size) {
  for (std::int64_t r = 0; r < count; ++r) {
    T* row = values.data() + r * width * size;
    if (size == 1) {
      std::reverse(row, row + width);
      continue;
    }
    for (std::int64_t a = 0, b = width - 1; a < b; ++a, --b)
      std::swap_ranges(row + a * size, row + (a + 1) * size, row + b * size);
  }
}

class FlipHorizontal final : public Augmentation {
 public:
  using Params = FlipParams;
  explicit FlipHorizontal(Params p) : p_(p) {}
  void apply(AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(p_.probability)) return;
    mirror(e.values, e.depth * e.height, e.width, e.channels);
    if (!e.mask.empty()) mirror(e.mask, e.depth * e.height, e.width, 1);
    if (!e.target.empty()) mirror(e.target, e.target_height, e.target_width, e.target_channels);
  }

 private:
  Params p_;
};

class FlipVertical final : public Augmentation {
 public:
  using Params = FlipParams;
  explicit FlipVertical(Params p) : p_(p) {}
  void apply(AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(p_.probability)) return;
    mirror(e.values, e.depth, e.height, e.width * e.channels);
    if (!e.mask.empty()) mirror(e.mask, e.depth, e.height, e.width);
    if (!e.target.empty()) mirror(e.target, 1, e.target_height, e.target_width * e.target_channels);
  }

 private:
  Params p_;
};

class FlipDepth final : public Augmentation {
 public:
  using Params = FlipParams;
  explicit FlipDepth(Params p) : p_(p) {}
  void apply(AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(p_.probability)) return;
    mirror(e.values, 1, e.depth, e.height * e.width * e.channels);
    if (!e.mask.empty()) mirror(e.mask, 1, e.depth, e.height * e.width);
  }

 private:
  Params p_;
};

}  // namespace

void register_flips(Catalog<Augmentation>& catalog) {
  catalog.add<FlipHorizontal>("flip_horizontal", "Mirrors left and right.");
  catalog.add<FlipVertical>("flip_vertical", "Mirrors up and down.");
  catalog.add<FlipDepth>("flip_depth", "Mirrors the order of a volume's slices.");
}

}  // namespace gradus
