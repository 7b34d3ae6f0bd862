#include "gradus/explain/overlays.h"

#include <algorithm>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/explain/answers.h"
#include "gradus/explain/attribution.h"
#include "gradus/explain/image_rows.h"

namespace gradus {
namespace {

constexpr int kSide = 256;  // small pictures are made larger, up to this
constexpr std::int64_t kMostSlices = 16, kSlicesInALine = 4;

// Some examples with what the model says of them.
struct Answered {
  Tensor inputs;
  Answers answers;
  Tensor maps;  // [n, size..] of what speaks for each class
  Tensor made;  // [n, size.., channels] where pictures are made
  ImageFormat made_format = {};
};

Answered answered(const ImageModel& model, const Dataset& part, const std::string& layer) {
  std::vector<std::uint32_t> rows(static_cast<std::size_t>(part.size()));
  std::iota(rows.begin(), rows.end(), 0u);
  Batch batch = part.fetch(rows);
  Answered a{batch.inputs, answers_of(model, part), {}, {}};
  if (!model.task.classifies()) {
    a.made = a.answers.values;
    auto [low, high] = std::ranges::minmax(a.made.to_vector<float>());
    a.made_format = {{0}, {1}, low, high};
  } else if (!model.task.per_place) {
    a.maps = layer.empty() ? saliency(model.network, batch.inputs, a.answers.classes)
                           : grad_cam(model.network, batch.inputs, a.answers.classes, layer);
  }
  return a;
}

Picture overlay(const ImageModel& model, const Answered& a, std::int64_t row, std::int64_t slice, std::int64_t depth) {
  if (a.made.defined()) return picture_of(a.made_format, a.made, row, slice);
  Picture p = picture_of(model.format, a.inputs, row, slice);
  if (a.maps.defined()) {
    std::int64_t of_map = a.maps.rank() == 4 ? slice * a.maps.dim(1) / depth : 0;
    return heat_over(p, plane<float>(a.maps, row, of_map), static_cast<int>(a.maps.dim(-1)),
                     static_cast<int>(a.maps.dim(-2)));
  }
  auto places = static_cast<std::size_t>(p.width) * static_cast<std::size_t>(p.height);
  return classes_over(
      p, std::span(a.answers.classes).subspan(static_cast<std::size_t>(row * depth + slice) * places, places));
}

}  // namespace

void each_overlay(const ImageModel& model, const std::shared_ptr<const Dataset>& data,
                  const std::function<void(std::int64_t, const Picture&)>& take) {
  if (!model.task.classifies() && !model.task.per_place)
    throw Error(ErrorKind::config, "overlay", "the model predicts numbers, which can not be laid over an image",
                "it is for models that predict classes, masks or images");
  Shape input = data->input_shape();
  std::int64_t depth = slices_of(input);
  std::string layer = last_convolution(model.network, input);
  std::vector<std::uint32_t> slices = spread_rows(depth, kMostSlices);
  auto at_once = static_cast<std::int64_t>(examples_at_once(model.network, input));
  for (std::int64_t first = 0; first < data->size(); first += at_once) {
    std::vector<std::uint32_t> rows(static_cast<std::size_t>(std::min(at_once, data->size() - first)));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    Answered a = answered(model, Subset(data, rows), layer);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(rows.size()); ++i) {
      std::vector<std::vector<Picture>> lines;
      for (std::size_t s = 0; s < slices.size(); ++s) {
        if (s % kSlicesInALine == 0) lines.emplace_back();
        lines.back().push_back(overlay(model, a, i, slices[s], depth));
      }
      take(first + i, enlarged_within(depth == 1 ? lines[0][0] : sheet(lines, 2), kSide));
    }
  }
}

}  // namespace gradus
