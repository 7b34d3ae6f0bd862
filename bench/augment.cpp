// How long augmentation takes for an image.
#include <chrono>
#include <cstdio>
#include <vector>

#include "gradus/data/augment.h"

namespace {

using namespace gradus;

double microseconds(const char* list, std::int64_t side, std::int64_t channels) {
  Augmenter augmenter(parse_toml_value(list), 1);
  std::vector<float> values(static_cast<std::size_t>(side * side * channels), 1);
  AugmentedExample e;
  e.height = e.width = side;
  e.channels = channels;
  e.values = values;
  constexpr std::uint32_t kImages = 250;
  double best = 1e9;
  for (int round = 0; round < 200; ++round) {
    auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t i = 0; i < kImages; ++i) augmenter.apply(e, i, round);
    best = std::min(best, std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  return best / kImages;
}

}  // namespace

int main() {
  const char* lists[] = {"[{ type = \"flip_horizontal\" }, { type = \"crop\" }]",
                         "[{ type = \"rotate\" }, { type = \"zoom\" }]",
                         "[\"shift\", \"rotate\", \"zoom\", \"shear\"]",
                         "[\"elastic\"]",
                         "[\"blur\"]",
                         "[\"noise\"]",
                         "[\"brightness\", \"contrast\"]",
                         "[\"cut_out\"]"};
  std::printf("%10s %10s  microseconds an image\n", "28x28x1", "32x32x3");
  for (const char* list : lists)
    std::printf("%10.2f %10.2f  %s\n", microseconds(list, 28, 1), microseconds(list, 32, 3), list);
}
