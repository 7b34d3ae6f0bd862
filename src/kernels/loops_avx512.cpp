#include "gradus/kernels/loops.h"

namespace gradus::kernels::avx512 {
// In this order, which blank lines keep: each uses the one before.
#include "gradus/kernels/math.inl"

#include "gradus/kernels/functions.inl"

#include "gradus/kernels/loops.inl"

extern const Loops<float> table;
const Loops<float> table = make_loops<float>("avx512");
}  // namespace gradus::kernels::avx512
