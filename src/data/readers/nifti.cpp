#include "gradus/data/readers/nifti.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/data/readers/gzip.h"

namespace gradus {
namespace {

constexpr std::size_t kMostPerByte = 1032;  // deflate's best ratio: 258 bytes in 2 bits
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr const char* kConvert = "convert it to one .nii or .nii.gz file (dcm2niix and most viewers write them)";

// Where a version of the format keeps what is read or written here.
struct Layout {
  std::size_t length, offset_width, real_width, dim, dim_width, type, pixdim, vox_offset, slope, intercept, cal_max,
      qform, code_width, quaternion, rows, units, units_width, magic;
};
constexpr Layout kNifti1 = {348, 4, 4, 40, 2, 70, 76, 108, 112, 116, 124, 252, 2, 256, 280, 123, 1, 344};
constexpr Layout kNifti2 = {540, 8, 8, 16, 8, 12, 104, 168, 176, 184, 192, 344, 4, 352, 400, 500, 4, 4};

template <class T>
T swapped(T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  std::reverse(bytes, bytes + sizeof(T));
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

template <class T>
T value_at(const char* bytes, bool swap) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return swap ? swapped(value) : value;
}

template <class T>
void put(char* bytes, T value, bool swap) {
  if (swap) value = swapped(value);
  std::memcpy(bytes, &value, sizeof(T));
}

// The fields of a header in its own byte order and widths.
class HeaderFields {
 public:
  HeaderFields(std::string& bytes, const Layout& layout, bool swap) : bytes_(bytes), layout_(layout), swap_(swap) {}

  std::int64_t integer(std::size_t at, std::size_t width) const {
    const char* p = bytes_.data() + at;
    if (width == 1) return static_cast<unsigned char>(*p);
    if (width == 2) return value_at<std::int16_t>(p, swap_);
    if (width == 4) return value_at<std::int32_t>(p, swap_);
    return value_at<std::int64_t>(p, swap_);
  }
  double real(std::size_t at, std::size_t index = 0) const {
    const char* p = bytes_.data() + at + index * layout_.real_width;
    return layout_.real_width == 4 ? static_cast<double>(value_at<float>(p, swap_)) : value_at<double>(p, swap_);
  }
  void set_integer(std::size_t at, std::size_t width, std::int64_t value) {
    char* p = bytes_.data() + at;
    if (width == 2) put(p, static_cast<std::int16_t>(value), swap_);
    if (width == 4) put(p, static_cast<std::int32_t>(value), swap_);
    if (width == 8) put(p, value, swap_);
  }
  void set_real(std::size_t at, double value) {
    char* p = bytes_.data() + at;
    if (layout_.real_width == 4)
      put(p, static_cast<float>(value), swap_);
    else
      put(p, value, swap_);
  }

 private:
  std::string& bytes_;
  const Layout& layout_;
  bool swap_;
};

const Layout& layout_of(const NiftiHeader& header) { return header.version == 1 ? kNifti1 : kNifti2; }

// f(T()) with the C++ type of the voxels.
template <class F>
auto dispatch(NiftiType type, F f) {
  if (type == NiftiType::i8) return f(std::int8_t());
  if (type == NiftiType::u16) return f(std::uint16_t());
  if (type == NiftiType::i16) return f(std::int16_t());
  if (type == NiftiType::u32) return f(std::uint32_t());
  if (type == NiftiType::i32) return f(std::int32_t());
  if (type == NiftiType::u64) return f(std::uint64_t());
  if (type == NiftiType::i64) return f(std::int64_t());
  if (type == NiftiType::f32) return f(float());
  if (type == NiftiType::f64) return f(double());
  return f(std::uint8_t());
}

std::size_t size_of(NiftiType type) {
  return dispatch(type, []<class T>(T) { return sizeof(T); });
}

// A file read from its beginning, inflated where it is gzipped.
struct Stream {
  explicit Stream(const std::string& path) : file(path) {
    if (is_gzip(file)) gzip = std::make_unique<GzipStream>(file);
  }
  std::size_t read(char* out, std::size_t n) {
    if (gzip) return gzip->read(out, n);
    std::size_t got = file.read(at, out, n);
    at += got;
    return got;
  }

  InputFile file;
  std::unique_ptr<GzipStream> gzip = nullptr;
  std::uint64_t at = 0;
};

[[noreturn]] void damaged(const std::string& path, const std::string& expected, const std::string& given) {
  throw Error(ErrorKind::data, {path, expected, given, "the header is damaged: copy or convert the file again"});
}

[[noreturn]] void cut_off(const std::string& path, std::uint64_t expected, const std::string& given) {
  throw Error(ErrorKind::data, {path, fmt::format("{} bytes, as the header says", expected), given,
                                "the file is cut off or its header damaged: copy it again"});
}

// The first bytes as a header of either version and byte order; a file of another kind is told what it seems to be.
NiftiHeader recognised(std::string bytes, const std::string& path) {
  NiftiHeader h;
  if (bytes.size() < kNifti1.length)
    throw Error(ErrorKind::data, {path, "a NIfTI file, whose header has 348 bytes",
                                  fmt::format("{} bytes", bytes.size()), "is this the right file?"});
  auto length = value_at<std::int32_t>(bytes.data(), false);
  h.swapped = length != 348 && length != 540;
  if (h.swapped) length = swapped(length);
  if (length != 348 && length != 540)
    throw Error(ErrorKind::data, {path, "a NIfTI file (.nii or .nii.gz)", "something else", "is this the right file?"});
  h.version = length == 348 ? 1 : 2;
  const Layout& layout = layout_of(h);
  if (bytes.size() < layout.length) cut_off(path, layout.length, std::to_string(bytes.size()));
  bytes.resize(layout.length);
  std::string_view magic = std::string_view(bytes).substr(layout.magic, 4);
  std::string pair = h.version == 1 ? "ni1" : "ni2", single = h.version == 1 ? "n+1" : "n+2";
  if (magic.substr(0, 3) == pair)
    throw Error(ErrorKind::data,
                {path, "header and voxels in one file", "the header of a pair of .hdr and .img", kConvert});
  if (magic.substr(0, 3) != single)
    throw Error(ErrorKind::data,
                {path, "a NIfTI file", "ANALYZE, which does not say where left and right are", kConvert});
  h.bytes = std::move(bytes);
  return h;
}

void read_size(NiftiHeader& h, const HeaderFields& fields, const std::string& path) {
  const Layout& layout = layout_of(h);
  auto dim = [&](std::size_t i) { return fields.integer(layout.dim + i * layout.dim_width, layout.dim_width); };
  std::int64_t rank = dim(0);
  if (rank < 1 || rank > 7) damaged(path, "1 to 7 dimensions", std::to_string(rank));
  for (std::int64_t d = 1; d <= rank; ++d) {
    std::int64_t n = dim(static_cast<std::size_t>(d));
    if (n < 1) damaged(path, fmt::format("a size of dimension {} of at least 1", d), std::to_string(n));
    if (d > 3 && n > 1)
      throw Error(ErrorKind::data, {path, "one volume", fmt::format("{} along dimension {}", n, d),
                                    "write each volume to a file of its own, or their mean"});
    if (d <= 3) h.file_size[static_cast<std::size_t>(d - 1)] = n;
  }
}

void read_type(NiftiHeader& h, const HeaderFields& fields, const std::string& path) {
  std::int64_t code = fields.integer(layout_of(h).type, 2);
  constexpr NiftiType known[] = {NiftiType::u8, NiftiType::i16, NiftiType::i32, NiftiType::f32, NiftiType::f64,
                                 NiftiType::i8, NiftiType::u16, NiftiType::u32, NiftiType::i64, NiftiType::u64};
  for (NiftiType type : known)
    if (static_cast<std::int64_t>(type) == code) {
      h.type = type;
      return;
    }
  const char* what = code == 128 || code == 2304 ? " (colour)" : code == 32 || code == 1792 ? " (complex numbers)" : "";
  throw Error(ErrorKind::data, {path, "voxels that are whole numbers or floats of up to 64 bits",
                                fmt::format("type {}{}", code, what), kConvert});
}

double mm_per_unit(std::int64_t units) {
  constexpr std::int64_t kMetre = 1, kMicron = 3;
  return (units & 7) == kMetre ? 1000 : (units & 7) == kMicron ? 0.001 : 1;
}

std::array<std::array<double, 4>, 3> from_quaternion(const HeaderFields& fields, const Layout& layout,
                                                     const std::array<double, 3>& zooms) {
  double b = fields.real(layout.quaternion, 0), c = fields.real(layout.quaternion, 1),
         d = fields.real(layout.quaternion, 2), square = b * b + c * c + d * d, a = 0;
  if (square < 1) {
    a = std::sqrt(1 - square);
  } else {  // rounded: a half turn
    double length = std::sqrt(square);
    b /= length;
    c /= length;
    d /= length;
  }
  double side = fields.real(layout.pixdim) < 0 ? -1 : 1;
  std::array<std::array<double, 4>, 3> m = {
      {{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
       {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
       {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}}};
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t k = 0; k < 3; ++k) m[r][k] *= zooms[k] * (k == 2 ? side : 1);
    m[r][3] = fields.real(layout.quaternion, 3 + r);
  }
  return m;
}

// The axis of the file nearest to each of z, y, x: of all ways to pair them the one that turns least.
void choose_axes(NiftiHeader& h, const std::string& path) {
  std::array<double, 3> length = {};
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t r = 0; r < 3; ++r) length[k] += h.affine[r][k] * h.affine[r][k];
    length[k] = std::sqrt(length[k]);
    if (!(length[k] > 1e-9 && length[k] < 1e9))
      damaged(path, "axes of a finite length above 0", fmt::format("{} mm along dimension {}", length[k], k + 1));
  }
  std::array<int, 3> axes = {0, 1, 2};  // of x, y, z
  double best = -1;
  do {
    double score = 0;
    for (std::size_t r = 0; r < 3; ++r) {
      auto k = static_cast<std::size_t>(axes[r]);
      score += std::abs(h.affine[r][k]) / length[k];
    }
    if (score <= best + 1e-9) continue;
    best = score;
    for (std::size_t r = 0; r < 3; ++r) {
      h.file_axis[2 - r] = axes[r];
      h.reversed[2 - r] = h.affine[r][static_cast<std::size_t>(axes[r])] < 0;
    }
  } while (std::next_permutation(axes.begin(), axes.end()));
}

void read_orientation(NiftiHeader& h, const HeaderFields& fields, const std::string& path) {
  const Layout& layout = layout_of(h);
  std::array<double, 3> zooms;
  for (std::size_t k = 0; k < 3; ++k) {
    double zoom = std::abs(fields.real(layout.pixdim, k + 1));
    zooms[k] = zoom > 0 && std::isfinite(zoom) ? zoom : 1;
  }
  bool by_rows = fields.integer(layout.qform + layout.code_width, layout.code_width) > 0,
       by_quaternion = fields.integer(layout.qform, layout.code_width) > 0;
  if (by_rows) {
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t k = 0; k < 4; ++k) h.affine[r][k] = fields.real(layout.rows, 4 * r + k);
  } else if (by_quaternion) {
    h.affine = from_quaternion(fields, layout, zooms);
  } else {
    for (std::size_t k = 0; k < 3; ++k) h.affine[k][k] = zooms[k];
  }
  double unit = mm_per_unit(fields.integer(layout.units, layout.units_width));
  for (auto& row : h.affine)
    for (double& v : row) v *= unit;
  choose_axes(h, path);
}

void read_offset(NiftiHeader& h, const HeaderFields& fields, const std::string& path) {
  const Layout& layout = layout_of(h);
  double offset = h.version == 1 ? fields.real(layout.vox_offset)
                                 : static_cast<double>(fields.integer(layout.vox_offset, layout.offset_width));
  std::uint64_t least = layout.length + 4;  // 4 bytes say whether extensions follow
  if (offset == 0) offset = static_cast<double>(least);
  if (!(offset >= static_cast<double>(layout.length) && offset < 9e15 && offset == std::floor(offset)))
    damaged(path, fmt::format("voxels that begin at byte {} or later", least), fmt::format("{}", offset));
  h.offset = static_cast<std::uint64_t>(offset);
}

NiftiHeader header_of(Stream& stream) {
  const std::string& path = stream.file.path();
  std::string bytes(kNifti2.length, '\0');
  bytes.resize(stream.read(bytes.data(), kNifti1.length));
  if (bytes.size() == kNifti1.length) {
    auto length = value_at<std::int32_t>(bytes.data(), false);
    if (length == 540 || swapped(length) == 540) {
      bytes.resize(kNifti2.length);
      bytes.resize(kNifti1.length + stream.read(bytes.data() + kNifti1.length, kNifti2.length - kNifti1.length));
    }
  }
  NiftiHeader h = recognised(std::move(bytes), path);
  HeaderFields fields(h.bytes, layout_of(h), h.swapped);
  read_size(h, fields, path);
  read_type(h, fields, path);
  read_orientation(h, fields, path);
  read_offset(h, fields, path);
  double slope = fields.real(layout_of(h).slope), intercept = fields.real(layout_of(h).intercept);
  if (slope != 0 && std::isfinite(slope)) {
    h.slope = slope;
    h.intercept = std::isfinite(intercept) ? intercept : 0;
  }
  return h;
}

// The bytes of all voxels. Throws Error{data} where the file cannot hold so many.
std::uint64_t checked_bytes(const NiftiHeader& h, const Stream& stream) {
  std::uint64_t bytes = size_of(h.type);
  const std::string& path = stream.file.path();
  for (std::int64_t n : h.file_size)
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(n), &bytes) || bytes > UINT64_MAX / 4)
      damaged(path, "sizes that a file can have", fmt::format("{}", fmt::join(h.file_size, " x ")));
  std::uint64_t packed = stream.file.size(), whole = h.offset + bytes;
  if (stream.gzip && whole / kMostPerByte > packed)
    cut_off(path, whole, fmt::format("{} gzipped, too few for that", packed));
  if (!stream.gzip && whole > packed) cut_off(path, whole, std::to_string(packed));
  return bytes;
}

void skip_to(Stream& stream, std::uint64_t at, std::uint64_t offset) {
  std::vector<char> buffer(kPiece);
  while (at < offset) {
    std::size_t wanted = std::min<std::uint64_t>(kPiece, offset - at), got = stream.read(buffer.data(), wanted);
    at += got;
    if (got < wanted) cut_off(stream.file.path(), offset, std::to_string(at));
  }
}

// Voxels in the file's order. A gzipped file's are kept as they are inflated, so that it gets no more memory than it
// has voxels.
std::vector<float> read_voxels(Stream& stream, const NiftiHeader& h, std::uint64_t bytes, std::uint64_t& not_finite) {
  std::vector<float> values;
  if (!stream.gzip) values.reserve(bytes / size_of(h.type));
  std::vector<char> buffer(std::min<std::uint64_t>(kPiece, bytes));
  std::uint64_t had = 0;
  while (had < bytes) {
    std::size_t wanted = std::min<std::uint64_t>(kPiece, bytes - had), got = stream.read(buffer.data(), wanted);
    had += got;
    if (got < wanted) cut_off(stream.file.path(), h.offset + bytes, std::to_string(h.offset + had));
    dispatch(h.type, [&]<class T>(T) {
      for (std::size_t i = 0; i < got; i += sizeof(T)) {
        double stored = static_cast<double>(value_at<T>(buffer.data() + i, h.swapped));
        auto value = static_cast<float>(h.slope * stored + h.intercept);
        if (!std::isfinite(value)) {
          ++not_finite;
          value = 0;
        }
        values.push_back(value);
      }
    });
  }
  return values;
}

// f(canonical place, place in the file) for every voxel.
template <class F>
void each_voxel(const NiftiHeader& h, F f) {
  std::array<std::int64_t, 3> strides = {1, h.file_size[0], h.file_size[0] * h.file_size[1]}, step = {};
  std::int64_t start = 0;
  Extent3 size = h.size();
  for (std::size_t a = 0; a < 3; ++a) {
    step[a] = strides[static_cast<std::size_t>(h.file_axis[a])];
    if (!h.reversed[a]) continue;
    start += step[a] * (size[a] - 1);
    step[a] = -step[a];
  }
  std::size_t i = 0;
  for (std::int64_t z = 0; z < size[0]; ++z)
    for (std::int64_t y = 0; y < size[1]; ++y)
      for (std::int64_t x = 0; x < size[2]; ++x)
        f(i++, static_cast<std::size_t>(start + z * step[0] + y * step[1] + x * step[2]));
}

std::string gzipped(const std::string& bytes, const std::string& path) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr std::size_t kMost = std::size_t{1} << 30;  // zlib counts in 32 bits
  z_stream z{};
  if (deflateInit2(&z, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error(ErrorKind::state, path, "zlib cannot start");
  std::string out;
  std::vector<char> buffer(kPiece);
  std::size_t at = 0;
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    if (z.avail_in == 0 && at < bytes.size()) {
      std::size_t n = std::min(kMost, bytes.size() - at);
      z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + at));
      z.avail_in = static_cast<uInt>(n);
      at += n;
    }
    z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    z.avail_out = static_cast<uInt>(buffer.size());
    code = deflate(&z, at == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - z.avail_out);
  }
  deflateEnd(&z);
  return out;
}

// The header of `like` for one volume of another type without scaling, and the four bytes that say "no extensions".
std::string header_for(const NiftiHeader& like, NiftiType type) {
  const Layout& layout = layout_of(like);
  std::string bytes = like.bytes;
  HeaderFields fields(bytes, layout, like.swapped);
  for (std::size_t d = 0; d < 8; ++d) {
    std::int64_t n = d == 0 ? 3 : d <= 3 ? like.file_size[d - 1] : 1;
    fields.set_integer(layout.dim + d * layout.dim_width, layout.dim_width, n);
  }
  fields.set_integer(layout.type, 2, static_cast<std::int64_t>(type));
  fields.set_integer(layout.type + 2, 2, static_cast<std::int64_t>(8 * size_of(type)));
  auto offset = static_cast<std::int64_t>(layout.length + 4);
  if (like.version == 1)
    fields.set_real(layout.vox_offset, static_cast<double>(offset));
  else
    fields.set_integer(layout.vox_offset, layout.offset_width, offset);
  fields.set_real(layout.slope, 1);
  fields.set_real(layout.intercept, 0);
  fields.set_real(layout.cal_max, 0);
  fields.set_real(layout.cal_max + layout.real_width, 0);
  bytes.append(4, '\0');
  return bytes;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Extent3 NiftiHeader::size() const {
  Extent3 out;
  for (std::size_t a = 0; a < 3; ++a) out[a] = file_size[static_cast<std::size_t>(file_axis[a])];
  return out;
}

Spacing3 NiftiHeader::spacing() const {
  Spacing3 out;
  for (std::size_t a = 0; a < 3; ++a) {
    auto k = static_cast<std::size_t>(file_axis[a]);
    out[a] = std::sqrt(affine[0][k] * affine[0][k] + affine[1][k] * affine[1][k] + affine[2][k] * affine[2][k]);
  }
  return out;
}

bool is_nifti_name(std::string_view path) { return ends_with(path, ".nii") || ends_with(path, ".nii.gz"); }

NiftiHeader read_nifti_header(const std::string& path) {
  Stream stream(path);
  NiftiHeader header = header_of(stream);
  checked_bytes(header, stream);
  return header;
}

NiftiImage read_nifti(const std::string& path) {
  Stream stream(path);
  NiftiImage image;
  image.header = header_of(stream);
  const NiftiHeader& h = image.header;
  std::uint64_t bytes = checked_bytes(h, stream);
  skip_to(stream, h.bytes.size(), h.offset);
  std::vector<float> values = read_voxels(stream, h, bytes, image.not_finite);
  image.volume.size = h.size();
  image.volume.spacing = h.spacing();
  image.volume.values.resize(values.size());
  each_voxel(h, [&](std::size_t i, std::size_t at) { image.volume.values[i] = values[at]; });
  return image;
}

void write_nifti(const std::string& path, const NiftiHeader& like, const Volume& volume, NiftiType type) {
  if (volume.size != like.size())
    throw Error(ErrorKind::shape, {path, fmt::format("a volume of {}", fmt::join(like.size(), " x ")),
                                   fmt::format("{}", fmt::join(volume.size, " x ")), ""});
  if (type != NiftiType::u8 && type != NiftiType::i16 && type != NiftiType::f32)
    throw Error(ErrorKind::value, path, "voxels are written as u8, i16 or f32");
  std::string bytes = header_for(like, type);
  std::size_t start = bytes.size();
  bytes.resize(start + volume.values.size() * size_of(type));
  dispatch(type, [&]<class T>(T) {
    each_voxel(like, [&](std::size_t i, std::size_t at) {
      float value = volume.values[i];
      if constexpr (std::is_integral_v<T>) {
        if (!(value >= static_cast<float>(std::numeric_limits<T>::min()) &&
              value <= static_cast<float>(std::numeric_limits<T>::max()) && value == std::floor(value)))
          throw Error(ErrorKind::value,
                      {path, fmt::format("whole numbers of {} bits", 8 * sizeof(T)), fmt::format("{}", value), ""});
      }
      put(bytes.data() + start + at * sizeof(T), static_cast<T>(value), like.swapped);
    });
  });
  write_file(path, ends_with(path, ".gz") ? gzipped(bytes, path) : bytes);
}

}  // namespace gradus
