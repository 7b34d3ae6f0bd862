#pragma once

#include <string>
#include <vector>

namespace gradus {

// The path of a file or folder that a config names at `place`. Throws Error{file} when there is none.
std::string data_path(const std::string& folder, const std::string& name, const std::string& place);
// The names of the folders in a folder, in order, hidden ones left out: its classes.
std::vector<std::string> sub_folders(const std::string& folder);
// The files in a folder whose names are `wanted`, in the order of their names, hidden ones left out.
std::vector<std::string> files_in(const std::string& folder, bool (*wanted)(const std::string& name));
// The same; throws Error{data} where there are none of these `kinds`, such as "images (.png)".
std::vector<std::string> files_in(const std::string& folder, bool (*wanted)(const std::string& name),
                                  const std::string& kinds);

}  // namespace gradus
