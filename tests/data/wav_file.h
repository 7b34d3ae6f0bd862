#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

// The bytes of a WAV file of 16-bit samples, those of several channels in turn.
inline std::string wav_bytes(const std::vector<std::int16_t>& samples, int rate, int channels = 1) {
  auto number = [](std::uint32_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
  };
  const auto size = static_cast<std::uint32_t>(2 * samples.size());
  const auto speed = static_cast<std::uint32_t>(rate * channels * 2);
  std::string bytes = "RIFF" + number(36 + size, 4) + "WAVEfmt " + number(16, 4) + number(1, 2) +
                      number(static_cast<std::uint32_t>(channels), 2) + number(static_cast<std::uint32_t>(rate), 4) +
                      number(speed, 4) + number(static_cast<std::uint32_t>(2 * channels), 2) + number(16, 2) + "data" +
                      number(size, 4);
  for (std::int16_t s : samples) bytes += number(static_cast<std::uint16_t>(s), 2);
  return bytes;
}

}  // namespace gradus
