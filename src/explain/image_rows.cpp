#include "gradus/explain/image_rows.h"

#include <algorithm>
#include <cmath>

namespace gradus {
namespace {

constexpr std::int64_t kMostRead = 512;            // images looked at to find some of each class
constexpr std::int64_t kElementsRead = 1 << 27;    // of all of these
constexpr std::int64_t kElementsAtOnce = 1 << 22;  // of a batch
constexpr double kGalleryBytes = 1.2e6;            // pixels before compression
constexpr int kSmallestTile = 28, kLargestTile = 112;

}  // namespace

std::vector<std::uint32_t> spread_rows(std::int64_t size, std::int64_t count) {
  std::vector<std::uint32_t> rows;
  count = std::min(count, size);
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(static_cast<std::uint32_t>(i * size / count));
  return rows;
}

std::vector<std::vector<std::uint32_t>> rows_of_classes(const Dataset& data, std::size_t classes, std::size_t most) {
  std::vector<std::vector<std::uint32_t>> found(classes);
  std::int64_t one = std::max<std::int64_t>(data.input_shape().size(), 1);
  std::vector<std::uint32_t> rows =
      spread_rows(data.size(), std::clamp<std::int64_t>(kElementsRead / one, 16, kMostRead));
  auto at_once = static_cast<std::size_t>(std::clamp<std::int64_t>(kElementsAtOnce / one, 1, 64));
  // Each batch is spread over the data, which may be sorted by class.
  std::size_t step = (rows.size() + at_once - 1) / at_once;
  auto enough = [&](const std::vector<std::uint32_t>& of_class) { return of_class.size() >= most; };
  for (std::size_t first = 0; first < step && !std::ranges::all_of(found, enough); ++first) {
    std::vector<std::uint32_t> batch;
    for (std::size_t i = first; i < rows.size(); i += step) batch.push_back(rows[i]);
    std::vector<std::int32_t> target = data.fetch(batch).target.to_vector<std::int32_t>();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      auto& of_class = found[static_cast<std::size_t>(target[i])];
      if (of_class.size() < most) of_class.push_back(batch[i]);
    }
  }
  return found;
}

std::int64_t slices_of(const Shape& image) { return image.rank() == 4 ? image[0] : 1; }

Picture picture_of(const ImageFormat& format, const Tensor& inputs, std::int64_t row, std::int64_t slice) {
  Pixels p = pixels_of(format, inputs, row, slice);
  return {p.width, p.height, p.channels, std::move(p.values)};
}

Picture enlarged_within(const Picture& p, int side) {
  return enlarge(p, std::max(1, side / std::max(p.width, p.height)));
}

int tile_side(std::size_t tiles, int channels) {
  double side = std::sqrt(kGalleryBytes / (static_cast<double>(std::max<std::size_t>(tiles, 1)) * channels));
  return std::clamp(static_cast<int>(side), kSmallestTile, kLargestTile);
}

std::size_t examples_at_once(const Network& network, const Shape& input) {
  std::int64_t kept = std::max<std::int64_t>(network.cost(input).activations, 1);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(kElementsAtOnce / kept, 1, 64));
}

}  // namespace gradus
