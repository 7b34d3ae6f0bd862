#include "gradus/nn/loss.h"

namespace gradus {
namespace {

template <PointwiseLoss kind>
class ValueLoss final : public Loss {
 public:
  using Params = NoParams;
  explicit ValueLoss(Params) {}
  std::string type() const override { return kind == PointwiseLoss::squared ? "mse" : "mae"; }
  TargetKind target_kind() const override { return TargetKind::values; }
  Tensor operator()(const Tensor& p, const Tensor& t, const LossWeights& w) const override {
    return pointwise_loss(kind, p, t, 0, w);
  }
};

struct HuberParams {
  double delta = 1;
  void fields(Fields& f) { f("delta", delta, above(0), "errors beyond this count linearly"); }
};

class Huber final : public Loss {
 public:
  using Params = HuberParams;
  explicit Huber(Params p) : params_(p) {}
  std::string type() const override { return "huber"; }
  TargetKind target_kind() const override { return TargetKind::values; }
  Tensor operator()(const Tensor& p, const Tensor& t, const LossWeights& w) const override {
    return pointwise_loss(PointwiseLoss::huber, p, t, params_.delta, w);
  }

 private:
  Params params_;
};

}  // namespace

void register_regression(Catalog<Loss>& catalog) {
  catalog.add<ValueLoss<PointwiseLoss::squared>>("mse", "Squared error: mean of (prediction - target)^2.");
  catalog.add<ValueLoss<PointwiseLoss::absolute>>("mae", "Absolute error: mean of |prediction - target|.");
  catalog.add<Huber>("huber", "e^2 / 2 up to delta, delta (|e| - delta / 2) beyond, e = prediction - target.",
                     "Huber, Robust estimation of a location parameter, 1964");
}

}  // namespace gradus
