#include "gradus/kernels/conv.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "../base/expect_error.h"
#include "gradus/base/parallel.h"
#include "gradus/kernels/counters.h"

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

// Convolutions of one example, in one to three axes, of which rows are computed apart.
std::vector<ConvShape> cut_shapes() {
  std::vector<ConvShape> shapes;
  auto add = [&](int axes, std::int64_t size, std::int64_t in, std::int64_t out, std::int64_t kernel,
                 std::int64_t stride, std::int64_t dilation, std::int64_t before, std::int64_t after,
                 std::int64_t groups) {
    ConvShape s;
    s.n = 1;
    s.in = in;
    s.out = out;
    s.groups = groups;
    for (int a = Window::kAxes - axes; a < Window::kAxes; ++a) {
      s.window.size[a] = size;
      s.window.kernel[a] = kernel;
      s.window.stride[a] = stride;
      s.window.dilation[a] = dilation;
      s.window.before[a] = before;
      s.window.after[a] = after;
    }
    shapes.push_back(s);
  };
  add(2, 32, 16, 16, 3, 1, 1, 1, 1, 1);
  add(2, 32, 1, 16, 3, 1, 1, 1, 1, 1);
  add(2, 32, 16, 32, 3, 2, 1, 0, 1, 1);
  add(2, 32, 16, 32, 1, 2, 1, 0, 0, 1);
  add(2, 8, 64, 64, 3, 1, 1, 1, 1, 1);
  add(2, 19, 12, 12, 3, 1, 2, 2, 2, 12);
  add(2, 21, 12, 20, 5, 2, 2, 5, 4, 2);
  add(1, 400, 8, 24, 7, 1, 1, 3, 3, 1);
  add(3, 12, 8, 16, 3, 1, 1, 1, 1, 1);
  return shapes;
}

template <class T>
void expect_rows_equal_the_whole(const ConvShape& s) {
  ComputeScope scope;
  using A = Arithmetic<T>;
  auto value = [](std::size_t i) { return static_cast<float>(i * 2654435761U % 1013) / 500 - 1; };
  std::vector<T> x(static_cast<std::size_t>(s.window.positions() * s.in));
  std::vector<A> w(static_cast<std::size_t>(s.window.taps() * (s.in / s.groups) * s.out)), bias(s.out);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(value(i));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = value(i + 7);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = value(i + 3);
  std::vector<T> packed(packed_elements<T>(s, ConvPass::forward));
  pack_weights<T>(s, ConvPass::forward, w.data(), packed.data());
  std::vector<T> whole(static_cast<std::size_t>(s.window.results() * s.out));
  for (const A* b : {static_cast<const A*>(nullptr), static_cast<const A*>(bias.data())}) {
    const std::uint64_t before = library_counters().slow;
    conv_forward<T>(s, x.data(), packed.data(), b, whole.data());
    const std::uint64_t of_whole = library_counters().slow - before;
    const std::int64_t rows = result_rows(s);
    for (std::int64_t pieces : {2, 3, 5}) {
      std::vector<T> cut(whole.size(), T(99.F));
      for (std::int64_t p = 0; p < pieces; ++p)
        if (ConvRows part{rows * p / pieces, rows * (p + 1) / pieces}; part.begin < part.end)
          conv_forward_rows<T>(s, part, x.data(), packed.data(), b, cut.data());
      EXPECT_EQ(std::memcmp(cut.data(), whole.data(), whole.size() * sizeof(T)), 0) << pieces << " pieces";
    }
    if (of_whole == 0) {
      EXPECT_EQ(library_counters().slow, before) << "rows take a slower kernel";
    }
  }
}

TEST(Conv, RowsApartHaveTheBitsOfTheWhole) {
  for (const ConvShape& s : cut_shapes()) {
    SCOPED_TRACE("kernel " + std::to_string(s.window.kernel[2]) + ", in " + std::to_string(s.in) + ", size " +
                 std::to_string(s.window.size[2]));
    expect_rows_equal_the_whole<float>(s);
    expect_rows_equal_the_whole<bf16>(s);
    expect_rows_equal_the_whole<double>(s);
  }
}

TEST(Conv, RowsThatLieInPaddingAloneAreNotComputedApart) {
  ConvShape s = shape();
  s.window.before[1] = 1;
  EXPECT_EQ(result_rows(s), 0);
}

}  // namespace
}  // namespace gradus::kernels
