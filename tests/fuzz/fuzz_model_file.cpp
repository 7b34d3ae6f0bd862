#include <cstdlib>
#include <cstring>
#include <string>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/model/model_file.h"
#include "memory_file.h"

namespace gradus {
namespace {

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  try {
    const ModelFile model = read_model_file(file.path());
    std::size_t total = 0;
    for (const auto& [name, tensor] : model.tensors)
      total += static_cast<std::size_t>(tensor.size()) * item_size(tensor.dtype());
    if (total > bytes.size() || model_hash(model.tensors).size() != 16) std::abort();
  } catch (const Error&) {
    return;
  }
}

}  // namespace
}  // namespace gradus

// Any bytes are a model of no more bytes than they, or an Error. Inputs are tried as they are, and once more with the
// header's length set to where the last brace is, for changed headers seldom keep the length they had.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(gradus::as_text(data, size));
  gradus::read(bytes);
  const std::size_t brace = bytes.rfind('}');
  if (brace != std::string::npos && brace >= sizeof(std::uint64_t)) {
    const std::uint64_t length = brace + 1 - sizeof(std::uint64_t);
    std::memcpy(bytes.data(), &length, sizeof length);
    gradus::read(bytes);
  }
  return 0;
}
