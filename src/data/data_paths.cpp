#include "gradus/data/data_paths.h"

#include <algorithm>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"

namespace gradus {

namespace fs = std::filesystem;

std::string data_path(const std::string& folder, const std::string& name, const std::string& place) {
  std::string path = resolve_path(folder, name);
  if (name.empty()) throw Error(ErrorKind::config, {place, "a file's or folder's name", "an empty text", ""});
  if (fs::exists(path)) return path;
  throw Error(ErrorKind::file, place, "there is no file or folder " + path,
              fs::path(name).is_relative() ? gradus::quoted(name) + " starts at the config's folder" : "");
}

std::vector<std::string> sub_folders(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && entry.path().filename().string()[0] != '.')
      names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> files_in(const std::string& folder, bool (*wanted)(const std::string& name)) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    if (name[0] != '.' && wanted(name) && entry.is_regular_file()) paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

std::vector<std::string> files_in(const std::string& folder, bool (*wanted)(const std::string& name),
                                  const std::string& kinds) {
  std::vector<std::string> paths = files_in(folder, wanted);
  if (paths.empty()) throw Error(ErrorKind::data, {folder, kinds, "a folder without any", ""});
  return paths;
}

}  // namespace gradus
