#include "gradus/data/apportion.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

namespace gradus {
namespace {

constexpr std::size_t kParts = std::tuple_size_v<Sizes>;
constexpr double kRounding = 1e-9;  // 0.7 * 150 is a whole number

std::size_t floor_of(std::size_t n, double share) {
  return static_cast<std::size_t>(std::floor(static_cast<double>(n) * share + kRounding));
}

double remainder_of(std::size_t n, double share) {
  return static_cast<double>(n) * share - static_cast<double>(floor_of(n, share));
}

// Moves single units between parts, within classes, until the parts' totals are right.
class Balance {
 public:
  Balance(const std::vector<std::size_t>& class_sizes, const Shares& shares) : sizes_(class_sizes), shares_(shares) {
    for (std::size_t n : sizes_) table_.push_back(apportion(n, shares));
    std::size_t total = std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0});
    Sizes wanted = apportion(total, shares);
    for (std::size_t p = 0; p < kParts; ++p) {
      surplus_[p] = -static_cast<std::ptrdiff_t>(wanted[p]);
      for (const Sizes& row : table_) surplus_[p] += static_cast<std::ptrdiff_t>(row[p]);
    }
  }

  std::vector<Sizes> settle() {
    while (true) {
      auto from = static_cast<std::size_t>(std::max_element(surplus_.begin(), surplus_.end()) - surplus_.begin());
      if (surplus_[from] <= 0) return std::move(table_);
      auto to = static_cast<std::size_t>(std::min_element(surplus_.begin(), surplus_.end()) - surplus_.begin());
      move_along_path(from, to);
      --surplus_[from];
      ++surplus_[to];
    }
  }

 private:
  // The class in which a unit is best moved between two parts, or the number of classes.
  std::size_t best_class(std::size_t from, std::size_t to) const {
    std::size_t best = sizes_.size();
    double best_gain = -2;
    for (std::size_t k = 0; k < sizes_.size(); ++k) {
      bool is_rounded_up = table_[k][from] > floor_of(sizes_[k], shares_[from]);
      bool is_rounded_down = table_[k][to] == floor_of(sizes_[k], shares_[to]);
      if (!is_rounded_up || !is_rounded_down || shares_[to] == 0) continue;
      double gain = remainder_of(sizes_[k], shares_[to]) - remainder_of(sizes_[k], shares_[from]);
      if (gain > best_gain) {
        best = k;
        best_gain = gain;
      }
    }
    return best;
  }

  void move(std::size_t k, std::size_t from, std::size_t to) {
    --table_[k][from];
    ++table_[k][to];
  }

  void move_along_path(std::size_t from, std::size_t to) {
    std::array<std::size_t, kParts> before;
    before.fill(kParts);
    before[from] = from;
    std::queue<std::size_t> reached({from});
    while (!reached.empty() && before[to] == kParts) {
      std::size_t part = reached.front();
      reached.pop();
      for (std::size_t next = 0; next < kParts; ++next) {
        if (before[next] != kParts || best_class(part, next) == sizes_.size()) continue;
        before[next] = part;
        reached.push(next);
      }
    }
    if (before[to] == kParts) {
      auto has_most = [&](const Sizes& a, const Sizes& b) { return a[from] < b[from]; };
      move(static_cast<std::size_t>(std::max_element(table_.begin(), table_.end(), has_most) - table_.begin()), from,
           to);
      return;
    }
    std::vector<std::size_t> path = {to};
    while (path.back() != from) path.push_back(before[path.back()]);
    for (std::size_t i = path.size() - 1; i > 0; --i) move(best_class(path[i], path[i - 1]), path[i], path[i - 1]);
  }

  const std::vector<std::size_t>& sizes_;
  const Shares& shares_;
  std::vector<Sizes> table_;
  std::array<std::ptrdiff_t, kParts> surplus_{};
};

}  // namespace

Sizes apportion(std::size_t n, const Shares& shares) {
  Sizes sizes{};
  std::size_t given = 0;
  for (std::size_t p = 0; p < kParts; ++p) given += sizes[p] = floor_of(n, shares[p]);
  std::array<std::size_t, kParts> order{0, 1, 2, 3};
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return remainder_of(n, shares[a]) > remainder_of(n, shares[b]) + kRounding;
  });
  for (std::size_t p : order) {
    if (given >= n) break;
    if (shares[p] == 0) continue;
    ++sizes[p];
    ++given;
  }
  return sizes;
}

std::vector<Sizes> apportion_classes(const std::vector<std::size_t>& class_sizes, const Shares& shares) {
  return Balance(class_sizes, shares).settle();
}

}  // namespace gradus
