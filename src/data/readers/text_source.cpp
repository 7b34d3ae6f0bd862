#include "gradus/data/readers/text_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kLongestLine = 256u << 20;  // all of it has to be in memory at once

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

TextSource::TextSource(const std::string& path, std::uint64_t max_bytes, std::size_t max_field, std::string separators)
    : max_bytes_(max_bytes), max_field_(max_field), separators_(std::move(separators)), file_(path) {
  if (is_gzip(file_))
    gzip_ = std::make_unique<GzipStream>(file_);
  else
    check_total(file_.size());
  fill(3);
  drop(mark_length(text(), path));
}

std::string_view TextSource::next(std::size_t used) {
  drop(used);
  while (!at_end_) {
    fill(std::max(kPiece, filled_));
    std::size_t lines = at_end_ ? filled_ : whole_lines(text());
    if (lines > 0) return text().substr(0, lines);
    check_last_field();
    if (filled_ > kLongestLine)
      throw Error(ErrorKind::data, file_.path(), fmt::format("a line is longer than {} MB", kLongestLine >> 20),
                  "is this a text file?");
  }
  return text();
}

void TextSource::drop(std::size_t used) { std::memmove(text_.get(), text_.get() + used, filled_ -= used); }

// Reads `n` bytes more, or what is left and a line break after a last line without.
void TextSource::fill(std::size_t n) {
  if (filled_ + n >= room_) {
    room_ = filled_ + n + 1;
    auto larger = std::make_unique_for_overwrite<char[]>(room_);
    std::copy_n(text_.get(), filled_, larger.get());
    text_ = std::move(larger);
  }
  char* end = text_.get() + filled_;
  std::size_t got = gzip_ ? gzip_->read(end, n) : file_.read(read_, end, n);
  check_total(read_ += got);
  filled_ += got;
  at_end_ = got < n;
  if (at_end_ && filled_ > 0 && text_[filled_ - 1] != '\n') text_[filled_++] = '\n';
}

// A quote of the field's text is written as two.
void TextSource::check_last_field() const {
  std::size_t begin = text().find_last_of(separators_) + 1;
  if (filled_ - begin > 2 * max_field_ + 2)
    throw Error(ErrorKind::data, file_.path(), fmt::format("a field is longer than {} bytes", max_field_),
                "is this a text file?");
}

void TextSource::check_total(std::uint64_t bytes) const {
  if (bytes > max_bytes_)
    throw Error(ErrorKind::data, {file_.path(), fmt::format("at most {} bytes of text", max_bytes_), "more",
                                  "raise max_bytes if it is meant"});
}

}  // namespace gradus
