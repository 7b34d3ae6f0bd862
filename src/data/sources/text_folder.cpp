#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/data/data_paths.h"
#include "gradus/data/text/labelled_text_source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLabel = "label";

struct TextFolderDataParams {
  std::string format = "text_folder";
  TextDataParams texts;
  void fields(Fields& f) {
    f("format", format, {"text_folder"}, "the files' format");
    f("source", texts.files.source, "a folder with a sub-folder of .txt files for each class; the split divides them");
    f("train", texts.files.train, "the training folder, where training and test texts are kept apart");
    f("test", texts.files.test, "the test folder");
    texts.shared_fields(f);
  }
};

// Text files in one sub-folder per class.
class TextFolderSource final : public LabelledTextSource {
 public:
  struct Params {
    TextFolderDataParams data;
    TextPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit TextFolderSource(Params p) : LabelledTextSource(std::move(p.data.texts), std::move(p.prepare)) {}

 private:
  std::string format_name() const override { return "text_folder"; }
  std::string example_name() const override { return "texts"; }
  std::vector<std::string> target_columns() const override { return {kLabel}; }
  bool is_by_file() const override { return true; }

  TextList gather(const std::vector<std::string>& names, const std::string& folder, const std::string& place,
                  std::vector<std::string>&) override {
    if (split_column())
      throw Error(ErrorKind::config, "prepare.split", "folders of texts have no columns",
                  "write a CSV file of texts, labels and groups, and format = \"text_table\"");
    TextList all;
    for (const std::string& name : names) {
      std::string path = data_path(folder, name, place);
      if (!fs::is_directory(path))
        throw Error(ErrorKind::config, {place, "a folder", "the file " + path, "for a table write text = \"COLUMN\""});
      all.append(of_classes(path));
    }
    return all;
  }

  TextList gather_new(const std::vector<std::string>& files, bool need_target) override {
    TextList all;
    for (const std::string& path : files) {
      if (!fs::exists(path)) throw Error(ErrorKind::file, path, "there is no such file or folder");
      bool is_folder = fs::is_directory(path), has_classes = is_folder && !sub_folders(path).empty();
      if (need_target && !has_classes)
        throw Error(ErrorKind::data, {path, "a folder with a sub-folder for each class",
                                      is_folder ? "a folder without sub-folders" : "a file", ""});
      TextList more = has_classes ? of_classes(path) : TextList();
      if (!need_target) more.known = Table();
      if (!is_folder) more.add_file(path, read_text_file(path));
      if (is_folder && !has_classes) add_folder(path, more);
      all.append(std::move(more));
    }
    return all;
  }

  // Returns how many there are.
  static std::size_t add_folder(const std::string& folder, TextList& list) {
    std::vector<std::string> files = files_in(folder, has_text_name);
    if (files.empty()) throw Error(ErrorKind::data, {folder, "texts (.txt)", "a folder without any", ""});
    for (const std::string& file : files) list.add_file(file, read_text_file(file));
    return files.size();
  }

  static TextList of_classes(const std::string& folder) {
    TextList list;
    std::vector<std::string> labels;
    for (const std::string& name : sub_folders(folder))
      labels.insert(labels.end(), add_folder((fs::path(folder) / name).string(), list), name);
    if (labels.empty())
      throw Error(ErrorKind::data, {folder, "a sub-folder of texts for each class", "no sub-folder", ""});
    list.known = Table(folder);
    list.known.add(Column::texts(kLabel, labels));
    return list;
  }
};

}  // namespace

void register_text_folder(Catalog<Source>& catalog) {
  catalog.add<TextFolderSource>("text_folder", "Text files (.txt) in a folder with one sub-folder for each class.");
}

}  // namespace gradus
