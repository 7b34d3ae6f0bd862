#include "gradus/data/augment.h"
#include "gradus/data/smooth.h"

namespace gradus {
namespace {

struct ElasticParams {
  double alpha = 34;
  double sigma = 4;
  double probability = 1;
  std::string fill = "black";
  void fields(Fields& f) {
    f("alpha", alpha, between(0, 1e4),
      "how strongly: times the smoothed field of uniform numbers in [-1, 1), in pixels");
    f("sigma", sigma, between(0.1, 64), "of the Gaussian that smooths the field, in pixels: larger, less crumpled");
    f("probability", probability, between(0, 1), "how often it acts");
    f("fill", fill, kFills, "what comes into view: black, the edge's pixels, or the picture mirrored there");
  }
};

class Elastic final : public Augmentation {
 public:
  using Params = ElasticParams;
  explicit Elastic(const Params& p) : p_(p), fill_(fill_of(p.fill)), smooth_(p.sigma) {}
  std::optional<Fill> moves() const override { return fill_; }
  void move(Warp& warp, const AugmentedExample& e, const AugmentDraws& draws) const override {
    if (!draws.happens(p_.probability)) return;
    thread_local std::vector<float> down, right;
    auto places = static_cast<std::uint32_t>(e.height * e.width);
    draw_field(draws, AugmentDraws::kFields, e, down);
    draw_field(draws, AugmentDraws::kFields + places, e, right);
    warp.add(down, right);
  }

 private:
  void draw_field(const AugmentDraws& draws, std::uint32_t first, const AugmentedExample& e,
                  std::vector<float>& field) const {
    field.resize(static_cast<std::size_t>(e.height * e.width));
    draws.fill_uniform(first, field);
    for (float& v : field) v = (2 * v - 1) * static_cast<float>(p_.alpha);
    smooth_(field, e.height, e.width, 1, Fill::black);
  }

  Params p_;
  Fill fill_;
  GaussianSmooth smooth_;
};

}  // namespace

void register_elastic(Catalog<Augmentation>& catalog) {
  catalog.add<Elastic>("elastic", "Moves each pixel by a smooth random field, as if drawn on rubber.",
                       "Simard et al., Best practices for convolutional neural networks, ICDAR 2003");
}

}  // namespace gradus
