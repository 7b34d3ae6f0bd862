#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gradus/data/alphabet.h"
#include "gradus/data/readers/text_source.h"

namespace gradus {

// One sequence of a FASTA file.
struct FastaRecord {
  std::string id;          // the header's first word; the record's number in the file, from 1, where that is empty
  std::string letters;     // as they are written, of all its lines
  std::uint64_t line = 0;  // of the header
};

// The sequences of a FASTA file one by one, plain or gzipped: a header line ">id description", then lines of letters,
// wrapped or not, ended by LF, CRLF or CR; empty lines are skipped.
class FastaReader {
 public:
  // Letters must be in the alphabet. Throws Error{file}.
  FastaReader(const std::string& path, Alphabet alphabet, std::uint64_t max_bytes = std::uint64_t{1} << 36);

  // Reads the next sequence; false at the end of the file. Throws Error{data} with line and column for text before the
  // first header, a header that is not UTF-8, a letter that the alphabet does not have, a sequence without letters, and
  // a file without sequences.
  bool next(FastaRecord& record);

 private:
  bool next_line(std::string_view& line);
  void check_header() const;
  void append_letters(std::string_view line, std::string& to) const;
  std::string place(std::size_t column) const;

  std::string path_;
  Alphabet alphabet_;
  TextSource source_;
  std::string_view rest_;    // of the window
  std::size_t window_ = 0;   // its bytes
  std::uint64_t line_ = 0;   // the last one read, from 1
  std::uint64_t count_ = 0;  // records so far
  std::string header_;       // of the next record, read ahead
  std::uint64_t header_line_ = 0;
  bool has_header_ = false;
};

}  // namespace gradus
