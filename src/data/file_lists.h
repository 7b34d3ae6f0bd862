#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/data/table.h"

namespace gradus {

// How the examples of a data set are named: folders of files, sub-folders for classes, and CSV lists.

// The path of a file or folder that a config names at `place`; relative names start at `folder`. Throws Error{file}
// when there is none.
std::string data_path(const std::string& folder, const std::string& name, const std::string& place);
// What a key of a config names: one file or folder, or a list of them.
std::vector<std::string> names_given(const Value& given, const std::string& place);

// Whether a file's name is that of a CSV or TSV table, plain or gzipped.
bool has_list_name(const std::string& path);
// The names of the folders in a folder, in order, hidden ones left out.
std::vector<std::string> sub_folders(const std::string& folder);
// The paths of the files in a folder whose names are wanted, in order, hidden ones left out. Throws Error{data} where
// there are none of these `kinds` ("images (.png)").
std::vector<std::string> files_in(const std::string& folder, const std::function<bool(const std::string&)>& wanted,
                                  const std::string& kinds);

// A CSV list of files, its columns of file names `names` read as text.
Table read_list(const std::string& path, const std::vector<std::string>& names);
// The column `name` of a list of files as paths, relative ones starting at the list's folder. Throws Error{file} that
// names the row of one that is not there.
std::vector<std::string> listed_paths(const Table& table, const std::string& name);

// Calls work(i) for i below `n` on all threads; of several exceptions the one of the smallest i is rethrown.
void for_each_file(std::size_t n, const std::function<void(std::size_t)>& work);

}  // namespace gradus
