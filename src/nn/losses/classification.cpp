#include "gradus/base/error.h"
#include "gradus/nn/loss.h"

namespace gradus {
namespace {

class BinaryCrossEntropy final : public Loss {
 public:
  using Params = NoParams;
  explicit BinaryCrossEntropy(Params) {}
  std::string type() const override { return "binary_cross_entropy"; }
  TargetKind target_kind() const override { return TargetKind::values; }
  std::int64_t outputs(std::int64_t) const override { return 1; }
  Tensor operator()(const Tensor& z, const Tensor& t, const LossWeights& w) const override {
    return pointwise_loss(PointwiseLoss::binary_cross_entropy, z, t, 0, w);
  }
  Tensor probabilities(const Tensor& z) const override { return sigmoid(z); }
  bool gives_probabilities() const override { return true; }
};

struct CrossEntropyParams {
  double label_smoothing = 0;
  void fields(Fields& f) {
    f("label_smoothing", label_smoothing, from_to(0, 1), "share of the target spread evenly over all classes");
  }
};

class CrossEntropy final : public Loss {
 public:
  using Params = CrossEntropyParams;
  explicit CrossEntropy(Params p) : params_(p) {}
  std::string type() const override { return "cross_entropy"; }
  TargetKind target_kind() const override { return TargetKind::classes; }
  Tensor operator()(const Tensor& z, const Tensor& t, const LossWeights& w) const override {
    if (t.dtype() == Dtype::i32) return cross_entropy(z, t, params_.label_smoothing, w);
    double even = params_.label_smoothing / static_cast<double>(z.dim(-1));
    Tensor q = params_.label_smoothing > 0 ? t.detach() * (1 - params_.label_smoothing) + even : t;
    return cross_entropy_soft(z, q, false, w);
  }
  Tensor probabilities(const Tensor& z) const override { return softmax(z); }
  bool gives_probabilities() const override { return true; }
  bool takes_distributions() const override { return true; }

 private:
  Params params_;
};

class KlDivergence final : public Loss {
 public:
  using Params = NoParams;
  explicit KlDivergence(Params) {}
  std::string type() const override { return "kl_divergence"; }
  TargetKind target_kind() const override { return TargetKind::classes; }
  // Class numbers are distributions with all weight on one class, whose own entropy is 0.
  Tensor operator()(const Tensor& z, const Tensor& t, const LossWeights& w) const override {
    return t.dtype() == Dtype::i32 ? cross_entropy(z, t, 0, w) : cross_entropy_soft(z, t, true, w);
  }
  Tensor probabilities(const Tensor& z) const override { return softmax(z); }
  bool gives_probabilities() const override { return true; }
  bool takes_distributions() const override { return true; }
};

struct HingeParams {
  double margin = 1;
  void fields(Fields& f) { f("margin", margin, above(0), "how far the right score must be ahead"); }
};

class Hinge final : public Loss {
 public:
  using Params = HingeParams;
  explicit Hinge(Params p) : params_(p) {}
  std::string type() const override { return "hinge"; }
  TargetKind target_kind() const override { return TargetKind::classes; }
  std::int64_t outputs(std::int64_t classes) const override { return classes == 2 ? 1 : classes; }
  Tensor operator()(const Tensor& z, const Tensor& t, const LossWeights& w) const override {
    if (t.dtype() == Dtype::i32 && z.rank() >= 1 && z.dim(-1) > 1) return multi_hinge(z, t, params_.margin, w);
    Tensor target = t.dtype() == Dtype::i32 ? reshape(t.to(z.dtype()), z.shape()) : t;
    return pointwise_loss(PointwiseLoss::hinge, z, target, params_.margin, w);
  }

 private:
  Params params_;
};

}  // namespace

void register_classification(Catalog<Loss>& catalog) {
  catalog.add<BinaryCrossEntropy>("binary_cross_entropy",
                                  "From a score z and a target t in [0, 1]: log(1 + exp(z)) - t z.");
  catalog.add<CrossEntropy>("cross_entropy",
                            "From scores z and a class c: -log softmax(z)_c; or a distribution q: "
                            "-sum q log softmax(z).");
  catalog.add<KlDivergence>("kl_divergence", "From scores z and a distribution q: sum q (log q - log softmax(z)).",
                            "Kullback, Leibler, On information and sufficiency, 1951");
  catalog.add<Hinge>("hinge",
                     "Two classes: max(0, margin - y z), y = -1 or 1; more: sum over j != c of "
                     "max(0, margin - z_c + z_j).",
                     "Weston, Watkins, Multi-class support vector machines, 1998");
}

}  // namespace gradus
