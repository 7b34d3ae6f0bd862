#include "gradus/kernels/conv.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "../base/expect_error.h"
#include "gradus/base/parallel.h"

namespace gradus::kernels {
namespace {

// A 1 x 1 convolution with a stride, whose packed weights the library lays out otherwise on two OpenMP threads.
ConvShape shape() {
  ConvShape s;
  s.n = 2;
  s.in = 256;
  s.out = 512;
  s.window.size[1] = s.window.size[2] = 2;
  s.window.stride[1] = s.window.stride[2] = 2;
  return s;
}

TEST(Conv, PrimitivesAreMadeInAComputeScopeAlone) {
  EXPECT_THAT(error_of(ErrorKind::state, [] { packed_elements<float>(shape(), ConvPass::forward); }),
              testing::HasSubstr("ComputeScope"));
}

TEST(Conv, EveryThreadPacksWeightsAlike) {
  auto packed = [] {
    ComputeScope scope;
    std::vector<float> w(256 * 512), out(packed_elements<float>(shape(), ConvPass::forward));
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i);
    pack_weights<float>(shape(), ConvPass::forward, w.data(), out.data());
    return out;
  };
  std::vector<float> here = packed(), there;
  std::thread([&] { there = packed(); }).join();
  EXPECT_EQ(here, there);
}

}  // namespace
}  // namespace gradus::kernels
