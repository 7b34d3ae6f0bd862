#pragma once

namespace gradus {

// The version of the library, "major.minor.patch".
const char* version();

}  // namespace gradus
