#include <algorithm>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

void check_symbols(const Tensor& symbols, std::int64_t known) {
  Tensor all = whole(symbols);
  const std::int32_t* s = all.data<std::int32_t>();
  for (std::int64_t i = 0; i < all.size(); ++i)
    if (s[i] < 0 || s[i] >= known)
      throw Error(ErrorKind::value, {"embedding", "symbols from 0 to " + std::to_string(known - 1),
                                     std::to_string(s[i]), "the table has one row for each symbol"});
}

}  // namespace

Tensor embedding(const Tensor& symbols, const Tensor& given) {
  if (symbols.dtype() != Dtype::i32 || given.rank() != 2 || given.size() == 0)
    throw Error(ErrorKind::shape, {"embedding", "symbols i32 [n, ..] and a table [symbols, width]",
                                   symbols.text() + " and " + given.text(), ""});
  Tensor table = whole(given), index = symbols.detach();
  check_symbols(index, table.dim(0));
  Place place = place_at(index);
  const std::int64_t width = table.dim(1);
  Tensor y = make_at(place, index.shape().inserted(index.rank(), width), table.dtype());
  View vi(index), vt(table), vy(y);
  Extent extent(place, index.shape());
  const std::size_t bytes = static_cast<std::size_t>(width) * item_size(table.dtype());
  run_at(place, [=](int i) {
    const std::int32_t* s = vi.at<std::int32_t>(i);
    char* to = vy.at<char>(i);
    for (std::int64_t j = 0; j < extent.elements(i); ++j, to += bytes)
      std::memcpy(to, vt.at<char>(i) + static_cast<std::size_t>(s[j]) * bytes, bytes);
  });
  record(y, {&table}, [=, shape = table.shape()](BackwardStep& step) {
    Tensor dy = step.take_grad();
    Place at = place_of(dy);
    // Symbols were read before, so they may be cut as the gradient is.
    Tensor read =
        aligned(at.plan != nullptr && is_split(index) && *place_at(index).plan == *at.plan ? index : whole(index), at);
    Tensor dtable = make_term_at(at, shape, dy.dtype());
    View vr(read), vdy(dy), vd(dtable);
    Extent cut(at, read.shape());
    dispatch(dy.dtype(), "embedding", [&]<class T>(T) {
      run_at(at, [=](int i) {
        T* d = vd.at<T>(i);
        std::fill_n(d, shape.size(), T(0));
        const std::int32_t* s = vr.at<std::int32_t>(i);
        const T* g = vdy.at<T>(i);
        for (std::int64_t j = 0; j < cut.elements(i); ++j, g += width)
          kernels::loops<T>().axpy(T(1), g, d + s[j] * width, width);
      });
    });
    step.add(0, dtable);
  });
  return y;
}

}  // namespace gradus
