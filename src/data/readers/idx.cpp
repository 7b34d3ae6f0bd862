#include "gradus/data/readers/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/data/readers/gzip.h"

namespace gradus {
namespace {

constexpr std::size_t kMaxDims = 8;

constexpr std::size_t kLongestHeader = 4 + 4 * kMaxDims;

std::size_t bytes_of(const IdxHeader& header) { return header.count() * size_of(header.type); }

std::string dims_text(const std::vector<std::size_t>& dims) { return fmt::format("[{}]", fmt::join(dims, ", ")); }

[[noreturn]] void cut_off(const std::string& path, const std::string& expected, std::size_t given) {
  throw Error(ErrorKind::data, {path, expected, fmt::format("{}", given), "the file is cut off: copy it again"});
}

// `start` holds the file's first bytes, as many as the longest header has where the file is long enough.
IdxHeader parse_header(std::string_view start, const std::string& path) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(start[i]); };
  bool is_type = start.size() >= 4 && byte(2) >= 0x08 && byte(2) <= 0x0E && byte(2) != 0x0A;
  if (!is_type || byte(0) != 0 || byte(1) != 0) {
    std::string begin;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, start.size()); ++i) begin += fmt::format("{:02x} ", byte(i));
    throw Error(ErrorKind::data, {path, "an IDX file (it begins with 00 00, a type, a number of dimensions)",
                                  begin.empty() ? "an empty file" : begin + "...", "is this the right file?"});
  }
  IdxHeader header;
  header.type = static_cast<IdxType>(byte(2));
  std::size_t rank = byte(3);
  if (rank == 0 || rank > kMaxDims)
    throw Error(ErrorKind::data, {path, fmt::format("1 to {} dimensions", kMaxDims), fmt::format("{}", rank), ""});
  std::size_t length = 4 + 4 * rank, bytes = size_of(header.type);
  if (start.size() < length) cut_off(path, fmt::format("a header of {} bytes", length), start.size());
  for (std::size_t d = 0; d < rank; ++d) {
    std::size_t at = 4 + 4 * d, size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | byte(at + i);
    header.dims.push_back(size);
    if (__builtin_mul_overflow(bytes, size, &bytes))
      throw Error(ErrorKind::data, path, "the sizes " + dims_text(header.dims) + " are beyond any file");
  }
  return header;
}

void check_length(const IdxHeader& header, std::size_t given, const std::string& path) {
  std::size_t bytes = bytes_of(header);
  std::string expected = fmt::format("{} bytes of {} for {}", bytes, type_name(header.type), dims_text(header.dims));
  if (given < bytes) cut_off(path, expected, given);
  if (given > bytes)
    throw Error(ErrorKind::data, {path, expected, given == SIZE_MAX ? "more" : fmt::format("{}", given), ""});
}

// `start` is what has been inflated so far.
std::vector<unsigned char> inflate(GzipStream& stream, std::string_view start, std::uint64_t packed,
                                   const IdxHeader& header, const std::string& path) {
  constexpr std::size_t kMostPerByte = 1032;  // deflate's best ratio: 258 bytes in 2 bits
  std::size_t wanted = bytes_of(header);
  if (wanted / kMostPerByte > packed) cut_off(path, fmt::format("enough for {} bytes", wanted), packed);
  start.remove_prefix(header.length());
  if (start.size() > wanted) check_length(header, SIZE_MAX, path);
  std::vector<unsigned char> bytes(wanted);
  std::copy(start.begin(), start.end(), bytes.begin());
  std::size_t had = start.size(), got = stream.read(reinterpret_cast<char*>(bytes.data()) + had, wanted - had);
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
T element(const IdxArray& array, std::size_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

// f(T()) with the C++ type of the elements.
template <class F>
auto dispatch(IdxType type, F f) {
  if (type == IdxType::i8) return f(std::int8_t());
  if (type == IdxType::i16) return f(std::int16_t());
  if (type == IdxType::i32) return f(std::int32_t());
  if (type == IdxType::f32) return f(float());
  if (type == IdxType::f64) return f(double());
  return f(std::uint8_t());
}

}  // namespace

std::size_t size_of(IdxType type) {
  return dispatch(type, []<class T>(T) { return sizeof(T); });
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
  return dispatch(type, [&]<class T>(T) { return static_cast<double>(element<T>(*this, index)); });
}

std::vector<float> IdxArray::floats() const {
  std::vector<float> out(count());
  dispatch(type, [&]<class T>(T) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(element<T>(*this, i));
  });
  return out;
}

std::size_t IdxHeader::count() const {
  return std::accumulate(dims.begin(), dims.end(), std::size_t{1}, std::multiplies<>());
}

std::size_t IdxHeader::length() const { return 4 + 4 * dims.size(); }

namespace {

struct Opened {
  IdxHeader header;
  std::unique_ptr<GzipStream> stream;  // of a gzipped file: after `start`
  std::string start;                   // the file's first bytes
};

Opened open(const InputFile& file) {
  Opened out;
  out.start.resize(kLongestHeader);
  bool gzipped = is_gzip(file);
  if (gzipped) {
    out.stream = std::make_unique<GzipStream>(file);
    out.start.resize(out.stream->read(out.start.data(), kLongestHeader));
  } else {
    out.start.resize(file.read(0, out.start.data(), kLongestHeader));
  }
  out.header = parse_header(out.start, file.path());
  out.header.gzipped = gzipped;
  return out;
}

IdxArray read_entries(const InputFile& file, const IdxHeader& header, std::size_t first, std::size_t count) {
  IdxArray out{header.dims, header.type, {}};
  std::size_t entry = header.dims[0] == 0 ? 0 : bytes_of(header) / header.dims[0];
  out.dims[0] = count;
  out.bytes.resize(count * entry);
  file.read(header.length() + first * entry, reinterpret_cast<char*>(out.bytes.data()), out.bytes.size());
  to_host_order(out.bytes, size_of(out.type));
  return out;
}

}  // namespace

IdxHeader read_idx_header(const std::string& path) { return open(InputFile(path)).header; }

IdxArray read_idx(const std::string& path) {
  InputFile file(path);
  Opened opened = open(file);
  if (!opened.stream) {
    check_length(opened.header, static_cast<std::size_t>(file.size()) - opened.header.length(), path);
    return read_entries(file, opened.header, 0, opened.header.dims[0]);
  }
  std::vector<unsigned char> bytes = inflate(*opened.stream, opened.start, file.size(), opened.header, path);
  to_host_order(bytes, size_of(opened.header.type));
  return {std::move(opened.header.dims), opened.header.type, std::move(bytes)};
}

IdxFile::IdxFile(const std::string& path) : file_(path), header_(open(file_).header) {
  if (header_.gzipped)
    throw Error(ErrorKind::data,
                {path, "a plain IDX file, to be read piece by piece", "a gzipped one", "unpack it with gunzip"});
  check_length(header_, static_cast<std::size_t>(file_.size()) - header_.length(), path);
}

IdxArray IdxFile::read(std::size_t first, std::size_t count) const {
  if (first > header_.dims[0] || count > header_.dims[0] - first)
    throw Error(ErrorKind::value, {path(), fmt::format("entries below {}", header_.dims[0]),
                                   fmt::format("{} from {} on", count, first), ""});
  return read_entries(file_, header_, first, count);
}

void read_idx_pieces(const std::string& path, const std::function<void(const IdxArray&)>& take) {
  constexpr std::size_t kPiece = std::size_t{1} << 24;
  if (read_idx_header(path).gzipped) return take(read_idx(path));
  IdxFile file(path);
  std::size_t entries = file.header().dims[0],
              entry = entries == 0 ? 0 : file.header().count() / entries * size_of(file.header().type),
              at_once = std::max<std::size_t>(kPiece / std::max<std::size_t>(entry, 1), 1);
  for (std::size_t first = 0; first < entries; first += at_once)
    take(file.read(first, std::min(at_once, entries - first)));
}

}  // namespace gradus
