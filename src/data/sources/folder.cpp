#include <algorithm>
#include <filesystem>

#include "gradus/data/image_source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

struct FolderDataParams {
  std::string format = "folder";
  std::string file = "file";
  std::vector<std::string> label = {"label"};
  std::string task = "auto";
  ImageDataParams images;
  void fields(Fields& f) {
    f("format", format, {"folder"}, "the files' format");
    f("source", images.source, "names of folders or CSV lists",
      "a folder with a sub-folder of images for each class, or a CSV list of files and labels; the split divides them");
    f("train", images.train, "names of folders or CSV lists", "the training images, where they are kept apart");
    f("test", images.test, "names of folders or CSV lists", "the test images");
    f("file", file, "the column of a CSV list that names the files, which start at the list's folder");
    f("label", label, "its column to predict, or several numeric ones");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the labels are; auto: text and few whole numbers are classes, other numbers regression");
    images.shared_fields(f);
  }
};

// Images in one sub-folder per class, or named in a CSV list with their labels.
class FolderSource final : public ImageSource {
 public:
  struct Params {
    FolderDataParams data;
    ImagePrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit FolderSource(Params p)
      : ImageSource(std::move(p.data.images), std::move(p.prepare)),
        file_(std::move(p.data.file)),
        label_(std::move(p.data.label)),
        task_(std::move(p.data.task)) {}

  Value state() const override {
    Value v = ImageSource::state();
    v.set("file", file_);
    return v;
  }
  void restore(const Value& state) override {
    ImageSource::restore(state);
    file_ = state.at("file").as_string();
    label_.clear();
    for (const Value& name : state.at("task").at("outputs").as_array()) label_.push_back(name.as_string());
  }

 private:
  std::string format_name() const override { return "folder"; }
  TargetParams target_params() const override { return {label_, task_}; }

  ImageList gather(const Value& given, const std::string& folder, const std::string& place) override {
    ImageList all;
    for (const std::string& name : names_given(given, place)) {
      std::string path = data_path(folder, name, place);
      bool is_folder = fs::is_directory(path);
      ImageList more = is_folder ? of_classes(path) : of_list(path, true);
      if (group_column_ && is_folder)
        throw Error(ErrorKind::config, "prepare.split", "folders of images have no columns",
                    "write a CSV list of files, labels and groups");
      if (all.files.empty())
        all = std::move(more);
      else
        all.append(std::move(more));
    }
    if (all.files.empty()) throw Error(ErrorKind::config, place, "names no folder or list");
    return all;
  }

  ImageList gather_new(const std::vector<std::string>& files, bool need_target) override {
    ImageList all;
    for (const std::string& path : files) {
      if (!fs::exists(path)) throw Error(ErrorKind::file, path, "there is no such file or folder");
      bool is_folder = fs::is_directory(path), has_classes = is_folder && !sub_folders(path).empty();
      if (has_classes || (!is_folder && has_list_name(path))) {
        ImageList more = has_classes ? of_classes(path) : of_list(path, need_target);
        if (!need_target) more.known = Table();
        if (all.files.empty())
          all = std::move(more);
        else
          all.append(std::move(more));
        continue;
      }
      if (need_target)
        throw Error(ErrorKind::data, {path, "a folder with a sub-folder for each class, or a CSV list with labels",
                                      is_folder ? "a folder without sub-folders" : "an image", ""});
      if (!is_folder) all.files.push_back({path, "", ""});
      if (is_folder)
        for (const std::string& image : images_in(path)) all.files.push_back({image, "", ""});
    }
    return all;
  }

  ImageList of_classes(const std::string& folder) const {
    ImageList list;
    std::vector<std::string> labels;
    for (const std::string& name : sub_folders(folder))
      for (const std::string& path : images_in((fs::path(folder) / name).string())) {
        list.files.push_back({path, "", ""});
        labels.push_back(name);
      }
    if (labels.empty())
      throw Error(ErrorKind::data, {folder, "a sub-folder of images for each class", "no sub-folder", ""});
    if (label_.size() != 1)
      throw Error(ErrorKind::config, "data.label", "folders give one label, the name of an image's sub-folder",
                  "write a CSV list of files and targets");
    list.known.add(Column::texts(label_[0], labels));
    return list;
  }

  ImageList of_list(const std::string& path, bool need_labels) const {
    Table table = read_list(path, {file_});
    if (table.rows() == 0) throw Error(ErrorKind::data, path, "has a header and no rows");
    ImageList list;
    for (const std::string& image : listed_paths(table, file_)) list.files.push_back({image, "", ""});
    bool has_all = std::ranges::all_of(label_, [&](const std::string& c) { return table.find(c) != nullptr; });
    list.known = Table(path);
    if (!need_labels && !has_all) return list;
    std::vector<std::string> columns = label_;
    if (group_column_ && std::ranges::find(columns, *group_column_) == columns.end()) columns.push_back(*group_column_);
    for (const std::string& name : columns) {
      const Column& column = table.column(name);
      for (std::size_t row = 0; row < column.size(); ++row)
        if (column.is_missing(row))
          throw Error(ErrorKind::data, path, "row " + std::to_string(row + 1) + " has no " + name);
      list.known.add(column);
    }
    return list;
  }

  std::string file_;
  std::vector<std::string> label_;
  std::string task_;
};

}  // namespace

void register_folder(Catalog<Source>& catalog) {
  catalog.add<FolderSource>(
      "folder", "Images in a folder with one sub-folder for each class, or named in a CSV list with labels.");
}

}  // namespace gradus
