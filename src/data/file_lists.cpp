#include "gradus/data/file_lists.h"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <mutex>
#include <set>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/data/readers/csv.h"

namespace gradus {

namespace fs = std::filesystem;

std::vector<std::string> names_given(const Value& given, const std::string& place) {
  if (given.is_string()) return {given.as_string()};
  std::vector<std::string> names;
  for (const Value& v : given.as_array(place)) names.push_back(v.as_string(place));
  return names;
}

bool has_list_name(const std::string& path) {
  std::string name = path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
  return name.ends_with(".csv") || name.ends_with(".tsv");
}

Table read_list(const std::string& path, const std::vector<std::string>& names) {
  CsvOptions options;
  for (const std::string& name : names) options.expected_kinds.emplace_back(name, ColumnKind::categorical);
  return read_csv(path, options);
}

std::vector<std::string> listed_paths(const Table& table, const std::string& name) {
  const Column& column = table.column(name);
  std::string folder = fs::path(table.name()).parent_path().string();
  std::vector<std::string> paths;
  for (std::size_t row = 0; row < column.size(); ++row) {
    std::string file = column.text(row), path = resolve_path(folder, file);
    if (file.empty() || !fs::is_regular_file(path))
      throw Error(ErrorKind::file, table.name(),
                  file.empty() ? fmt::format("row {} names no {}", row + 1, name)
                               : fmt::format("row {} names {}, and there is no such file", row + 1, path),
                  "names start at the list's folder");
    paths.push_back(path);
  }
  return paths;
}

void require_once(const std::vector<std::string>& paths, const std::string& place) {
  std::set<std::string> met;
  for (const std::string& path : paths)
    if (!met.insert(fs::weakly_canonical(path).string()).second)
      throw Error(ErrorKind::config, place, "names " + path + " twice", "name each file once");
}

void for_each_file(std::size_t n, const std::function<void(std::size_t)>& work) {
  std::mutex mutex;
  std::size_t first_bad = n;
  std::exception_ptr failure;
  parallel_for(n, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      try {
        work(i);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (i < first_bad) {
          first_bad = i;
          failure = std::current_exception();
        }
        return;
      }
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gradus
