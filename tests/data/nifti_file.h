#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gradus/base/file.h"
#include "gradus/base/value.h"

namespace gradus {

inline std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(digits.find(c));
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(bits >> have & 255));
  }
  return out;
}

// What tests/oracles/nifti.py wrote under a key: "files" or "resampled".
inline std::vector<Value> nifti_cases(const std::string& key) {
  Value all = parse_json(read_file(TEST_DATA "/oracles/nifti.json"), "nifti.json");
  return all.at(key).as_array();
}

inline Value nifti_case(const std::string& name) {
  for (const Value& c : nifti_cases("files"))
    if (c.at("name").as_string() == name) return c;
  return {};
}

inline std::vector<float> floats_in(const Value& list) {
  std::vector<float> out;
  for (const Value& v : list.as_array()) out.push_back(static_cast<float>(v.as_real()));
  return out;
}

// Bytes with a number put in place.
template <class T>
std::string with_field(std::string bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(T));
  return bytes;
}

// A NIfTI-1 file of 16-bit voxels, x fastest, spaced `mm` apart along right, front and head.
inline std::string nifti_bytes(int x, int y, int z, const std::vector<std::int16_t>& voxels, float mm = 1) {
  std::string h(352, '\0');
  h = with_field(h, 0, std::int32_t{348});
  const int dims[] = {3, x, y, z, 1, 1, 1, 1};
  for (std::size_t d = 0; d < 8; ++d) h = with_field(h, 40 + 2 * d, static_cast<std::int16_t>(dims[d]));
  h = with_field(with_field(h, 70, std::int16_t{4}), 72, std::int16_t{16});
  for (std::size_t d = 0; d < 4; ++d) h = with_field(h, 76 + 4 * d, d == 0 ? 1.0f : mm);
  h = with_field(h, 108, 352.0f);
  h[123] = 2;
  h.replace(344, 3, "n+1");
  return h + std::string(reinterpret_cast<const char*>(voxels.data()), 2 * voxels.size());
}

}  // namespace gradus
