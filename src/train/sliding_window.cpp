#include "gradus/train/sliding_window.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/train/inference.h"

namespace gradus {
namespace {

using Axes = std::array<std::int64_t, 3>;

// A shape's axes but the last, with ones before them to make three.
Axes axes_of(const Shape& s) {
  Axes out = {1, 1, 1};
  int given = s.rank() - 1;
  for (int axis = 0; axis < given; ++axis) out[3 - given + axis] = s[axis];
  return out;
}

std::int64_t places(const Axes& a) { return a[0] * a[1] * a[2]; }

double weight_along(std::int64_t i, std::int64_t n, Blend blend) {
  double middle = static_cast<double>(n - 1) / 2, off = static_cast<double>(i) - middle;
  if (blend == Blend::linear) return 1 - std::abs(off) / (middle + 1);
  double d = off * 8 / static_cast<double>(n);
  return std::exp(-0.5 * d * d);
}

std::vector<double> patch_weights(const Axes& patch, Blend blend) {
  std::vector<double> weights;
  for (std::int64_t z = 0; z < patch[0]; ++z)
    for (std::int64_t y = 0; y < patch[1]; ++y)
      for (std::int64_t x = 0; x < patch[2]; ++x)
        weights.push_back(weight_along(z, patch[0], blend) * weight_along(y, patch[1], blend) *
                          weight_along(x, patch[2], blend));
  return weights;
}

// Calls f(place in the whole, place in the patch, length) for each row of the patch at `start` that lies in the whole.
template <class F>
void each_row(const Axes& whole, const Axes& patch, const Axes& start, F&& f) {
  std::int64_t length = std::min(patch[2], whole[2] - start[2]);
  for (std::int64_t z = 0; z < std::min(patch[0], whole[0] - start[0]); ++z)
    for (std::int64_t y = 0; y < std::min(patch[1], whole[1] - start[1]); ++y)
      f(((start[0] + z) * whole[1] + start[1] + y) * whole[2] + start[2], (z * patch[1] + y) * patch[2], length);
}

// The patches of an input [size.., channels] as a data set; those of an example have its target and weights.
class Patches final : public Dataset {
 public:
  Patches(const Tensor& input, const Shape& patch, double overlap, const Batch* example = nullptr)
      : input_(input), shape_(patch), whole_(axes_of(input.shape())), patch_(axes_of(patch)), example_(example) {
    std::array<std::vector<std::int64_t>, 3> along;
    for (int axis = 0; axis < 3; ++axis) along[axis] = patch_starts(whole_[axis], patch_[axis], overlap);
    for (std::int64_t z : along[0])
      for (std::int64_t y : along[1])
        for (std::int64_t x : along[2]) starts_.push_back({z, y, x});
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(starts_.size()); }
  Shape input_shape() const override { return shape_; }
  Batch fetch(std::span<const std::uint32_t> rows) const override {
    Batch batch;
    batch.inputs = Tensor::zeros(shape_.inserted(0, static_cast<std::int64_t>(rows.size())));
    float* to = batch.inputs.mutable_data<float>();
    const float* from = input_.data<float>();
    std::int64_t channels = shape_[shape_.rank() - 1];
    for (std::uint32_t row : rows) {
      each_row(whole_, patch_, starts_[row], [&](std::int64_t in, std::int64_t at, std::int64_t length) {
        std::copy_n(from + in * channels, length * channels, to + at * channels);
      });
      to += shape_.size();
    }
    if (example_ != nullptr) add_targets(rows, batch);
    return batch;
  }
  const Axes& start(std::int64_t i) const { return starts_[static_cast<std::size_t>(i)]; }

 private:
  // What pads a patch has the weight 0.
  void add_targets(std::span<const std::uint32_t> rows, Batch& batch) const {
    auto n = static_cast<std::int64_t>(rows.size());
    const Tensor &target = example_->target, &own = example_->weight;
    Shape one = shape_.without(shape_.rank() - 1);
    batch.weight = Tensor::zeros(one.inserted(0, n));
    float* weight = batch.weight.mutable_data<float>();
    std::int64_t each = own.defined() ? places(whole_) / own.size() : 1, first = 0;
    for (std::uint32_t row : rows) {
      each_row(whole_, patch_, starts_[row], [&](std::int64_t in, std::int64_t at, std::int64_t length) {
        for (std::int64_t x = 0; x < length; ++x)
          batch.total_weight += weight[first + at + x] = own.defined() ? own.data<float>()[(in + x) / each] : 1;
      });
      first += places(patch_);
    }
    batch.target = target.dtype() == Dtype::i32 ? cut<std::int32_t>(target, rows, one.inserted(0, n))
                                                : cut<float>(target, rows, shape_of_pictures(one, n));
  }
  Shape shape_of_pictures(const Shape& one, std::int64_t n) const {
    return one.inserted(one.rank(), example_->target.dim(-1)).inserted(0, n);
  }
  template <class T>
  Tensor cut(const Tensor& from, std::span<const std::uint32_t> rows, const Shape& shape) const {
    Tensor out = Tensor::zeros(shape, from.dtype());
    T* to = out.mutable_data<T>();
    std::int64_t each = from.size() / places(whole_);
    for (std::uint32_t row : rows) {
      each_row(whole_, patch_, starts_[row], [&](std::int64_t in, std::int64_t at, std::int64_t length) {
        std::copy_n(from.data<T>() + in * each, length * each, to + at * each);
      });
      to += places(patch_) * each;
    }
    return out;
  }

  Tensor input_;
  Shape shape_;
  Axes whole_, patch_;
  const Batch* example_;
  std::vector<Axes> starts_;
};

void check(const Network& network, const Tensor& input, const Shape& patch) {
  int last = patch.rank() - 1;
  if (patch.rank() < 2 || patch.rank() > 4 || input.rank() != patch.rank() || input.dim(-1) != patch[last] ||
      input.size() == 0)
    throw Error(ErrorKind::shape, {"patches", "an input [size.., channels] of 1 to 3 axes, with the patch's channels",
                                   input.shape().text() + " and " + patch.text(), ""});
  Shape result = network.output_shape(patch);
  if (result.rank() != patch.rank() || result.without(last) != patch.without(last))
    throw Error(ErrorKind::shape, {"patches", "a network that keeps the size of " + patch.text(), result.text(), ""});
}

}  // namespace

std::vector<std::int64_t> patch_starts(std::int64_t n, std::int64_t patch, double overlap) {
  if (!(overlap >= 0 && overlap < 1))
    throw Error(ErrorKind::value, {"patches", "overlap in [0, 1)", std::to_string(overlap), ""});
  auto step = std::max<std::int64_t>(1, std::llround(static_cast<double>(patch) * (1 - overlap)));
  std::vector<std::int64_t> starts;
  for (std::int64_t start = 0; start + patch < n; start += step) starts.push_back(start);
  starts.push_back(std::max<std::int64_t>(0, n - patch));
  return starts;
}

namespace {

using Take = std::function<void(const Tensor&, const Batch&)>;

// The weighted mean of the patches' predictions, which `predict` hands out in order.
Tensor blended(const Network& network, const Tensor& input, const Patches& patches, const SlidingWindow& window,
               const std::function<void(const Take&)>& predict) {
  Shape patch = patches.input_shape();
  Axes whole = axes_of(input.shape()), part = axes_of(patch);
  std::vector<double> weights = patch_weights(part, window.blend);
  Shape result = network.output_shape(patch);
  std::int64_t outputs = result[result.rank() - 1], done = 0;
  std::vector<double> sums(static_cast<std::size_t>(places(whole) * outputs), 0),
      weight(static_cast<std::size_t>(places(whole)), 0);
  predict([&](const Tensor& predictions, const Batch& batch) {
    const float* from = predictions.data<float>();
    for (std::int64_t i = 0; i < batch.size(); ++i, from += result.size())
      each_row(whole, part, patches.start(done++), [&](std::int64_t in, std::int64_t at, std::int64_t length) {
        for (std::int64_t x = 0; x < length; ++x) {
          double w = weights[at + x];
          weight[in + x] += w;
          for (std::int64_t k = 0; k < outputs; ++k)
            sums[(in + x) * outputs + k] += w * static_cast<double>(from[(at + x) * outputs + k]);
        }
      });
  });
  Tensor out = Tensor::empty(input.shape().with(input.rank() - 1, outputs));
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.size(); ++i)
    to[i] = static_cast<float>(sums[static_cast<std::size_t>(i)] / weight[static_cast<std::size_t>(i / outputs)]);
  return out;
}

}  // namespace

Tensor predict_by_patches(Network& network, const Loss& loss, const Tensor& input, const Shape& patch,
                          const SlidingWindow& window) {
  check(network, input, patch);
  Patches patches(input, patch, window.overlap);
  return blended(network, input, patches, window,
                 [&](const Take& take) { predict_network(network, loss, patches, take); });
}

MeasuredPatches measure_by_patches(Network& network, const Loss& loss, const Batch& example, const Shape& patch,
                                   const SlidingWindow& window) {
  Tensor input = reshape(example.inputs, example.inputs.shape().without(0));
  check(network, input, patch);
  const Shape& target = example.target.shape();
  Shape size = input.shape().without(input.rank() - 1);
  bool is_picture = example.target.dtype() != Dtype::i32;
  if (target.without(0).rank() != size.rank() + is_picture ||
      (is_picture ? target.without(0).without(size.rank()) : target.without(0)) != size)
    throw Error(ErrorKind::shape, {"patches", "a target of the size of " + size.text(), target.text(), ""});
  Patches patches(input, patch, window.overlap, &example);
  MeasuredPatches out;
  out.predictions = blended(network, input, patches, window,
                            [&](const Take& take) { out.loss = evaluate_network(network, loss, patches, take); });
  return out;
}

}  // namespace gradus
