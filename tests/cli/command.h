#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gradus::test {

// What a finished command left.
struct Result {
  int code = 0;  // exit code; 128 + signal when killed
  std::string out, err;
};

// Runs the gradus command with these arguments.
Result gradus(const std::vector<std::string>& arguments);

// The same, killed with SIGKILL after `milliseconds` unless it ends before.
Result gradus_killed(const std::vector<std::string>& arguments, int milliseconds);
// The same, interrupted as by Ctrl-C.
Result gradus_interrupted(const std::vector<std::string>& arguments, int milliseconds);

// A folder of its own that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  // Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  bool has(const std::string& name) const { return std::filesystem::exists(path_ / name); }

 private:
  std::filesystem::path path_;
};

}  // namespace gradus::test
