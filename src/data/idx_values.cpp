#include "gradus/data/idx_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/memory.h"
#include "gradus/base/parallel.h"
#include "gradus/data/numbers.h"
#include "gradus/kernels/loops.h"

namespace gradus {
namespace {

constexpr std::int64_t kElementsPerThread = 1 << 16;  // worth a thread of their own when a batch is read

class StreamedDataset final : public Dataset {
 public:
  StreamedDataset(std::shared_ptr<const IdxFile> file, const Shape& shape, float shift, float scale, Tensor target,
                  Tensor weight)
      : file_(std::move(file)),
        shape_(shape),
        shift_(shift),
        scale_(scale),
        target_(std::move(target)),
        weight_(std::move(weight)) {
    check_labels(size(), target_, weight_);
  }
  std::int64_t size() const override { return shape_[0]; }
  Shape input_shape() const override { return shape_.without(0); }

  Batch fetch(std::span<const std::uint32_t> rows) const override {
    Batch batch;
    batch.inputs = Tensor::empty(shape_.with(0, static_cast<std::int64_t>(rows.size())));
    float* to = batch.inputs.mutable_data<float>();
    std::int64_t width = shape_.product(1, shape_.rank());
    parallel_for(rows.size(), kElementsPerThread / std::max<std::int64_t>(width, 1) + 1,
                 [&](std::size_t begin, std::size_t end) {
                   while (begin < end) {  // neighbours in the file are read together
                     std::size_t count = 1;
                     while (begin + count < end && rows[begin + count] == rows[begin] + count) ++count;
                     read(rows[begin], count, to + begin * width);
                     begin += count;
                   }
                 });
    fetch_labels(target_, weight_, rows, batch);
    return batch;
  }

 private:
  void read(std::size_t first, std::size_t count, float* to) const {
    IdxArray raw = file_->read(first, count);
    if (raw.type == IdxType::u8) {
      kernels::loops<float>().bytes_affine(raw.bytes.data(), to, static_cast<std::int64_t>(raw.count()), shift_,
                                           scale_);
    } else {
      std::ranges::transform(finite_floats(raw, file_->path(), first), to,
                             [this](float x) { return (x - shift_) * scale_; });
    }
  }

  std::shared_ptr<const IdxFile> file_;
  Shape shape_;
  float shift_, scale_;
  Tensor target_, weight_;
};

Shape shape_of(const IdxHeader& header, const std::string& path) {
  if (header.dims[0] == 0) throw Error(ErrorKind::data, path, "has no examples");
  std::vector<std::int64_t> dims(header.dims.begin(), header.dims.end());
  if (dims.size() == 3) dims.push_back(1);
  return Shape(dims);
}

// Whether the values are too large to be held.
bool must_stream(const IdxHeader& header, IdxValues::Stream stream, const std::string& path) {
  if (stream == IdxValues::Stream::always) return true;
  double copies = 2;  // while they are read
  double needed = copies * static_cast<double>(header.count()) * (header.type == IdxType::u8 ? 1 : 4);
  if (stream == IdxValues::Stream::as_fits && !header.gzipped)
    return needed > static_cast<double>(available_memory().value_or(UINT64_MAX));
  require_memory(needed, ErrorKind::data, path, "two copies of the values while they are read",
                 header.gzipped ? "unpack it with gunzip: a plain file is read batch by batch"
                                : "leave out data.stream, so that it is read batch by batch");
  return false;
}

Tensor held_values(IdxArray array, const Shape& shape, const std::string& path) {
  if (array.type == IdxType::u8) return Tensor::from(array.bytes, shape);
  std::vector<float> values = finite_floats(array, path);
  array.bytes = {};  // three copies at once would be too many
  return Tensor::from(values, shape);
}

}  // namespace

std::vector<float> finite_floats(const IdxArray& array, const std::string& path, std::size_t first) {
  std::vector<float> out = array.floats();
  auto bad = std::ranges::find_if(out, [](float x) { return !std::isfinite(x); });
  if (bad == out.end()) return out;
  auto at = static_cast<std::size_t>(bad - out.begin());
  std::size_t example = first + at / (out.size() / array.dims[0]);
  throw Error(ErrorKind::data, {path, "finite 32-bit numbers",
                                fmt::format("{} in example {} (the first is 0)", number_text(array.value(at)), example),
                                "correct the file, or leave the example out"});
}

IdxValues::IdxValues(const std::string& path, Stream stream) : path_(path) {
  IdxHeader header = read_idx_header(path);
  shape_ = shape_of(header, path);
  type_ = header.type;
  if (must_stream(header, stream, path))
    file_ = std::make_shared<const IdxFile>(path);
  else
    held_ = held_values(read_idx(path), shape_, path);
}

void IdxValues::read(std::int64_t row, std::span<float> values) const {
  if (file_ != nullptr) {
    std::ranges::copy(finite_floats(file_->read(static_cast<std::size_t>(row), 1), path_, row), values.begin());
    return;
  }
  auto width = static_cast<std::int64_t>(values.size());
  if (are_bytes())
    kernels::loops<float>().bytes_affine(held_.data<std::uint8_t>() + row * width, values.data(), width, 0, 1);
  else
    std::copy_n(held_.data<float>() + row * width, width, values.data());
}

std::shared_ptr<const Dataset> IdxValues::dataset(float shift, float scale, Tensor target, Tensor weight) const {
  if (file_ != nullptr)
    return std::make_shared<const StreamedDataset>(file_, shape_, shift, scale, std::move(target), std::move(weight));
  return std::make_shared<const ArrayDataset>(ArrayInputs{held_, shift, scale}, std::move(target), std::move(weight));
}

namespace {

class IdxImages final : public ImageStore {
 public:
  explicit IdxImages(IdxValues values) : values_(std::move(values)) {}
  std::int64_t size() const override { return values_.shape()[0]; }
  Shape shape() const override { return values_.shape().without(0); }
  void read(std::int64_t image, std::span<float> to) const override { values_.read(image, to); }
  bool is_slow() const override { return values_.are_streamed(); }

 private:
  IdxValues values_;
};

}  // namespace

std::shared_ptr<const ImageStore> idx_images(IdxValues values) {
  if (values.shape().rank() != 4)
    throw Error(ErrorKind::data, {values.path(), "images: [n, height, width] or [n, height, width, channels]",
                                  values.shape().text(), ""});
  return std::make_shared<const IdxImages>(std::move(values));
}

}  // namespace gradus
