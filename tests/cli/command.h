#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gradus::test {

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

// What a finished command left.
struct Result {
  int code = 0;  // exit code; 128 + signal when killed
  std::string out, err;
};

// The gradus command at work; it is killed when this goes before its end.
class Running {
 public:
  // `out` and `err`: where its standard streams go; "" keeps them for the Result.
  explicit Running(std::vector<std::string> arguments, const std::string& out = "", const std::string& err = "");
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  bool is_at_work();
  // Sends a signal after `milliseconds` unless the command ends before.
  void signal_after(int milliseconds, int signal);
  Result wait();

 private:
  Folder folder_;
  int pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

// Runs the command with these arguments to its end.
Result gradus(const std::vector<std::string>& arguments);
// The same, killed with SIGKILL after `milliseconds` unless it ends before.
Result gradus_killed(const std::vector<std::string>& arguments, int milliseconds);
// The same, interrupted as by Ctrl-C.
Result gradus_interrupted(const std::vector<std::string>& arguments, int milliseconds);

}  // namespace gradus::test
