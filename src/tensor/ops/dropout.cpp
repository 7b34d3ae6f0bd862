#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

constexpr std::int64_t kBlock = 1024;

void check_rate(const char* op, double rate) {
  if (!(rate >= 0 && rate < 1)) throw Error(ErrorKind::value, {op, "a rate in [0, 1)", std::to_string(rate), ""});
}

// x or its gradient with the same elements dropped: the mask is a function of the key and the element's place in the
// batch, so it is drawn again instead of kept.
Tensor masked(const Tensor& x, double rate, const RandomKey& key) {
  Place place = place_at(x);
  Tensor y = make_at(place, x.shape(), x.dtype());
  View vx(x), vy(y);
  Extent extent(place, x.shape());
  dispatch_mixed(x.dtype(), "dropout", [&]<class T>(T) {
    run_at(place, [=](int i) {
      float uniform[kBlock];
      std::int64_t first = extent.first_row(i) * extent.row_size(), n = extent.elements(i);
      for (std::int64_t b = 0; b < n; b += kBlock) {
        std::int64_t count = std::min(kBlock, n - b);
        fill_uniform01(key, static_cast<std::uint64_t>(first + b), uniform, count);
        kernels::loops<T>().dropout(vx.template at<T>(i) + b, uniform, vy.template at<T>(i) + b, count,
                                    Arithmetic<T>(rate));
      }
    });
  });
  return y;
}

// The same with a number for each channel of an example, repeated over some of its positions at a time.
Tensor masked_channels(const Tensor& x, double rate, const RandomKey& key) {
  Place place = place_at(x);
  std::int64_t c = x.dim(-1), tile = std::max<std::int64_t>(kBlock / std::max<std::int64_t>(c, 1), 1) * c;
  Tensor y = make_at(place, x.shape(), x.dtype()), repeated = make_term_at(place, {tile}, Dtype::f32);
  View vx(x), vy(y), vr(repeated);
  Extent extent(place, x.shape());
  dispatch(x.dtype(), "spatial_dropout", [&]<class T>(T) {
    run_at(place, [=](int i) {
      float* uniform = vr.at<float>(i);
      for (std::int64_t row = 0; row < extent.rows(i); ++row) {
        fill_uniform01(key, static_cast<std::uint64_t>((extent.first_row(i) + row) * c), uniform, c);
        for (std::int64_t j = c; j < tile; ++j) uniform[j] = uniform[j - c];
        std::int64_t first = row * extent.row_size(), end = first + extent.row_size();
        for (std::int64_t b = first; b < end; b += tile)
          kernels::loops<T>().dropout(vx.template at<T>(i) + b, uniform, vy.template at<T>(i) + b,
                                      std::min(tile, end - b), T(rate));
      }
    });
  });
  return y;
}

template <Tensor (*mask)(const Tensor&, double, const RandomKey&)>
Tensor dropped(const Tensor& argument, double rate, const RandomKey& key) {
  if (rate == 0) return argument;
  Tensor x = argument;
  place_of(x);
  Tensor y = mask(x, rate, key);
  record(y, {&x}, [=](BackwardStep& step) {
    Tensor dy = step.grad();
    place_of(dy);
    step.add(0, mask(dy, rate, key));
  });
  return y;
}

}  // namespace

Tensor dropout(const Tensor& x, double rate, const RandomKey& key) {
  check_rate("dropout", rate);
  return dropped<masked>(x, rate, key);
}

Tensor spatial_dropout(const Tensor& x, double rate, const RandomKey& key) {
  check_rate("spatial_dropout", rate);
  if (x.rank() < 2) throw Error(ErrorKind::shape, {"spatial_dropout", "x [n, size.., channels]", x.shape().text(), ""});
  return dropped<masked_channels>(x, rate, key);
}

}  // namespace gradus
