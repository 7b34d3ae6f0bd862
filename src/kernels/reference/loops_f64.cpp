#include "gradus/kernels/loops.h"

namespace gradus::kernels {
namespace reference {
// In this order, which blank lines keep: each uses the one before.
#include "gradus/kernels/math.inl"

#include "gradus/kernels/functions.inl"

#include "gradus/kernels/loops.inl"

const Loops<double> table = make_loops<double>("reference");
}  // namespace reference

template <>
const Loops<double>& loops<double>() {
  return reference::table;
}

Saves saves(Unary f) {
  return reference::with_unary(f, []<class F>(F) { return F::kSaves; });
}

}  // namespace gradus::kernels
