#include <vector>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

// Letters: k scores of a place, c classes (two for a single score), n examples; I, P, T as in ops.h.
namespace gradus {

using kernels::loops;

namespace {

constexpr std::int64_t kSums = 3;  // I, P and T of a class

// What a place's probability of one class adds to the loss's derivative: w (on p + off t).
struct Slopes {
  double on, off;
};

// The places of one shard.
template <class T>
struct Places {
  const std::int32_t* target;
  const T* weight;          // null: all 1
  std::int64_t examples;    // in the shard
  std::int64_t places;      // of each
  std::int64_t per_weight;  // places that share a weight
  std::int64_t k;

  double weight_of(std::int64_t place) const {
    return weight == nullptr ? 1 : static_cast<double>(weight[place / per_weight]);
  }
};

// sums [examples, classes, I P T] of the probabilities p [examples, places, k].
template <class T>
void add_up(const Places<T>& s, const T* p, bool squared, double* sums) {
  std::int64_t classes = s.k == 1 ? 2 : s.k;
  std::fill_n(sums, s.examples * classes * kSums, 0.0);
  for (std::int64_t i = 0; i < s.examples; ++i, sums += classes * kSums)
    for (std::int64_t place = i * s.places; place < (i + 1) * s.places; ++place) {
      double w = s.weight_of(place);
      const T* row = p + place * s.k;
      std::int32_t t = s.target[place];
      for (std::int64_t c = 0; c < classes; ++c) {
        double own = static_cast<double>(row[s.k == 1 ? 0 : c]), q = s.k == 1 && c == 0 ? 1 - own : own;
        sums[c * kSums + 1] += w * (squared ? q * q : q);
        if (c == t) sums[c * kSums] += w * q;
      }
      sums[t * kSums + 2] += w;
    }
}

// Replaces the probabilities by the loss's derivatives with respect to the scores: of a softmax
// p_c (a_c - sum_j p_j a_j), a being those with respect to the probabilities. `slopes` are [examples, classes], or
// [classes] for all.
template <class T>
void differentiate(const Places<T>& s, const Slopes* slopes, bool per_example, bool squared, T* p) {
  std::int64_t classes = s.k == 1 ? 2 : s.k;
  for (std::int64_t i = 0; i < s.examples; ++i, slopes += per_example ? classes : 0)
    for (std::int64_t place = i * s.places; place < (i + 1) * s.places; ++place) {
      double w = s.weight_of(place);
      T* row = p + place * s.k;
      std::int32_t t = s.target[place];
      auto slope = [&](std::int64_t c, double q) {
        return w * (slopes[c].on * (squared ? 2 * q : 1) + (c == t ? slopes[c].off : 0));
      };
      if (s.k == 1) {
        double q = static_cast<double>(row[0]);
        row[0] = static_cast<T>((slope(1, q) - slope(0, 1 - q)) * q * (1 - q));
        continue;
      }
      double mean = 0;
      for (std::int64_t c = 0; c < classes; ++c) {
        double q = static_cast<double>(row[c]);
        mean += q * slope(c, q);
      }
      for (std::int64_t c = 0; c < classes; ++c) {
        double q = static_cast<double>(row[c]);
        row[c] = static_cast<T>(q * (slope(c, q) - mean));
      }
    }
}

// The loss of one group of places from its sums [classes, I P T], times `share`; and its slopes.
double group_loss(const Overlap& f, const double* sums, std::int64_t classes, double share, Slopes* slopes) {
  std::int64_t first = f.background ? 0 : 1;
  double mean = 0, each = share / static_cast<double>(classes - first);
  for (std::int64_t c = 0; c < first; ++c) slopes[c] = {0, 0};
  for (std::int64_t c = first; c < classes; ++c) {
    double both = sums[c * kSums], predicted = sums[c * kSums + 1], truth = sums[c * kSums + 2];
    double above = both + f.smooth, shared = 1 - f.alpha - f.beta,
           below = shared * both + f.alpha * predicted + f.beta * truth + f.smooth;
    if (!(below > 0)) {  // neither predicted nor true, and not smoothed: as it should be
      mean += each;
      slopes[c] = {0, 0};
      continue;
    }
    double index = above / below;
    mean += each * index;
    slopes[c] = {each * f.alpha * index / below, -each * (1 - shared * index) / below};
  }
  return share - mean;
}

void check_form(const Tensor& z, const Overlap& f) {
  std::int64_t classes = z.dim(-1) == 1 ? 2 : z.dim(-1);
  for (double value : {f.alpha, f.beta, f.smooth})
    if (!(value >= 0))
      throw Error(ErrorKind::value, {"overlap_loss", "alpha, beta and smooth >= 0", std::to_string(value), ""});
  if (!f.background && classes < 2)
    throw Error(ErrorKind::value, {"overlap_loss", "a class besides the background", z.shape().text(), ""});
}

// The weight of each group: its share of all places' weights.
std::vector<double> group_shares(const double* sums, std::int64_t groups, std::int64_t classes) {
  std::vector<double> shares(static_cast<std::size_t>(groups), 0);
  double total = 0;
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t c = 0; c < classes; ++c) shares[g] += sums[(g * classes + c) * kSums + 2];
  for (double s : shares) total += s;
  if (!(total > 0))
    throw Error(ErrorKind::value, {"overlap_loss", "weights whose sum is above 0", std::to_string(total), ""});
  for (double& s : shares) s /= total;
  return shares;
}

}  // namespace

// Sums are kept for each example and added in the examples' order, so that the loss does not depend on how the batch is
// cut.
Tensor overlap_loss(const Tensor& logits, const Tensor& given_target, const Overlap& form, const LossWeights& weights) {
  if (logits.rank() < 2)
    throw Error(ErrorKind::shape, {"overlap_loss", "scores [n, .., classes]", logits.shape().text(), ""});
  std::int64_t k = logits.dim(-1), classes = k == 1 ? 2 : k;
  check_classes("overlap_loss", logits, given_target, classes);
  check_weights("overlap_loss", logits, weights.weight, given_target.shape());
  check_form(logits, form);
  Tensor z = logits, target = given_target, weight = weights.weight;
  Tensor* args[] = {&z, &target, &weight};
  Place place = place_of(args, weight.defined() ? 3 : 2);
  z = aligned(z, place);
  target = aligned(target, place);
  if (weight.defined()) weight = aligned(weight, place);
  std::int64_t n = z.dim(0), places = target.size() / n,
               per_weight = weight.defined() ? target.size() / weight.size() : 1;
  Tensor p = make_at(place, z.shape(), z.dtype()), sums = make_at(place, {n, classes, kSums}, Dtype::f64);
  View vz(z), vt(target), vw = weight.defined() ? View(weight) : View(), vp(p), vs(sums);
  Extent extent(place, z.shape());
  bool squared = form.squared, per_example = form.per_example;
  auto shard_places = [=]<class T>(T, int i) {
    return Places<T>{vt.template at<std::int32_t>(i), vw.template at<T>(i), extent.rows(i), places, per_weight, k};
  };
  dispatch(z.dtype(), "overlap_loss", [&]<class T>(T) {
    run_at(place, [=](int i) {
      std::int64_t rows = extent.rows(i) * places;
      const T* scores = vz.template at<T>(i);
      T* to = vp.template at<T>(i);
      if (k == 1)
        loops<T>().unary(kernels::Unary::sigmoid, scores, to, rows, T(0), T(0));
      else
        loops<T>().softmax(scores, to, rows, k, 1);
      add_up(shard_places(T(), i), to, squared, vs.template at<double>(i));
    });
  });
  flush();
  sums = whole(sums);
  const double* of = sums.data<double>();
  std::vector<double> shares = group_shares(of, n, classes), all;
  Tensor slopes = make_whole({per_example ? n : 1, classes, 2}, Dtype::f64);
  auto* slope = reinterpret_cast<Slopes*>(buffer<double>(slopes));
  double value = 0;
  if (per_example) {
    for (std::int64_t g = 0; g < n; ++g)
      value += group_loss(form, of + g * classes * kSums, classes, shares[g], slope + g * classes);
  } else {
    all.assign(static_cast<std::size_t>(classes * kSums), 0);
    for (std::int64_t g = 0; g < n; ++g)
      for (std::size_t j = 0; j < all.size(); ++j) all[j] += of[g * classes * kSums + static_cast<std::int64_t>(j)];
    value = group_loss(form, all.data(), classes, 1, slope);
  }
  Tensor loss = Tensor::full({}, value, z.dtype());
  if (!any_requires_grad({&logits})) return loss;
  View vslope(slopes);
  dispatch(z.dtype(), "overlap_loss", [&]<class T>(T) {
    run_at(place, [=](int i) {
      const Slopes* its = vslope.template at<Slopes>(i) + (per_example ? extent.first_row(i) * classes : 0);
      differentiate(shard_places(T(), i), its, per_example, squared, vp.template at<T>(i));
    });
  });
  record(loss, {&logits}, [p](BackwardStep& step) {
    double scale = gather_shards(step.grad()).item();
    step.add(0, scale == 1 ? p : mul(p, scale));
  });
  return loss;
}

}  // namespace gradus
