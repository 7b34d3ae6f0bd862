#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gradus/tensor/tensor.h"

namespace gradus {

// Examples put together for one step.
struct Batch {
  Tensor inputs;            // [n, ...]
  Tensor target;            // i32 class numbers [n, ...], or f32 values [n, ...]
  Tensor weight;            // f32 [n], or undefined when all examples count 1
  double total_weight = 0;  // sum of the weights (n without weights)
  std::int64_t size() const { return inputs.dim(0); }
};

// A collection of examples that batches are drawn from, in memory or not. Implementations are safe to read from several
// threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  virtual Shape input_shape() const = 0;  // of one example
  // The examples `rows` (each below size()), in that order.
  virtual Batch fetch(std::span<const std::uint32_t> rows) const = 0;
  // A hash of all examples: a resumed run sees by it whether its data are still the same.
  virtual std::uint64_t fingerprint() const = 0;
};

// Inputs held as bytes or floats in one array. Bytes are read as (byte - shift) * scale.
struct ArrayInputs {
  Tensor values;  // u8 or f32 [n, ...]
  float shift = 0;
  float scale = 1;
};

// Arrays in memory, shared between views of different rows (training, validation, test).
class ArrayDataset final : public Dataset {
 public:
  // `target` is i32 or f32 [n, ...], so a mask as well as a class or values, `weight` f32 [n] or undefined. `rows`
  // empty means all. Throws Error{data} where they differ in n, Error{value} for a row from n on.
  ArrayDataset(ArrayInputs inputs, Tensor target, Tensor weight = {}, std::vector<std::uint32_t> rows = {});
  std::int64_t size() const override { return static_cast<std::int64_t>(rows_.size()); }
  Shape input_shape() const override;
  Batch fetch(std::span<const std::uint32_t> rows) const override;
  std::uint64_t fingerprint() const override;

 private:
  ArrayInputs inputs_;
  Tensor target_, weight_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace gradus
