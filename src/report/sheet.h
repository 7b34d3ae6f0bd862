#pragma once

// Pictures made of pictures and of numbers.

#include <span>
#include <vector>

#include "gradus/report/png.h"

namespace gradus {

// Rows of tiles as one picture, each in a cell as large as the largest tile, with `gap` transparent pixels between.
// With `lead`, the first tile of each row is set apart by a wider gap. Throws Error{shape} where there is no tile.
Picture sheet(const std::vector<std::vector<Picture>>& rows, int gap, bool lead = false);

// Each pixel as a square of `factor` pixels.
Picture enlarge(const Picture& picture, int factor);

// values [height, width, channels], 1 or 3, as a picture in which 0 is the middle grey and -most and most are black and
// white.
Picture around_grey(std::span<const float> values, int width, int height, int channels, float most);

// values [height, width] in colour: 0 is nearly white, `most` orange, -most blue.
Picture around_white(std::span<const float> values, int width, int height, float most);

// The picture in grey with warm colours where `heat` [height, width] is large, of any size: it is brought to the
// picture's. What a hundredth of the places exceeds is shown in full colour. Values are at least 0.
Picture heat_over(const Picture& picture, std::span<const float> heat, int width, int height);

// The picture in grey under the colours of the classes [height, width] of its places; class 0 leaves them as they are.
Picture classes_over(const Picture& picture, std::span<const std::int32_t> classes);

// The picture in grey and dark, with the places where two masks differ in red.
Picture differences_over(const Picture& picture, std::span<const std::int32_t> a, std::span<const std::int32_t> b);

}  // namespace gradus
