#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "gradus/tensor/ops.h"
#include "gradus/tensor/tensor.h"

namespace gradus {

// Examples put together for one step.
struct Batch {
  Tensor inputs;            // [n, ...]; sequences [n, time, ...] with zeros behind those shorter than the longest
  Tensor lengths;           // i32 [n], the steps of each sequence; undefined where inputs are none
  Tensor target;            // i32 class numbers or f32 values [n, ...]: one for an example, or one for each place of it
  Tensor weight;            // f32 [n] or, for each place, [n, ...], 0 for padding; undefined when all count 1
  double total_weight = 0;  // sum of the weights (n without weights)
  // Where targets are sequences that a decoder makes: i32 [n, steps], the symbol before each of theirs, and [n], how
  // many these are; see Context::shown.
  Tensor shown = {}, shown_lengths = {};

  std::int64_t size() const { return inputs.dim(0); }
  LossWeights loss_weights() const { return {weight, weight.defined() ? total_weight : 0}; }
};

// A collection of examples that batches are drawn from, in memory or not. Implementations are safe to read from several
// threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  virtual Shape input_shape() const = 0;  // of one example; of the longest where lengths vary
  // The examples `rows` (each below size()), in that order.
  virtual Batch fetch(std::span<const std::uint32_t> rows) const = 0;
  // The same as an epoch of training meets them: augmented, where the data say so, anew in each epoch.
  virtual Batch draw(std::span<const std::uint32_t> rows, std::int64_t) const { return fetch(rows); }
  // How long an example is, where that differs between examples and batches of alike ones save work; 0 where not.
  virtual std::int64_t length(std::uint32_t) const { return 0; }
  // For one long sequence that is read in several places at once: in how many. Batches are then of so many examples, in
  // order, and each example goes on where the one in its place in the batch before ended. 0: examples stand alone.
  virtual std::int64_t streams() const { return 0; }
  // The same sequence read in about so many places, `length` steps at a time; null for examples that stand alone.
  virtual std::shared_ptr<const Dataset> in_streams(std::int64_t, std::int64_t) const { return nullptr; }
  // Of a series: what the seasonal naive forecast (see forecast.h) has for the examples, shaped and scaled as all their
  // targets are; undefined for other data, and where a season is longer than what is known at the first origin.
  virtual Tensor naive_forecasts(std::int64_t) const { return {}; }
  // Whether a batch takes so long (decoding, augmentation) that it is worth making while the one before is trained on.
  virtual bool is_costly() const { return false; }
};

// Hands out all examples in order, at most `rows` at a time (but one) and 1024, and as few as make some megabytes of
// inputs; streams as their own batches.
void each_batch(const Dataset& data, std::int64_t rows, const std::function<void(const Batch&)>& take);

// A hash of all examples: a resumed run sees by it whether its data are still the same.
std::uint64_t fingerprint(const Dataset& data);

// Some examples of a data set, which is shared: the parts of a split, a fold, a sample with repeats.
class Subset final : public Dataset {
 public:
  // Throws Error{value} for a row that `whole` does not have.
  Subset(std::shared_ptr<const Dataset> whole, std::vector<std::uint32_t> rows);
  std::int64_t size() const override { return static_cast<std::int64_t>(rows_.size()); }
  Shape input_shape() const override { return whole_->input_shape(); }
  Batch fetch(std::span<const std::uint32_t> rows) const override { return whole_->fetch(of_whole(rows)); }
  Batch draw(std::span<const std::uint32_t> rows, std::int64_t epoch) const override {
    return whole_->draw(of_whole(rows), epoch);
  }
  std::int64_t length(std::uint32_t row) const override { return whole_->length(rows_[row]); }
  bool is_costly() const override { return whole_->is_costly(); }

 private:
  std::vector<std::uint32_t> of_whole(std::span<const std::uint32_t> rows) const;

  std::shared_ptr<const Dataset> whole_;
  std::vector<std::uint32_t> rows_;
};

// The part `rows` of a data set; null where there are none.
std::shared_ptr<const Dataset> part_of(std::shared_ptr<const Dataset> whole, const std::vector<std::uint32_t>& rows);

// Inputs held as bytes or floats in one array, read as (value - shift) * scale.
struct ArrayInputs {
  Tensor values;  // u8 or f32 [n, ...]
  float shift = 0;
  float scale = 1;
};

// Arrays in memory: tables, images, volumes.
class ArrayDataset final : public Dataset {
 public:
  // `target` is i32 or f32 [n, ...], so a mask as well as a class or values; `weight` f32 has the target's shape or its
  // first axes, [n] for one weight an example, or is undefined. Throws Error{data} where they do not fit.
  ArrayDataset(ArrayInputs inputs, Tensor target, Tensor weight = {});
  std::int64_t size() const override { return inputs_.values.dim(0); }
  Shape input_shape() const override { return inputs_.values.shape().without(0); }
  Batch fetch(std::span<const std::uint32_t> rows) const override;

 private:
  void copy_rows(std::span<const std::uint32_t> rows, std::int64_t width, float* to) const;

  ArrayInputs inputs_;
  Tensor target_, weight_;
};

// For implementations whose targets and weights are arrays in memory.
// Throws Error{data} unless `target` is [examples, ...] and `weight` undefined or shaped like its first axes.
void check_labels(std::int64_t examples, const Tensor& target, const Tensor& weight);
// The target, weight and total weight of a batch of `rows`.
void fetch_labels(const Tensor& target, const Tensor& weight, std::span<const std::uint32_t> rows, Batch& batch);
// The entries `rows` of the first axis.
Tensor gather_rows(const Tensor& values, std::span<const std::uint32_t> rows);

}  // namespace gradus
