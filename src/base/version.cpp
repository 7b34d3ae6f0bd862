#include "gradus/base/version.h"

namespace gradus {

const char* version() { return GRADUS_VERSION; }

}  // namespace gradus
