#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gradus/base/file.h"
#include "gradus/data/readers/gzip.h"

namespace gradus {

// A text file, plain or gzipped, as a few large windows of whole lines; a UTF-8 byte-order mark is skipped. Throws
// Error{data} for UTF-16 text, and for text (inflated, for gzip) beyond `max_bytes`.
class TextSource {
 public:
  TextSource(const std::string& path, std::uint64_t max_bytes);

  // The next window. It begins `used` bytes into the last one and always ends with a line break (one is added to a
  // last line without). Empty at the end of the file. A window may end inside a quoted field: the reader gets the
  // record again, with more behind it, by not counting its beginning as used.
  std::string_view next(std::size_t used);

  // Whether the last window reached the end of the file.
  bool at_end() const { return at_end_; }
  // Bytes of text not yet used; 0 where that is unknown (gzip).
  std::size_t remaining() const { return gzip_ ? 0 : rest_.size(); }

 private:
  std::string_view next_mapped();
  std::string_view next_inflated();
  void check_line_length(std::size_t bytes) const;
  void check_total(std::uint64_t bytes) const;

  std::string path_;
  std::uint64_t max_bytes_;
  MappedFile file_;
  std::unique_ptr<GzipStream> gzip_;
  std::string_view rest_;  // plain text not yet used
  std::string buffer_;     // inflated text not yet used, or a copy of the last lines with a break added
  std::uint64_t inflated_ = 0;
  bool lines_given_ = false;
  bool at_end_ = false;
};

}  // namespace gradus
