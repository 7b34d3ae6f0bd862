#include "gradus/model/image_scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "gradus/base/error.h"

namespace gradus {
namespace {

const char* const kPlace = "metrics";
constexpr int kReach = 5, kWindow = 2 * kReach + 1;
constexpr double kDeviation = 1.5;

std::array<double, kWindow> gaussian() {
  std::array<double, kWindow> w;
  double sum = 0;
  for (int i = 0; i < kWindow; ++i)
    sum += w[i] = std::exp(-0.5 * (i - kReach) * (i - kReach) / kDeviation / kDeviation);
  for (double& v : w) v /= sum;
  return w;
}

// The weighted means over all windows that lie inside an array of `size`.
std::vector<double> windows(std::vector<double> values, Shape size) {
  static const std::array<double, kWindow> weights = gaussian();
  for (int axis = 0; axis < size.rank(); ++axis) {
    std::int64_t n = size[axis], left = n - kWindow + 1, inner = size.product(axis + 1, size.rank()),
                 outer = size.product(0, axis);
    std::vector<double> means(static_cast<std::size_t>(outer * left * inner), 0);
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < left; ++i) {
        double* to = means.data() + (o * left + i) * inner;
        for (int k = 0; k < kWindow; ++k) {
          const double* from = values.data() + (o * n + i + k) * inner;
          for (std::int64_t j = 0; j < inner; ++j) to[j] += weights[k] * from[j];
        }
      }
    values = std::move(means);
    size = size.with(axis, left);
  }
  return values;
}

std::vector<double> products(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] * b[i];
  return out;
}

// Of one channel.
double structural_similarity(const std::vector<double>& x, const std::vector<double>& y, const Shape& size,
                             double range) {
  const double c1 = 0.01 * range * 0.01 * range, c2 = 0.03 * range * 0.03 * range;
  std::vector<double> mx = windows(x, size), my = windows(y, size), xx = windows(products(x, x), size),
                      yy = windows(products(y, y), size), xy = windows(products(x, y), size);
  double sum = 0;
  for (std::size_t i = 0; i < mx.size(); ++i) {
    double a = mx[i] * mx[i], b = my[i] * my[i], ab = mx[i] * my[i];
    sum += (2 * ab + c1) * (2 * (xy[i] - ab) + c2) / ((a + b + c1) * (xx[i] - a + yy[i] - b + c2));
  }
  return sum / static_cast<double>(mx.size());
}

double mean_similarity(std::span<const float> truth, std::span<const float> predicted, const Shape& shape,
                       double range) {
  std::int64_t channels = shape[shape.rank() - 1];
  Shape size = shape.without(shape.rank() - 1);
  std::vector<double> x(static_cast<std::size_t>(size.size())), y(x.size());
  double sum = 0;
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<double>(truth[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)]);
      y[i] = static_cast<double>(predicted[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)]);
    }
    sum += structural_similarity(x, y, size, range);
  }
  return sum / static_cast<double>(channels);
}

}  // namespace

ImageScores image_scores(std::span<const float> truth, std::span<const float> predicted, const Shape& shape,
                         double range, bool with_ssim) {
  auto n = static_cast<std::size_t>(shape.size());
  if (shape.rank() < 2 || n == 0 || truth.size() != n || predicted.size() != n)
    throw Error(ErrorKind::shape, {kPlace, "two pictures [size.., channels] of one shape",
                                   std::to_string(truth.size()) + " and " + std::to_string(predicted.size()) +
                                       " values for " + shape.text(),
                                   ""});
  if (!(range > 0) || std::isinf(range))
    throw Error(ErrorKind::value, {kPlace, "a range of values above 0", std::to_string(range), ""});
  constexpr double kMost = 100;  // decibels: equal pictures have no number of them
  ImageScores scores;
  for (std::size_t i = 0; i < n; ++i) {
    double error = static_cast<double>(truth[i]) - static_cast<double>(predicted[i]);
    scores.mse += error * error;
  }
  scores.mse /= static_cast<double>(n);
  scores.psnr = scores.mse > 0 ? std::min(kMost, 10 * std::log10(range * range / scores.mse)) : kMost;
  bool roomy = with_ssim;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) roomy = roomy && shape[axis] >= kWindow;
  if (roomy) scores.ssim = mean_similarity(truth, predicted, shape, range);
  return scores;
}

}  // namespace gradus
