#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gradus/base/file.h"
#include "gradus/data/readers/gzip.h"

namespace gradus {

// A text file, plain or gzipped, as windows of whole lines; a UTF-8 byte-order mark is skipped. Throws
// Error{data} for UTF-16 text, for text (inflated, for gzip) beyond `max_bytes`, and as soon as a line without end goes
// on with a field that must be longer than `max_field`: none of `separators` ends it.
class TextSource {
 public:
  TextSource(const std::string& path, std::uint64_t max_bytes, std::size_t max_field, std::string separators);

  // The next window. It begins `used` bytes into the last one and always ends with a line break (one is added to a
  // last line without). Empty at the end of the file. A window may end inside a quoted field: the reader gets the
  // record again, with more behind it, by not counting its beginning as used.
  std::string_view next(std::size_t used);

  // Whether the last window reached the end of the file.
  bool at_end() const { return at_end_; }
  // Bytes of text not yet used; 0 where that is unknown (gzip).
  std::size_t remaining() const { return gzip_ ? 0 : static_cast<std::size_t>(file_.size() - read_) + filled_; }

 private:
  std::string_view text() const { return {text_.get(), filled_}; }
  void drop(std::size_t used);
  void fill(std::size_t n);
  void check_total(std::uint64_t bytes) const;
  void check_last_field() const;

  std::uint64_t max_bytes_;
  std::size_t max_field_;
  std::string separators_;
  InputFile file_;
  std::unique_ptr<GzipStream> gzip_;
  std::uint64_t read_ = 0;        // bytes of text so far
  std::unique_ptr<char[]> text_;  // not yet used
  std::size_t room_ = 0;          // of text_
  std::size_t filled_ = 0;        // of text_
  bool at_end_ = false;
};

}  // namespace gradus
