#pragma once

#include <gradus/gradus.h>

#include <numeric>

// 1,797 handwritten digits of 8 x 8 pixels, half of them to train on, a fifth for validation. With the scale "none"
// pixels are from 0 to 16.
inline gradus::LoadedData load_digits(const char* scale = "standardize") {
  gradus::Value config = gradus::parse_toml(R"(
    data = { source = "digits.csv", target = "digit" }
    prepare = { split = { method = "stratified", train = 0.5, validation = 0.2, test = 0.3 } })",
                                            "");
  gradus::Value prepare = config.at("prepare");
  prepare.set("scale", scale);
  return gradus::make_source({config.at("data"), prepare})->load(EXAMPLE_DATA, /*seed=*/1);
}

// All examples as one batch.
inline gradus::Batch whole_batch(const gradus::Dataset& data) {
  std::vector<std::uint32_t> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), 0u);
  return data.fetch(all);
}
