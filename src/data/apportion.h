#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace gradus {

// Shares that sum to 1, and the whole numbers they become; a split's are training, validation, test and the unused
// rest.
using Shares = std::array<double, 4>;
using Sizes = std::array<std::size_t, 4>;

// Divides n by largest remainders (Hamilton's method): every size is n * share rounded down or up, and they sum to n;
// of equal remainders the first is rounded up.
Sizes apportion(std::size_t n, const Shares& shares);

// Divides each class so that the sums over the classes are apportion(total, shares) and each size is, like that of
// apportion(class size, shares), its exact value rounded down or up (controlled rounding; Cox 1987, "A constructive
// procedure for unbiased controlled rounding"); where no such table exists, a size may be off by one more.
std::vector<Sizes> apportion_classes(const std::vector<std::size_t>& class_sizes, const Shares& shares);

}  // namespace gradus
