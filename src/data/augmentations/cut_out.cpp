#include <algorithm>

#include "gradus/data/augment.h"

namespace gradus {
namespace {

struct CutOutParams {
  std::int64_t size = 8;
  double probability = 1;
  void fields(Fields& f) {
    f("size", size, between(1, 4096), "side of the square in pixels; its middle is anywhere in the picture");
    f("probability", probability, between(0, 1), "how often it acts");
  }
};

class CutOut final : public Augmentation {
 public:
  using Params = CutOutParams;
  explicit CutOut(Params p) : p_(p) {}
  void apply(AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(p_.probability)) return;
    Side down = drawn(draws, 1, e.height), right = drawn(draws, 2, e.width);
    std::int64_t length = (right.end - right.begin) * e.channels;
    for (std::int64_t z = 0; z < e.depth; ++z)
      for (std::int64_t y = down.begin; y < down.end; ++y)
        std::fill_n(e.values.data() + ((z * e.height + y) * e.width + right.begin) * e.channels, length, e.low);
  }

 private:
  struct Side {
    std::int64_t begin, end;
  };
  // The part of an axis of n places around a place of it.
  Side drawn(const AugmentDraws& draws, std::uint32_t i, std::int64_t n) const {
    auto middle = std::min(static_cast<std::int64_t>(draws.uniform(i, 0, static_cast<double>(n))), n - 1);
    std::int64_t begin = middle - p_.size / 2;
    return {std::clamp<std::int64_t>(begin, 0, n), std::clamp<std::int64_t>(begin + p_.size, 0, n)};
  }

  Params p_;
};

}  // namespace

void register_cut_out(Catalog<Augmentation>& catalog) {
  catalog.add<CutOut>("cut_out", "Blackens a square.",
                      "DeVries and Taylor, Improved regularization of convolutional neural networks with Cutout, 2017");
}

}  // namespace gradus
