#include "gradus/base/error.h"
#include "gradus/nn/loss.h"

namespace gradus {
namespace {

// Shared by Dice and Tversky.
struct OverlapParams {
  double smooth = 1;
  bool background = true;
  bool per_example = false;
  void fields(Fields& f) {
    f("smooth", smooth, at_least(0), "added above and below the fraction, so that absent classes are no 0 / 0");
    f("background", background, "whether class 0 counts as the others do");
    f("per_example", per_example, "the mean of each example's own loss, in place of one over the whole batch");
  }
  Overlap form() const {
    Overlap o;
    o.smooth = smooth;
    o.background = background;
    o.per_example = per_example;
    return o;
  }
};

class OverlapLoss : public Loss {
 public:
  explicit OverlapLoss(const Overlap& form) : form_(form) {}
  TargetKind target_kind() const override { return TargetKind::classes; }
  bool takes(std::int64_t outputs, std::int64_t classes) const override {
    return outputs == classes || (outputs == 1 && classes == 2);
  }
  Tensor operator()(const Tensor& z, const Tensor& t, const LossWeights& w) const override {
    return overlap_loss(z, t, form_, w);
  }
  Tensor probabilities(const Tensor& z) const override { return z.dim(-1) == 1 ? sigmoid(z) : softmax(z); }
  bool gives_probabilities() const override { return true; }

 private:
  Overlap form_;
};

struct DiceParams : OverlapParams {
  bool squared = false;
  void fields(Fields& f) {
    OverlapParams::fields(f);
    f("squared", squared, "probabilities are squared below the fraction");
  }
};

class Dice final : public OverlapLoss {
 public:
  using Params = DiceParams;
  explicit Dice(const Params& p) : OverlapLoss(form_of(p)) {}
  std::string type() const override { return "dice"; }

 private:
  static Overlap form_of(const Params& p) {
    Overlap o = p.form();
    o.smooth /= 2;
    o.squared = p.squared;
    return o;
  }
};

struct TverskyParams : OverlapParams {
  double alpha = 0.3, beta = 0.7;
  void fields(Fields& f) {
    f("alpha", alpha, at_least(0), "how much places wrongly given to a class count");
    f("beta", beta, at_least(0), "how much a class's missed places count");
    OverlapParams::fields(f);
  }
};

class Tversky final : public OverlapLoss {
 public:
  using Params = TverskyParams;
  explicit Tversky(const Params& p) : OverlapLoss(form_of(p)) {}
  std::string type() const override { return "tversky"; }

 private:
  static Overlap form_of(const Params& p) {
    Overlap o = p.form();
    o.alpha = p.alpha;
    o.beta = p.beta;
    return o;
  }
};

}  // namespace

void register_segmentation(Catalog<Loss>& catalog) {
  catalog.add<Dice>("dice", "1 - mean over the classes of (2 I + smooth) / (P + T + smooth), see the losses' page.",
                    "Milletari, Navab, Ahmadi, V-Net, 3DV 2016");
  catalog.add<Tversky>("tversky",
                       "1 - mean over the classes of (I + smooth) / (I + alpha (P - I) + beta (T - I) + smooth).",
                       "Salehi, Erdogmus, Gholipour, Tversky loss function for image segmentation, MLMI 2017");
}

}  // namespace gradus
