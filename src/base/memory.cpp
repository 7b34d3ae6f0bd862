#include "gradus/base/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace gradus {

std::optional<std::uint64_t> available_memory() {
  std::optional<std::uint64_t> available;
  std::ifstream table("/proc/meminfo");
  std::string key, unit;
  std::uint64_t kilobytes;
  while (table >> key >> kilobytes && std::getline(table, unit))
    if (key == "MemAvailable:" || key == "SwapFree:") available = available.value_or(0) + 1024 * kilobytes;
  std::uint64_t limit;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) available = std::min(available.value_or(limit), limit);
  return available;
}

void require_memory(double bytes, ErrorKind kind, const std::string& place, const std::string& what,
                    const std::string& fix) {
  auto available = static_cast<double>(available_memory().value_or(UINT64_MAX));
  if (bytes <= available) return;
  throw Error(kind, {place, fmt::format("what fits into the {:.1f} GB of memory that are free", available / 1e9),
                     fmt::format("{}: {:.1f} GB", what, bytes / 1e9), fix});
}

}  // namespace gradus
