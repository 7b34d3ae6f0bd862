#include "gradus/data/batch_order.h"

#include <algorithm>
#include <numeric>

namespace gradus {
namespace {

constexpr std::int64_t kTogether = 64;  // batches whose examples are put in order together

bool differ_in_length(const Dataset& data) {
  const auto n = static_cast<std::uint32_t>(data.size());
  for (std::uint32_t i = 1; i < n; ++i)
    if (data.length(i) != data.length(0)) return true;
  return false;
}

}  // namespace

std::vector<std::uint32_t> epoch_order(const Dataset& data, std::int64_t batch_size, bool by_length,
                                       const RandomKey& key) {
  const auto n = data.size();
  std::vector<std::uint32_t> order(static_cast<std::size_t>(n));
  if (data.streams() > 0) {
    std::iota(order.begin(), order.end(), 0U);
    return order;
  }
  random_permutation(key, order.data(), static_cast<std::uint32_t>(n));
  if (!by_length || !differ_in_length(data)) return order;
  for (std::int64_t first = 0; first < n; first += kTogether * batch_size)
    std::stable_sort(order.begin() + first, order.begin() + std::min(n, first + kTogether * batch_size),
                     [&](std::uint32_t a, std::uint32_t b) { return data.length(a) < data.length(b); });
  const std::int64_t full = n / batch_size;
  std::vector<std::uint32_t> batches(static_cast<std::size_t>(full)), mixed(order);
  random_permutation(key.in("batches"), batches.data(), static_cast<std::uint32_t>(full));
  for (std::int64_t k = 0; k < full; ++k)
    std::copy_n(order.begin() + batches[static_cast<std::size_t>(k)] * batch_size, batch_size,
                mixed.begin() + k * batch_size);
  return mixed;
}

}  // namespace gradus
