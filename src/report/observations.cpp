#include "gradus/report/observations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gradus/report/display.h"
#include "gradus/report/run_facts.h"

namespace gradus {
namespace {

using Kind = Observation::Kind;
using Values = std::vector<double>;

class Observer {
 public:
  explicit Observer(const RunReport& report) : report_(report), part_(result_part(report)) {
    train_ = values("train.loss");
    validation_ = values("validation.loss");
    if (metric(report, part_, "mean_dice")) return;  // places of one image are no rows: they hang together
    counts_ = confusion(report, part_);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      support_.push_back(std::accumulate(counts_[i].begin(), counts_[i].end(), 0.0));
      rows_ += support_[i];
      right_ += counts_[i][i];
      for (double count : counts_[i]) whole_rows_ = whole_rows_ && count == std::floor(count);
    }
  }

  std::vector<Observation> all() {
    if (!diverged()) {
      no_learning();
      course_of_validation();
      unfinished();
      unsteady();
    }
    against_constant();
    gap();
    weak_class();
    commonest_mistake();
    imbalance();
    return std::move(found_);
  }

 private:
  Values values(const char* name) const {
    const EpochSeries* series = find_series(report_, name);
    return series ? series->values : Values{};
  }
  void say(Kind kind, std::string text) { found_.push_back({kind, std::move(text)}); }
  static bool finite(const Values& v) {
    return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
  }

  // The epoch in which the loss stopped being finite, or 0. A validation loss may be missing in any epoch (not a
  // number); a training loss may not, at the end.
  static int epoch_of_divergence(const Values& loss, bool may_be_missing) {
    for (std::size_t i = 0; i < loss.size(); ++i)
      if (std::isinf(loss[i])) return static_cast<int>(i) + 1;
    std::size_t measured = loss.size();
    while (measured > 0 && std::isnan(loss[measured - 1])) --measured;
    return may_be_missing || measured == loss.size() ? 0 : static_cast<int>(measured) + 1;
  }

  bool diverged() {
    int train = epoch_of_divergence(train_, false), validation = epoch_of_divergence(validation_, true);
    if (train == 0 && validation == 0) return false;
    say(Kind::warning,
        fmt::format("The {} loss stopped being a finite number in epoch {}: training diverged. A smaller "
                    "learning rate, gradient clipping or scaled inputs usually help.",
                    train > 0 ? "training" : "validation", train > 0 ? train : validation));
    return true;
  }

  void no_learning() {
    if (train_.size() < 2 || !finite(train_)) return;
    double first = train_.front(), best = *std::min_element(train_.begin(), train_.end());
    if (first - best < 0.01 * std::abs(first))
      say(Kind::warning,
          fmt::format("The training loss hardly moved ({} in the first epoch, {} at best): the model did "
                      "not learn. Try another learning rate, check the targets and scale the inputs.",
                      format_number(first), format_number(best)));
  }

  // How a loss went from the first epochs since `best` to the last ones: -1 down, 1 up, 0 by less than 2 % or than
  // twice what it usually jumps from one epoch to the next.
  static int trend(const Values& loss, int best) {
    int last = static_cast<int>(loss.size()), span = std::max(2, (last - best) / 3);
    auto mean = [&](int begin, int end) {
      return std::accumulate(loss.begin() + begin, loss.begin() + end, 0.0) / (end - begin);
    };
    double jumps = 0;
    for (int i = best; i < last; ++i) jumps += std::abs(loss[i] - loss[i - 1]);
    double before = mean(best - 1, best - 1 + span), change = mean(last - span, last) - before;
    if (std::abs(change) < std::max(0.02 * std::abs(before), 2 * jumps / (last - best))) return 0;
    return change < 0 ? -1 : 1;
  }

  void course_of_validation() {
    int best = best_epoch(validation_), last = static_cast<int>(validation_.size());
    if (best == 0 || last - best < 3 || !finite(validation_) || !finite(train_) || train_.size() != validation_.size())
      return;
    bool kept = report_.kept_epoch == best;
    double lowest = validation_[best - 1], end = validation_.back();
    int train = trend(train_, best);
    if (train < 0 && trend(validation_, best) > 0)
      say(kept ? Kind::note : Kind::warning,
          fmt::format("Over-fitting: after epoch {} the validation loss rose (from {} to {}) while the training loss "
                      "went on falling. {}",
                      best, format_number(lowest), format_number(end),
                      kept ? "The weights of that epoch were kept."
                           : "Early stopping, more data, dropout, weight decay or a smaller model work against it."));
    else if (end > 1.02 * lowest)
      say(Kind::note, fmt::format("The validation loss has not improved since epoch {} ({}){}.{}", best,
                                  format_number(lowest), train < 0 ? "" : ", nor has the training loss clearly fallen",
                                  kept ? " The weights of that epoch were kept." : ""));
  }

  void unfinished() {
    const Values& loss = validation_.empty() ? train_ : validation_;
    const char* which = validation_.empty() ? "training" : "validation";
    int last = static_cast<int>(loss.size()), tenth = std::max(3, last / 10);
    if (last <= tenth || !finite(loss) || best_epoch(loss) != last) return;
    double before = loss[last - 1 - tenth], fall = before - loss.back();
    if (fall >= 0.02 * std::abs(before))
      say(Kind::note, fmt::format("The {} loss was still falling when training ended (by {} over the last {} epochs): "
                                  "more epochs may give a better model.",
                                  which, format_share(fall / std::abs(before)), tenth));
  }

  void unsteady() {
    if (train_.size() < 10 || !finite(train_)) return;
    double rises = 0, falls = 0;
    for (std::size_t i = 1; i < train_.size(); ++i) {
      double change = train_[i] - train_[i - 1];
      (change > 0 ? rises : falls) += std::abs(change);
    }
    if (falls > 0 && rises >= 0.5 * falls)
      say(Kind::note,
          "The training loss jumps up and down from epoch to epoch: the learning rate may be too high or "
          "the batches too small.");
  }

  std::string class_name(std::size_t i) const { return class_names(report_, i + 1)[i]; }
  static std::string rows_text(double rows) { return format_count(std::llround(rows)); }

  void against_constant() {
    if (auto r2 = metric(report_, part_, "r2")) {
      if (*r2 <= 0)
        say(Kind::warning, fmt::format("On the {} part R² is {}: always answering the mean would do as well or better.",
                                       part_, format_number(*r2)));
      else
        say(Kind::good, fmt::format("On the {} part the model explains {} of the target's variance (R² {}); always "
                                    "answering the mean explains none.",
                                    part_, format_share(*r2), format_number(*r2)));
    }
    if (std::optional<Observation> forecasts = against_naive(report_)) found_.push_back(std::move(*forecasts));
    if (rows_ <= 0 || !whole_rows_) return;
    std::size_t commonest = std::max_element(support_.begin(), support_.end()) - support_.begin();
    double constant = support_[commonest] / rows_;
    auto [low, high] = wilson_interval(right_, rows_);
    std::string facts =
        fmt::format("On the {} part {} of {} rows are right (95 % interval {} to {})", part_,
                    format_share(right_ / rows_), rows_text(rows_), format_share(low), format_share(high));
    if (low > constant)
      say(Kind::good,
          fmt::format("{}; always answering “{}” would get {}.", facts, class_name(commonest), format_share(constant)));
    else
      say(Kind::warning, fmt::format("{}: not clearly better than always answering “{}”, which gets {}.", facts,
                                     class_name(commonest), format_share(constant)));
  }

  void gap() {
    if (part_ == "train") return;
    for (const char* key : {"accuracy", "r2"}) {
      auto train = metric(report_, "train", key), result = metric(report_, part_, key);
      if (!train || !result || !(*train - *result > 0.1)) continue;
      // Few rows may differ by luck, and what knows nothing has not learned by heart.
      bool counted = key[0] == 'a' && rows_ > 0 && whole_rows_;
      if (counted ? *train <= wilson_interval(right_, rows_).second : *train <= 0) continue;
      say(Kind::warning,
          fmt::format("{} is {} on the training part but {} on the {} part: the model knows its "
                      "training examples better than what they have in common.",
                      key[0] == 'r' ? "R²" : "Accuracy", format_number(*train), format_number(*result), part_));
    }
  }

  void weak_class() {
    double lowest = INFINITY;
    std::size_t weakest = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (support_[i] < 5 || counts_[i][i] / support_[i] >= lowest) continue;
      lowest = counts_[i][i] / support_[i];
      weakest = i;
    }
    if (rows_ > 0 && lowest < right_ / rows_ - 0.15)
      say(Kind::warning, fmt::format("“{}” is recognised least often: {} of its {} rows are found.",
                                     class_name(weakest), format_share(lowest), rows_text(support_[weakest])));
  }

  void commonest_mistake() {
    auto worst = worst_confusions(counts_, 1);
    if (worst.empty() || worst[0].count < 2) return;  // a single row is no habit
    const Confusion& w = worst[0];
    say(Kind::note, fmt::format("The commonest mistake is “{}” taken for “{}”: {} of {} rows.", class_name(w.truth),
                                class_name(w.predicted), rows_text(w.count), rows_text(w.of)));
  }

  void imbalance() {
    if (support_.empty()) return;
    auto [least, most] = std::minmax_element(support_.begin(), support_.end());
    if (*least > 0 && *most >= 10 * *least)
      say(Kind::note, fmt::format("The classes are unbalanced (“{}” has {} rows, “{}” {}): accuracy says little about "
                                  "the rare ones; look at macro F1 and at each class.",
                                  class_name(most - support_.begin()), rows_text(*most),
                                  class_name(least - support_.begin()), rows_text(*least)));
  }

  const RunReport& report_;
  std::string part_;
  Values train_, validation_;
  std::vector<Values> counts_;  // confusion matrix of the result part
  Values support_;              // rows of each true class
  double rows_ = 0, right_ = 0;
  bool whole_rows_ = true;  // false where example weights make them sums of weights
  std::vector<Observation> found_;
};

}  // namespace

std::vector<Observation> observe(const RunReport& report) { return Observer(report).all(); }

std::optional<Observation> against_naive(const RunReport& report) {
  std::string part = result_part(report);
  const Value* metrics = part.empty() ? nullptr : report.metrics.find(part);
  const Value *naive = metrics ? metrics->find("naive") : nullptr,
              *seasonal = metrics ? metrics->find("seasonal_naive") : nullptr;
  if (naive == nullptr) return std::nullopt;
  const char* key = metrics->find("mase") ? "mase" : "mae";
  double own = metrics->at(key).as_real(), last = naive->at(key).as_real();
  std::string text =
      fmt::format("On the {} part the forecasts' {} is {}, ", part, key[2] == 's' ? "MASE" : "MAE", format_number(own));
  if (seasonal == nullptr) {
    text += fmt::format("that of the naive forecast {}: the model {} it.", format_number(last),
                        own < last ? "beats" : "does not beat");
    return Observation{own < last ? Observation::Kind::good : Observation::Kind::warning, text};
  }
  double before = seasonal->at(key).as_real();
  text += fmt::format("that of the seasonal naive forecast {} ({}) and that of the naive one {}: the model ",
                      format_number(before), format_count(seasonal->at("season").as_integer()) + " steps",
                      format_number(last));
  if ((own < before) == (own < last))
    text += own < before ? "beats both." : "beats neither.";
  else
    text += own < before ? "beats the seasonal naive forecast but not the naive one."
                         : "beats the naive forecast but not the seasonal naive one.";
  return Observation{own < before && own < last ? Observation::Kind::good : Observation::Kind::warning, text};
}

std::pair<double, double> wilson_interval(double successes, double n) {
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 97.5 % point
  double p = successes / n, z2 = kZ * kZ / n;
  double centre = (p + z2 / 2) / (1 + z2);
  double half = kZ / (1 + z2) * std::sqrt(p * (1 - p) / n + z2 / (4 * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

int best_epoch(const std::vector<double>& values) {
  int best = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::isfinite(values[i]) && (best == 0 || values[i] < values[best - 1])) best = static_cast<int>(i) + 1;
  return best;
}

}  // namespace gradus
