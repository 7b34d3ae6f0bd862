#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/catalog.h"
#include "gradus/base/random.h"
#include "gradus/data/dataset.h"

namespace gradus {

// An example on its way into a batch: the raw values [depth, height, width, channels] (pictures have depth 1) and what
// belongs to its places, changed alike.
struct AugmentedExample {
  std::int64_t depth = 1, height = 0, width = 0, channels = 1;
  std::span<float> values;
  float low = 0, high = 255;          // between which values lie: black and white
  std::span<std::int32_t> mask = {};  // [depth, height, width]; empty: none
  std::span<float> target = {};       // [height, width, channels], of a picture to make of it
  std::int64_t target_height = 0, target_width = 0, target_channels = 0;
};

// The random numbers of one transform for one example in one epoch: a pure function of all of them.
class AugmentDraws {
 public:
  AugmentDraws(const RandomKey& key, std::uint64_t example) : key_(key), first_(example << 24) {}
  // Number `i` of the example's own sequence, i below 2^24: uniform in [0, 1), or in [low, high).
  float uniform(std::uint32_t i) const { return uniform01(key_, first_ + i); }
  float uniform(std::uint32_t i, double low, double high) const {
    return static_cast<float>(low + (high - low) * static_cast<double>(uniform(i)));
  }
  float normal(std::uint32_t i) const { return static_cast<float>(normal01(key_, first_ + i)); }

 private:
  RandomKey key_;
  std::uint64_t first_;
};

// A transform that makes of a training example another one of the same kind: one file of augmentations/ each.
class Augmentation {
 public:
  virtual ~Augmentation() = default;
  virtual void apply(AugmentedExample& example, const AugmentDraws& draws) const = 0;
};

// Transforms by name.
const Catalog<Augmentation>& augmentations();

// The list of a config's `augment`, applied in order.
class Augmenter {
 public:
  // Throws Error{config} that names the entry.
  Augmenter(const Value& list, std::uint64_t seed, const std::string& place = "data.augment");
  bool empty() const { return steps_.empty(); }
  // Changes example number `row` of the data as `epoch` has it.
  void apply(AugmentedExample& example, std::uint64_t row, std::int64_t epoch) const;

 private:
  struct Step {
    std::unique_ptr<Augmentation> transform;
    RandomKey key;
  };
  std::vector<Step> steps_;
};

}  // namespace gradus
