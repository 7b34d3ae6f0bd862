#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/data/table.h"

namespace gradus {

// What a key of a config names: one file or folder, or a list of them.
std::vector<std::string> names_given(const Value& given, const std::string& place);

// Whether a file's name is that of a CSV or TSV table, plain or gzipped.
bool has_list_name(const std::string& path);
// A CSV list of files, its columns of file names `names` read as text.
Table read_list(const std::string& path, const std::vector<std::string>& names);
// The column `name` of a list of files as paths, relative ones starting at the list's folder. Throws Error{file} that
// names the row of one that is not there.
std::vector<std::string> listed_paths(const Table& table, const std::string& name);
// Throws Error{config} at `place` for a file that is named twice: as two examples it could be both trained and tested
// on.
void require_once(const std::vector<std::string>& paths, const std::string& place);

// Calls work(i) for i below `n` on all threads; of several exceptions the one of the smallest i is rethrown.
void for_each_file(std::size_t n, const std::function<void(std::size_t)>& work);

}  // namespace gradus
