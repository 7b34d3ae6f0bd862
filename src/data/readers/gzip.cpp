#include "gradus/data/readers/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "gradus/base/error.h"

namespace gradus {

struct GzipStream::State {
  z_stream z{};
  std::string_view rest;  // not yet handed to zlib
  bool finished = false;
};

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

GzipStream::GzipStream(std::string_view bytes, std::string name)
    : state_(std::make_unique<State>()), name_(std::move(name)) {
  state_->rest = bytes;
  constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KB window, gzip header and checksum expected
  if (inflateInit2(&state_->z, kGzipWindow) != Z_OK) throw Error(ErrorKind::state, name_, "zlib cannot start");
}

GzipStream::~GzipStream() { inflateEnd(&state_->z); }

std::size_t GzipStream::read(char* out, std::size_t n) {
  z_stream& z = state_->z;
  std::size_t written = 0;
  while (written < n && !state_->finished) {
    constexpr std::size_t kPiece = 1u << 30;  // zlib counts in 32 bits
    if (z.avail_in == 0 && !state_->rest.empty()) {
      std::size_t piece = std::min(kPiece, state_->rest.size());
      z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(state_->rest.data()));
      z.avail_in = static_cast<uInt>(piece);
      state_->rest.remove_prefix(piece);
    }
    std::size_t room = std::min(kPiece, n - written);
    z.next_out = reinterpret_cast<Bytef*>(out + written);
    z.avail_out = static_cast<uInt>(room);
    int code = inflate(&z, Z_NO_FLUSH);
    written += room - z.avail_out;
    bool more_input = z.avail_in > 0 || !state_->rest.empty();
    if (code == Z_STREAM_END) {
      if (!more_input)
        state_->finished = true;
      else
        inflateReset(&z);
    } else if (code == Z_BUF_ERROR || (code == Z_OK && !more_input && z.avail_out > 0)) {
      throw Error(ErrorKind::data, name_, "the gzip data ends too early", "the file is truncated: copy it again");
    } else if (code != Z_OK) {
      throw Error(ErrorKind::data, name_, "the gzip data is damaged", "copy the file again");
    }
  }
  return written;
}

}  // namespace gradus
