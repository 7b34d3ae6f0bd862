#include "samples.h"

#include <algorithm>
#include <array>

namespace gradus::cli {
namespace {

constexpr int kGap = 4, kLeast = 64;  // pixels between images; images smaller than that are enlarged
constexpr std::array<std::array<int, 3>, 6> kColours = {
    {{230, 60, 60}, {60, 140, 230}, {70, 180, 80}, {240, 170, 40}, {160, 90, 210}, {40, 180, 180}}};

bool has_masks(const Batch& batch) { return batch.target.dtype() == Dtype::i32 && batch.target.rank() > 1; }

// One image in colour, its mask half seen through.
Pixels coloured(const ImageFormat& format, const Batch& batch, std::int64_t row) {
  std::int64_t slices = batch.inputs.rank() == 5 ? batch.inputs.dim(1) : 1, slice = slices / 2;
  Pixels image = pixels_of(format, batch.inputs, row, slice);
  std::size_t places = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  Pixels out{image.width, image.height, 3, std::vector<std::uint8_t>(places * 3)};
  const std::int32_t* mask = nullptr;
  if (has_masks(batch))
    mask = batch.target.data<std::int32_t>() + (row * slices + slice) * static_cast<std::int64_t>(places);
  for (std::size_t i = 0; i < places; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      int value = image.values[image.channels == 3 ? i * 3 + c : i];
      if (mask != nullptr && mask[i] > 0)
        value = (value + kColours[static_cast<std::size_t>(mask[i] - 1) % kColours.size()][c]) / 2;
      out.values[i * 3 + c] = static_cast<std::uint8_t>(value);
    }
  return out;
}

void paint(Picture& sheet, const Pixels& image, std::int64_t left, std::int64_t top, std::int64_t scale) {
  for (std::int64_t y = 0; y < image.height * scale; ++y)
    for (std::int64_t x = 0; x < image.width * scale; ++x)
      std::copy_n(image.values.data() + (y / scale * image.width + x / scale) * 3, 3,
                  sheet.pixels.data() + ((top + y) * sheet.width + left + x) * 3);
}

}  // namespace

std::vector<std::uint32_t> example_rows(const LoadedData& data, std::size_t most) {
  constexpr std::uint32_t kAtOnce = 64;
  std::vector<std::uint32_t> rows;
  auto n = static_cast<std::uint32_t>(data.train->size());
  if (!data.task.classifies() || data.task.per_place) {
    for (std::uint32_t r = 0; r < n && rows.size() < most; ++r) rows.push_back(r);
    return rows;
  }
  std::vector<std::int64_t> first(data.task.classes.size(), -1);
  for (std::uint32_t begin = 0; begin < n && std::ranges::count(first, -1) > 0; begin += kAtOnce) {
    std::vector<std::uint32_t> some;
    for (std::uint32_t r = begin; r < std::min(begin + kAtOnce, n); ++r) some.push_back(r);
    Batch batch = data.train->fetch(some);
    for (std::size_t i = some.size(); i-- > 0;) {
      std::int64_t& known = first[static_cast<std::size_t>(batch.target.data<std::int32_t>()[i])];
      if (known < 0 || known >= begin) known = some[i];
    }
  }
  for (std::int64_t row : first)
    if (row >= 0 && rows.size() < most) rows.push_back(static_cast<std::uint32_t>(row));
  return rows;
}

Picture sample_sheet(const LoadedData& data, const ImageFormat& format, const std::vector<std::uint32_t>& rows,
                     int epochs) {
  Batch as_is = data.train->fetch(rows);
  Pixels first = coloured(format, as_is, 0);
  int scale = std::max(1, kLeast / std::max(first.width, first.height));
  int wide = first.width * scale + kGap, tall = first.height * scale + kGap;
  Picture sheet;
  sheet.width = (epochs + 1) * wide + 2 * kGap;
  sheet.height = static_cast<int>(rows.size()) * tall - kGap;
  sheet.channels = 3;
  sheet.pixels.assign(static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height) * 3, 255);
  for (int column = 0; column <= epochs; ++column) {
    Batch batch = column == 0 ? as_is : data.train->draw(rows, column - 1);
    int left = column * wide + (column > 0 ? 3 * kGap : 0);
    for (std::int64_t r = 0; r < batch.size(); ++r) paint(sheet, coloured(format, batch, r), left, r * tall, scale);
  }
  return sheet;
}

}  // namespace gradus::cli
