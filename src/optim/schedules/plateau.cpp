#include <algorithm>
#include <cmath>

#include "gradus/optim/schedule.h"

namespace gradus {
namespace {

struct PlateauParams {
  double gamma = 0.1;
  std::int64_t patience = 10;
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;
  double min_factor = 0;
  std::string monitor = "validation.loss";
  double warmup = 0;
  void fields(Fields& f) {
    f("gamma", gamma, inside(0, 1), "factor of each drop");
    f("patience", patience, at_least(0), "epochs without improvement that are accepted before a drop");
    f("min_delta", min_delta, at_least(0), "relative change that counts as an improvement");
    f("cooldown", cooldown, at_least(0), "epochs after a drop that are not counted");
    f("min_factor", min_factor, between(0, 1), "never below this share of the rate");
    f("monitor", monitor, "the number watched: a loss that should fall or a score that should rise");
    f("warmup", warmup, from_to(0, 1), "share of all steps over which the rate rises from 0");
  }
};

class Plateau final : public Schedule {
 public:
  using Params = PlateauParams;
  explicit Plateau(Params p) : params_(std::move(p)) {}

  std::string monitored() const override { return params_.monitor; }
  void observe(double value, bool larger) override {
    double least = params_.min_delta * std::abs(best_);
    bool better = !seen_ || (larger ? value > best_ + least : value < best_ - least);
    if (better && std::isfinite(value)) {
      seen_ = true;
      best_ = value;
      waited_ = 0;
    } else {
      ++waited_;
    }
    if (cooling_ > 0) {
      --cooling_;
      waited_ = 0;
    }
    if (waited_ > params_.patience) {
      factor_ = std::max(factor_ * params_.gamma, params_.min_factor);
      cooling_ = params_.cooldown;
      waited_ = 0;
    }
  }
  Value state() const override {
    Value v = Value::table();
    v.set("factor", factor_);
    if (seen_) v.set("best", best_);
    v.set("waited", waited_);
    v.set("cooling", cooling_);
    return v;
  }
  void restore(const Value& v) override {
    factor_ = v.at("factor").as_real();
    seen_ = v.find("best") != nullptr;
    if (seen_) best_ = v.at("best").as_real();
    waited_ = v.at("waited").as_integer();
    cooling_ = v.at("cooling").as_integer();
  }

 protected:
  double warmup() const override { return params_.warmup; }
  double rule(const Clock&) const override { return factor_; }

 private:
  Params params_;
  double factor_ = 1;
  bool seen_ = false;
  double best_ = 0;
  std::int64_t waited_ = 0, cooling_ = 0;
};

}  // namespace

void register_plateau(Catalog<Schedule>& catalog) {
  catalog.add<Plateau>("plateau", "Multiplied by gamma when the monitored number no longer improves.");
}

}  // namespace gradus
