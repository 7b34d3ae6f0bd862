#pragma once

#include <cstdint>
#include <optional>

namespace gradus {

// Bytes that this process can still use without being killed for it: free memory, what the system can take back, and
// swap space, or the limit of its control group where that is lower. Nothing where the system does not say.
std::optional<std::uint64_t> available_memory();

}  // namespace gradus
