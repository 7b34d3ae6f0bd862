#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/catalog.h"
#include "gradus/base/random.h"
#include "gradus/data/dataset.h"
#include "gradus/data/warp.h"

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
  float target_low = 0;  // the target's black
};

// The random numbers of one transform for one example in one epoch: a pure function of all of them.
class AugmentDraws {
 public:
  // Numbers from this one on are for fields, such as noise for each element; those before for parameters.
  static constexpr std::uint32_t kFields = 16;

  AugmentDraws(const RandomKey& key, std::uint32_t example)
      : key_(key), first_(static_cast<std::uint64_t>(example) << 32) {}
  // Number `i` of the example's own sequence: uniform in [0, 1), or in [low, high).
  float uniform(std::uint32_t i) const { return uniform01(key_, first_ + i); }
  double uniform(std::uint32_t i, double low, double high) const {
    return low + (high - low) * static_cast<double>(uniform(i));
  }
  // Whether something of this probability happens: number 0 decides.
  bool happens(double probability) const { return static_cast<double>(uniform(0)) < probability; }
  // Numbers first, first + 1, ...
  void fill_uniform(std::uint32_t first, std::span<float> out) const {
    fill_uniform01(key_, first_ + first, out.data(), out.size());
  }

 private:
  RandomKey key_;
  std::uint64_t first_;
};

// What a drawn parameter lies between.
struct DrawnRange {
  double low = 0, high = 0;
};
// Reads a range from a config: [low, high], or one number d for [-d, d] where `around` is 0, [1 - d, 1 + d] where it is
// 1, and d alone without it. Throws Error{config} for other values, ends the wrong way round and ends outside `bound`.
DrawnRange drawn_range(const Value& value, const Bound& bound, const std::string& place,
                       std::optional<double> around = std::nullopt);

// A transform that makes of a training example another one of the same kind. Each file of augmentations/ holds a family
// of them; each overrides one of the functions below.
class Augmentation {
 public:
  virtual ~Augmentation() = default;
  // Changes the example in place.
  virtual void apply(AugmentedExample&, const AugmentDraws&) const {}

  // Of transforms that move what is seen: how they fill what comes into view. Neighbours in the list that fill alike
  // move together, so that pixels are interpolated once.
  virtual std::optional<Fill> moves() const { return std::nullopt; }
  virtual void move(Warp&, const AugmentedExample&, const AugmentDraws&) const {}

  // Of transforms that mix two examples of a batch: the share an example keeps, in [0, 1].
  virtual bool mixes() const { return false; }
  virtual double kept_share(const AugmentDraws&) const { return 1; }
};

// Transforms by name.
const Catalog<Augmentation>& augmentations();

// The list of a config's `augment`, applied in order; what mixes examples comes after all others.
class Augmenter {
 public:
  // Throws Error{config} that names the entry.
  Augmenter(const Value& list, std::uint64_t seed, const std::string& place = "data.augment");
  bool empty() const { return steps_.empty(); }
  bool mixes() const;
  // Changes example number `row` of the data as `epoch` has it.
  void apply(AugmentedExample& example, std::uint32_t row, std::int64_t epoch) const;
  // Mixes the examples of a batch, whose targets must be f32 [n, ...], each with a partner there and their targets in
  // the same shares.
  void mix(Batch& batch, std::span<const std::uint32_t> rows, std::int64_t epoch) const;

 private:
  struct Step {
    std::unique_ptr<Augmentation> transform;
    RandomKey key;
    AugmentDraws draws(std::uint32_t row, std::int64_t epoch) const {
      return {key.at_step(static_cast<std::uint32_t>(epoch)), row};
    }
  };
  std::vector<Step> steps_;
};

}  // namespace gradus
