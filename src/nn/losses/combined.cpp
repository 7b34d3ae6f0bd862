#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/nn/loss.h"

namespace gradus {
namespace {

struct CombinedParams {
  Value losses = Value::Array{Value("cross_entropy"), Value("dice")};
  Value weights;
  void fields(Fields& f) {
    f("losses", losses, "a list of losses", "the losses that are added, each a name or a table");
    f("weights", weights, "a list of numbers", "what each is multiplied by; left out: 1");
  }
};

class Combined final : public Loss {
 public:
  using Params = CombinedParams;
  Combined(const Params& p, const std::string& place) {
    std::string list = place + ".losses";
    const Value::Array& given = p.losses.as_array(list);
    if (given.empty()) throw Error(ErrorKind::config, {p.losses.place(list), "at least one loss", "an empty list", ""});
    for (std::size_t i = 0; i < given.size(); ++i)
      parts_.push_back(make_loss(given[i], list + "[" + std::to_string(i) + "]"));
    weights_.assign(parts_.size(), 1);
    if (!p.weights.is_null()) read_weights(p.weights, place + ".weights");
    check_parts(list);
  }
  std::string type() const override { return "combined"; }
  TargetKind target_kind() const override { return of_classes(*parts_[0]) ? TargetKind::classes : TargetKind::values; }
  std::int64_t outputs(std::int64_t classes) const override {
    std::int64_t least = classes;
    for (const auto& part : parts_) least = std::min(least, part->outputs(classes));
    return least;
  }
  bool takes(std::int64_t outputs, std::int64_t classes) const override {
    return std::all_of(parts_.begin(), parts_.end(), [=](const auto& part) { return part->takes(outputs, classes); });
  }
  Tensor operator()(const Tensor& prediction, const Tensor& target, const LossWeights& weights) const override {
    Tensor sum;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      Tensor own = target_for(*parts_[i], target);
      if (parts_[i]->target_kind() == TargetKind::values) own = own.to(prediction.dtype());
      Tensor term = (*parts_[i])(prediction, own, weights);
      if (weights_[i] != 1) term = mul(term, weights_[i]);
      sum = sum.defined() ? add(sum, term) : term;
    }
    return sum;
  }
  Tensor probabilities(const Tensor& prediction) const override { return speaker().probabilities(prediction); }
  bool gives_probabilities() const override { return speaker().gives_probabilities(); }

 private:
  // A loss of classes may take numbers: of one score, 0 or 1.
  static bool of_classes(const Loss& loss) { return loss.target_kind() == TargetKind::classes || loss.outputs(2) == 1; }
  void read_weights(const Value& given, const std::string& place) {
    const Value::Array& list = given.as_array(place);
    if (list.size() != parts_.size())
      throw Error(ErrorKind::config, {given.place(place), std::to_string(parts_.size()) + " numbers, one per loss",
                                      std::to_string(list.size()), ""});
    for (std::size_t i = 0; i < list.size(); ++i) {
      weights_[i] = list[i].as_real(place);
      if (!(weights_[i] > 0) || std::isinf(weights_[i]))
        throw Error(ErrorKind::config, {list[i].place(place), "numbers above 0", describe(list[i]), ""});
    }
  }
  void check_parts(const std::string& list) const {
    for (const auto& part : parts_) {
      if (of_classes(*part) != of_classes(*parts_[0]))
        throw Error(ErrorKind::config, list,
                    parts_[0]->type() + " and " + part->type() + " go apart: one is of classes, the other of numbers",
                    "combine losses of one kind");
      if (!part->takes(outputs(2), 2))
        throw Error(ErrorKind::config, list,
                    part->type() + " needs a score for each class, the others one score for two classes",
                    "use cross_entropy with it, not binary_cross_entropy");
    }
  }
  // Whose probabilities are those of all: the first that has some.
  const Loss& speaker() const {
    for (const auto& part : parts_)
      if (part->gives_probabilities()) return *part;
    return *parts_[0];
  }

  std::vector<double> weights_;
  std::vector<std::unique_ptr<Loss>> parts_;
};

}  // namespace

void register_combined(Catalog<Loss>& catalog) {
  catalog.add<Combined>("combined", "The sum of several losses, each times its weight: sum_j weight_j loss_j.");
}

}  // namespace gradus
