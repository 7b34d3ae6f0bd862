#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gradus {

// Whether bytes begin like a gzip file (RFC 1952), whatever the file is called.
bool is_gzip(std::string_view bytes);

// Inflates a gzip file held in memory, piece by piece; several members one after the other are one stream.
// `bytes` must outlive it; `name` is the file's name in errors.
class GzipStream {
 public:
  GzipStream(std::string_view bytes, std::string name);
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Writes up to `n` inflated bytes to `out` and returns how many: fewer than `n` only at the end of the data.
  // Throws Error{data} for a damaged or truncated file, or bytes after its end.
  std::size_t read(char* out, std::size_t n);

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string name_;
};

}  // namespace gradus
