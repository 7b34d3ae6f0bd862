#include "gradus/data/readers/text_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kLongestLine = 256u << 20;  // what may have to be copied or buffered at once

// Bytes of the byte-order mark that `text` begins with.
std::size_t mark_length(std::string_view text, const std::string& path) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return 3;
  if (text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF")
    throw Error(ErrorKind::data, {path, "UTF-8 text", "UTF-16 text", "save the file as UTF-8"});
  return 0;
}

// Bytes up to and including the last line break. A carriage return counts where no newline does, but not as the very
// last byte, since the newline that belongs to it may follow.
std::size_t whole_lines(std::string_view text) {
  std::size_t at = text.rfind('\n');
  if (at == std::string_view::npos && text.size() > 1) at = text.rfind('\r', text.size() - 2);
  return at == std::string_view::npos ? 0 : at + 1;
}

}  // namespace

TextSource::TextSource(const std::string& path, std::uint64_t max_bytes)
    : path_(path), max_bytes_(max_bytes), file_(path) {
  if (is_gzip(file_.bytes())) {
    gzip_ = std::make_unique<GzipStream>(file_.bytes(), path_);
    buffer_.resize(3);
    buffer_.resize(gzip_->read(buffer_.data(), 3));
    inflated_ = buffer_.size();
    buffer_.erase(0, mark_length(buffer_, path_));
  } else {
    rest_ = file_.bytes();
    check_total(rest_.size());
    rest_.remove_prefix(mark_length(rest_, path_));
  }
}

std::string_view TextSource::next(std::size_t used) {
  if (gzip_) {
    buffer_.erase(0, used);
    return at_end_ ? std::string_view() : next_inflated();
  }
  rest_.remove_prefix(std::min(used, rest_.size()));  // the added line break is not in rest_
  return next_mapped();
}

std::string_view TextSource::next_mapped() {
  std::size_t lines = whole_lines(rest_);
  if (lines == rest_.size()) {
    at_end_ = true;
    return rest_;
  }
  if (lines > 0 && !lines_given_) {
    lines_given_ = true;
    return rest_.substr(0, lines);
  }
  check_line_length(rest_.size());
  at_end_ = true;
  buffer_.assign(rest_);
  buffer_ += '\n';
  return buffer_;
}

std::string_view TextSource::next_inflated() {
  for (;;) {
    std::size_t had = buffer_.size();
    buffer_.resize(had + kPiece);
    std::size_t n = gzip_->read(buffer_.data() + had, kPiece);
    buffer_.resize(had + n);
    check_total(inflated_ += n);
    if (n < kPiece) {
      at_end_ = true;
      if (!buffer_.empty() && buffer_.back() != '\n') buffer_ += '\n';
      return buffer_;
    }
    if (std::size_t lines = whole_lines(buffer_)) return std::string_view(buffer_).substr(0, lines);
    check_line_length(buffer_.size());
  }
}

void TextSource::check_line_length(std::size_t bytes) const {
  if (bytes > kLongestLine)
    throw Error(ErrorKind::data, path_, fmt::format("a line is longer than {} MB", kLongestLine >> 20),
                "is this a text file?");
}

void TextSource::check_total(std::uint64_t bytes) const {
  if (bytes > max_bytes_)
    throw Error(ErrorKind::data,
                {path_, fmt::format("at most {} bytes of text", max_bytes_), "more", "raise max_bytes if it is meant"});
}

}  // namespace gradus
