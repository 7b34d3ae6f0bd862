#include "gradus/base/memory.h"

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

}  // namespace gradus
