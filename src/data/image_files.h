#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/data/image_form.h"
#include "gradus/data/images.h"
#include "gradus/data/table.h"

namespace gradus {

// The files of one example; "" for what it has not.
struct ImageFiles {
  std::string image, mask, target;
};

// Sums over the bytes of pictures, by channel; whole numbers, so that their order does not matter.
struct PixelSums {
  std::uint64_t places = 0;
  std::array<std::uint64_t, 3> sum{}, squares{};
  std::array<std::uint8_t, 3> low{255, 255, 255}, high{};

  void add(std::span<const std::uint8_t> values, int channels);
  void add(const PixelSums& other);
};

// What class each number of a mask is: class k is values[k], or where there are none the number itself.
class MaskCodes {
 public:
  static constexpr std::size_t kMost = 256;  // classes
  // Throws Error{config} for values that are no numbers of a mask or listed twice, and for more classes than kMost.
  explicit MaskCodes(std::vector<std::int64_t> values, std::size_t classes = kMost);
  const std::vector<std::int64_t>& values() const { return values_; }
  std::size_t classes() const { return classes_; }
  // The classes of a mask that was read from `path` and has this width. Throws Error{data} that names the file, number
  // and place for a number that is no class.
  std::vector<std::uint8_t> apply(std::span<const std::uint16_t> numbers, int width, const std::string& path) const;

 private:
  static constexpr std::int64_t kNumbers = 1 << 16;
  static constexpr std::uint16_t kNone = 0xFFFF;
  std::vector<std::int64_t> values_;
  std::size_t classes_;
  std::vector<std::uint16_t> class_of_;  // by number
};

// What was found when an example was read for the first time.
struct FoundImage {
  PixelSums image, target;
  std::vector<std::uint32_t> classes;  // places of each class in its mask, up to the largest that occurs
  std::optional<Error> broken;         // why its files cannot be decoded
};

// Bytes of the first examples as they are once decoded; safe to use from several threads.
class ByteCache {
 public:
  ByteCache(std::size_t examples, std::size_t bytes_each);
  std::size_t examples() const { return states_.size(); }
  // Null where it is not held.
  const std::uint8_t* find(std::size_t example) const;
  void keep(std::size_t example, std::span<const std::uint8_t> bytes);

 private:
  enum State : std::uint8_t { empty, being_written, held };
  std::size_t bytes_each_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::vector<std::uint8_t> states_;  // through std::atomic_ref
};

// When decoded pictures are held in memory: as many as half of what is free has room for, all, or none.
enum class ImageStream { as_fits, never, always };

// Pictures in files with their masks or target pictures. Those that memory has room for are held as bytes once they
// were decoded, the others decoded whenever they are read. Examples without a mask or target file have zeros.
class FileImages final : public ImageStore {
 public:
  struct Parts {
    std::vector<ImageFiles> files;
    ImageForm image;
    std::optional<ImageForm> target;
    std::optional<MaskCodes> mask;
    ImageStream stream = ImageStream::as_fits;
  };
  // Throws Error{data} where all are to be held and memory has no room.
  explicit FileImages(Parts parts);

  std::int64_t size() const override { return static_cast<std::int64_t>(parts_.files.size()); }
  Shape shape() const override { return parts_.image.shape(); }
  void read(std::int64_t image, std::span<float> values) const override;
  Shape mask_shape() const override;
  void read_mask(std::int64_t image, std::span<std::int32_t> classes) const override;
  Shape target_shape() const override { return parts_.target ? parts_.target->shape() : Shape(); }
  void read_target(std::int64_t image, std::span<float> values) const override;
  std::string name(std::int64_t image) const override { return parts_.files[static_cast<std::size_t>(image)].image; }
  bool is_slow() const override { return held() < parts_.files.size(); }

  // How many examples there is room for.
  std::size_t held() const { return images_->examples(); }
  // Reads all once. Throws Error{data} for the first that does not fit the others: an image or mask of a wrong size, a
  // number that is no class. Files that cannot be decoded are told in `broken`.
  std::vector<FoundImage> read_all() const;

 private:
  void find(std::size_t i, FoundImage& found) const;
  void copy_picture(ByteCache& cache, std::size_t i, const std::string& path, const ImageForm& form,
                    std::span<float> values) const;

  Parts parts_;
  std::unique_ptr<ByteCache> images_, masks_, targets_;
};

// The form of the pictures `paths` as the config's table at `place` says. What it leaves open is as the files are:
// their size, which then must be one, and 3 channels where one has colours. Files that cannot be decoded and empty
// names are passed over. Throws Error{data} that names two files of different sizes, Error{config} for a bad table.
ImageForm image_form_for(const ImageFormParams& params, const std::vector<std::string>& paths,
                         const std::string& place);

}  // namespace gradus
