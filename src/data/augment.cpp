#include "gradus/data/augment.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/data/numbers.h"

namespace gradus {

void register_augmentations(Catalog<Augmentation>& catalog);

const Catalog<Augmentation>& augmentations() {
  static const Catalog<Augmentation> catalog = [] {
    Catalog<Augmentation> c("augmentation");
    register_augmentations(c);
    return c;
  }();
  return catalog;
}

DrawnRange drawn_range(const Value& value, const Bound& bound, const std::string& place, std::optional<double> around) {
  auto fail = [&](const std::string& given) -> Error {
    std::string ends = bound.text().empty() ? "" : ", each " + bound.text();
    return {ErrorKind::config, {value.place(place), "a number, or [low, high]" + ends, given, ""}};
  };
  DrawnRange r;
  if (value.is_array()) {
    if (value.as_array().size() != 2) throw fail(describe(value));
    r = {value.as_array()[0].as_real(place + "[0]"), value.as_array()[1].as_real(place + "[1]")};
  } else {
    double d = value.as_real(place);
    r = around ? DrawnRange{*around - d, *around + d} : DrawnRange{d, d};
  }
  if (!std::isfinite(r.low) || !std::isfinite(r.high) || r.low > r.high || !bound.holds(r.low) || !bound.holds(r.high))
    throw fail(number_text(r.low) + " to " + number_text(r.high));
  return r;
}

Augmenter::Augmenter(const Value& list, std::uint64_t seed, const std::string& place) {
  if (list.is_null()) return;
  std::size_t i = 0;
  for (const Value& spec : list.as_array(place)) {
    std::string number = std::to_string(i++);
    steps_.push_back(
        {augmentations().make(spec, place + "[" + number + "]"), RandomKey{seed, 0, 0}.in("augment").in(number)});
  }
}

bool Augmenter::mixes() const {
  return std::ranges::any_of(steps_, [](const Step& s) { return s.transform->mixes(); });
}

void Augmenter::apply(AugmentedExample& example, std::uint32_t row, std::int64_t epoch) const {
  thread_local Warp warp;
  std::optional<Fill> fill;  // of the moves that wait
  for (const Step& step : steps_) {
    std::optional<Fill> moves = step.transform->moves();
    if (fill && fill != moves) warp.apply(example, *fill);
    if (moves && fill != moves) warp.begin(example.height, example.width);
    fill = moves;
    if (moves)
      step.transform->move(warp, example, step.draws(row, epoch));
    else
      step.transform->apply(example, step.draws(row, epoch));
  }
  if (fill) warp.apply(example, *fill);
}

namespace {

// values[i] of each example becomes share * its own + (1 - share) * its partner's.
void mix_rows(Tensor& values, std::span<const std::size_t> partner, std::span<const float> share) {
  Tensor before = values.copy();
  std::size_t width = static_cast<std::size_t>(values.size()) / partner.size();
  float* to = values.mutable_data<float>();
  for (std::size_t i = 0; i < partner.size(); ++i) {
    const float *own = before.data<float>() + i * width, *other = before.data<float>() + partner[i] * width;
    for (std::size_t k = 0; k < width; ++k) to[i * width + k] = share[i] * own[k] + (1 - share[i]) * other[k];
  }
}

}  // namespace

void Augmenter::mix(Batch& batch, std::span<const std::uint32_t> rows, std::int64_t epoch) const {
  for (const Step& step : steps_) {
    if (!step.transform->mixes() || rows.empty()) continue;
    std::vector<std::size_t> partner;
    std::vector<float> share;
    for (std::uint32_t row : rows) {
      AugmentDraws draws = step.draws(row, epoch);
      auto place = static_cast<std::size_t>(draws.uniform(1, 0, static_cast<double>(rows.size())));
      partner.push_back(std::min(place, rows.size() - 1));
      share.push_back(static_cast<float>(step.transform->kept_share(draws)));
    }
    mix_rows(batch.inputs, partner, share);
    mix_rows(batch.target, partner, share);
  }
}

}  // namespace gradus
