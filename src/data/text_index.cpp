#include "gradus/data/text_index.h"

#include <limits>

#include "gradus/base/error.h"
#include "gradus/base/file.h"

namespace gradus {
namespace {

constexpr std::size_t kFirstSlots = 1024;

std::uint32_t upper(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

std::string_view TextIndex::text(std::int32_t number) const {
  auto i = static_cast<std::size_t>(number);
  std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(begin, ends_[i] - begin);
}

std::vector<std::string> TextIndex::texts() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < size(); ++i) all.emplace_back(text(static_cast<std::int32_t>(i)));
  return all;
}

std::size_t TextIndex::slot_of(std::string_view text, std::uint64_t hash) const {
  std::size_t last = slots_.size() - 1;
  std::size_t at = hash & last;
  while (slots_[at].number >= 0 && (slots_[at].hash != upper(hash) || this->text(slots_[at].number) != text))
    at = (at + 1) & last;
  return at;
}

std::int32_t TextIndex::find(std::string_view text) const {
  return slots_.empty() ? -1 : slots_[slot_of(text, hash64(text))].number;
}

std::int32_t TextIndex::add(std::string_view text) {
  if (2 * (size() + 1) > slots_.size()) grow();
  std::uint64_t hash = hash64(text);
  Slot& slot = slots_[slot_of(text, hash)];
  if (slot.number >= 0) return slot.number;
  if (size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw Error(ErrorKind::data, "texts", "more than 2^31 - 1 different ones");
  slot = {upper(hash), static_cast<std::int32_t>(size())};
  bytes_ += text;
  ends_.push_back(bytes_.size());
  return slot.number;
}

void TextIndex::grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : 2 * slots_.size(), {});
  std::size_t last = slots_.size() - 1;
  for (std::size_t i = 0; i < size(); ++i) {
    auto number = static_cast<std::int32_t>(i);
    std::uint64_t hash = hash64(text(number));
    std::size_t at = hash & last;
    while (slots_[at].number >= 0) at = (at + 1) & last;
    slots_[at] = {upper(hash), number};
  }
}

}  // namespace gradus
