#include "command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace gradus::test {
namespace fs = std::filesystem;
namespace {

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

}  // namespace

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "gradus-cli-XXXXXX").string();
  path_ = mkdtemp(name.data());
}
Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}
std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return (path_ / name).string();
}
std::string Folder::read(const std::string& name) const { return slurp(path_ / name); }

Running::Running(std::vector<std::string> arguments, const std::string& out, const std::string& err) {
  const std::string streams[] = {"/dev/null", out.empty() ? folder_ / "out" : out, err.empty() ? folder_ / "err" : err};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, streams[0].c_str(), O_RDONLY, 0);
  for (int stream : {1, 2})
    posix_spawn_file_actions_addopen(&actions, stream, streams[stream].c_str(), O_WRONLY | O_CREAT, 0600);
  arguments.insert(arguments.begin(), GRADUS_COMMAND);
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  int failure = posix_spawn(&pid_, GRADUS_COMMAND, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " GRADUS_COMMAND);
}

Running::~Running() {
  if (ended_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);
}

bool Running::is_at_work() {
  if (!ended_) ended_ = waitpid(pid_, &status_, WNOHANG) == pid_;
  return !ended_;
}

void Running::signal_after(int milliseconds, int signal) {
  for (int waited = 0; waited < milliseconds && is_at_work(); ++waited) usleep(1000);
  if (is_at_work()) kill(pid_, signal);
}

Result Running::wait() {
  if (!ended_) waitpid(pid_, &status_, 0);
  ended_ = true;
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), slurp(folder_ / "out"),
          slurp(folder_ / "err")};
}

namespace {

Result signalled(const std::vector<std::string>& arguments, int signal, int milliseconds) {
  Running running(arguments);
  running.signal_after(milliseconds, signal);
  return running.wait();
}

}  // namespace

Result gradus(const std::vector<std::string>& arguments) { return Running(arguments).wait(); }

Result gradus_killed(const std::vector<std::string>& a, int milliseconds) {
  return signalled(a, SIGKILL, milliseconds);
}
Result gradus_interrupted(const std::vector<std::string>& a, int milliseconds) {
  return signalled(a, SIGINT, milliseconds);
}

}  // namespace gradus::test
