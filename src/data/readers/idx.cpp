#include "gradus/data/readers/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/readers/gzip.h"

namespace gradus {
namespace {

constexpr std::size_t kMaxDims = 8;

struct Header {
  std::vector<std::size_t> dims;
  IdxType type = IdxType::u8;
  std::size_t bytes = 0;   // of the elements
  std::size_t length = 0;  // of the header itself
};

std::string dims_text(const std::vector<std::size_t>& dims) { return fmt::format("[{}]", fmt::join(dims, ", ")); }

[[noreturn]] void cut_off(const std::string& path, const std::string& expected, std::size_t given) {
  throw Error(ErrorKind::data, {path, expected, fmt::format("{}", given), "the file is cut off: copy it again"});
}

// `start` holds the file's first bytes, as many as the longest header has where the file is long enough.
Header read_header(std::string_view start, const std::string& path) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(start[i]); };
  bool is_type = start.size() >= 4 && byte(2) >= 0x08 && byte(2) <= 0x0E && byte(2) != 0x0A;
  if (!is_type || byte(0) != 0 || byte(1) != 0) {
    std::string begin;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, start.size()); ++i) begin += fmt::format("{:02x} ", byte(i));
    throw Error(ErrorKind::data, {path, "an IDX file (it begins with 00 00, a type, a number of dimensions)",
                                  begin.empty() ? "an empty file" : begin + "...", "is this the right file?"});
  }
  Header header;
  header.type = static_cast<IdxType>(byte(2));
  std::size_t rank = byte(3);
  if (rank == 0 || rank > kMaxDims)
    throw Error(ErrorKind::data, {path, fmt::format("1 to {} dimensions", kMaxDims), fmt::format("{}", rank), ""});
  header.length = 4 + 4 * rank;
  if (start.size() < header.length) cut_off(path, fmt::format("a header of {} bytes", header.length), start.size());
  header.bytes = size_of(header.type);
  for (std::size_t d = 0; d < rank; ++d) {
    std::size_t at = 4 + 4 * d, size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | byte(at + i);
    header.dims.push_back(size);
    if (__builtin_mul_overflow(header.bytes, size, &header.bytes))
      throw Error(ErrorKind::data, path, "the sizes " + dims_text(header.dims) + " are beyond any file");
  }
  return header;
}

void check_length(const Header& header, std::size_t given, const std::string& path) {
  std::string expected =
      fmt::format("{} bytes of {} for {}", header.bytes, type_name(header.type), dims_text(header.dims));
  if (given < header.bytes) cut_off(path, expected, given);
  if (given > header.bytes)
    throw Error(ErrorKind::data, {path, expected, given == SIZE_MAX ? "more" : fmt::format("{}", given), ""});
}

std::vector<unsigned char> read_plain(const InputFile& file, const Header& header) {
  check_length(header, static_cast<std::size_t>(file.size() - header.length), file.path());
  std::vector<unsigned char> bytes(header.bytes);
  file.read(header.length, reinterpret_cast<char*>(bytes.data()), header.bytes);
  return bytes;
}

// `start` is what has been inflated so far.
std::vector<unsigned char> inflate(GzipStream& stream, std::string_view start, std::uint64_t packed,
                                   const Header& header, const std::string& path) {
  constexpr std::size_t kMostPerByte = 1032;  // deflate's best ratio: 258 bytes in 2 bits
  if (header.bytes / kMostPerByte > packed) cut_off(path, fmt::format("enough for {} bytes", header.bytes), packed);
  start.remove_prefix(header.length);
  if (start.size() > header.bytes) check_length(header, SIZE_MAX, path);
  std::vector<unsigned char> bytes(header.bytes);
  std::copy(start.begin(), start.end(), bytes.begin());
  std::size_t had = start.size(), wanted = header.bytes - had;
  std::size_t got = stream.read(reinterpret_cast<char*>(bytes.data()) + had, wanted);
  check_length(header, had + got, path);
  char extra;
  if (stream.read(&extra, 1) != 0) check_length(header, SIZE_MAX, path);
  return bytes;
}

void to_host_order(std::vector<unsigned char>& bytes, std::size_t width) {
  if (width == 1 || std::endian::native == std::endian::big) return;
  for (std::size_t at = 0; at < bytes.size(); at += width)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + width));
}

template <class T>
double element(const IdxArray& array, std::size_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

}  // namespace

std::size_t size_of(IdxType type) {
  switch (type) {
    case IdxType::u8:
    case IdxType::i8:
      return 1;
    case IdxType::i16:
      return 2;
    case IdxType::i32:
    case IdxType::f32:
      return 4;
    case IdxType::f64:
      return 8;
  }
  return 1;
}

std::string_view type_name(IdxType type) {
  switch (type) {
    case IdxType::u8:
      return "u8";
    case IdxType::i8:
      return "i8";
    case IdxType::i16:
      return "i16";
    case IdxType::i32:
      return "i32";
    case IdxType::f32:
      return "f32";
    case IdxType::f64:
      return "f64";
  }
  return "";
}

double IdxArray::value(std::size_t index) const {
  if (index >= count())
    throw Error(ErrorKind::value,
                {"IDX array", fmt::format("an index below {}", count()), fmt::format("{}", index), ""});
  switch (type) {
    case IdxType::u8:
      return element<std::uint8_t>(*this, index);
    case IdxType::i8:
      return element<std::int8_t>(*this, index);
    case IdxType::i16:
      return element<std::int16_t>(*this, index);
    case IdxType::i32:
      return element<std::int32_t>(*this, index);
    case IdxType::f32:
      return element<float>(*this, index);
    case IdxType::f64:
      return element<double>(*this, index);
  }
  return 0;
}

std::vector<float> IdxArray::floats() const {
  if (type == IdxType::u8) return {bytes.begin(), bytes.end()};
  std::vector<float> out(count());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(value(i));
  return out;
}

IdxArray read_idx(const std::string& path) {
  constexpr std::size_t kLongestHeader = 4 + 4 * kMaxDims;
  InputFile file(path);
  char start[kLongestHeader];
  Header header;
  std::vector<unsigned char> bytes;
  if (is_gzip(file)) {
    GzipStream stream(file);
    std::string_view begin(start, stream.read(start, kLongestHeader));
    header = read_header(begin, path);
    bytes = inflate(stream, begin, file.size(), header, path);
  } else {
    header = read_header({start, file.read(0, start, kLongestHeader)}, path);
    bytes = read_plain(file, header);
  }
  to_host_order(bytes, size_of(header.type));
  return {std::move(header.dims), header.type, std::move(bytes)};
}

}  // namespace gradus
