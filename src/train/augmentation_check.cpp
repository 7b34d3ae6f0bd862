#include "gradus/train/augmentation_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/parallel.h"
#include "gradus/base/text.h"
#include "gradus/data/augment.h"

namespace gradus {
namespace {

constexpr std::int64_t kValidation = 1000, kTraining = 2000;  // images looked at
constexpr double kRise = 0.1, kTimes = 3;
// Pixels alone are a poor judge: by them a mirrored shoe may be another shoe.
constexpr double kNearest = 0.5, kAgreed = 0.25;
constexpr int kImages = 5;         // fewer prove nothing
constexpr std::size_t kNamed = 5;  // pairs of classes for each transform

// Prepared images, changed by a transform as they were before they were prepared.
class Changed final : public Dataset {
 public:
  Changed(std::shared_ptr<const Dataset> images, const ImageFormat& format, Augmenter transform)
      : images_(std::move(images)), format_(format), transform_(std::move(transform)) {}
  std::int64_t size() const override { return images_->size(); }
  Shape input_shape() const override { return images_->input_shape(); }
  Batch fetch(std::span<const std::uint32_t> rows) const override {
    Batch batch = images_->fetch(rows);
    Shape one = input_shape();
    AugmentedExample e;
    e.depth = one.rank() == 4 ? one[0] : 1;
    e.height = one[one.rank() - 3];
    e.width = one[one.rank() - 2];
    e.channels = one[one.rank() - 1];
    e.low = format_.low;
    e.high = format_.high;
    auto size = static_cast<std::size_t>(one.size());
    float* values = batch.inputs.mutable_data<float>();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      e.values = {values + i * size, size};
      for (std::size_t k = 0; k < size; ++k) e.values[k] = e.values[k] / of(format_.scale, k) + of(format_.shift, k);
      transform_.apply(e, rows[i], 0);
      for (std::size_t k = 0; k < size; ++k) e.values[k] = (e.values[k] - of(format_.shift, k)) * of(format_.scale, k);
    }
    return batch;
  }

 private:
  static float of(const std::vector<float>& channels, std::size_t k) { return channels[k % channels.size()]; }

  std::shared_ptr<const Dataset> images_;
  ImageFormat format_;
  Augmenter transform_;
};

// At most `count` examples, spread over all.
std::shared_ptr<const Dataset> sample(std::shared_ptr<const Dataset> data, std::int64_t count) {
  std::int64_t n = data->size(), taken = std::min(n, count);
  std::vector<std::uint32_t> rows;
  for (std::int64_t i = 0; i < taken; ++i) rows.push_back(static_cast<std::uint32_t>(i * n / taken));
  return std::make_shared<const Subset>(std::move(data), std::move(rows));
}

// How many images of a class are taken for which.
struct Confusion {
  std::size_t classes;
  std::vector<int> counts = std::vector<int>(classes * classes, 0);  // [truth, answer]

  void add(std::int32_t truth, std::int32_t answer) { ++counts[truth * classes + answer]; }
  int count(std::size_t truth, std::size_t answer) const { return counts[truth * classes + answer]; }
  double rate(std::size_t truth, std::size_t answer) const {
    int all = 0;
    for (std::size_t c = 0; c < classes; ++c) all += count(truth, c);
    return all > 0 ? static_cast<double>(count(truth, answer)) / all : 0;
  }
  bool rises_from(const Confusion& before, std::size_t a, std::size_t b) const {
    double was = before.rate(a, b), is = rate(a, b);
    return is >= was + kRise && is >= kTimes * was && count(a, b) >= before.count(a, b) + kImages;
  }
};

// Answers with the class of the nearest training image, pixel by pixel.
class Nearest {
 public:
  explicit Nearest(const Dataset& data) {
    std::vector<std::uint32_t> rows(static_cast<std::size_t>(data.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
    Batch all = data.fetch(rows);
    known_ = transpose(reshape(all.inputs, {data.size(), -1}));
    half_squares_ = sum(known_ * known_, {0}) * 0.5;
    classes_ = all.target.to_vector<std::int32_t>();
  }

  Confusion confusion(const Dataset& data, std::size_t classes) const {
    ComputeScope scope;
    NoGrad no_grad;
    Confusion out{classes};
    each_batch(data, 256, [&](const Batch& batch) {
      Tensor nearness = matmul(reshape(batch.inputs, {batch.size(), -1}), known_) - half_squares_;
      std::vector<std::int32_t> nearest = argmax(nearness).to_vector<std::int32_t>(),
                                truth = batch.target.to_vector<std::int32_t>();
      for (std::size_t i = 0; i < truth.size(); ++i) out.add(truth[i], classes_[nearest[i]]);
    });
    return out;
  }

 private:
  Tensor known_, half_squares_;  // [values, n], [n]
  std::vector<std::int32_t> classes_;
};

// What the network and the nearest images make of the same examples.
struct Answers {
  Confusion network, nearest;
};

Answers answers(Prepared& p, const Nearest& nearest, const Dataset& data) {
  std::size_t classes = p.data.task.classes.size();
  Evaluation e = evaluate(*p.network, *p.loss, p.data.task, data);
  Confusion network{classes};
  for (std::size_t i = 0; i < e.truth.size(); ++i) network.add(e.truth[i], e.predicted[i]);
  return {network, nearest.confusion(data, classes)};
}

long percent(double share) { return std::lround(100 * share); }

// The pairs of classes that a transform exchanges, the most frequent first.
std::vector<std::string> findings(const std::string& transform, const Answers& before, const Answers& after,
                                  const std::vector<std::string>& names) {
  std::vector<std::pair<double, std::string>> found;
  for (std::size_t a = 0; a < names.size(); ++a)
    for (std::size_t b = 0; b < names.size(); ++b) {
      if (a == b) continue;
      std::string what = transform + " turns " + quoted(names[a]) + " into " + quoted(names[b]);
      double rate = after.network.rate(a, b);
      if (after.network.rises_from(before.network, a, b))
        found.emplace_back(rate, fmt::format("{} in {} % of validation images ({} % without)", what, percent(rate),
                                             percent(before.network.rate(a, b))));
      else if (rate >= kAgreed && after.nearest.rate(a, b) >= kNearest &&
               after.nearest.rises_from(before.nearest, a, b))
        found.emplace_back(
            rate,
            fmt::format("{} in {} % of validation images ({} % without), going by the nearest training image; "
                        "the network, which learned with it, says so in {} %",
                        what, percent(after.nearest.rate(a, b)), percent(before.nearest.rate(a, b)), percent(rate)));
    }
  std::ranges::stable_sort(found, std::ranges::greater(), &std::pair<double, std::string>::first);
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < std::min(found.size(), kNamed); ++i)
    sentences.push_back(found[i].second + ": leave it out, or make it weaker, if it changes what is seen");
  return sentences;
}

// The transform alone, acting on each image.
Value always(const Value& spec) {
  Value table = augmentations().written_out(spec);
  if (table.find("probability") != nullptr) table.set("probability", 1.0);
  return table;
}

}  // namespace

std::vector<std::string> augmentation_warnings(const Experiment& e, Prepared& p) {
  const Value* list = e.params.data.find("augment");
  std::optional<ImageFormat> format = p.source->image_format();
  const TaskSpec& task = p.data.task;
  if (list == nullptr || list->as_array().empty() || !format || !p.data.validation || !task.classifies() ||
      task.per_place)
    return {};
  std::shared_ptr<const Dataset> images = sample(p.data.validation, kValidation);
  Nearest nearest(*sample(p.data.train, kTraining));
  Answers before = answers(p, nearest, *images);
  std::vector<std::string> all;
  for (const Value& spec : list->as_array()) {
    Augmenter alone(Value(Value::Array{always(spec)}), static_cast<std::uint64_t>(e.params.seed));
    if (alone.mixes()) continue;
    std::string name = (spec.is_string() ? spec : spec.at("type")).as_string();
    Answers after = answers(p, nearest, Changed(images, *format, std::move(alone)));
    for (std::string& sentence : findings(name, before, after, task.classes)) all.push_back(std::move(sentence));
  }
  return all;
}

}  // namespace gradus
