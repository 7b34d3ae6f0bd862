#pragma once

#include <gradus/gradus.h>

#include <numeric>

// 1,797 handwritten digits of 8 x 8 pixels, half of them to train on, a fifth for validation.
inline gradus::LoadedData load_digits() {
  gradus::Value config = gradus::parse_toml(R"(
    data = { source = "digits.csv", target = "digit" }
    prepare = { split = { method = "stratified", train = 0.5, validation = 0.2, test = 0.3 }, scale = "standardize" })",
                                            "");
  return gradus::make_source({config.at("data"), config.at("prepare")})->load(EXAMPLE_DATA, /*seed=*/1);
}

// All examples as one batch.
inline gradus::Batch whole_batch(const gradus::Dataset& data) {
  std::vector<std::uint32_t> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), 0u);
  return data.fetch(all);
}
