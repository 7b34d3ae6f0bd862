#include "gradus/data/resample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>

namespace gradus {
namespace {

constexpr double kCrossings = 32;  // on either side
constexpr double kBeta = 9;
constexpr double kCutoff = 0.91;  // the middle of the transition, in halves of the lower rate

// Modified Bessel function of the first kind and order 0, by its power series.
double bessel0(double x) {
  double term = 1, sum = 1;
  for (int k = 1; term > 1e-17 * sum; ++k) {
    term *= (x / 2) / k * ((x / 2) / k);
    sum += term;
  }
  return sum;
}

// The filter for one ratio of rates up / down, in lowest terms.
class Polyphase {
 public:
  Polyphase(std::int64_t up, std::int64_t down)
      : up_(up), step_(std::min(1.0, static_cast<double>(up) / static_cast<double>(down)) * kCutoff) {
    reach_ = static_cast<std::int64_t>(std::ceil(kCrossings / step_));
    weights_.resize(static_cast<std::size_t>(2 * reach_));
  }

  // Output i lies at i down / up between the samples first - 1 + reach and the next; its weights are of the samples
  // first, first + 1, ... which lie at most `reach` away.
  const std::vector<double>& at(std::int64_t numerator) {
    double fraction = static_cast<double>(numerator) / static_cast<double>(up_);
    for (std::int64_t j = 0; j < 2 * reach_; ++j)
      weights_[static_cast<std::size_t>(j)] = value(fraction + static_cast<double>(reach_ - 1 - j));
    return weights_;
  }
  std::int64_t reach() const { return reach_; }

 private:
  // At a distance in samples of the sound.
  double value(double distance) const {
    double x = distance * step_, inside = 1 - (x / kCrossings) * (x / kCrossings);
    if (inside <= 0) return 0;
    double sinc = x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
    return step_ * sinc * bessel0(kBeta * std::sqrt(inside)) / kWhole;
  }

  static inline const double kWhole = bessel0(kBeta);
  std::int64_t up_;
  double step_;  // zero crossings a sample
  std::int64_t reach_;
  std::vector<double> weights_;
};

}  // namespace

std::vector<double> resampled(std::span<const double> sound, int from, int to) {
  if (from == to) return {sound.begin(), sound.end()};
  std::int64_t common = std::gcd(from, to), up = to / common, down = from / common;
  auto n = static_cast<std::int64_t>(sound.size());
  std::int64_t size = (n * up + down - 1) / down;
  std::vector<double> out(static_cast<std::size_t>(size));
  Polyphase filter(up, down);
  // Outputs `up` apart have the same weights.
  for (std::int64_t phase = 0; phase < std::min(up, size); ++phase) {
    const std::vector<double>& weights = filter.at(phase * down % up);
    for (std::int64_t i = phase; i < size; i += up) {
      std::int64_t first = i * down / up - filter.reach() + 1;
      std::int64_t begin = std::max<std::int64_t>(0, -first),
                   end = std::min<std::int64_t>(static_cast<std::int64_t>(weights.size()), n - first);
      double sum = 0;
      for (std::int64_t j = begin; j < end; ++j)
        sum += weights[static_cast<std::size_t>(j)] * sound[static_cast<std::size_t>(first + j)];
      out[static_cast<std::size_t>(i)] = sum;
    }
  }
  return out;
}

}  // namespace gradus
