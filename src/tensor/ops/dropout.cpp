#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

constexpr std::int64_t kBlock = 1024;

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

}  // namespace

Tensor dropout(const Tensor& argument, double rate, const RandomKey& key) {
  if (!(rate >= 0 && rate < 1))
    throw Error(ErrorKind::value, {"dropout", "a rate in [0, 1)", std::to_string(rate), ""});
  if (rate == 0) return argument;
  Tensor x = argument;
  place_of(x);
  Tensor y = masked(x, rate, key);
  record(y, {&x}, [=](BackwardStep& step) {
    Tensor dy = step.grad();
    place_of(dy);
    step.add(0, masked(dy, rate, key));
  });
  return y;
}

}  // namespace gradus
