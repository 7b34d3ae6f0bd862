#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gradus/data/data_paths.h"
#include "gradus/data/file_lists.h"
#include "gradus/data/image_dataset.h"
#include "gradus/data/image_files.h"
#include "gradus/data/source.h"
#include "gradus/data/target.h"

namespace gradus {

// What the [data] sections of all sources of pictures have in common. Each source says what its files are.
struct ImageDataParams {
  Value source, train, test;
  ImageFormParams image;
  Value augment;
  std::string stream = "auto", on_broken = "fail";
  void shared_fields(Fields& f);
};

struct ImagePrepareParams {
  Value split;
  std::string scale = "none";
  Value scale_target;
  void fields(Fields& f);
};

// Examples before they are read: their files and, a row for each, what is known of them (labels, groups).
struct ImageList {
  std::vector<ImageFiles> files;
  Table known;
  void append(ImageList more);
};

// What is to be predicted of an image: something known of it, its mask, or another picture.
enum class ImageTarget { known, mask, picture };

// Examples that were read once.
struct ImagesRead {
  std::shared_ptr<const ImageStore> images;
  std::vector<FoundImage> found;
};

// Pictures with labels, masks or target pictures turned into parts: what the sources of pictures share. A source says
// where its files are.
class ImageSource : public Source {
 public:
  LoadedData load(const std::string& folder, std::uint64_t seed) final;
  Value state() const override;
  void restore(const Value& state) override;
  OpenedData open(const std::vector<std::string>& files, bool need_target) final;
  std::optional<ImageFormat> image_format() const final { return format_; }

 protected:
  ImageSource(ImageDataParams data, ImagePrepareParams prepare)
      : data_(std::move(data)), prepare_(std::move(prepare)) {}

  // The examples that a key of [data] names; relative names start at `folder`.
  virtual ImageList gather(const Value& given, const std::string& folder, const std::string& place) = 0;
  // The examples in files that a user names, with their targets if these are needed; Error{data} where there are none.
  virtual ImageList gather_new(const std::vector<std::string>& files, bool need_target) = 0;
  // Reads them all in this form; where none is given, chooses it.
  virtual ImagesRead read(const ImageList& list, std::optional<ImageForm>& form);
  virtual std::string format_name() const = 0;
  virtual ImageTarget target_kind() const { return ImageTarget::known; }
  // Where the target is known: the columns that hold it, and what task it is.
  virtual TargetParams target_params() const { return {{"label"}, "auto"}; }

  ImageDataParams data_;
  ImagePrepareParams prepare_;
  std::optional<std::string> group_column_;  // that the split goes by
  std::optional<ImageForm> form_, target_form_;
  std::optional<MaskCodes> codes_;
  std::vector<std::string> class_names_;  // of a mask, where the config gives them
  ImageFormParams target_image_;

 private:
  std::optional<ImageForm> form_of_new(const ImageList& list) const;
  ImageList gather_all(const std::string& folder, const SplitParams& split, std::size_t& train);
  RowIndices usable_rows(const ImageList& list, const std::vector<FoundImage>& found,
                         std::vector<std::string>& notes) const;
  void choose_task(const ImageList& list, const std::vector<FoundImage>& found, const RowIndices& usable,
                   std::vector<std::string>& notes);
  void choose_mask_classes(const ImageList& list, const std::vector<FoundImage>& found, const RowIndices& usable);
  void fit_target_scale(const std::vector<FoundImage>& found, const RowIndices& train, std::vector<std::string>& notes);
  void count_classes(const std::vector<FoundImage>& found, const Split& parts, LoadedData& out) const;
  Tensor known_targets(const Table& usable_known, const RowIndices& usable, std::size_t examples) const;
  std::shared_ptr<const Dataset> dataset(const ImagesRead& read, Tensor target,
                                         std::shared_ptr<const Augmenter> augmenter) const;

  ImageFormat format_, target_format_;
  Target target_;
  TaskSpec task_;
};

// The image files in a folder, in the order of their names, hidden ones left out. Throws Error{data} where there are
// none.
std::vector<std::string> images_in(const std::string& folder);

}  // namespace gradus
