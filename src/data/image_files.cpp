#include "gradus/data/image_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "gradus/base/memory.h"
#include "gradus/base/text.h"
#include "gradus/data/file_lists.h"

namespace gradus {

void PixelSums::add(std::span<const std::uint8_t> values, int channels) {
  places += values.size() / static_cast<std::size_t>(channels);
  for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(channels))
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
      std::uint64_t v = values[i + c];
      sum[c] += v;
      squares[c] += v * v;
      low[c] = std::min(low[c], values[i + c]);
      high[c] = std::max(high[c], values[i + c]);
    }
}

void PixelSums::add(const PixelSums& other) {
  places += other.places;
  for (std::size_t c = 0; c < sum.size(); ++c) {
    sum[c] += other.sum[c];
    squares[c] += other.squares[c];
    low[c] = std::min(low[c], other.low[c]);
    high[c] = std::max(high[c], other.high[c]);
  }
}

MaskCodes::MaskCodes(std::vector<std::int64_t> values, std::size_t classes)
    : values_(std::move(values)), classes_(values_.empty() ? classes : values_.size()), class_of_(kNumbers, kNone) {
  if (classes_ > kMost)
    throw Error(ErrorKind::config,
                {"data.classes", fmt::format("at most {} classes of a mask", kMost), std::to_string(classes_), ""});
  for (std::size_t k = 0; k < classes_; ++k) {
    std::int64_t number = values_.empty() ? static_cast<std::int64_t>(k) : values_[k];
    if (number < 0 || number >= kNumbers)
      throw Error(ErrorKind::config, {"data.values", "numbers from 0 to 65535", std::to_string(number), ""});
    std::uint16_t& of = class_of_[static_cast<std::size_t>(number)];
    if (of != kNone) throw Error(ErrorKind::config, "data.values", std::to_string(number) + " is listed twice");
    of = static_cast<std::uint16_t>(k);
  }
}

std::vector<std::uint8_t> MaskCodes::apply(std::span<const std::uint16_t> numbers, int width,
                                           const std::string& path) const {
  std::vector<std::uint8_t> out;
  out.reserve(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::uint16_t k = class_of_[numbers[i]];
    if (k == kNone) {
      auto columns = static_cast<std::size_t>(width);
      throw Error(
          ErrorKind::data,
          {path,
           values_.empty() ? fmt::format("class numbers below {}", classes_)
                           : fmt::format("one of the values {}", fmt::join(values_, ", ")),
           fmt::format("{} at row {}, column {} (the first are 0)", numbers[i], i / columns, i % columns),
           "name every class in data.classes, or list every number of a mask in data.values in the classes' order"});
    }
    out.push_back(static_cast<std::uint8_t>(k));
  }
  return out;
}

ByteCache::ByteCache(std::size_t examples, std::size_t bytes_each)
    : bytes_each_(bytes_each),
      bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(examples * bytes_each)),
      states_(examples, empty) {}

const std::uint8_t* ByteCache::find(std::size_t example) const {
  if (example >= states_.size()) return nullptr;
  std::atomic_ref state(const_cast<std::uint8_t&>(states_[example]));
  return state.load(std::memory_order_acquire) == held ? bytes_.get() + example * bytes_each_ : nullptr;
}

void ByteCache::keep(std::size_t example, std::span<const std::uint8_t> bytes) {
  if (example >= states_.size()) return;
  std::atomic_ref state(states_[example]);
  std::uint8_t expected = empty;
  if (!state.compare_exchange_strong(expected, being_written)) return;  // another thread has the same bytes
  std::memcpy(bytes_.get() + example * bytes_each_, bytes.data(), bytes_each_);
  state.store(held, std::memory_order_release);
}

namespace {

std::size_t held_examples(const FileImages::Parts& p, std::size_t bytes_each) {
  double needed = static_cast<double>(bytes_each) * static_cast<double>(p.files.size());
  if (p.stream == ImageStream::always) return 0;
  if (p.stream == ImageStream::never) {
    require_memory(needed, ErrorKind::data, "data", "the decoded images",
                   "leave out data.stream, so that what memory has no room for is decoded again and again");
    return p.files.size();
  }
  double room = static_cast<double>(available_memory().value_or(UINT64_MAX)) / 2;
  return needed <= room ? p.files.size() : static_cast<std::size_t>(room / static_cast<double>(bytes_each));
}

std::size_t bytes_of(const Shape& shape) { return shape.rank() == 0 ? 0 : static_cast<std::size_t>(shape.size()); }

void check_mask_size(const LabelImage& mask, const Image& image, const ImageFiles& files) {
  if (mask.height != image.height || mask.width != image.width)
    throw Error(ErrorKind::data,
                {files.mask, fmt::format("{} x {}, as {} has", image.height, image.width, files.image),
                 fmt::format("{} x {}", mask.height, mask.width), "a mask has its image's size: are the two a pair?"});
}

}  // namespace

FileImages::FileImages(Parts parts) : parts_(std::move(parts)) {
  std::size_t image = bytes_of(shape()), mask = bytes_of(mask_shape()), target = bytes_of(target_shape()),
              examples = held_examples(parts_, image + mask + target);
  images_ = std::make_unique<ByteCache>(examples, image);
  masks_ = std::make_unique<ByteCache>(examples, mask);
  targets_ = std::make_unique<ByteCache>(examples, target);
}

Shape FileImages::mask_shape() const { return parts_.mask ? Shape{parts_.image.height, parts_.image.width} : Shape(); }

void FileImages::copy_picture(ByteCache& cache, std::size_t i, const std::string& path, const ImageForm& form,
                              std::span<float> values) const {
  if (path.empty()) {
    std::ranges::fill(values, 0.0f);
    return;
  }
  if (const std::uint8_t* held = cache.find(i)) {
    std::copy_n(held, values.size(), values.begin());
    return;
  }
  std::vector<std::uint8_t> bytes = form.apply(read_image(path), path);
  cache.keep(i, bytes);
  std::ranges::copy(bytes, values.begin());
}

void FileImages::read(std::int64_t image, std::span<float> values) const {
  auto i = static_cast<std::size_t>(image);
  copy_picture(*images_, i, parts_.files[i].image, parts_.image, values);
}

void FileImages::read_target(std::int64_t image, std::span<float> values) const {
  auto i = static_cast<std::size_t>(image);
  copy_picture(*targets_, i, parts_.files[i].target, *parts_.target, values);
}

void FileImages::read_mask(std::int64_t image, std::span<std::int32_t> classes) const {
  auto i = static_cast<std::size_t>(image);
  const std::string& path = parts_.files[i].mask;
  if (path.empty()) {
    std::ranges::fill(classes, 0);
    return;
  }
  if (const std::uint8_t* held = masks_->find(i)) {
    std::copy_n(held, classes.size(), classes.begin());
    return;
  }
  std::vector<std::uint8_t> bytes =
      parts_.mask->apply(parts_.image.apply(read_label_image(path), path), parts_.image.width, path);
  masks_->keep(i, bytes);
  std::ranges::copy(bytes, classes.begin());
}

void FileImages::find(std::size_t i, FoundImage& found) const {
  const ImageFiles& files = parts_.files[i];
  Image image, target;
  LabelImage mask;
  try {
    image = read_image(files.image);
    if (!files.mask.empty()) mask = read_label_image(files.mask);
    if (!files.target.empty()) target = read_image(files.target);
  } catch (const Error& e) {
    found.broken = e;
    return;
  }
  std::vector<std::uint8_t> bytes = parts_.image.apply(image, files.image);
  found.image.add(bytes, parts_.image.channels);
  images_->keep(i, bytes);
  if (!files.mask.empty()) {
    check_mask_size(mask, image, files);
    parts_.mask->apply(mask.values, mask.width, files.mask);  // names the place in the file, not in the fitted mask
    bytes = parts_.mask->apply(parts_.image.apply(mask, files.mask), parts_.image.width, files.mask);
    found.classes.resize(static_cast<std::size_t>(*std::ranges::max_element(bytes)) + 1);
    for (std::uint8_t k : bytes) ++found.classes[k];
    masks_->keep(i, bytes);
  }
  if (!files.target.empty()) {
    bytes = parts_.target->apply(target, files.target);
    found.target.add(bytes, parts_.target->channels);
    targets_->keep(i, bytes);
  }
}

std::vector<FoundImage> FileImages::read_all() const {
  std::vector<FoundImage> all(parts_.files.size());
  for_each_file(all.size(), [&](std::size_t i) { find(i, all[i]); });
  return all;
}

namespace {

std::vector<std::optional<ImageHeader>> headers_of(const std::vector<std::string>& paths) {
  std::vector<std::optional<ImageHeader>> headers(paths.size());
  for_each_file(paths.size(), [&](std::size_t i) {
    try {
      if (!paths[i].empty()) headers[i] = read_image_header(paths[i]);
    } catch (const Error&) {  // told when the whole file is read
    }
  });
  return headers;
}

std::string size_text(const ImageHeader& h) { return fmt::format("{} x {}", h.height, h.width); }

}  // namespace

ImageForm image_form_for(const ImageFormParams& params, const std::vector<std::string>& paths,
                         const std::string& place) {
  if (params.channels == 2) throw Error(ErrorKind::config, {place + ".channels", "1 (grey) or 3 (colour)", "2", ""});
  if (!params.size.empty() && params.size.size() != 2)
    throw Error(ErrorKind::config,
                {place + ".size", "[height, width]", fmt::format("[{}]", fmt::join(params.size, ", ")), ""});
  if (!params.size.empty() && params.size[0] > kMostPixels / params.size[1])
    throw Error(ErrorKind::config, place + ".size", "an image of so many pixels is beyond what gradus reads");
  ImageForm form;
  form.fit = params.fit;
  form.background = params.background == "white" ? 255 : 0;
  form.channels = static_cast<int>(params.channels.value_or(1));
  if (!params.size.empty()) {
    form.height = static_cast<int>(params.size[0]);
    form.width = static_cast<int>(params.size[1]);
    if (params.channels) return form;
  }
  std::optional<std::size_t> first;
  std::vector<std::optional<ImageHeader>> headers = headers_of(paths);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (!headers[i]) continue;
    if (!params.channels) form.channels = std::max(form.channels, headers[i]->channels);
    if (!params.size.empty()) continue;
    if (!first) {
      first = i;
      form.height = headers[i]->height;
      form.width = headers[i]->width;
      form.fit = "refuse";
    } else if (headers[i]->height != form.height || headers[i]->width != form.width) {
      throw Error(ErrorKind::data, {paths[i], fmt::format("{}, as {} has", size_text(*headers[*first]), paths[*first]),
                                    size_text(*headers[i]),
                                    fmt::format("write {} = {{ size = [{}, {}] }} to bring all to one size",
                                                place.substr(place.rfind('.') + 1), form.height, form.width)});
    }
  }
  return form;
}

}  // namespace gradus
