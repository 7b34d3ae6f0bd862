#include "gradus/kernels/loops.h"

#include <cstdlib>
#include <string_view>

namespace gradus::kernels {

namespace baseline {
extern const Loops<float> table;
}
namespace avx2 {
extern const Loops<float> table;
}
namespace avx512 {
extern const Loops<float> table;
}

namespace {

const Loops<float>& choose() {
  const char* wish = std::getenv("GRADUS_ISA");
  std::string_view at_most = wish != nullptr ? wish : "avx512";
  bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512cd");
  bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (has_avx512 && at_most == "avx512") return avx512::table;
  if (has_avx2 && at_most != "baseline") return avx2::table;
  return baseline::table;
}

}  // namespace

template <>
const Loops<float>& loops<float>() {
  static const Loops<float>& table = choose();
  return table;
}

}  // namespace gradus::kernels
