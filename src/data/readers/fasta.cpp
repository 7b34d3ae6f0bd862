#include "gradus/data/readers/fasta.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

// A chromosome may stand in one line.
constexpr std::size_t kLongestLine = std::size_t{1} << 27;

std::string first_word(std::string_view header) {
  return std::string(header.substr(0, std::min(header.find_first_of(" \t"), header.size())));
}

std::string_view without_spaces_behind(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

}  // namespace

FastaReader::FastaReader(const std::string& path, Alphabet alphabet, std::uint64_t max_bytes)
    : path_(path), alphabet_(std::move(alphabet)), source_(path, max_bytes, kLongestLine, "\n") {}

bool FastaReader::next(FastaRecord& record) {
  std::string_view line;
  while (!has_header_ && next_line(line)) {
    line = without_spaces_behind(line);
    if (line.empty()) continue;
    if (line[0] != '>')
      throw Error(ErrorKind::data, {place(1), "a header \">name\"", shown(line, 40), "is this a FASTA file?"});
    header_ = line.substr(1);
    header_line_ = line_;
    has_header_ = true;
  }
  if (!has_header_) {
    if (count_ == 0) throw Error(ErrorKind::data, path_, "holds no sequence", "a FASTA file has lines \">name\"");
    return false;
  }
  ++count_;
  check_header();
  record.id = first_word(header_);
  if (record.id.empty()) record.id = std::to_string(count_);
  record.line = header_line_;
  record.letters.clear();
  has_header_ = false;
  while (!has_header_ && next_line(line)) {
    if (!line.empty() && line[0] == '>') {
      header_ = without_spaces_behind(line).substr(1);
      header_line_ = line_;
      has_header_ = true;
    } else {
      append_letters(without_spaces_behind(line), record.letters);
    }
  }
  if (record.letters.empty())
    throw Error(ErrorKind::data, fmt::format("{}:{}", path_, record.line),
                "the sequence " + shown(record.id) + " has no letters", "remove its header");
  return true;
}

void FastaReader::check_header() const {
  if (is_utf8(header_)) return;
  std::size_t column = 2;  // behind the ">"
  for (std::string_view rest = header_; utf8_length(rest) > 0; rest.remove_prefix(utf8_length(rest))) ++column;
  throw Error(ErrorKind::data, {fmt::format("{}:{}:{}", path_, header_line_, column), "a header in UTF-8",
                                "another encoding in " + shown(header_, 40), "save the file as UTF-8"});
}

// The next line without its end.
bool FastaReader::next_line(std::string_view& line) {
  if (rest_.empty()) {
    rest_ = source_.next(window_);
    window_ = rest_.size();
    if (rest_.empty()) return false;
  }
  std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
  line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + (rest_.substr(end, 2) == "\r\n" ? 2 : 1), rest_.size()));
  ++line_;
  return true;
}

void FastaReader::append_letters(std::string_view line, std::string& to) const {
  auto bad = std::ranges::find_if(line, [&](char c) { return !alphabet_.has(c); });
  if (bad != line.end())
    throw Error(ErrorKind::data,
                {place(static_cast<std::size_t>(bad - line.begin()) + 1), alphabet_.description(),
                 shown(std::string(1, *bad)), "remove or mend the sequence; proteins and gaps are not read"});
  to += line;
}

std::string FastaReader::place(std::size_t column) const { return fmt::format("{}:{}:{}", path_, line_, column); }

}  // namespace gradus
