#pragma once

// Which images are shown, and how they become pictures.

#include <span>
#include <string>
#include <vector>

#include "gradus/data/dataset.h"
#include "gradus/data/source.h"
#include "gradus/nn/network.h"
#include "gradus/report/sheet.h"

namespace gradus {

// `count` rows spread evenly over the data, or all where it has fewer.
std::vector<std::uint32_t> spread_rows(std::int64_t size, std::int64_t count);

// Up to `most` rows of each class, found among a few hundred spread over the data.
std::vector<std::vector<std::uint32_t>> rows_of_classes(const Dataset& data, std::size_t classes, std::size_t most);

// Slices of an image, 1 for one that is flat.
std::int64_t slices_of(const Shape& image);

Picture picture_of(const ImageFormat& format, const Tensor& inputs, std::int64_t row, std::int64_t slice);

// Enlarged by the largest whole factor with which no side is longer than `side`; as it is where that is below 1.
Picture enlarged_within(const Picture& picture, int side);

// The longest side of each of so many tiles of that many channels, so that a gallery stays small as a file.
int tile_side(std::size_t tiles, int channels);

// How many examples a forward and backward pass takes at once without much memory.
std::size_t examples_at_once(const Network& network, const Shape& input);

// The values [height, width] of one slice of example `row` in values [n, height, width] or [n, depth, height, width].
template <class T>
std::span<const T> plane(const Tensor& values, std::int64_t row, std::int64_t slice) {
  std::int64_t places = values.dim(-1) * values.dim(-2), slices = values.rank() == 4 ? values.dim(1) : 1;
  return {values.data<T>() + (row * slices + slice) * places, static_cast<std::size_t>(places)};
}

}  // namespace gradus
