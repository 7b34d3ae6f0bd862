#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/data/table.h"

namespace gradus {

// Texts, and a row of `known` for each with what is known of them: labels, groups.
class TextList {
 public:
  // Takes in the texts of a file: one of each row, or the file is one. White space around a text is left out.
  void add_rows(const std::string& file, const std::vector<std::string>& texts);
  void add_file(const std::string& file, std::string_view text);
  // The texts of `more` behind these, and its rows under those of `known`.
  void append(TextList more);
  // Of these texts alone.
  TextList select(const RowIndices& rows) const;

  std::size_t size() const { return texts_.size(); }
  const std::vector<std::string>& texts() const { return texts_; }
  // What messages call a text: its file, or "row 3 of FILE", rows counted from 1.
  std::string name(std::size_t text) const;
  const std::string& file(std::size_t text) const { return files_[origins_[text].file]; }

  Table known;

 private:
  struct Origin {
    std::uint32_t file, row;  // row 0: the file itself
  };
  std::vector<std::string> texts_, files_;
  std::vector<Origin> origins_;
};

// A file of text in UTF-8, without the mark that it may begin with. Throws Error{file}, or Error{data} that tells file,
// line, column and byte of what is no UTF-8.
std::string read_text_file(const std::string& path);

// Its lines as texts, without what ends them (LF or CR LF). Nothing stands behind the last end of a line.
std::vector<std::string> lines_of(std::string_view text);

// Whether a file's name ends in .txt.
bool has_text_name(const std::string& name);

}  // namespace gradus
