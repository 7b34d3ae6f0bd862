#include <algorithm>

#include "gradus/data/augment.h"

namespace gradus {
namespace {

struct CropParams {
  std::int64_t padding = 4;
  double probability = 1;
  std::string fill = "black";
  void fields(Fields& f) {
    f("padding", padding, between(0, 4096), "pixels added at each edge before the crop");
    f("probability", probability, between(0, 1), "how often it acts");
    f("fill", fill, kFills, "what is added: black, the edge's pixels, or the picture mirrored there");
  }
};

struct Planes {
  std::int64_t depth, height, width, size;  // of `size` elements for each place
};

// Place (y, x) takes what stands at (y + down, x + right).
template <class T>
void take_from(std::span<T> values, const Planes& p, std::int64_t down, std::int64_t right, T black, Fill fill) {
  thread_local std::vector<T> before;
  before.assign(values.begin(), values.end());
  std::int64_t first = std::clamp<std::int64_t>(-right, 0, p.width),
               last = std::clamp<std::int64_t>(p.width - right, first, p.width);  // columns read inside
  for (std::int64_t row = 0; row < p.depth * p.height; ++row) {
    std::int64_t y = row % p.height, from_y = filled_place(y + down, p.height, fill);
    T* to = values.data() + row * p.width * p.size;
    if (from_y < 0) {
      std::fill_n(to, p.width * p.size, black);
      continue;
    }
    const T* from = before.data() + (row - y + from_y) * p.width * p.size;
    std::copy(from + (first + right) * p.size, from + (last + right) * p.size, to + first * p.size);
    auto beyond = [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t x = begin; x < end; ++x) {
        std::int64_t from_x = filled_place(x + right, p.width, fill);
        for (std::int64_t c = 0; c < p.size; ++c) to[x * p.size + c] = from_x < 0 ? black : from[from_x * p.size + c];
      }
    };
    beyond(0, first);
    beyond(last, p.width);
  }
}

class Crop final : public Augmentation {
 public:
  using Params = CropParams;
  explicit Crop(const Params& p) : padding_(p.padding), probability_(p.probability), fill_(fill_of(p.fill)) {}
  void apply(AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(probability_)) return;
    std::int64_t down = drawn(draws, 1), right = drawn(draws, 2);
    if (!e.target.empty()) crop_target(e, down, right);
    take_from(e.values, {e.depth, e.height, e.width, e.channels}, down, right, e.low, fill_);
    if (!e.mask.empty()) take_from(e.mask, {e.depth, e.height, e.width, 1}, down, right, 0, fill_);
  }

 private:
  std::int64_t drawn(const AugmentDraws& draws, std::uint32_t i) const {
    auto place = static_cast<std::int64_t>(draws.uniform(i, 0, static_cast<double>(2 * padding_ + 1)));
    return std::min(place, 2 * padding_) - padding_;
  }

  // A target picture moves as far, measured in its own pixels; where that is not a whole number it is interpolated.
  void crop_target(const AugmentedExample& e, std::int64_t down, std::int64_t right) const {
    if (down * e.target_height % e.height == 0 && right * e.target_width % e.width == 0) {
      take_from(e.target, {1, e.target_height, e.target_width, e.target_channels}, down * e.target_height / e.height,
                right * e.target_width / e.width, e.target_low, fill_);
      return;
    }
    AugmentedExample target = e;
    target.values = {};
    target.mask = {};
    Warp warp;
    warp.begin(e.height, e.width);
    warp.add(moved(-static_cast<double>(down), -static_cast<double>(right)));
    warp.apply(target, fill_);
  }

  std::int64_t padding_;
  double probability_;
  Fill fill_;
};

}  // namespace

void register_crops(Catalog<Augmentation>& catalog) {
  catalog.add<Crop>("crop", "Adds a border and cuts the picture's size out of it at a random place.",
                    "He et al., Deep residual learning for image recognition, CVPR 2016");
}

}  // namespace gradus
