#pragma once

#include <cstddef>
#include <memory>
#include "gradus/base/file.h"

namespace gradus {

// Whether a file begins like a gzip file (RFC 1952), whatever it is called.
bool is_gzip(const InputFile& file);

// Inflates a gzip file piece by piece; several members one after the other are one stream. The file must outlive it.
class GzipStream {
 public:
  explicit GzipStream(const InputFile& file);
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Writes up to `n` inflated bytes to `out` and returns how many: fewer than `n` only at the end of the data.
  // Throws Error{data} for a damaged or truncated file, or bytes after its end.
  std::size_t read(char* out, std::size_t n);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradus
