#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "gradus/base/text.h"
#include "gradus/data/image_source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

struct MaskDataParams {
  std::string format = "image_mask";
  std::vector<std::string> classes;
  std::vector<std::int64_t> values;
  ImageFormParams target_image;
  ImageDataParams images;
  void fields(Fields& f) {
    constexpr const char* kForm = "{ images, masks }, { images, targets } or { list }";
    f("format", format, {"image_mask"}, "the files' format");
    f("source", images.source, kForm,
      "folders of images and of masks (or target pictures) whose names but for the ending are alike, or a CSV list "
      "with "
      "columns image and mask or target; the split divides them");
    f("train", images.train, kForm, "the training images, where they are kept apart");
    f("test", images.test, kForm, "the test images");
    f("classes", classes, "names of the masks' classes in the order of their numbers");
    f("values", values, at_least(0),
      "the numbers that stand for the classes in a mask, [0, 255] for instance; left out: 0, 1, 2 ...");
    f("target_image", target_image, "the form that every target picture is brought to");
    images.shared_fields(f);
  }
};

struct PairParams {
  std::string images, masks, targets, list;
  void fields(Fields& f) {
    f("images", images, "the folder of the images");
    f("masks", masks, "the folder of their masks");
    f("targets", targets, "the folder of their target pictures");
    f("list", list, "a CSV list with columns image and mask or target");
  }
};

std::string stem(const std::string& path) { return fs::path(path).stem().string(); }

// For each image the file in `folder` that is named like it.
std::vector<std::string> partners(const std::vector<std::string>& images, const std::string& folder) {
  std::map<std::string, std::string> by_stem;
  for (const std::string& path : images_in(folder))
    if (auto [it, is_new] = by_stem.emplace(stem(path), path); !is_new)
      throw Error(ErrorKind::data, path, "and " + it->second + " are named alike: which one is meant?");
  std::vector<std::string> out;
  for (const std::string& image : images) {
    auto it = by_stem.find(stem(image));
    if (it == by_stem.end()) throw Error(ErrorKind::data, image, "has no partner " + stem(image) + ".* in " + folder);
    out.push_back(it->second);
  }
  if (by_stem.size() > images.size())
    for (const std::string& image : images) by_stem.erase(stem(image));
  else
    by_stem.clear();
  if (!by_stem.empty()) throw Error(ErrorKind::data, by_stem.begin()->second, "has no image of its name");
  return out;
}

// Images with masks (a class for each pixel) or with target pictures (what each is to be turned into).
class MaskSource final : public ImageSource {
 public:
  struct Params {
    MaskDataParams data;
    ImagePrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit MaskSource(Params p) : ImageSource(std::move(p.data.images), std::move(p.prepare)) {
    if (!p.data.values.empty() && !p.data.classes.empty() && p.data.values.size() != p.data.classes.size())
      throw Error(ErrorKind::config, {"data.values", fmt::format("one for each of {} classes", p.data.classes.size()),
                                      std::to_string(p.data.values.size()), ""});
    class_names_ = std::move(p.data.classes);
    codes_.emplace(std::move(p.data.values), class_names_.empty() ? MaskCodes::kMost : class_names_.size());
    target_image_ = std::move(p.data.target_image);
  }

  Value state() const override {
    Value v = ImageSource::state();
    v.set("has_masks", has_masks_);
    return v;
  }
  void restore(const Value& state) override {
    has_masks_ = state.at("has_masks").as_bool();
    codes_.reset();
    ImageSource::restore(state);
    if (has_masks_ != codes_.has_value()) throw Error(ErrorKind::data, "values", "are there without masks");
  }

 private:
  std::string format_name() const override { return "image_mask"; }
  ImageTarget target_kind() const override { return has_masks_ ? ImageTarget::mask : ImageTarget::picture; }

  ImageList gather(const Value& given, const std::string& folder, const std::string& place) override {
    PairParams p;
    if (!given.is_table())
      throw Error(ErrorKind::config,
                  {given.place(place), "{ images = \"folder\", masks = \"folder\" } or { list = \"pairs.csv\" }",
                   describe(given), ""});
    read_params(p, given, place);
    bool by_list = !p.list.empty(), by_masks = !p.masks.empty();
    if (by_list == !p.images.empty() || by_list == (by_masks || !p.targets.empty()) || (by_masks && !p.targets.empty()))
      throw Error(ErrorKind::config, place, "is neither { images, masks }, { images, targets } nor { list }",
                  "write for instance { images = \"images\", masks = \"masks\" }");
    if (by_list) return of_list(data_path(folder, p.list, place + ".list"), true);
    if (group_column_)
      throw Error(ErrorKind::config, "prepare.split", "folders of images have no columns",
                  "write a CSV list with columns image, mask and the groups");
    use_masks(by_masks, place);
    return of_folders(
        data_path(folder, p.images, place + ".images"),
        by_masks ? data_path(folder, p.masks, place + ".masks") : data_path(folder, p.targets, place + ".targets"));
  }

  ImageList gather_new(const std::vector<std::string>& files, bool need_target) override {
    for (const std::string& path : files)
      if (!fs::exists(path)) throw Error(ErrorKind::file, path, "there is no such file or folder");
    bool is_list = files.size() == 1 && !fs::is_directory(files[0]) && !has_image_name(files[0]);
    if (is_list) return of_list(files[0], need_target);
    if (need_target) {
      if (files.size() != 2 || !fs::is_directory(files[0]) || !fs::is_directory(files[1]))
        throw Error(ErrorKind::usage, {"--data", "a folder of images and one of " + partner() + "s, or a CSV list",
                                       comma_list(files), ""});
      return of_folders(files[0], files[1]);
    }
    ImageList list;
    for (const std::string& path : files) {
      std::vector<std::string> images = fs::is_directory(path) ? images_in(path) : std::vector<std::string>{path};
      for (const std::string& image : images) list.files.push_back({image, "", ""});
    }
    return list;
  }

  std::string partner() const { return has_masks_ ? "mask" : "target"; }

  // All data have one of the two.
  void use_masks(bool masks, const std::string& place) {
    if (is_chosen_ && masks != has_masks_)
      throw Error(ErrorKind::config, place, "masks and target pictures cannot be mixed");
    is_chosen_ = true;
    has_masks_ = masks;
    if (!masks) codes_.reset();
  }

  ImageList paired(const std::vector<std::string>& images, const std::vector<std::string>& partners) const {
    ImageList list;
    for (std::size_t i = 0; i < images.size(); ++i)
      list.files.push_back({images[i], has_masks_ ? partners[i] : "", has_masks_ ? "" : partners[i]});
    return list;
  }

  ImageList of_folders(const std::string& images, const std::string& others) const {
    std::vector<std::string> paths = images_in(images);
    return paired(paths, partners(paths, others));
  }

  ImageList of_list(const std::string& path, bool need_target) {
    Table table = read_list(path, {"image", "mask", "target"});
    if (table.rows() == 0) throw Error(ErrorKind::data, path, "has a header and no rows");
    std::vector<std::string> images = listed_paths(table, "image");
    if (!need_target) return paired(images, std::vector<std::string>(images.size()));
    if (!is_chosen_ && form_ == std::nullopt) use_masks(table.find("target") == nullptr, path);
    ImageList list = paired(images, listed_paths(table, partner()));
    list.known = Table(path);
    if (group_column_) list.known.add(table.column(*group_column_));
    return list;
  }

  bool has_masks_ = true, is_chosen_ = false;
};

}  // namespace

void register_image_mask(Catalog<Source>& catalog) {
  catalog.add<MaskSource>("image_mask", "Images paired with masks of classes, or with pictures to turn them into.");
}

}  // namespace gradus
