#include "gradus/data/readers/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "gradus/base/error.h"

namespace gradus {

namespace {
constexpr std::size_t kPacked = 256u << 10;  // bytes of the file handed to zlib at once
}

struct GzipStream::State {
  const InputFile& file;
  z_stream z{};
  std::uint64_t offset = 0;  // of what zlib has not been handed yet
  std::unique_ptr<char[]> packed = std::make_unique<char[]>(kPacked);
  bool finished = false;

  // Whether there is input for zlib, after handing it more when it has none.
  bool has_input() {
    if (z.avail_in > 0) return true;
    std::size_t n = file.read(offset, packed.get(), kPacked);
    offset += n;
    z.next_in = reinterpret_cast<Bytef*>(packed.get());
    z.avail_in = static_cast<uInt>(n);
    return n > 0;
  }
};

bool is_gzip(const InputFile& file) {
  char begin[2];
  return file.read(0, begin, 2) == 2 && begin[0] == '\x1f' && begin[1] == '\x8b';
}

GzipStream::GzipStream(const InputFile& file) : state_(new State{file}) {
  constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KB window, gzip header and checksum expected
  if (inflateInit2(&state_->z, kGzipWindow) != Z_OK) throw Error(ErrorKind::state, file.path(), "zlib cannot start");
}

GzipStream::~GzipStream() { inflateEnd(&state_->z); }

std::size_t GzipStream::read(char* out, std::size_t n) {
  z_stream& z = state_->z;
  const std::string& name = state_->file.path();
  std::size_t written = 0;
  while (written < n && !state_->finished) {
    constexpr std::size_t kMost = 1u << 30;  // zlib counts in 32 bits
    state_->has_input();
    std::size_t room = std::min(kMost, n - written);
    z.next_out = reinterpret_cast<Bytef*>(out + written);
    z.avail_out = static_cast<uInt>(room);
    int code = inflate(&z, Z_NO_FLUSH);
    written += room - z.avail_out;
    if (code == Z_STREAM_END) {
      if (state_->has_input())
        inflateReset(&z);
      else
        state_->finished = true;
    } else if (code == Z_BUF_ERROR || (code == Z_OK && z.avail_out > 0 && !state_->has_input())) {
      throw Error(ErrorKind::data, name, "the gzip data ends too early", "the file is truncated: copy it again");
    } else if (code != Z_OK) {
      throw Error(ErrorKind::data, name, "the gzip data is damaged", "copy the file again");
    }
  }
  return written;
}

}  // namespace gradus
