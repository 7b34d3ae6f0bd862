#include <cmath>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

// Letters: examples n, positions p of each, channels c in g groups.
namespace gradus {

using kernels::loops;

namespace {

struct Sizes {
  std::int64_t p, c, g;
  std::int64_t example() const { return p * c; }
  std::int64_t width() const { return c / g; }
  double count() const { return static_cast<double>(p * width()); }
};

Sizes sizes_of(const Tensor& x, const Tensor& gain, const Tensor& bias, std::int64_t groups) {
  if (x.rank() < 2) throw Error(ErrorKind::shape, {"group_norm", "x [n, size.., channels]", x.shape().text(), ""});
  Sizes s{x.shape().product(1, x.rank() - 1), x.dim(-1), groups};
  if (groups < 1 || s.c % groups != 0)
    throw Error(ErrorKind::value, {"group_norm", "groups that divide the channels",
                                   std::to_string(groups) + " for " + std::to_string(s.c) + " channels", ""});
  if (s.p * s.width() < 2)
    throw Error(ErrorKind::shape, {"group_norm", "at least two values in each group of an example", x.shape().text(),
                                   "use fewer groups"});
  for (const Tensor* t : {&gain, &bias}) {
    if (t->shape() != Shape{s.c})
      throw Error(ErrorKind::shape, {"group_norm", "gain and bias [" + std::to_string(s.c) + "]", t->shape().text(),
                                     "x is " + x.shape().text()});
    require_same_dtype("group_norm", x, *t);
  }
  return s;
}

// From each channel's mean and sum of squared deviations those of its group, as mean and 1 / sqrt(variance + epsilon)
// (Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
template <class T>
void merge_channels(T* mean, T* m2_to_inv, const Sizes& s, double epsilon) {
  for (std::int64_t first = 0; first < s.c; first += s.width()) {
    double mu = 0, m2 = 0;
    for (std::int64_t j = first; j < first + s.width(); ++j) mu += static_cast<double>(mean[j]);
    mu /= static_cast<double>(s.width());
    for (std::int64_t j = first; j < first + s.width(); ++j) {
      double d = static_cast<double>(mean[j]) - mu;
      m2 += static_cast<double>(m2_to_inv[j]) + d * d * static_cast<double>(s.p);
    }
    for (std::int64_t j = first; j < first + s.width(); ++j) {
      mean[j] = static_cast<T>(mu);
      m2_to_inv[j] = static_cast<T>(1 / std::sqrt(m2 / s.count() + epsilon));
    }
  }
}

// dx = a dy + b x + d of one example: inv (gain dy - t1 / m - xhat t2 / m) with t1 and t2 the sums over the group's m
// values of gain dy and gain dy xhat, from the channels' own sums s1 of dy and s2 of dy xhat.
template <class T>
void gradient_factors(const T* s1, const T* s2, const T* gain, const T* mean, const T* inv, const Sizes& s, T* a, T* b,
                      T* d) {
  for (std::int64_t first = 0; first < s.c; first += s.width()) {
    double t1 = 0, t2 = 0, mu = static_cast<double>(mean[first]), i = static_cast<double>(inv[first]);
    for (std::int64_t j = first; j < first + s.width(); ++j) {
      t1 += static_cast<double>(gain[j]) * static_cast<double>(s1[j]);
      t2 += static_cast<double>(gain[j]) * static_cast<double>(s2[j]);
    }
    double slope = -i * i * t2 / s.count();
    for (std::int64_t j = first; j < first + s.width(); ++j) {
      a[j] = static_cast<T>(i * static_cast<double>(gain[j]));
      b[j] = static_cast<T>(slope);
      d[j] = static_cast<T>(-i * t1 / s.count() - slope * mu);
    }
  }
}

void group_norm_backward(BackwardStep& step, const Tensor& x_saved, const Tensor& gain, const Tensor& mean_saved,
                         const Tensor& inv_saved, const Sizes& s) {
  Tensor x = x_saved, dy = step.take_grad();
  Place place = place_of(x, dy);
  x = aligned(x, place);
  dy = aligned(dy, place);
  Tensor mean = place.plan == nullptr ? whole(mean_saved) : aligned(mean_saved, place),
         inv = place.plan == nullptr ? whole(inv_saved) : aligned(inv_saved, place);
  Shape per_example = mean.shape();
  Tensor sums = make_at(place, per_example, x.dtype()), products = make_at(place, per_example, x.dtype()),
         factors = make_term_at(place, {3, s.c}, x.dtype()), dgain = make_term_at(place, {s.c}, x.dtype()),
         dbias = make_term_at(place, {s.c}, x.dtype());
  Tensor dx = is_unshared(dy) ? dy : make_at(place, x.shape(), x.dtype());
  View vx(x), vdy(dy), vg(gain), vm(mean), vi(inv), v1(sums), v2(products), vf(factors), vdg(dgain), vdb(dbias),
      vdx(dx);
  Extent extent(place, x.shape());
  dispatch(x.dtype(), "group_norm", [&]<class T>(T) {
    run_at(place, [=](int shard) {
      std::int64_t n = extent.rows(shard);
      T *s1 = v1.template at<T>(shard), *s2 = v2.template at<T>(shard), *a = vf.template at<T>(shard), *b = a + s.c,
        *d = b + s.c;
      for (std::int64_t i = 0; i < n; ++i) {
        const T *mu = vm.template at<T>(shard) + i * s.c, *is = vi.template at<T>(shard) + i * s.c,
                *from = vx.template at<T>(shard) + i * s.example(), *g = vdy.template at<T>(shard) + i * s.example();
        T *own1 = s1 + i * s.c, *own2 = s2 + i * s.c;
        loops<T>().batch_norm_sums(from, g, nullptr, nullptr, mu, is, own1, own2, s.p, s.c);
        gradient_factors(own1, own2, vg.template at<T>(shard), mu, is, s, a, b, d);
        loops<T>().column_affine2(from, g, nullptr, nullptr, a, b, d, vdx.template at<T>(shard) + i * s.example(), s.p,
                                  s.c);
      }
      loops<T>().sum(s2, vdg.template at<T>(shard), 1, n, s.c, T(1));
      loops<T>().sum(s1, vdb.template at<T>(shard), 1, n, s.c, T(1));
    });
  });
  step.add(0, dx);
  step.add(1, dgain);
  step.add(2, dbias);
}

}  // namespace

Tensor group_norm(const Tensor& argument, const Tensor& gain, const Tensor& bias, std::int64_t groups, double epsilon) {
  Sizes s = sizes_of(argument, gain, bias, groups);
  if (!is_whole(gain) || !is_whole(bias)) return group_norm(argument, whole(gain), whole(bias), groups, epsilon);
  Tensor x = argument;
  Place place = place_of(x);
  Shape per_example{x.dim(0), s.c};
  Tensor y = make_at(place, x.shape(), x.dtype()), mean = make_at(place, per_example, x.dtype()),
         inv = make_at(place, per_example, x.dtype()), factors = make_term_at(place, {2, s.c}, x.dtype());
  View vx(x), vg(gain), vb(bias), vy(y), vm(mean), vi(inv), vf(factors);
  Extent extent(place, x.shape());
  dispatch(x.dtype(), "group_norm", [&]<class T>(T) {
    run_at(place, [=](int shard) {
      T *a = vf.template at<T>(shard), *b = a + s.c;
      for (std::int64_t i = 0; i < extent.rows(shard); ++i) {
        const T* from = vx.template at<T>(shard) + i * s.example();
        T *mu = vm.template at<T>(shard) + i * s.c, *is = vi.template at<T>(shard) + i * s.c;
        loops<T>().column_moments(from, mu, is, s.p, s.c);
        merge_channels(mu, is, s, epsilon);
        for (std::int64_t j = 0; j < s.c; ++j) {
          a[j] = vg.template at<T>(shard)[j] * is[j];
          b[j] = vb.template at<T>(shard)[j] - mu[j] * a[j];
        }
        loops<T>().column_affine(from, a, b, vy.template at<T>(shard) + i * s.example(), s.p, s.c, false);
      }
    });
  });
  record(y, {&x, &gain, &bias},
         [x, gain, mean, inv, s](BackwardStep& step) { group_norm_backward(step, x, gain, mean, inv, s); });
  return y;
}

}  // namespace gradus
