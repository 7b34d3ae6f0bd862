#include "gradus/data/text/text_list.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "gradus/base/file.h"
#include "gradus/base/memory.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

}  // namespace

void TextList::add_rows(const std::string& file, const std::vector<std::string>& texts) {
  auto number = static_cast<std::uint32_t>(files_.size());
  files_.push_back(file);
  std::uint32_t row = 0;
  for (const std::string& text : texts) {
    texts_.emplace_back(trimmed(text));
    origins_.push_back({number, ++row});
  }
}

void TextList::add_file(const std::string& file, std::string_view text) {
  origins_.push_back({static_cast<std::uint32_t>(files_.size()), 0});
  files_.push_back(file);
  texts_.emplace_back(trimmed(text));
}

void TextList::append(TextList more) {
  if (size() == 0) {
    *this = std::move(more);
    return;
  }
  if (known.columns() > 0) known.append(more.known);
  auto first = static_cast<std::uint32_t>(files_.size());
  for (const Origin& o : more.origins_) origins_.push_back({first + o.file, o.row});
  for (std::string& file : more.files_) files_.push_back(std::move(file));
  for (std::string& text : more.texts_) texts_.push_back(std::move(text));
}

TextList TextList::select(const RowIndices& rows) const {
  TextList out;
  out.files_ = files_;
  for (std::uint32_t row : rows) {
    out.texts_.push_back(texts_[row]);
    out.origins_.push_back(origins_[row]);
  }
  out.known = known.select_rows(rows);
  return out;
}

std::string TextList::name(std::size_t text) const {
  const Origin& o = origins_[text];
  return o.row == 0 ? files_[o.file] : fmt::format("row {} of {}", o.row, files_[o.file]);
}

std::string read_text_file(const std::string& path) {
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  if (!unknown) require_memory(static_cast<double>(size), ErrorKind::data, path, "its text", "use a part of it");
  std::string bytes = read_file(path);
  check_utf8(bytes, path);
  bytes.erase(0, bytes.size() - without_mark(bytes).size());
  return bytes;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool has_text_name(const std::string& name) { return name.ends_with(".txt") || name.ends_with(".TXT"); }

}  // namespace gradus
