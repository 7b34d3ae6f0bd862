#include "command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

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

Result run(const std::vector<std::string>& arguments, int signal, int milliseconds) {
  Folder folder;
  std::string out = folder / "out", err = folder / "err";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<std::string> all = {GRADUS_COMMAND};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& a : all) argv.push_back(a.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  Result result;
  if (posix_spawn(&pid, GRADUS_COMMAND, &actions, nullptr, argv.data(), environ) != 0) return {127, "", "cannot start"};
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  bool ended = false;
  if (signal != 0) {
    for (int waited = 0; waited < milliseconds && !ended; ++waited) {
      usleep(1000);
      ended = waitpid(pid, &status, WNOHANG) == pid;
    }
    if (!ended) kill(pid, signal);
  }
  if (!ended) waitpid(pid, &status, 0);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = slurp(out);
  result.err = slurp(err);
  return result;
}

}  // namespace

Result gradus(const std::vector<std::string>& arguments) { return run(arguments, 0, 0); }
Result gradus_killed(const std::vector<std::string>& a, int milliseconds) { return run(a, SIGKILL, milliseconds); }
Result gradus_interrupted(const std::vector<std::string>& a, int milliseconds) { return run(a, SIGINT, milliseconds); }

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

}  // namespace gradus::test
