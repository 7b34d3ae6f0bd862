#include <cmath>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

// Letters: rows r, channels c (the last axis), N rows in the whole batch.
namespace gradus {

using kernels::loops;

namespace {

void check_channels(const char* op, const Tensor& x, const Tensor& per_channel, const char* what) {
  if (x.rank() < 1 || per_channel.shape() != Shape{x.dim(-1)})
    throw Error(ErrorKind::shape,
                {op, std::string(what) + " [" + (x.rank() ? std::to_string(x.dim(-1)) : "channels") + "]",
                 per_channel.shape().text(), "x is " + x.shape().text()});
  require_arithmetic(op, x, per_channel);
}

std::int64_t rows_in(const Extent& e, int shard, std::int64_t c) { return c == 0 ? 0 : e.elements(shard) / c; }

// Moments of the whole batch from those of its shards, in their order (Chan, Golub, LeVeque, "Updating formulae and a
// pairwise algorithm for computing sample variances", 1979); with `apart` the mean of the shards' own variances
// instead.
template <class T>
void merge_moments(const TensorImpl& means, const TensorImpl& m2s, const Extent& extent, std::int64_t c, bool apart,
                   T* mean, T* var) {
  for (std::int64_t j = 0; j < c; ++j) {
    double n = 0, mu = 0, m2 = 0;
    for (int s = 0; s < means.shards; ++s) {
      double ns = static_cast<double>(rows_in(extent, s, c));
      double d = static_cast<double>(reinterpret_cast<const T*>(means.slots[s].data)[j]) - mu;
      m2 += static_cast<double>(reinterpret_cast<const T*>(m2s.slots[s].data)[j]);
      if (!apart) m2 += d * d * n * ns / (n + ns);
      mu += d * ns / (n + ns);
      n += ns;
    }
    mean[j] = static_cast<T>(mu);
    var[j] = static_cast<T>(m2 / n);
  }
}

Tensor inverse_deviation(const Tensor& variance, double epsilon) {
  Tensor inv = make_whole(variance.shape(), variance.dtype());
  dispatch(variance.dtype(), "batch_norm", [&]<class T>(T) {
    const T* v = variance.data<T>();
    T* p = buffer<T>(inv);
    for (std::int64_t j = 0; j < inv.size(); ++j)
      p[j] = static_cast<T>(1 / std::sqrt(static_cast<double>(v[j]) + epsilon));
  });
  return inv;
}

// x * a[c] + b[c], with relu the larger of that and 0.
Tensor per_channel_affine(const Tensor& x, const Tensor& a, const Tensor& b, bool relu) {
  Place place = place_at(x);
  Tensor y = make_at(place, x.shape(), x.dtype());
  View vx(x), va(a), vb(b), vy(y);
  Extent extent(place, x.shape());
  std::int64_t c = x.dim(-1);
  dispatch_mixed(x.dtype(), "batch_norm", [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      loops<T>().column_affine(vx.template at<T>(i), va.template at<A>(i), vb.template at<A>(i), vy.template at<T>(i),
                               rows_in(extent, i, c), c, relu);
    });
  });
  return y;
}

// What batch norm keeps of a batch: mean and 1 / sqrt(variance + epsilon) of each channel, whole, or one term per shard
// whose statistics are its own; and with a ReLU the scale and shift that gave the values it was taken of.
struct Normalized {
  Tensor mean, inv;
  Tensor scale, shift;
  bool by_shard = false;
  // As many groups have statistics of their own, this many rows each.
  int groups() const { return by_shard ? mean.impl().shards : 1; }
  double rows(const Extent& extent, int group, std::int64_t c, std::int64_t all) const {
    return static_cast<double>(by_shard ? rows_in(extent, group, c) : all);
  }
};

// Statistics, whole or of each shard. They are written at once, so this is for where nothing is queued: a shard's
// buffer may have been in use by what is.
Tensor make_statistics(const Place& place, std::int64_t c, Dtype dtype, bool by_shard) {
  return by_shard ? make_term_at(place, {c}, dtype) : make_whole({c}, dtype);
}

template <class T>
T* of_group(const Tensor& t, int group) {
  return reinterpret_cast<T*>(t.impl().slots[group].data);
}

// Gradients of batch norm whose statistics are the batch's own:
// dx = gain inv (g - s1 / N - xhat s2 / N), s1 = sum g, s2 = sum g xhat, xhat = (x - mean) inv, where g is dy, with
// a ReLU 0 unless what it was taken of is above 0.
void batch_norm_backward(BackwardStep& step, const Tensor& x_saved, const Tensor& gain, const Normalized& by,
                         std::int64_t count) {
  Tensor x = x_saved, dy = step.take_grad();
  Place place = place_of(x, dy);
  x = aligned(x, place);
  dy = aligned(dy, place);
  if (by.by_shard && (place.plan == nullptr || !(*place.plan == *by.mean.impl().plan)))
    throw Error(ErrorKind::state, "batch_norm",
                "the gradient is cut otherwise than the batch whose shards were normalised");
  std::int64_t c = x.dim(-1);
  Dtype sums = arithmetic(x.dtype());
  Tensor t1 = make_term_at(place, {c}, sums), t2 = make_term_at(place, {c}, sums);
  auto view = [](const Tensor& t) { return t.defined() ? View(t) : View(); };
  View vx(x), vdy(dy), up = view(by.scale), shift = view(by.shift), vm(by.mean), vi(by.inv), v1(t1), v2(t2);
  Extent extent(place, x.shape());
  dispatch_mixed(x.dtype(), "batch_norm", [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      loops<T>().batch_norm_sums(vx.template at<T>(i), vdy.template at<T>(i), up.template at<A>(i),
                                 shift.template at<A>(i), vm.template at<A>(i), vi.template at<A>(i),
                                 v1.template at<A>(i), v2.template at<A>(i), rows_in(extent, i, c), c);
    });
  });
  Tensor s1 = gather_shards(t1), s2 = gather_shards(t2);
  step.add(1, s2);
  step.add(2, s1);
  if (!step.wants(0)) return;
  // dx = a g + b x + d
  Tensor a = make_statistics(place, c, sums, by.by_shard), b = make_statistics(place, c, sums, by.by_shard),
         d = make_statistics(place, c, sums, by.by_shard);
  dispatch(sums, "batch_norm", [&]<class T>(T) {
    const T* w = gain.data<T>();
    for (int g = 0; g < by.groups(); ++g) {
      const T *inv = of_group<T>(by.inv, g), *mean = of_group<T>(by.mean, g);
      const T *p1 = of_group<T>(by.by_shard ? t1 : s1, g), *p2 = of_group<T>(by.by_shard ? t2 : s2, g);
      T *pa = of_group<T>(a, g), *pb = of_group<T>(b, g), *pd = of_group<T>(d, g);
      T n = static_cast<T>(by.rows(extent, g, c, count));
      for (std::int64_t j = 0; j < c; ++j) {
        pa[j] = w[j] * inv[j];
        pb[j] = -(pa[j] * inv[j] * p2[j]) / n;
        pd[j] = -(pa[j] * p1[j]) / n - pb[j] * mean[j];
      }
    }
  });
  Tensor dx = is_unshared(dy) ? dy : make_at(place, x.shape(), x.dtype());
  View va(a), vb(b), vd(d), vdx(dx);
  dispatch_mixed(x.dtype(), "batch_norm", [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      loops<T>().column_affine2(vx.template at<T>(i), vdy.template at<T>(i), up.template at<A>(i),
                                shift.template at<A>(i), va.template at<A>(i), vb.template at<A>(i),
                                vd.template at<A>(i), vdx.template at<T>(i), rows_in(extent, i, c), c);
    });
  });
  step.add(0, dx);
}

[[noreturn]] void throw_too_few(const Tensor& x) {
  throw Error(ErrorKind::shape, {"batch_norm", "at least two rows to take statistics over", x.shape().text(),
                                 "use a larger batch, or layer_norm"});
}

}  // namespace

Tensor batch_norm(const Tensor& argument, const Tensor& gain, const Tensor& bias, double epsilon,
                  ChannelStatistics& batch, bool with_relu, bool by_shard) {
  check_channels("batch_norm", argument, gain, "gain");
  check_channels("batch_norm", argument, bias, "bias");
  if (!is_whole(gain) || !is_whole(bias))
    return batch_norm(argument, whole(gain), whole(bias), epsilon, batch, with_relu, by_shard);
  Tensor x = argument;
  Place place = place_of(x);
  by_shard = by_shard && place.plan != nullptr;
  std::int64_t c = x.dim(-1), rows = c == 0 ? 0 : x.size() / c;
  Extent extent(place, x.shape());
  if (rows < 2) throw_too_few(x);
  for (int s = 0; by_shard && s < place.shards(); ++s)
    if (rows_in(extent, s, c) < 2) throw_too_few(x);
  batch.count = by_shard ? rows / place.shards() : rows;
  Dtype sums = arithmetic(x.dtype());
  Tensor means = make_term_at(place, {c}, sums), m2s = make_term_at(place, {c}, sums);
  View vx(x), vm(means), v2(m2s);
  dispatch_mixed(x.dtype(), "batch_norm", [&]<class T>(T) {
    using A = Arithmetic<T>;
    run_at(place, [=](int i) {
      loops<T>().column_moments(vx.template at<T>(i), vm.template at<A>(i), v2.template at<A>(i), rows_in(extent, i, c),
                                c);
    });
  });
  flush();
  batch.mean = make_whole({c}, sums);
  batch.variance = make_whole({c}, sums);
  Normalized by{by_shard ? means : batch.mean, make_statistics(place, c, sums, by_shard), {}, {}, by_shard};
  Tensor scale = make_statistics(place, c, sums, by_shard), shift = make_statistics(place, c, sums, by_shard);
  dispatch(sums, "batch_norm", [&]<class T>(T) {
    merge_moments<T>(means.impl(), m2s.impl(), extent, c, by_shard, batch.mean.mutable_data<T>(),
                     batch.variance.mutable_data<T>());
    const T *w = gain.data<T>(), *b = bias.data<T>();
    for (int g = 0; g < by.groups(); ++g) {
      const T *mean = of_group<T>(by.mean, g), *var = of_group<T>(by_shard ? m2s : batch.variance, g);
      T *inv = of_group<T>(by.inv, g), *a = of_group<T>(scale, g), *d = of_group<T>(shift, g);
      double n = by_shard ? static_cast<double>(rows_in(extent, g, c)) : 1;
      for (std::int64_t j = 0; j < c; ++j) {
        inv[j] = static_cast<T>(1 / std::sqrt(static_cast<double>(var[j]) / n + epsilon));
        a[j] = w[j] * inv[j];
        d[j] = b[j] - mean[j] * a[j];
      }
    }
  });
  Tensor y = per_channel_affine(x, scale, shift, with_relu);
  if (any_requires_grad({&x, &gain, &bias})) {
    if (with_relu) by.scale = scale, by.shift = shift;
    record(y, {&x, &gain, &bias},
           [x, gain, by, rows](BackwardStep& step) { batch_norm_backward(step, x, gain, by, rows); });
  }
  return y;
}

Tensor batch_norm_fixed(const Tensor& x, const Tensor& gain, const Tensor& bias, double epsilon, const Tensor& mean,
                        const Tensor& variance, bool with_relu) {
  check_channels("batch_norm", x, gain, "gain");
  check_channels("batch_norm", x, bias, "bias");
  check_channels("batch_norm", x, mean, "mean");
  check_channels("batch_norm", x, variance, "variance");
  if (!is_whole(gain) || !is_whole(bias) || !is_whole(mean) || !is_whole(variance))
    return batch_norm_fixed(x, whole(gain), whole(bias), epsilon, whole(mean), whole(variance), with_relu);
  if (any_requires_grad({&x, &gain, &bias})) {
    Tensor inv = inverse_deviation(variance, epsilon);
    Tensor values = x.dtype() == Dtype::bf16 ? cast(x, Dtype::f32) : x, y = (values - mean) * (gain * inv) + bias;
    if (with_relu) y = relu(y);
    return x.dtype() == Dtype::bf16 ? cast(y, Dtype::bf16) : y;
  }
  ChannelMap map = batch_norm_map(gain, bias, epsilon, mean, variance, with_relu);
  Tensor input = x.rank() == 1 ? whole(x) : x;
  place_of(input);
  return per_channel_affine(input, map.scale, map.shift, with_relu);
}

ChannelMap batch_norm_map(const Tensor& gain, const Tensor& bias, double epsilon, const Tensor& mean,
                          const Tensor& variance, bool with_relu) {
  NoGrad no_grad;
  Tensor scale = gain * inverse_deviation(variance, epsilon);
  return {scale, bias - mean * scale, {with_relu ? Activation::Kind::relu : Activation::Kind::identity, 0}};
}

Tensor add_relu(const Tensor& first, const Tensor& second) {
  require_same_dtype("add_relu", first, second);
  if (first.shape() != second.shape())
    throw Error(ErrorKind::shape,
                {"add_relu", "two tensors of one shape", first.shape().text() + " and " + second.shape().text(), ""});
  Tensor a = first, b = second;
  Place place = place_of(a, b);
  a = aligned(a, place);
  b = aligned(b, place);
  Tensor y = make_at(place, a.shape(), a.dtype());
  View va(a), vb(b), vy(y);
  Extent extent(place, a.shape());
  dispatch_mixed(a.dtype(), "add_relu", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().add_relu(va.template at<T>(i), vb.template at<T>(i), vy.template at<T>(i), extent.elements(i));
    });
  });
  Tensor above = y.detach();
  record(y, {&first, &second}, [above](BackwardStep& step) {
    Tensor dy = step.take_grad(), from = above;
    Place at = place_of(from, dy);
    from = aligned(from, at);
    dy = aligned(dy, at);
    Tensor dx = is_unshared(dy) ? dy : make_at(at, dy.shape(), dy.dtype());
    View vfrom(from), vdy(dy), vdx(dx);
    Extent size(at, dy.shape());
    dispatch_mixed(dy.dtype(), "add_relu", [&]<class T>(T) {
      run_at(at, [=](int i) {
        loops<T>().unary_backward(kernels::Unary::relu, vfrom.template at<T>(i), vdy.template at<T>(i),
                                  vdx.template at<T>(i), size.elements(i), Arithmetic<T>(0), Arithmetic<T>(0));
      });
    });
    step.add(0, dx);
    step.add(1, dx);
  });
  return y;
}

Tensor layer_norm(const Tensor& argument, const Tensor& gain, const Tensor& bias, double epsilon) {
  check_channels("layer_norm", argument, gain, "gain");
  check_channels("layer_norm", argument, bias, "bias");
  if (!is_whole(gain) || !is_whole(bias)) return layer_norm(argument, whole(gain), whole(bias), epsilon);
  Tensor x = argument.rank() == 1 ? whole(argument) : argument;
  Place place = place_of(x);
  std::int64_t c = x.dim(-1);
  Tensor y = make_at(place, x.shape(), x.dtype()), normalized = make_at(place, x.shape(), x.dtype()),
         inv = make_at(place, x.shape().with(x.rank() - 1, 1), x.dtype());
  View vx(x), vg(gain), vb(bias), vy(y), vn(normalized), vi(inv);
  Extent extent(place, x.shape());
  dispatch(x.dtype(), "layer_norm", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().layer_norm(vx.template at<T>(i), vg.template at<T>(i), vb.template at<T>(i), T(epsilon),
                            vy.template at<T>(i), vn.template at<T>(i), vi.template at<T>(i), rows_in(extent, i, c), c);
    });
  });
  if (any_requires_grad({&x, &gain, &bias}))
    record(y, {&x, &gain, &bias}, [normalized, inv, gain, c](BackwardStep& step) {
      Tensor dy = step.grad(), n = normalized;
      Place at = place_of(n, dy);
      n = aligned(n, at);
      dy = aligned(dy, at);
      Tensor i_std = at.plan == nullptr ? gather_shards(inv) : aligned(inv, at);
      Tensor dx = make_at(at, n.shape(), n.dtype()), dgain = make_term_at(at, {c}, n.dtype()),
             dbias = make_term_at(at, {c}, n.dtype());
      View vnorm(n), vinv(i_std), vgain(gain), vdy(dy), vdx(dx), vdg(dgain), vdb(dbias);
      Extent size(at, n.shape());
      dispatch(n.dtype(), "layer_norm", [&]<class T>(T) {
        run_at(at, [=](int i) {
          loops<T>().layer_norm_backward(vnorm.template at<T>(i), vinv.template at<T>(i), vgain.template at<T>(i),
                                         vdy.template at<T>(i), vdx.template at<T>(i), vdg.template at<T>(i),
                                         vdb.template at<T>(i), rows_in(size, i, c), c);
        });
      });
      step.add(0, dx);
      step.add(1, dgain);
      step.add(2, dbias);
    });
  return y;
}

Tensor prelu(const Tensor& argument, const Tensor& slope) {
  if (argument.rank() < 1) throw Error(ErrorKind::shape, {"prelu", "x [.., channels]", argument.shape().text(), ""});
  Tensor per_channel = slope.shape() == Shape{1} ? broadcast_to(slope, {argument.dim(-1)}) : slope;
  check_channels("prelu", argument, per_channel, "slope");
  if (!is_whole(per_channel)) return prelu(argument, whole(per_channel));
  Tensor x = argument.rank() == 1 ? whole(argument) : argument;
  Place place = place_of(x);
  std::int64_t c = x.dim(-1);
  Tensor y = make_at(place, x.shape(), x.dtype());
  View vx(x), vs(per_channel), vy(y);
  Extent extent(place, x.shape());
  dispatch(x.dtype(), "prelu", [&]<class T>(T) {
    run_at(place, [=](int i) {
      loops<T>().prelu(vx.template at<T>(i), vs.template at<T>(i), vy.template at<T>(i), rows_in(extent, i, c), c);
    });
  });
  if (any_requires_grad({&x, &per_channel}))
    record(y, {&x, &per_channel}, [x_saved = x, slope = per_channel, c](BackwardStep& step) {
      Tensor from = x_saved, dy = step.grad();
      Place at = place_of(from, dy);
      from = aligned(from, at);
      dy = aligned(dy, at);
      Tensor dx = make_at(at, from.shape(), from.dtype()), dslope = make_term_at(at, {c}, from.dtype());
      View vfrom(from), vslope(slope), vdy(dy), vdx(dx), vds(dslope);
      Extent size(at, from.shape());
      dispatch(from.dtype(), "prelu", [&]<class T>(T) {
        run_at(at, [=](int i) {
          loops<T>().prelu_backward(vfrom.template at<T>(i), vslope.template at<T>(i), vdy.template at<T>(i),
                                    vdx.template at<T>(i), vds.template at<T>(i), rows_in(size, i, c), c);
        });
      });
      step.add(0, dx);
      step.add(1, dslope);
    });
  return y;
}

}  // namespace gradus
