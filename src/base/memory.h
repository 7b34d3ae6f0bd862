#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gradus/base/error.h"

namespace gradus {

// Bytes that this process can still use without being killed for it: free memory, what the system can take back, and
// swap space, or the limit of its control group where that is lower. Nothing where the system does not say.
std::optional<std::uint64_t> available_memory();

// Refuses, before it is allocated, what needs more memory than is available: an Error of this kind that says both.
void require_memory(double bytes, ErrorKind kind, const std::string& place, const std::string& what,
                    const std::string& fix);

}  // namespace gradus
