#include "gradus/data/readers/sound.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/memory.h"

namespace gradus {
namespace {

constexpr std::uint32_t kHighestRate = 1 << 24;  // samples a second

constexpr const char* kEndings[] = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".au", ".mp3"};

[[noreturn]] void damaged(const std::string& path, const std::string& why) {
  throw Error(ErrorKind::data, path, "is no sound that can be read: " + why, "save it again, or leave it out");
}

std::uint32_t little_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void check_rate(const InputFile& file, std::uint64_t at) {
  std::array<char, 4> bytes{};
  if (file.read(at, bytes.data(), bytes.size()) < bytes.size()) damaged(file.path(), "it has no samples");
  std::uint32_t rate = little_endian(bytes.data());
  if (rate < 1 || rate > kHighestRate) damaged(file.path(), fmt::format("its header says {} samples a second", rate));
}

// libsndfile reads what is left of a WAV file that was cut off, without a word.
void check_not_cut(const InputFile& file) {
  std::array<char, 12> head{};
  if (file.read(0, head.data(), head.size()) < head.size()) damaged(file.path(), "it has no header");
  if (std::memcmp(head.data(), "RIFF", 4) != 0 || std::memcmp(head.data() + 8, "WAVE", 4) != 0) return;
  for (std::uint64_t at = 12;;) {
    std::array<char, 8> chunk{};
    if (file.read(at, chunk.data(), chunk.size()) < chunk.size()) damaged(file.path(), "it has no samples");
    std::uint64_t size = little_endian(chunk.data() + 4), left = file.size() - at - 8;
    if (std::memcmp(chunk.data(), "fmt ", 4) == 0) check_rate(file, at + 12);
    bool is_data = std::memcmp(chunk.data(), "data", 4) == 0;
    bool is_open = size == 0xFFFFFFFF;  // written by a program that did not know its length
    if (is_data && !is_open && size > left)
      damaged(file.path(), fmt::format("it is cut off, with {} of {} bytes of samples", left, size));
    if (is_data) return;
    at += 8 + size + size % 2;
  }
}

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

}  // namespace

bool has_sound_name(const std::string& path) {
  std::string name = path;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(kEndings, [&](const char* ending) { return name.ends_with(ending); });
}

Sound read_sound(const std::string& path) {
  check_not_cut(InputFile(path));
  SF_INFO info{};
  std::unique_ptr<SNDFILE, CloseSound> file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file) damaged(path, sf_strerror(nullptr));
  if (info.channels < 1 || info.samplerate < 1)
    damaged(path,
            fmt::format("it says that it has {} channels and {} samples a second", info.channels, info.samplerate));
  require_memory(8 * static_cast<double>(info.frames), ErrorKind::data, path, "its samples",
                 "cut the sound into pieces");
  Sound sound{info.samplerate, {}};
  auto channels = static_cast<std::size_t>(info.channels);
  std::vector<double> block(4096 * channels);
  for (sf_count_t n = 1; n > 0;) {
    n = sf_readf_double(file.get(), block.data(), 4096);
    for (std::size_t i = 0; i < static_cast<std::size_t>(std::max<sf_count_t>(n, 0)); ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += block[i * channels + c];
      if (!std::isfinite(sum))
        damaged(path, fmt::format("sample {} (the first is 0) is no finite number", sound.samples.size()));
      sound.samples.push_back(sum / static_cast<double>(channels));
    }
  }
  if (sf_error(file.get()) != SF_ERR_NO_ERROR) damaged(path, sf_strerror(file.get()));
  if (sound.samples.empty()) damaged(path, "it has no samples");
  return sound;
}

}  // namespace gradus
