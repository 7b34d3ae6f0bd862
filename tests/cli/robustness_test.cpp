// What a run makes of a full disk, of signals at bad moments, of a second run in its folder and of readers that leave.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "gradus/base/value.h"

namespace gradus::test {
namespace {

using testing::HasSubstr;

constexpr const char* kCheckpoint = "run/checkpoints/latest.safetensors";

// Everything that a checkpoint has to carry: running statistics, masks, the best weights, a schedule with a memory.
std::string config(const Folder& f, int epochs) {
  return f.write("iris.toml", "name = \"iris\"\nseed = 3\n[data]\nsource = \"" PROJECT_DATA
                              "/iris.csv\"\ntarget = \"species\"\n[prepare]\n"
                              "split = { method = \"stratified\", train = 0.7, validation = 0.15, test = 0.15 }\n"
                              "[model]\nlayers = [ { type = \"linear\", units = 64 }, { type = \"batch_norm\" }, "
                              "{ type = \"relu\" }, { type = \"dropout\", rate = 0.2 }, { type = \"linear\" } ]\n"
                              "[train]\nbatch_size = 8\ncheckpoint_steps = 5\n"
                              "schedule = { type = \"plateau\", patience = 3 }\n"
                              "early_stopping = { patience = 100, restore_best = false }\nepochs = " +
                                  std::to_string(epochs) + "\n");
}

std::string hash_of(const Folder& f, const std::string& run) {
  return parse_json(f.read(run + "/metrics.json"), run).at("model").at("hash").as_string();
}

std::vector<std::string> train(const Folder& f, const std::string& file, const std::string& run) {
  return {"train", file, "--out", f / run, "--quiet", "--resume"};
}

void wait_for(const Folder& f, const std::string& name) {
  for (int i = 0; i < 60'000 && !f.has(name); ++i) usleep(1000);
  ASSERT_TRUE(f.has(name)) << name;
}

// Waits until `running` has written its checkpoint anew, or has ended.
void wait_for_progress(Running& running, const Folder& f) {
  std::string before = f.read(kCheckpoint);
  while (running.is_at_work() && f.read(kCheckpoint) == before) usleep(500);
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

// Lets the files of commands started in its lifetime grow to `bytes` only, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  rlimit old_{};
};

TEST(Robustness, AFullDiskLeavesTheLastCheckpointAndResumingGivesTheSameBits) {
  Folder f;
  std::string longer = config(f, 9);
  ASSERT_EQ(gradus(train(f, longer, "whole")).code, 0);
  ASSERT_EQ(gradus(train(f, config(f, 4), "run")).code, 0);
  std::string before = f.read(kCheckpoint);
  longer = config(f, 9);
  Result full;
  {
    FileSizeLimit limit(4096);  // the config fits, a checkpoint does not
    full = gradus(train(f, longer, "run"));
  }
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.err, HasSubstr(std::string("gradus: ") + (f / kCheckpoint) + ": cannot write: File too large"));
  EXPECT_EQ(std::count(full.err.begin(), full.err.end(), '\n'), 1) << full.err;
  EXPECT_EQ(f.read(kCheckpoint), before);
  EXPECT_THAT(files_in(f / "run/checkpoints"), testing::ElementsAre("latest.safetensors"));
  Result resumed = gradus(train(f, longer, "run"));
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(hash_of(f, "run"), hash_of(f, "whole"));
}

TEST(Robustness, FoldersThatCannotBeMadeAreNamed) {
  Folder f;
  std::string file = config(f, 1), path = f.write("file", "") + "/run";
  Result r = gradus({"train", file, "--out", path});
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, HasSubstr(path + ": cannot create the folder: Not a directory"));
}

// Ctrl-C, Ctrl-C twice at once (which may end it before its checkpoint), a polite and an impolite end, in turn.
TEST(Robustness, SignalsInTurnAndResumingGiveTheSameBits) {
  Folder f;
  std::string file = config(f, 120);
  ASSERT_EQ(gradus(train(f, file, "whole")).code, 0);
  const std::vector<std::vector<int>> turns = {{SIGINT}, {SIGKILL}, {SIGINT, SIGINT}, {SIGTERM}, {SIGHUP, SIGHUP}};
  int stopped = 0;
  for (int i = 0; i < 30; ++i) {
    const std::vector<int>& signals = turns[static_cast<std::size_t>(i) % turns.size()];
    Running running(train(f, file, "run"));
    wait_for_progress(running, f);
    running.signal_after(i % 4, signals[0]);
    for (std::size_t s = 1; s < signals.size(); ++s) running.signal_after(1, signals[s]);
    Result r = running.wait();
    if (r.code == 0) break;
    // 1: it stopped as asked. 128 + ...: it was ended, before it could or by the second signal.
    EXPECT_TRUE(r.code == 1 || r.code == 128 + signals.back()) << r.code << r.err;
    stopped += r.code != 0;
  }
  EXPECT_GT(stopped, 5) << "the run ended before it could be stopped";
  Result last = gradus(train(f, file, "run"));
  ASSERT_EQ(last.code, 0) << last.err;
  EXPECT_EQ(hash_of(f, "run"), hash_of(f, "whole"));
  EXPECT_THAT(files_in(f / "run/checkpoints"), testing::ElementsAre("latest.safetensors"))
      << "what a killed writer left is cleared away";
}

TEST(Robustness, TerminationWritesACheckpoint) {
  for (int signal : {SIGTERM, SIGHUP}) {
    Folder f;
    Running running(train(f, config(f, 1'000'000), "run"));
    wait_for(f, kCheckpoint);
    running.signal_after(0, signal);
    Result r = running.wait();
    EXPECT_EQ(r.code, 1) << signal;
    EXPECT_THAT(r.err, HasSubstr("--resume"));
  }
}

TEST(Robustness, ASecondRunInTheSameFolderIsRefused) {
  Folder f;
  std::string file = config(f, 1'000'000);
  Running first(train(f, file, "run"));
  wait_for(f, kCheckpoint);
  for (const char* how : {"--resume", "--overwrite"}) {
    Result second = gradus({"train", file, "--out", f / "run", "--quiet", how});
    EXPECT_EQ(second.code, 1) << how;
    EXPECT_THAT(second.err, testing::AllOf(HasSubstr(f / "run"), HasSubstr("another process"))) << how;
  }
  first.signal_after(0, SIGKILL);
  EXPECT_EQ(first.wait().code, 128 + SIGKILL);
  EXPECT_EQ(gradus({"train", config(f, 1), "--out", f / "run", "--quiet", "--overwrite"}).code, 0)
      << "a killed run holds its folder no longer";
}

TEST(Robustness, AFullStandardOutputIsAnError) {
  Folder f;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--version"},
                                             {"show", "catalog"},
                                             {"data", "describe", PROJECT_DATA "/iris.csv", "--json"},
                                             {"train", config(f, 1), "--out", f / "run", "--quiet", "--json"}}) {
    Result r = Running(arguments, "/dev/full").wait();
    EXPECT_EQ(r.code, 1) << arguments[0];
    EXPECT_THAT(r.err, HasSubstr("standard output: cannot write: No space left")) << arguments[0];
  }
  EXPECT_TRUE(f.has("run/model.safetensors"));
}

// Whoever reads the messages may leave (gradus train ... 2>&1 | head -1): the run goes on.
TEST(Robustness, TrainingOutlivesTheReaderOfItsMessages) {
  Folder f;
  std::string pipe = f / "messages";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  Running running({"train", config(f, 200), "--out", f / "run"}, "", pipe);
  char byte = 0;
  for (int i = 0; i < 60'000 && read(reader, &byte, 1) != 1; ++i) usleep(1000);
  close(reader);
  EXPECT_EQ(running.wait().code, 0);
  EXPECT_TRUE(f.has("run/model.safetensors"));
}

}  // namespace
}  // namespace gradus::test
