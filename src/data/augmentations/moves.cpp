#include <cmath>

#include "gradus/base/error.h"
#include "gradus/data/augment.h"

namespace gradus {
namespace {

// What all moves have in common.
struct MoveParams {
  double probability = 1;
  std::string fill = "black";
  void fields(Fields& f) {
    f("probability", probability, between(0, 1), "how often it acts");
    f("fill", fill, kFills, "what comes into view: black, the edge's pixels, or the picture mirrored there");
  }
};

class Move : public Augmentation {
 public:
  explicit Move(const MoveParams& p) : probability_(p.probability), fill_(fill_of(p.fill)) {}
  std::optional<Fill> moves() const final { return fill_; }
  void move(Warp& warp, const AugmentedExample& e, const AugmentDraws& draws) const final {
    if (draws.happens(probability_)) warp.add(drawn(e, draws));
  }

 private:
  virtual Affine drawn(const AugmentedExample& e, const AugmentDraws& draws) const = 0;

  double probability_;
  Fill fill_;
};

struct ShiftParams : MoveParams {
  Value pixels, share;
  void fields(Fields& f) {
    f("pixels", pixels, "a whole number d for -d to d, or [low, high]", "how far, in whole pixels down and right");
    f("share", share, "a number d for -d to d, or [low, high]",
      "how far, as a share of height and width; left out with pixels: 0.1");
    MoveParams::fields(f);
  }
};

class Shift final : public Move {
 public:
  using Params = ShiftParams;
  Shift(const Params& p, const std::string& place) : Move(p), in_pixels_(!p.pixels.is_null()) {
    if (in_pixels_ && !p.share.is_null())
      throw Error(ErrorKind::config, place, "has both pixels and share", "leave one of them out");
    if (!in_pixels_) {
      range_ = drawn_range(p.share.is_null() ? Value(0.1) : p.share, between(-1, 1), place + ".share", 0);
      return;
    }
    range_ = drawn_range(p.pixels, between(-1e5, 1e5), place + ".pixels", 0);
    if (range_.low != std::floor(range_.low) || range_.high != std::floor(range_.high))
      throw Error(ErrorKind::config, {p.pixels.place(place + ".pixels"), "whole numbers", describe(p.pixels),
                                      "parts of pixels are drawn with share"});
  }

 private:
  Affine drawn(const AugmentedExample& e, const AugmentDraws& draws) const override {
    if (in_pixels_) return moved(whole(draws, 1), whole(draws, 2));
    return moved(draws.uniform(1, range_.low, range_.high) * static_cast<double>(e.height),
                 draws.uniform(2, range_.low, range_.high) * static_cast<double>(e.width));
  }
  double whole(const AugmentDraws& draws, std::uint32_t i) const {
    return std::floor(draws.uniform(i, range_.low, range_.high + 1));
  }

  bool in_pixels_;
  DrawnRange range_;
};

struct RotateParams : MoveParams {
  Value degrees = 10;
  void fields(Fields& f) {
    f("degrees", degrees, "a number d for -d to d, or [low, high]", "by how much it turns, counter-clockwise");
    MoveParams::fields(f);
  }
};

class Rotate final : public Move {
 public:
  using Params = RotateParams;
  Rotate(const Params& p, const std::string& place)
      : Move(p), range_(drawn_range(p.degrees, between(-360, 360), place + ".degrees", 0)) {}

 private:
  Affine drawn(const AugmentedExample&, const AugmentDraws& draws) const override {
    return turned(draws.uniform(1, range_.low, range_.high));
  }
  DrawnRange range_;
};

struct ZoomParams : MoveParams {
  Value factor = Value::Array{0.9, 1.1};
  bool keep_shape = true;
  void fields(Fields& f) {
    f("factor", factor, "a number, or [low, high]", "how much larger things become; below 1: smaller");
    f("keep_shape", keep_shape, "height and width change alike; false: each by a factor of its own");
    MoveParams::fields(f);
  }
};

class Zoom final : public Move {
 public:
  using Params = ZoomParams;
  Zoom(const Params& p, const std::string& place)
      : Move(p), range_(drawn_range(p.factor, between(0.01, 100), place + ".factor")), keep_shape_(p.keep_shape) {}

 private:
  Affine drawn(const AugmentedExample&, const AugmentDraws& draws) const override {
    double y = draws.uniform(1, range_.low, range_.high);
    return grown(y, keep_shape_ ? y : draws.uniform(2, range_.low, range_.high));
  }
  DrawnRange range_;
  bool keep_shape_;
};

struct ShearParams : MoveParams {
  Value degrees = 10;
  void fields(Fields& f) {
    f("degrees", degrees, "a number d for -d to d, or [low, high]", "by how much upright lines lean to the right");
    MoveParams::fields(f);
  }
};

class Shear final : public Move {
 public:
  using Params = ShearParams;
  Shear(const Params& p, const std::string& place)
      : Move(p), range_(drawn_range(p.degrees, between(-80, 80), place + ".degrees", 0)) {}

 private:
  Affine drawn(const AugmentedExample&, const AugmentDraws& draws) const override {
    return leaning(draws.uniform(1, range_.low, range_.high));
  }
  DrawnRange range_;
};

struct CropResizeParams : MoveParams {
  Value area = Value::Array{0.25, 1.0};
  Value ratio = Value::Array{0.75, 4.0 / 3};
  void fields(Fields& f) {
    f("area", area, "a number, or [low, high]", "share of the picture that is kept");
    f("ratio", ratio, "a number, or [low, high]", "width to height of what is kept, over that of the picture");
    MoveParams::fields(f);
  }
};

class CropResize final : public Move {
 public:
  using Params = CropResizeParams;
  CropResize(const Params& p, const std::string& place)
      : Move(p),
        area_(drawn_range(p.area, above_to(0, 1), place + ".area")),
        ratio_(drawn_range(p.ratio, between(0.01, 100), place + ".ratio")) {}

 private:
  Affine drawn(const AugmentedExample& e, const AugmentDraws& draws) const override {
    double area = draws.uniform(1, area_.low, area_.high);
    double ratio = std::exp(draws.uniform(2, std::log(ratio_.low), std::log(ratio_.high)));
    double tall = std::min(1.0, std::sqrt(area / ratio)), wide = std::min(1.0, std::sqrt(area * ratio));
    Affine out = grown(1 / tall, 1 / wide);
    out.shift = {draws.uniform(3, -0.5, 0.5) * (1 - tall) * static_cast<double>(e.height),
                 draws.uniform(4, -0.5, 0.5) * (1 - wide) * static_cast<double>(e.width)};
    return out;
  }
  DrawnRange area_, ratio_;
};

}  // namespace

void register_moves(Catalog<Augmentation>& catalog) {
  catalog.add<Shift>("shift", "Moves down and right, by whole pixels or by a share of height and width.");
  catalog.add<Rotate>("rotate", "Turns around the middle.");
  catalog.add<Zoom>("zoom", "Rescales around the middle; the size stays.");
  catalog.add<Shear>("shear", "Lets upright lines lean; rows keep their height.");
  catalog.add<CropResize>("crop_resize", "Cuts a random part out and rescales it to the whole size.",
                          "Szegedy et al., Going deeper with convolutions, CVPR 2015");
}

}  // namespace gradus
