#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gradus/data/source.h"
#include "gradus/report/png.h"

namespace gradus::cli {

// The first training example of each class, at most `most`; where examples have no class of their own (masks, numbers)
// the first ones.
std::vector<std::uint32_t> example_rows(const LoadedData& data, std::size_t most);

// Training images as they are and as `epochs` epochs draw them: a row for each of `rows`, the image itself on the left.
// Masks are laid over the images in colour. Of volumes the middle slice is shown.
Picture sample_sheet(const LoadedData& data, const ImageFormat& format, const std::vector<std::uint32_t>& rows,
                     int epochs);

}  // namespace gradus::cli
